# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drivers of the real servers have in common.

A server is installed once into a cache directory that is named after what is
installed there, and is talked to by JSON lines: one object a line, an event
or an answer, on its standard output.
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


class LineProcess:
    """A child process that speaks JSON lines; keeps all that it said.

    Every object gets "at", the time.monotonic() at which it was read.
    """

    def __init__(self, command, log, ready_timeout, **kwargs):
        self._lines = []
        self._changed = threading.Condition()
        self._log = open(log, "wb")
        self.log_path = log
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, **kwargs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.ready = self.wait(lambda e: e.get("event") == "ready",
                                   ready_timeout, what="ready")
        except (TimeoutError, AssertionError):
            self.stop()
            raise RuntimeError(f"{command[0]} did not start: "
                               f"{self._last_words()}") from None

    def _read(self):
        for raw in self.process.stdout:
            try:
                line = json.loads(raw)
            except ValueError:
                self._log.write(raw)
                continue
            line["at"] = time.monotonic()
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._lines.append({"event": "end", "at": time.monotonic()})
            self._changed.notify_all()

    def _last_words(self):
        said = pathlib.Path(self.log_path).read_text(errors="replace")
        return said.strip().splitlines()[-1][:300] if said.strip() else "?"

    def send(self, line):
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def mark(self):
        """A position in the log of events, to wait from."""
        with self._changed:
            return len(self._lines)

    def since(self, mark=0):
        with self._changed:
            return self._lines[mark:]

    def wait(self, match, timeout, since=0, what="event"):
        """The first line from `since` on that matches; TimeoutError."""
        deadline = time.monotonic() + timeout
        position = since
        with self._changed:
            while True:
                for line in self._lines[position:]:
                    if match(line):
                        return line
                    if line.get("event") == "end":
                        raise AssertionError(f"server ended, waiting: {what}")
                position = len(self._lines)
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    if time.monotonic() >= deadline:
                        raise TimeoutError(f"no {what} in {timeout} s")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self._log):
            try:
                stream.close()
            except OSError:
                pass


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
