# SPDX-License-Identifier: GPL-2.0-or-later
"""The site of the whole-program tests: a gateway, an LwM2M server, a Modbus
slave, and a relay between gateway and server, each a process or thread of its
own on loopback. Nothing sleeps blindly: whoever waits, waits for an event."""
import atexit
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import threading
import time
import tty
import unittest

import coap

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Sanitizers and slow machines get more time, never another result.
PATIENCE = float(os.environ.get("E2E_PATIENCE", "1"))
WAIT = 15 * PATIENCE
JSON_CHECKED = 60_000       # bytes: of more it is the same, and takes seconds


def binary(path):
    return pathlib.Path(os.environ["LWMUX_BUILD"]) / path


def closed(schema):
    """The same, with nothing in it that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(
        schema.get("properties"), dict) else {}
    return {**{key: closed(part) for key, part in schema.items()}, **more}


def once(members):
    """Of an object: none of them stands there twice."""
    names = [name for name, _ in members]
    assert len(names) == len(set(names)), names
    return dict(members)


def json_check(lines, close=False):
    """What lwmuxctl prints is as lwmuxctl.schema.json promises; close: and
    nothing else."""
    import jsonschema       # not in the environments of other stages

    schema = json.loads((ROOT / "agent/ctl/lwmuxctl.schema.json").read_text(),
                        object_pairs_hook=once)
    schema = closed(schema) if close else schema
    validator = jsonschema.Draft202012Validator(schema)
    for line in lines.splitlines():
        errors = [jsonschema.exceptions.best_match([error]).message
                  for error in validator.iter_errors(json.loads(line))]
        assert not errors, f"{errors[0][:300]} in {line[:2000]}"


def wait_for(condition, what, timeout=WAIT):
    """Polls something that cannot be waited on; for files and logs."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {timeout:.0f} s")


