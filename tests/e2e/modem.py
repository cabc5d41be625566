# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem with a SIM, on a private D-Bus: the real ModemManager with its test
interface, and behind it a few AT commands (3GPP TS 27.005, 27.007) on a socket."""
import os
import re
import socket
import subprocess
import threading
import time

from harness import WAIT, Program, wait_for

SERVICE = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
NUMBER = "+491700000001"

ANSWERS = {
    "+CGMI": "lwmux", "+CGMM": "modem of the tests", "+CGMR": "1",
    "+CGSN": "490154203237518", "+CIMI": "262010000000001",
    "+GCAP": "+GCAP: +CGSM,+DS,+ES", "+CPIN?": "+CPIN: READY",
    "+CFUN?": "+CFUN: 1", "+COPS?": '+COPS: 0,2,"26201",7',
    "+CREG?": '+CREG: 2,1,"0001","00000001",7',
    "+CGREG?": '+CGREG: 2,1,"0001","00000001",7',
    "+CRSM=176,12258,0,0,10": '+CRSM: 144,0,"984910000000000000F1"',
    "+CNUM": f'+CNUM: "","{NUMBER}",145', "+CSQ": "+CSQ: 20,99",
    "+CMGF=?": "+CMGF: (0,1)", "+CPMS?": '+CPMS: "SM",0,20,"SM",0,20,"SM",0,20',
    "+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
    "+CNMI=?": "+CNMI: (0-3),(0-3),(0,2),(0-2),(0,1)",
    "+CSCS=?": '+CSCS: ("IRA","UCS2")', "+CLCK=?": '+CLCK: ("SC")',
    '+CLCK="SC",2': "+CLCK: 0",
}


def _digits(number):
    """A number as in a PDU (TS 23.040 9.1.2.5): its length, its type, and two
    digits a byte."""
    plain = number.lstrip("+")
    padded = plain + "F" * (len(plain) % 2)
    return bytes([len(plain), 0x91]) + bytes(
        int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2))


def deliver(sender, data, coding=4):
    """SMS-DELIVER of 8-bit data (TS 23.040 9.2.2.1)."""
    return (b"\x00\x04" + _digits(sender) + bytes([0, coding]) +
            bytes.fromhex("62110321543080") + bytes([len(data)]) + data)


def submitted(pdu):
    """Number and data of an SMS-SUBMIT (9.2.2.2)."""
    pdu = pdu[1 + pdu[0]:]
    n = pdu[2]
    end = 4 + (n + 1) // 2
    digits = "".join(f"{b & 15:x}{b >> 4:x}" for b in pdu[4:end])[:n]
    rest = pdu[end + 2:]
    if pdu[0] & 0x18:           # a validity period
        rest = rest[1 if pdu[0] & 0x18 == 0x10 else 7:]
    return "+" + digits, rest[1:1 + rest[0]]


class Modem:
    """The AT end: .receive() an SMS, .sent what was sent."""

    def __init__(self, name):
        self.lock = threading.Lock()
        self.store, self.next = {}, 1
        self.sent = []
        self.lacks = {}             # commands, and what they answer instead
        self.slow = {}              # commands, and s that they take
        self.heard = set()
        self.line = None
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind("\0abstract:" + name)
        self.socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def receive(self, sender, data, coding=4):
        with self.lock:
            at, self.next = self.next, self.next + 1
            self.store[at] = deliver(sender, data, coding)
            line = self.line
        if line:
            try:
                line.sendall(f'\r\n+CMTI: "SM",{at}\r\n'.encode())
            except OSError:
                pass            # ModemManager finds it when it is back

    def _serve(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            self.line = line
            threading.Thread(target=self._talk, args=(line,),
                             daemon=True).start()

    def _talk(self, line):
        rest = b""
        try:
            while data := line.recv(4096):
                *commands, rest = re.split(rb"[\r\x1a]", rest + data)
                for command in commands:
                    if command.strip():
                        line.sendall(self._answer(command.strip().decode()))
        except OSError:
            pass

    def _answer(self, command):
        if re.fullmatch("[0-9A-F]{8,}", command):
            self.sent.append(submitted(bytes.fromhex(command)))
            return b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
        command = command.upper().removeprefix("AT")
        self.heard.add(command)
        time.sleep(self.slow.get(command, 0))
        if command.startswith("+CMGS="):
            return b"\r\n> "
        if command in self.lacks:
            return f"\r\n{self.lacks[command]}\r\n".encode()
        if command.startswith(("+CMGW=", "+CUSD", "+CPOL", "+WS46", "+CSIM")):
            return b"\r\nERROR\r\n"
        found = ANSWERS.get(command) or self._stored(command)
        return (f"\r\n{found}\r\n" if found else "").encode() + b"\r\nOK\r\n"

    def _stored(self, command):
        what, _, at = command.partition("=")
        with self.lock:
            if what == "+CMGD":
                self.store.pop(int(at.split(",")[0]), None)
            if what == "+CMGR" and int(at) in self.store:
                pdu = self.store[int(at)]
                return f"+CMGR: 0,,{len(pdu) - 1}\r\n{pdu.hex().upper()}"
            if what == "+CMGL":
                return "\r\n".join(
                    f"+CMGL: {i},0,,{len(pdu) - 1}\r\n{pdu.hex().upper()}"
                    for i, pdu in self.store.items())
        return ""

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        if self.line:
            self.line.close()


class ModemSite:
    """Bus, ModemManager and modem: .environment is for who uses them."""

    def __init__(self, directory):
        self.name = f"lwmux-{os.getpid()}-{id(self)}"
        self.bus = Program(["dbus-daemon", "--session", "--nofork",
                            f"--address=unix:path={directory}/bus",
                            "--print-address=1"], "dbus-daemon")
        address = self.bus.wait_line(lambda l: l.startswith("unix:"),
                                     "its address").split(",")[0]
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": address,
                            "DBUS_SYSTEM_BUS_ADDRESS": address}
        self.modem = Modem(self.name)
        self.manager = None

    def call(self, path, member, *arguments):
        """What it has answered, or nothing where there is nobody."""
        done = subprocess.run(
            ["dbus-send", "--session", "--print-reply", f"--dest={SERVICE}",
             path, f"{SERVICE}.{member}", *arguments],
            env={**os.environ, **self.environment}, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.stdout if done.returncode == 0 else ""

    def start(self, enabled=True):
        self.manager = Program(
            ["ModemManager", "--test-session", "--test-enable",
             "--test-no-udev", "--no-auto-scan",
             "--test-no-suspend-resume"], "ModemManager",
            env={**os.environ, **self.environment,
                 "PATH": os.environ["PATH"] + ":/usr/sbin"})
        wait_for(lambda: self.call(ROOT, "Test.SetProfile", "string:lwmux",
                                   "string:generic",
                                   f"array:string:abstract:{self.name}"),
                 "ModemManager on its bus", 2 * WAIT)
        if not enabled:
            return
        # Its number counts up in a run of ModemManager.
        wait_for(lambda: self.call(f"{ROOT}/Modem/0", "Modem.Enable",
                                   "boolean:true"), "the modem", 4 * WAIT)

    def stop(self):
        self.manager.end()
        self.manager = None

    def end(self):
        if self.manager:
            self.stop()
        self.bus.end()
        self.modem.end()
