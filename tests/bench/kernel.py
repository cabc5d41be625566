# SPDX-License-Identifier: GPL-2.0-or-later
"""What grows and what the kernel is asked for, for run beside it: system calls
of a notification, descriptors, a start, growth with the number of endpoints, a
reload, the way of a sample. `tools` is run itself: the daemon, the responder,
memory() and cpu().

System calls are counted by strace on the agent thread (of bare: its only one),
for SECONDS of 10 notifications/s of each endpoint; what strace makes slower is
time, not the number of calls of one notification, but that a wait which is
shared by several when they come thick is shared by fewer then, or by more.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import wire

SECONDS = 3
COUNTED = 200                   # endpoints whose system calls are counted
GROWN = (100, 10000)            # endpoints, with the same events/s in all
EVENTS = 1000                   # of these
STARTED = 10000
RELOADED = 5000


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def agent_ns(pid):
    """CPU of the first thread so far; not in ticks, which are 10 ms."""
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text()
    return int(text.split()[0])


def unconfirmed(etc, _port):
    main = etc / "lwmux.yaml"
    main.write_text(main.read_text().replace("pace: 0", "pace: 0, notify: non"))


def strace(pid, responder):
    """System calls of a thread, by one notification."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as table:
        tracer = subprocess.Popen(
            ["strace", "-c", "-p", str(pid), "-o", table.name],
            stderr=subprocess.PIPE, text=True)
        line = tracer.stderr.readline()
        if "attached" not in line:
            tracer.wait()
            raise RuntimeError(f"strace: {line.strip()}")
        before = responder.count()["notifications"]
        time.sleep(SECONDS)
        sent = responder.count()["notifications"] - before
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        # % time, seconds, usecs/call, calls, perhaps errors
        calls = [int(line.split()[3]) for line in table
                 if line.endswith(" total\n")]
    if not calls or not sent:
        raise RuntimeError(f"strace counted nothing, {sent} notifications")
    return calls[0] / sent


def calls_own(build, tools, change=None):
    with tools.Responder(build) as responder:
        with tools.Daemon(build, responder.port, COUNTED, "100ms",
                          change) as daemon:
            tools.wait_for(daemon, responder, COUNTED)
            return strace(daemon.process.pid, responder)


def calls_bare(build, tools, *options):
    with tools.Responder(build) as responder:
        bare = subprocess.Popen(
            [build / "tests/bench/bench_bare", "--port", str(responder.port),
             "--endpoints", str(COUNTED), "--seconds", str(SECONDS + 30),
             "--rate", "10", *options], stdout=subprocess.DEVNULL,
            preexec_fn=tools.pin(0))
        try:
            end = time.monotonic() + tools.PATIENCE
            while responder.count()["notifications"] < COUNTED:
                if bare.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the bare client notifies nothing")
                time.sleep(0.05)
            return strace(bare.pid, responder)
        finally:
            bare.kill()
            bare.wait()


def measure_descriptors(build, tools, endpoints):
    with tools.Responder(build) as responder:
        with tools.Daemon(build, responder.port, 0, "1h") as daemon:
            time.sleep(1)
            daemon.check()
            empty = descriptors(daemon.process.pid)
    with tools.Responder(build) as responder:
        with tools.Daemon(build, responder.port, endpoints, "1h") as daemon:
            tools.wait_for(daemon, responder, endpoints)
            return (descriptors(daemon.process.pid) - empty) / endpoints


def measure_start(build, tools, endpoints):
    """Seconds from the program's start until the last is registered."""
    with tools.Responder(build) as responder:
        begin = time.monotonic()        # the responder's clock, too
        with tools.Daemon(build, responder.port, endpoints, "1h") as daemon:
            return tools.wait_for(daemon, responder, endpoints)["last"] - begin


def measure_growth(build, tools, seconds):
    """CPU for an event, with few and with many endpoints."""
    return [tools.measure_notification(
        build, n, seconds, f"{n * 1000 // EVENTS}ms")["notify_us"]
        for n in GROWN]