class Program:
    """A child process whose output lines are kept."""
    running = set()
    prefix = ()                 # of its command line: where it runs

    def __init__(self, arguments, name, **options):
        self.name = name
        self.lines = []
        self.errors = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [str(a) for a in (*self.prefix, *arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1, errors="replace", **options)
        Program.running.add(self.process)
        self.threads = [
            threading.Thread(target=self._read, daemon=True,
                             args=(self.process.stdout, self.lines)),
            threading.Thread(target=self._read, daemon=True,
                             args=(self.process.stderr, self.errors))]
        for thread in self.threads:
            thread.start()

    def _read(self, stream, into):
        for line in stream:
            with self.changed:
                into.append(self.parse(line.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def parse(self, line):
        return line

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_line(self, matches, what, timeout=WAIT, after=0, where=None):
        """The first line from index `after` on for which matches() holds."""
        lines = self.lines if where is None else where
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                for line in lines[after:]:
                    if matches(line):
                        return line
                after = len(lines)
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(min(left, 0.5)):
                    if left <= 0:
                        raise AssertionError(
                            f"{self.name}: no {what} within {timeout:.0f} s")
                    if self.process.poll() is not None and \
                            not any(t.is_alive() for t in self.threads) and \
                            after == len(lines):
                        raise AssertionError(
                            f"{self.name} ended with "
                            f"{self.process.returncode} before {what}: "
                            + "\n".join(self.errors[-20:]))

    def end(self, grace=5):
        """Exit code after SIGTERM; None when it had to be killed."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(grace * max(1, PATIENCE))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        Program.running.discard(self.process)
        for thread in self.threads:
            thread.join(5)
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass
        return code


@atexit.register
def _kill_all():
    """An interrupted run leaves nothing behind."""
    for process in Program.running:
        process.kill()


class Server(Program):
    """tests/server/lwm2m-server. Events are dicts; see its README.md."""

    def __init__(self, port=0, observe=(), **options):
        """options: coaps=, tcp=, tls= (ports; 0 takes a free one), psk=,
        key=, cert=, trust=, clients= (files), lwm2m= (1.2)"""
        arguments = [binary("tests/server/lwm2m-server"), "--port", port]
        for path in observe:
            arguments += ["--observe", path]
        for name, value in options.items():
            arguments += [f"--{name}", value]
        super().__init__(arguments, "lwm2m-server")
        self.last_id = 0
        self.ports = self.wait("ready")
        self.port = self.ports["port"]

    def parse(self, line):
        return json.loads(line)

    def mark(self):
        """A place in the stream of events, for after=."""
        with self.changed:
            return len(self.lines)

    def wait(self, event, timeout=WAIT, after=0, where=None, **fields):
        def matches(e):
            return (e["event"] == event and
                    all(e.get(k) == v for k, v in fields.items()) and
                    (where is None or where(e)))
        return self.wait_line(matches, f"{event} {fields or ''}",
                              timeout, after)

    def events(self, event=None, after=0, **fields):
        with self.changed:
            return [e for e in self.lines[after:]
                    if (event is None or e["event"] == event) and
                    all(e.get(k) == v for k, v in fields.items())]

    def send(self, *words, **options):
        """Sends a command and returns its id."""
        self.last_id += 1
        text = " ".join([str(w) for w in words] +
                        [_word(k, v) for k, v in options.items()])
        self.say(f"{self.last_id} {text}")
        return str(self.last_id)

    def answer(self, id_, timeout=WAIT):
        """The event that ends command `id_`."""
        return self.wait_line(
            lambda e: e.get("id") == id_ and e["event"] in
            ("response", "timeout", "rst", "done", "error", "clients"),
            f"answer to command {id_}", timeout)

    def ask(self, *words, timeout=WAIT, **options):
        answer = self.answer(self.send(*words, **options), timeout)
        if answer["event"] == "error":
            raise AssertionError(f"{words}: {answer['reason']}")
        return answer

    def code(self, *words, **options):
        answer = self.ask(*words, **options)
        return answer.get("code", answer["event"])

    def value(self, ep, path, **options):
        """One resource, read and decoded."""
        answer = self.ask("read", ep, path, **options)
        if answer.get("code") != "2.05" or "decode_error" in answer:
            raise AssertionError(f"read {ep} {path}: {answer}")
        return answer["values"][path]

    def wait_value(self, ep, path, value):
        """Until a Read shows the value: the device was polled meanwhile."""
        wait_for(lambda: self.ask("read", ep, path).get("values") ==
                 {path: value}, f"{ep} {path} = {value}")

    def wait_code(self, ep, path, code):
        wait_for(lambda: self.code("read", ep, path) == code,
                 f"{code} of {ep} {path}")

    def shorten(self, ep, seconds):
        """A lifetime shorter than configuration allows, by a Write."""
        mark = self.mark()
        code = self.code("write", ep, "/1/0/1", text=seconds)
        if code != "2.04":
            raise AssertionError(f"lifetime of {seconds} s: {code}")
        self.wait("updated", after=mark, ep=ep, lt=seconds)

    def registered(self, ep, timeout=WAIT, after=0):
        return self.wait("registered", timeout, after, ep=ep)


def _word(key, value):
    word = f"{key}={value}"
    return f'"{word}"' if " " in word else word


class Slave(Program):
    """tests/fake/modbus-slave."""

    def __init__(self, *devices, line=("--tcp", "0")):
        arguments = [binary("tests/fake/modbus-slave"), *line]
        for device in devices:
            arguments += ["--device", device]
        super().__init__(arguments, "modbus-slave")
        ready = self.wait_line(lambda l: l.startswith("ready "), "ready")
        # A TCP port, or the path of a serial line.
        self.port = ready.split()[1]

    def do(self, command):
        with self.changed:
            after = len(self.lines)
        self.say(command)
        line = self.wait_line(lambda l: l.split()[0] in ("ok", "error"),
                              f"answer to {command!r}", after=after)
        if line.startswith("error"):
            raise AssertionError(f"modbus-slave: {command!r}: {line}")

    def get(self, unit, table, address):
        with self.changed:
            after = len(self.lines)
        self.do(f"get {unit} {table} {address}")
        line = self.wait_line(lambda l: l.startswith("value "), "value",
                              after=after)
        return int(line.rsplit("=", 1)[1])

    def writes(self):
        """All that were answered by now: a line of one comes after its answer,
        and may not have been read yet."""
        self.do("sync")
        with self.changed:
            return [l for l in self.lines if l.startswith("write ")]

    def requests(self):
        """Since "tell on": unit, function, address, number of cells."""
        self.do("sync")
        with self.changed:
            return [tuple(map(int, l.split()[1:])) for l in self.lines
                    if l.startswith("request ")]


class Relay(threading.Thread):
    """Passes datagrams between gateway and server, one socket per client port,
    keeps all of them, and bends the rules where told."""

    def __init__(self, server_port):
        super().__init__(daemon=True)
        self.server = ("127.0.0.1", server_port)
        self.down = _udp()
        self.port = self.down.getsockname()[1]
        self.up = {}            # client address -> socket to the server
        self.log = []           # (time, client port, "up" | "down", bytes)
        self.lock = threading.Lock()
        self.rule = None        # (direction, Message, bytes) -> how often
        self.dead = set()       # the gateway's ports that nothing passes
        self.wake = socket.socketpair()
        self.forgotten = threading.Event()
        self.running = True
        self.start()

    def run(self):
        while self.running:
            back = {s: a for a, s in self.up.items()}
            ready, _, _ = select.select(
                [self.down, self.wake[0], *back], [], [])
            if self.wake[0] in ready:
                self.wake[0].recv(1)
                for s in self.up.values():
                    s.close()
                self.up = {}
                self.forgotten.set()
                continue
            for s in ready:
                if s is self.down:
                    self._from_gateway()
                elif s in back:
                    self._from_server(s, back[s])

    def _from_gateway(self):
        data, address = self.down.recvfrom(65536)
        if address not in self.up:
            self.up[address] = _udp()
            self.up[address].connect(self.server)
        for _ in range(self._note("up", address, data)):
            try:
                self.up[address].send(data)
            except ConnectionRefusedError:
                pass

    def _from_server(self, s, address):
        try:
            data = s.recv(65536)
        except ConnectionRefusedError:
            return
        for _ in range(self._note("down", address, data)):
            self.down.sendto(data, address)

    def _note(self, direction, address, data):
        rule = self.rule
        times = 1
        if rule:
            times = rule(direction, coap.decode(data), data)
            times = 1 if times is None else times
        if address[1] in self.dead:
            times = 0
        with self.lock:
            self.log.append((time.monotonic(), address[1], direction, data))
        return times

    def mark(self):
        with self.lock:
            return len(self.log)

    def messages(self, direction=None, after=0, port=None):
        with self.lock:
            log = self.log[after:]
        return [coap.decode(d) for _, p, way, d in log
                if direction in (None, way) and port in (None, p)]

    def port_of(self, endpoint):
        """The gateway's UDP port of an endpoint, by its last Register."""
        with self.lock:
            log = list(self.log)
        for _, port, way, data in reversed(log):
            if way == "up" and f"ep={endpoint}".encode() in \
                    coap.decode(data).values(coap.URI_QUERY):
                return port
        raise AssertionError(f"{endpoint} sent no Register")

    def forget(self):
        """As a router does (NAT): the next datagram goes by a new port."""
        self.forgotten.clear()
        self.wake[1].send(b"x")
        self.forgotten.wait(5)

    def end(self):
        self.running = False
        self.wake[1].send(b"x")
        self.join(5)
        for s in (self.down, *self.wake, *self.up.values()):
            s.close()


class SerialLine(threading.Thread):
    """Two pseudo-terminals with a wire between them: .ports."""

    def __init__(self):
        super().__init__(daemon=True)
        pairs = [os.openpty() for _ in range(2)]
        for _, end in pairs:
            tty.setraw(end)
        self.masters = [master for master, _ in pairs]
        # Kept open, or the line would hang up between two programs.
        self.ends = [end for _, end in pairs]
        self.ports = [os.ttyname(end) for end in self.ends]
        self.wake = os.pipe()
        self.start()

    def run(self):
        a, b = self.masters
        while True:
            ready, _, _ = select.select([a, b, self.wake[0]], [], [])
            if self.wake[0] in ready:
                return
            for fd in ready:
                os.write(b if fd == a else a, os.read(fd, 4096))

    def end(self):
        os.write(self.wake[1], b"x")
        self.join(5)
        for fd in (*self.masters, *self.ends, *self.wake):
            os.close(fd)


def _udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s


def free_port():
    with _udp() as s:
        return s.getsockname()[1]


class Gateway:
    """lwmuxd with a configuration of its own in a directory of its own."""

    def __init__(self, files, start=True):
        """files: {"lwmux.yaml": text, "conf.d/x.yaml": text}"""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lwmux-"))
        self.etc = self.directory / "etc"
        self.run = self.directory / "run"
        self.state = self.directory / "state"
        for d in (self.etc / "conf.d", self.run, self.state):
            d.mkdir(parents=True)
        if not any(n.startswith("profiles/") for n in files):
            (self.etc / "profiles").symlink_to(ROOT / "etc/profiles")
        # as installed ones have them, which profiles need
        if not any(n.startswith("objects.d/") for n in files) and \
                any("profile:" in text for text in files.values()):
            (self.etc / "objects.d").symlink_to(ROOT / "etc/objects.d")
        for name, text in files.items():
            self.write(name, text)
        self.adapters = binary("adapters")
        self.environment = {}
        self.program = None
        self.code = None
        if start:
            self.start()

    def write(self, name, text):
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def arguments(self, *more):
        return [binary("agent/lwmuxd"), "-c", self.etc,
                "--adapters", self.adapters, "--state", self.state,
                "--run", self.run, *more]

    def start(self, *more, **options):
        if self.environment:
            options["env"] = {**os.environ, **self.environment}
        self.program = Program(self.arguments(*more), "lwmuxd", **options)

    def once(self, *more, timeout=60, **options):
        """Runs it to its end, as for --check."""
        return subprocess.run(self.arguments(*more), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL,
                              timeout=timeout * max(1, PATIENCE), **options)

    def ctl(self, *words, timeout=WAIT):
        result = subprocess.run(
            [binary("agent/lwmuxctl"), "--run", self.run, *words], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=timeout)
        if "--json" in words and len(result.stdout) < JSON_CHECKED:
            json_check(result.stdout)
        return result

    def status(self, *words):
        return json.loads(self.ctl("status", "--json", *words).stdout)

    def reload(self):
        """By the control tool, which answers when it is done."""
        result = self.ctl("reload")
        if result.returncode:
            raise AssertionError(f"reload: {result.stdout}{result.stderr}")

    def hangup(self):
        self.program.process.send_signal(signal.SIGHUP)

    def log(self):
        return list(self.program.errors) if self.program else []

    def log_mark(self):
        return len(self.program.errors)

    def wait_log(self, *texts, timeout=WAIT, after=0):
        """A line of the log with all the texts in it."""
        return self.program.wait_line(
            lambda l: all(t in l for t in texts), f"log line with {texts}",
            timeout, after, where=self.program.errors)

    def stop(self):
        """Exit code after SIGTERM; None when 5 s were not enough."""
        if self.program and self.code is None:
            self.code = self.program.end(5)
        return self.code

    def restart(self, how=None):
        """Ends it (by SIGTERM, or `how`) and starts it on the same state."""
        if how:
            self.program.process.send_signal(how)
        code = self.program.end(5)
        self.start()
        return code

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


MAIN = """\
gateway: {{name: e2e}}
servers:
  - id: 1
    uri: coap://127.0.0.1:{port}
    lifetime: {lifetime}
    {server}
"""


class Site(unittest.TestCase):
    """Base of all cases: what they start, ends with them, and a gateway that
    does not exit with 0 within 5 s fails its test."""

    def setUp(self):
        self.parts = []
        self.addCleanup(self.finish)

    def add(self, part):
        self.parts.append(part)
        return part

    def slave(self, *devices, **options):
        return self.add(Slave(*devices, **options))

    def server(self, *arguments, **options):
        return self.add(Server(*arguments, **options))

    def relay(self, server):
        return self.add(Relay(server.port))

    def gateway(self, port, devices, lifetime="5min", server="", start=True,
                **files):
        """One server on `port`; devices: the text of conf.d/devices.yaml;
        files: more, or others in place of these, by their names."""
        texts = {"lwmux.yaml": MAIN.format(port=port, lifetime=lifetime,
                                           server=server),
                 "conf.d/devices.yaml": textwrap.dedent(devices)}
        return self.add(Gateway({**texts, **files}, start))

    def evidence(self):
        """What a failure's reader wants to see."""
        out = []
        for part in self.parts:
            if isinstance(part, Gateway) and part.program:
                out += ["--- lwmuxd:"] + part.log()[-40:]
            elif isinstance(part, Server):
                out += ["--- server:"] + [json.dumps(e) for e in
                                          part.lines[-12:]]
                out += part.errors[-20:]
            elif isinstance(part, Slave):
                out += ["--- slave:"] + part.lines[-10:]
            elif isinstance(part, Relay):
                out += ["--- relay:"] + [
                    f"{p} {way} {coap.decode(d)}"
                    for _, p, way, d in part.log[-20:]]
        return "\n".join(out)

    def finish(self):
        bad = []
        # The gateway first, so that it can say good-bye to its server.
        order = sorted(self.parts, key=lambda p: not isinstance(p, Gateway))
        for part in order:
            if isinstance(part, Gateway):
                code = part.stop()
                if part.program and code != 0:
                    bad.append(f"lwmuxd ended with {code}")
        self.ended = self.evidence() if bad else ""
        for part in order:
            code = part.end()
            if isinstance(part, Server) and code not in (0, -9):
                bad.append(f"lwm2m-server ended with {code}")
        if bad:
            self.fail("; ".join(bad) + "\n" + self.ended)


class SharedSite(Site):
    """One site for all cases of a class, where they do not disturb each other:
    set up in build(), torn down after the last case."""
    shared = None

    @classmethod
    def build(cls, site):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.shared = Site()
        cls.shared.parts = []
        try:
            cls.build(cls.shared)
        except BaseException as e:
            evidence = cls.shared.evidence()
            for part in cls.shared.parts:
                part.end()
            raise AssertionError(f"{e}\n{evidence}") from e

    @classmethod
    def tearDownClass(cls):
        cls.shared.finish()

    def evidence(self):
        return self.shared.evidence() + super().evidence()
