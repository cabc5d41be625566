# SPDX-License-Identifier: GPL-2.0-or-later
"""A small site on one machine, for packaging/demo: a Modbus slave, the gateway
and an LwM2M server as processes of their own. What the server sees is shown as
it comes; what must be seen is ticked off."""
import argparse
import contextlib
import ctypes
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
METER, ROOM, RELAYS, BOILER, SIM, LAMP = ENDPOINTS = (
    'demo-meter', 'demo-room', 'demo-relays', 'demo-boiler', 'demo-sim',
    'demo-lamp')
SETPOINT = '/3308/0/5900'
OBSERVED = ('/3303', '/3304', '/3305', '/3306', '/3308', '/3311', '/3316',
            '/3317', '/3328', '/3331', '/3201')
WRITE_EVERY = 8         # seconds
PR_SET_PDEATHSIG = 1

MAIN = '''\
gateway: {{name: demo, http: "127.0.0.1:{page}"}}
servers:
  - {{id: 1, uri: "{uri}", lifetime: 60s}}
defaults: {{poll: 1s}}
'''
DEVICES = '''\
buses:
  plant: {{adapter: modbus, transport: tcp, host: 127.0.0.1, tcp_port: {port}}}
devices:
  - {{endpoint: demo-meter, bus: plant, unit: 1, profile: eastron/sdm120}}
  - {{endpoint: demo-room, bus: plant, unit: 2, profile: {room}}}
  - {{endpoint: demo-relays, bus: plant, unit: 3, profile: {relays}}}
  - endpoint: demo-boiler
    bus: plant
    unit: 4
    points:
      - {{name: flow, table: holding, address: 100, type: int16, scale: 0.1, unit: Cel, map: 3303/0}}
      - {{name: setpoint, table: holding, address: 101, type: int16, scale: 0.1, unit: Cel, map: 3308/0/5900, range: [5, 90], writable: true}}
      - {{name: pump, table: coil, address: 3, map: 3306/0, writable: true}}
  - endpoint: demo-sim
    bus: sim
    points:
      - {{name: temperature, signal: sine, min: 18, max: 24, period: 30s, round: 1, map: 3303/0, unit: Cel}}
  - endpoint: demo-lamp
    bus: sim
    points:
      - {{name: lamp, value: 0, map: 3311/0, writable: true}}
'''
LESHAN = '''
The same gateway at a Leshan: start its demo server (its README says how; it
listens on UDP port 5683 and shows a web page on port 8080), and then
    packaging/demo --server coap://HOST:5683
'''


def seconds(text):
    """A timespan as the configuration writes it: 20s, 2min."""
    found = re.fullmatch(r'(\d+)(s|min|)', text)
    if not found:
        raise argparse.ArgumentTypeError(f'{text}: such as 20s or 2min')
    return int(found.group(1)) * (60 if found.group(2) == 'min' else 1)


def profile(*names):
    """The first of these profiles that there is."""
    for name in names:
        if (ROOT / 'etc/profiles' / f'{name}.yaml').exists():
            return name
    sys.exit(f'demo: no profile {names[0]} in etc/profiles')


def with_parent():
    """In a child: Ctrl-C is not for it, and it does not outlive us."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Seen:
    """What the log has to show, learnt line by line."""

    def __init__(self):
        self.appeared, self.values, self.moved = set(), {}, set()
        self.wanted = None      # value of the setpoint under way
        self.written, self.ever_written = False, False
        self.read_back = False
        self.page = False

    def learn(self, line):
        """One line of the server's log. True: the setpoint was written."""
        found = re.search(r'(\S+) appeared', line)
        if found:
            self.appeared.add(found.group(1))
        done = re.search(rf'{BOILER} PUT {SETPOINT}.* -> 2\.04', line)
        if done:
            self.written = self.ever_written = True
        found = re.search(r'(\S+) (/\d+/\d+/\d+) = (.*)$', line)
        if found:
            self.value(*found.groups())
        return bool(done)

    def value(self, endpoint, path, value):
        """A value that the server got to know."""
        before = self.values.setdefault((endpoint, path), value)
        if value != before:
            self.moved.add(endpoint)
        if (self.written and (endpoint, path) == (BOILER, SETPOINT)
                and float(value.split()[0]) == self.wanted):
            self.read_back = True

    def missing(self):
        """What was not seen, as sentences."""
        for endpoint in ENDPOINTS:
            if endpoint not in self.appeared:
                yield f'{endpoint} did not appear'
        for endpoint in (ROOM, METER, BOILER, SIM):
            if endpoint not in self.moved:
                yield f'no value of {endpoint} changed'
        if not self.ever_written:
            yield 'the setpoint was not written'
        if not self.read_back:
            yield 'the setpoint was not read back'
        if not self.page:
            yield 'its page did not come'


