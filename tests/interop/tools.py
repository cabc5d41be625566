# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drivers of the real servers have in common.

A server is installed once into a cache directory that is named after what is
installed there, and tells events and answers by JSON lines, one object a line.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import harness


# One at a time: they share the installers' own caches.
INSTALLING = threading.Lock()


class Unavailable(Exception):
    """The server cannot be had here; the message says why."""


def cache_directory():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "lwmux"


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")


def install(name, recipe, command, attempts=3):
    """The directory with what `command` installs, made when it is missing.

    `recipe` is the file that lists what is wanted: a changed recipe gives
    another directory. `command` is a function of the directory to fill that
    returns the argument list. The directory appears complete or not at all.
    """
    digest = hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]
    target = cache_directory() / f"{name}-{digest}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with INSTALLING:
        return _install(name, command, target, attempts)


def _install(name, command, target, attempts):
    if target.is_dir():          # by who waited less
        return target
    for attempt in range(attempts):
        scratch = pathlib.Path(
            tempfile.mkdtemp(prefix=f"{name}-", dir=target.parent))
        why = _try_install(command(scratch), scratch)
        if not why:
            return _publish(scratch, target)
        shutil.rmtree(scratch, ignore_errors=True)
        if attempt + 1 < attempts:
            time.sleep(2 * (attempt + 1))
    raise Unavailable(f"{name} could not be installed: {why}")


def _try_install(command, scratch):
    try:
        done = subprocess.run(command, cwd=scratch, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        return f"{command[0]} took longer than 300 s"
    except OSError as e:
        return str(e)
    if done.returncode == 0:
        return None
    said = [l for l in (done.stdout + done.stderr).splitlines() if l.strip()]
    return said[-1][:300] if said else f"{command[0]}: exit {done.returncode}"


def _publish(scratch, target):
    try:
        scratch.rename(target)
    except OSError:              # another run was faster
        shutil.rmtree(scratch, ignore_errors=True)
        if not target.is_dir():
            raise
    return target


class Driver(harness.Program):
    """A server as a child process that speaks JSON lines.

    Its lines are dicts with "at", the time.monotonic() when they were read.
    """

    def __init__(self, command, name):
        super().__init__(command, name)
        try:
            self.ready = self.wait_line(lambda l: l.get("event") == "ready",
                                        "ready", timeout=90)
        except AssertionError:
            self.end()
            raise

    def parse(self, line):
        try:
            fields = json.loads(line)
        except ValueError:
            fields = {"event": "text", "text": line}
        if not isinstance(fields, dict):     # standard error is text, too
            fields = {"event": "text", "text": line}
        fields["at"] = time.monotonic()
        return fields

    def mark(self):
        """A place in the stream of events, to wait from."""
        with self.changed:
            return len(self.lines)

    def wait(self, event, ep, timeout=10, since=0, match=None):
        """The first such event of that endpoint."""
        return self.wait_line(
            lambda e: e.get("event") == event and e.get("ep") == ep
            and (match is None or match(e)),
            f"{event} of {ep}", timeout, since)

    def events(self, event, ep, since=0):
        with self.changed:
            return [e for e in self.lines[since:]
                    if e.get("event") == event and e.get("ep") == ep]


class Answer:
    """What a device answered: a CoAP code, and what came with it."""

    def __init__(self, fields):
        self.fields = fields
        self.code = fields.get("code")
        self.ct = fields.get("ct")
        self.payload = bytes.fromhex(fields.get("payload", ""))
        self.links = fields.get("links")
        self.error = fields.get("error")
        self.nodes = {n["path"]: n["value"] for n in fields.get("nodes", ())}
        self.types = {n["path"]: n["type"] for n in fields.get("nodes", ())}

    def __repr__(self):
        return f"Answer({json.dumps(self.fields)})"
