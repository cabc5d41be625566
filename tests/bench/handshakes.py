# SPDX-License-Identifier: GPL-2.0-or-later
"""Handshakes and memory with DTLS and pre-shared keys, for run beside it.

The server is lwm2m-server (libcoap, GnuTLS) on the second CPU. Counted is the
CPU of the client's side, from the start until all are registered; a process
without endpoints is taken off. lwmuxd keeps its usual pace (200/s): handshakes
that are under way at once need memory that stays the process's, 4 kB each. The
bare client has 300 endpoints, since libcoap's select() takes no more
descriptors, and 32 handshakes under way; its CPU is measured at lwmuxd's pace,
too ("paced"), as each flight then wakes a process that waits, with caches that
others have used meanwhile: that is the half of what both need."""
import contextlib
import json
import pathlib
import subprocess
import tempfile
import threading
import time

KEY = "000102030405060708090a0b0c0d0e0f"
BARE = 300
PACE = 200                       # lwmuxd's own, registrations/s
TARGET_RATE = 1000               # handshakes/s of one CPU
TARGET_MEMORY = 12 * 1024
PATIENCE = 120


class Server:
    """lwm2m-server with a key for each of N endpoints."""

    def __init__(self, build, endpoints, pin):
        with tempfile.NamedTemporaryFile("w", suffix=".psk") as keys:
            for i in range(endpoints):
                keys.write(f"bench-{i:04} {KEY}\n")
            keys.flush()
            self.process = subprocess.Popen(
                [build / "tests/server/lwm2m-server", "--coaps", "0",
                 "--psk", keys.name], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, text=True, preexec_fn=pin(1))
            self.port = json.loads(self.process.stdout.readline())["coaps"]

    def wait_registered(self, endpoints, check):
        """Seconds by the clock between the first and the last of them."""
        seen, first = set(), None
        end = time.monotonic() + PATIENCE
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "registered":
                first = first or time.monotonic()
                seen.add(event["ep"])
            if len(seen) == endpoints:
                return time.monotonic() - first
            if time.monotonic() > end:
                break
            check()
        raise RuntimeError(f"{len(seen)} of {endpoints} registered")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)


def secured(etc, port):
    """The configuration's server, with DTLS."""
    main = etc / "lwmux.yaml"
    text = main.read_text()
    (etc / "keys").mkdir()
    (etc / "keys/all.psk").write_text(KEY + "\n")
    (etc / "keys/all.psk").chmod(0o600)
    text = text.replace(", pace: 0", "")
    main.write_text(text.replace(f"coap://127.0.0.1:{port}",
                                 f"coaps://127.0.0.1:{port}")
                    .replace("security: nosec",
                             "security: psk, key_file: keys/all.psk"))


def measure_bare(build, pin, *options):
    with Server(build, BARE, pin) as server:
        # Nobody wants its events, but it would wait for a reader.
        threading.Thread(target=server.process.stdout.read,
                         daemon=True).start()
        done = subprocess.run(
            [build / "tests/bench/bench_bare_dtls", "--port",
             str(server.port), "--key", KEY, "--endpoints", str(BARE),
             *options],
            capture_output=True, text=True, preexec_fn=pin(0))
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or "the bare client failed")
    return json.loads(done.stdout)


def measure_own(build, endpoints, tools):
    """tools: the daemon, memory() and cpu() of run."""
    def start(server, n):
        return tools.Daemon(build, server.port, n, "10s", secured)

    with Server(build, 0, tools.pin) as server, start(server, 0) as daemon:
        time.sleep(1.5)
        daemon.check()
        empty = (tools.memory(daemon.process.pid),
                 tools.cpu(daemon.process.pid)[0])
    with Server(build, endpoints, tools.pin) as server, \
            start(server, endpoints) as daemon:
        seconds = server.wait_registered(endpoints, daemon.check)
        used = tools.cpu(daemon.process.pid)[0] - empty[1]
        time.sleep(1)
        resident = tools.memory(daemon.process.pid) - empty[0]
    return {"memory": resident / endpoints,
            "handshake_us": used * 1e6 / endpoints,
            "handshake_rate": endpoints / seconds}


def report(own, bare, paced, nosec):
    """nosec: the CPU of a registration without DTLS, as run measured it."""
    print(f"\n{'DTLS, pre-shared keys':40}{'lwmuxd':>10}{'bare':>10}"
          f"{'ratio':>7}{'paced':>10}{'ratio':>7}")
    for title, key, rate in (
            ("memory per endpoint, bytes", "memory", False),
            ("handshake + register, CPU us", "handshake_us", False),
            ("the same by the clock, /s (own: paced)", "handshake_rate",
             True)):
        ours = own[key]
        print(f"{title:40}{ours:10,.0f}" + "".join(
            f"{theirs[key]:10,.0f}"
            f"{ours / theirs[key] if rate else theirs[key] / ours:7.2f}"
            for theirs in (bare, paced)))
    shakes = max(own["handshake_us"] - nosec, 1)
    print(f"{'handshake alone, CPU us':40}{shakes:10,.0f}")
    for what, met in (
            (f">= {TARGET_RATE:,} handshakes/s of CPU: {1e6 / shakes:,.0f} "
             f"({1e6 / own['handshake_us']:,.0f} with the registration)",
             1e6 / shakes >= TARGET_RATE),
            (f"<= {TARGET_MEMORY:,} bytes per DTLS endpoint: "
             f"{own['memory']:,.0f}", own["memory"] <= TARGET_MEMORY)):
        print(f"{'met   ' if met else 'MISSED'} {what}")


def run(build, endpoints, tools, nosec):
    own = measure_own(pathlib.Path(build), endpoints, tools)
    bare = measure_bare(pathlib.Path(build), tools.pin)
    paced = measure_bare(pathlib.Path(build), tools.pin, "--rate", str(PACE))
    report(own, bare, paced, nosec)
    return own, bare | {f"paced_{key}": value for key, value in paced.items()}