class Site:
    """The processes, and one queue of (who, line) of what they print."""

    def __init__(self, build, place):
        self.build, self.place = pathlib.Path(build), pathlib.Path(place)
        self.lines, self.processes = queue.Queue(), {}

    def start(self, who, program, *arguments, log=None):
        """A process; its output into the queue, or into a file."""
        process = subprocess.Popen(
            [self.build / program, *arguments], text=True, bufsize=1,
            preexec_fn=with_parent, stdin=subprocess.PIPE,
            stdout=log or subprocess.PIPE, stderr=log)
        self.processes[who] = process
        if not log:
            threading.Thread(target=self.read, args=(who, process.stdout),
                             daemon=True).start()

    def read(self, who, stream):
        """Runs beside: every line of one process."""
        for line in stream:
            self.lines.put((who, line.rstrip('\n')))

    def port_of(self, who, pattern):
        """The port that a process says it listens on."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                _, line = self.lines.get(timeout=10)
            except queue.Empty:
                break
            found = re.search(pattern, line)
            if found:
                return int(found.group(1))
        sys.exit(f'demo: the {who} did not start')

    def tell(self, who, command):
        """A line to a process's standard input."""
        try:
            self.processes[who].stdin.write(command + '\n')
            self.processes[who].stdin.flush()
        except OSError:
            pass        # it has ended: ended() says so

    def ended(self):
        """Who is gone that should be here, or None."""
        for who, process in self.processes.items():
            if process.poll() is not None:
                return f'the {who} ended with {process.returncode}'
        return None

    def stop(self):
        """The gateway first: it says good-bye to the server."""
        for who in ('gateway', 'server', 'slave'):
            process = self.processes.get(who)
            if not process:
                continue
            process.terminate()
            try:
                process.wait(timeout=6)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(site, server):
    """Slave, server, gateway, each with the port of the one before."""
    site.start('slave', 'tests/fake/modbus-slave', '--tcp', '0',
               '--device', '1=sdm120', '--device', '2=xy-md02',
               '--device', '3=relay8', '--device', '4=boiler')
    modbus = site.port_of('slave', r'^ready (\d+)')
    print(f'demo: Modbus slave with four devices on TCP port {modbus}')
    if not server:
        observed = [word for path in OBSERVED for word in ('--observe', path)]
        site.start('server', 'tests/server/lwm2m-server', '--human',
                   '--port', '0', *observed)
        port = site.port_of('server', r'UDP port (\d+)')
        server = f'coap://127.0.0.1:{port}'
    print(f'demo: LwM2M server at {server}')
    site.page = free_port()
    configure(site.place / 'etc', server, modbus, site.page)
    with open(site.place / 'gateway.log', 'w', encoding='utf-8') as log:
        site.start('gateway', 'agent/lwmuxd', '-c', site.place / 'etc',
                   '--adapters', site.build / 'adapters',
                   '--state', site.place / 'state',
                   '--run', site.place / 'run', log=log)
    print(f'demo: lwmuxd with {len(ENDPOINTS)} devices, configured in '
          f'{site.place / "etc"}, log in {site.place / "gateway.log"}')
    print(f'demo: its page is http://127.0.0.1:{site.page}/')
    print(LESHAN, flush=True)


def free_port():
    """A TCP port that nobody has: 8088 where that is so."""
    for port in (8088, 0):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(('127.0.0.1', port))
            return listener.getsockname()[1]
    sys.exit('demo: no TCP port is free')


