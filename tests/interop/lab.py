# SPDX-License-Identifier: GPL-2.0-or-later
"""The site of the interoperability tests: a Modbus slave, a gateway, a server.

Everything runs as processes of their own on loopback, the gateway behind a
relay that records its datagrams. One Lab serves all cases of a module.
"""
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import relay
import tools

ROOT = pathlib.Path(__file__).resolve().parents[2]
METER, ROOM, BOILER, SIM, STILL = (
    "io-meter", "io-room", "io-boiler", "io-sim", "io-still")
ALL = (METER, ROOM, BOILER, SIM, STILL)
LIFETIME = 300

DEVICES = """\
buses:
  plant: {{adapter: modbus, transport: tcp, host: 127.0.0.1, tcp_port: {port}}}
devices:
  - endpoint: io-meter
    bus: plant
    unit: 1
    profile: eastron/sdm120
    serial: "20261122"
    poll: 500ms
  - endpoint: io-room
    bus: plant
    unit: 2
    manufacturer: ACME
    model: Room
    serial: R-1
    poll: 500ms
    points:
      - {{name: air, table: input, address: 1, type: int16, scale: 0.1,
         unit: Cel, map: 3303/0}}
      - {{name: damp, table: input, address: 2, type: uint16, scale: 0.1,
         unit: "%RH", map: 3304/0}}
  - endpoint: io-boiler
    bus: plant
    unit: 4
    poll: 200ms
    points:
      - {{name: flow-temp, table: holding, address: 100, type: int16,
         scale: 0.1, unit: Cel, map: 3303/0}}
      - {{name: setpoint, table: holding, address: 101, type: int16,
         scale: 0.1, unit: Cel, map: 3308/0/5900, writable: true,
         range: [10, 90]}}
      - {{name: pump, table: coil, address: 3, map: 3306/0, writable: true}}
  - endpoint: io-sim
    bus: sim
    poll: 200ms
    points:
      - {{name: t, signal: random, min: 18, max: 24, map: 3303/0, unit: Cel}}
      - {{name: u, signal: sine, min: 220, max: 240, period: 10s,
         map: 3316/0, unit: V}}
  - endpoint: io-still
    bus: sim
    poll: 1s
    points:
      - {{name: t, signal: constant, value: 21.5, map: 3303/0, unit: Cel}}
"""


def build_directory():
    return pathlib.Path(os.environ["LWMUX_BUILD"])


class Slave:
    """tests/fake/modbus-slave with a meter, a room sensor and a boiler."""

    def __init__(self):
        program = build_directory() / "tests/fake/modbus-slave"
        self.process = subprocess.Popen(
            [program, "--tcp", "0", "--device", "1=sdm120",
             "--device", "2=xy-md02", "--device", "4=boiler"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answers = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self._answers.get(timeout=10).split()[1])

    def _read(self):
        for line in self.process.stdout:
            if not line.startswith("write "):    # its log of what is written
                self._answers.put(line.strip())

    def tell(self, command):
        """One command of its standard input and the line it answers."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answers.get(timeout=10)

    def get(self, unit, table, address):
        return int(self.tell(f"get {unit} {table} {address}").split()[-1])

    def set(self, unit, table, address, value):
        return self.tell(f"set {unit} {table} {address} {value}")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self._reader.join(5)
        self.process.stdin.close()
        self.process.stdout.close()


class Gateway:
    """lwmuxd with a configuration directory of its own."""

    def __init__(self, directory, uri, devices, server=""):
        self.directory = directory
        etc = directory / "etc"
        (etc / "conf.d").mkdir(parents=True)
        for name in ("state", "run"):
            (directory / name).mkdir()
        shutil.copytree(ROOT / "etc/profiles", etc / "profiles")
        (etc / "lwmux.yaml").write_text(
            "gateway: {name: interop}\n"
            "servers:\n"
            f"  - {{id: 1, uri: '{uri}', lifetime: {LIFETIME}s,"
            f" security: nosec{server}}}\n")
        (etc / "conf.d/devices.yaml").write_text(devices)
        self.log_path = directory / "lwmuxd.log"
        self._log = self.log_path.open("wb")
        build = build_directory()
        self.process = subprocess.Popen(
            [build / "agent/lwmuxd", "-c", etc, "-v",
             "--adapters", build / "adapters",
             "--state", directory / "state", "--run", directory / "run"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def terminate(self, timeout=10):
        """SIGTERM; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def stop(self):
        try:
            self.terminate()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


class Lab:
    """All of it, around one server; `make` is the class of its driver."""

    def __init__(self, make, server_keys=""):
        self._parts = []
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lwmux-io-"))
        self._server_keys = server_keys
        try:
            self.server = self._keep(make(self.directory / "server.log"))
            self.slave = self._keep(Slave())
            self.relay = self._keep(relay.Relay(self.server.port))
            self.gateway = self.add_gateway(
                "main", DEVICES.format(port=self.slave.port))
            for endpoint in ALL:
                self.server.wait("registered", endpoint, 30)
        except (Exception, KeyboardInterrupt):
            self.show_logs()
            self.stop()
            raise

    def _keep(self, part):
        self._parts.insert(0, part)
        return part

    def add_gateway(self, name, devices, keys=None):
        keys = self._server_keys if keys is None else keys
        return self._keep(Gateway(self.directory / name, self.relay.uri,
                                  devices, keys))

    def show_logs(self, lines=30):
        for path in sorted(self.directory.rglob("*.log")):
            text = path.read_text(errors="replace").splitlines()
            print(f"--- {path.relative_to(self.directory)}",
                  *text[-lines:], sep="\n", file=sys.stderr)

    def stop(self):
        for part in self._parts:
            part.stop()
        self._parts = []
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)


def eventually(check, timeout=10, pause=0.1):
    """Waits until check() is true; its value."""
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


__all__ = ["Lab", "Gateway", "Slave", "eventually", "tools", "ALL", "METER",
           "ROOM", "BOILER", "SIM", "STILL", "LIFETIME"]