def reload(daemon):
    done = subprocess.run(
        [daemon.build / "agent/lwmuxctl", "--run", daemon.base / "run",
         "reload"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"reload: {done.stdout}{done.stderr}")


def measure_reload(build, tools, endpoints):
    """ms on the agent thread of a reload in which one endpoint changes; how
    many clients were heard of: the changed one, or its old and new port."""
    with tools.Responder(build) as responder:
        with tools.Daemon(build, responder.port, endpoints, "1h") as daemon:
            tools.wait_for(daemon, responder, endpoints)
            time.sleep(1)
            devices = daemon.base / "etc/conf.d/devices-00000.yaml"
            devices.write_text(devices.read_text().replace("max: 24", "max: 25",
                                                           1))
            responder.count()           # "heard" is since then
            before = agent_ns(daemon.process.pid)
            reload(daemon)
            used = agent_ns(daemon.process.pid) - before
            time.sleep(1)
            return used / 1e6, responder.count()["heard"]


FIGURES = (
    ("calls_con", "system calls per CON notification"),
    ("calls_non", "system calls per NON notification"),
    ("descriptors", "descriptors per NoSec endpoint"),
    ("start", f"{STARTED:,} endpoints: start to last Register, s"),
    ("growth_few", f"CPU us per event, {GROWN[0]} endpoints"),
    ("growth_many", f"CPU us per event, {GROWN[1]:,} endpoints"),
    ("reload_ms", f"reload of {RELOADED:,}, one changed: agent thread, ms"),
    ("reload_heard", "clients heard after it (the changed: 1 or 2)"),
    ("wire_p50", "Modbus TCP, 1,000/s: sample to Notify, ms, p50"),
    ("wire_p99", "the same, p99"),
    ("wire_rate", "the same, notifications/s"),
)


def attempt(figures, keys, measure):
    """A figure that cannot be had is said, and not there."""
    try:
        values = measure()
    except RuntimeError as e:
        print(f"SKIPPED {', '.join(keys)}: {str(e).splitlines()[-1]}")
        return
    figures.update(zip(keys, values if len(keys) > 1 else [values]))


def measure_calls(build, tools):
    """Ours, bare libcoap's as it ships, and with the same measures."""
    own, bare, shared = {}, {}, {}
    if not shutil.which("strace"):
        print("SKIPPED system calls: strace is not installed")
        return own, bare, shared
    attempt(own, ["calls_con"], lambda: calls_own(build, tools))
    attempt(own, ["calls_non"], lambda: calls_own(build, tools, unconfirmed))
    attempt(bare, ["calls_con"], lambda: calls_bare(build, tools))
    attempt(shared, ["calls_con"],
            lambda: calls_bare(build, tools, "--shared-priorities"))
    return own, bare, shared


def measure(build, tools, seconds):
    """The figures of lwmuxd and, where it has them, of the bare client."""
    own, bare, shared = measure_calls(build, tools)
    attempt(own, ["descriptors"],
            lambda: measure_descriptors(build, tools, 1000))
    attempt(own, ["start"], lambda: measure_start(build, tools, STARTED))
    attempt(own, ["growth_few", "growth_many"],
            lambda: measure_growth(build, tools, seconds))
    attempt(own, ["reload_ms", "reload_heard"],
            lambda: measure_reload(build, tools, RELOADED))
    attempt(own, ["wire_p50", "wire_p99", "wire_rate"],
            lambda: wire.measure(build, tools))
    return own, bare, shared


def report(own, bare, shared):
    print(f"\n{'the kernel, and growth':50}{'lwmuxd':>10}{'bare':>10}"
          f"{'shared':>10}")
    for key, title in FIGURES:
        print(f"{title:50}" + "".join(
            f"{side[key]:10,.2f}" if key in side else f"{'-':>10}"
            for side in (own, bare, shared)))