def configure(etc, uri, port, page):
    """The files that a site would have in /etc/lwmux."""
    (etc / 'conf.d').mkdir(parents=True)
    for name in ('state', 'run'):
        (etc.parent / name).mkdir()
    shutil.copytree(ROOT / 'etc/profiles', etc / 'profiles')
    (etc / 'lwmux.yaml').write_text(MAIN.format(uri=uri, page=page),
                                    encoding='utf-8')
    (etc / 'conf.d/site.yaml').write_text(DEVICES.format(
        port=port, room=profile('generic/xy-md02', 'xy-md02/xy-md02'),
        relays=profile('generic/relay8', 'waveshare/modbus-relay8')),
        encoding='utf-8')


def status(site):
    """What the gateway itself says, by its control tool."""
    print('\n$ lwmuxctl status', flush=True)
    subprocess.run([site.build / 'agent/lwmuxctl', '--run',
                    site.place / 'run', 'status'], check=False)
    print(flush=True)


def page_comes(site):
    """Does a browser get the page, and what is on it?"""
    try:
        for name, word in (('', b'<html'), ('api/status', b'demo-meter')):
            url = f'http://127.0.0.1:{site.page}/{name}'
            with urllib.request.urlopen(url, timeout=5) as answer:
                if word not in answer.read():
                    return False
    except OSError:
        return False
    return True


def write_setpoint(site, seen):
    """Another temperature for the boiler; it is read when that is done."""
    seen.wanted = 40.0 if seen.wanted == 60.0 else 60.0
    print(f'demo: the server writes {seen.wanted} to {BOILER} {SETPOINT}',
          flush=True)
    seen.written = False
    site.tell('server', f'w write {BOILER} {SETPOINT} text={seen.wanted}')


def show(site, seen, end, ours):
    """Until the end: what comes, a setpoint now and then, one status."""
    next_write, status_at = time.monotonic() + 5, time.monotonic() + 3
    while time.monotonic() < end:
        problem = site.ended()
        if problem:
            return problem
        now = time.monotonic()
        if now >= status_at:
            status(site)
            seen.page |= page_comes(site)
            status_at = end if ours else now + 10
        if ours and now >= next_write and BOILER in seen.appeared:
            write_setpoint(site, seen)
            next_write = now + WRITE_EVERY
        show_line(site, seen)
    return None


def show_line(site, seen):
    """The next line, where one comes soon."""
    try:
        who, line = site.lines.get(timeout=0.2)
    except queue.Empty:
        return
    if who == 'server':
        print(line, flush=True)
        if seen.learn(line):
            site.tell('server', f'r read {BOILER} {SETPOINT}')
    elif line.startswith('write'):
        print(f'          (the Modbus slave got: {line})', flush=True)


def judge(seen, problem, asked, site):
    """The exit code, and why."""
    missing = list(seen.missing()) if asked else []
    if problem:
        print(f'demo: {problem}; the end of its log:')
        log = (site.place / 'gateway.log').read_text(errors='replace')
        print('\n'.join(log.splitlines()[-30:]))
    for line in missing:
        print(f'demo: {line}')
    if asked and not missing and not problem:
        print('demo: devices appeared, values moved, a setpoint was written '
              'and read back, the page came')
    return 1 if problem or missing else 0


def interrupt(*_):
    """SIGTERM ends it as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """Run the site; exit as the comment of packaging/demo says."""
    parser = argparse.ArgumentParser(prog='packaging/demo')
    parser.add_argument('build', help=argparse.SUPPRESS)
    parser.add_argument('--for', dest='length', type=seconds)
    parser.add_argument('--server', metavar='URI')
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    seen, problem = Seen(), None
    with tempfile.TemporaryDirectory(prefix='lwmux-demo-') as place:
        site = Site(args.build, place)
        try:
            start(site, args.server)
            end = time.monotonic() + (args.length or 10 ** 9)
            problem = show(site, seen, end, not args.server)
        except KeyboardInterrupt:
            print()
        finally:
            site.stop()
        while not site.lines.empty():
            show_line(site, seen)
        return judge(seen, problem, args.length and not args.server, site)


if __name__ == '__main__':
    sys.exit(main())
