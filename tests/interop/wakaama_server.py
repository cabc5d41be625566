# SPDX-License-Identifier: GPL-2.0-or-later
"""Wakaama 1.0's server, driven by the command line that it has.

It takes LwM2M 1.0 only, an object list without versions, one request at a
time for each of its lines of input; it prints what it gets in a form for eyes,
which is read here. Its bootstrap server is built with it (programs()).
"""
import os
import pathlib
import re

import harness
import tools

HERE = pathlib.Path(__file__).resolve().parent / "wakaama"
TLV, JSON, TEXT, LINK = ("application/vnd.oma.lwm2m+tlv",
                         "application/vnd.oma.lwm2m+json", "text/plain",
                         "application/link-format")


def programs():
    """The directory with lwm2mserver and bootstrapserver."""
    tools.need("npm", "cc", "tar")
    return tools.install("wakaama", HERE / "build",
                         lambda directory: [str(HERE / "build")])


class Answer:
    """A code as "2.05", and of content: its type, and what it held."""

    def __init__(self, code, lines):
        self.code = code
        self.type = self.text = None
        self.nodes = {}          # of TLV: ids to bytes
        self.lines = lines
        for i, line in enumerate(lines):
            found = re.match(r" *(\d+) bytes received of type (.*):$", line)
            if found:
                self.type = found[2]
                self._read(int(found[1]), lines[i + 1:])
                break

    def _read(self, count, lines):
        if self.type == TLV:
            self._read_tlv(lines)
        elif self.type == TEXT:
            self.text = _dumped(count, lines).decode()
        else:
            self.text = lines[0].strip()

    def _read_tlv(self, lines):
        ids = []
        for i, line in enumerate(lines):
            depth = (len(line) - len(line.lstrip())) // 4
            found = re.match(r" *ID: (\d+) type: ", line)
            if found:
                ids[:] = [e for e in ids if e[0] < depth] + [
                    (depth, int(found[1]))]
            found = re.match(r" *data \((\d+) bytes\):", line)
            if found:
                path = "/".join(str(e[1]) for e in ids)
                self.nodes[path] = _dumped(int(found[1]), lines[i + 1:])

    def __repr__(self):
        return f"Answer({self.code}, {self.lines})"


def _dumped(count, lines):
    """The bytes of a dump of 16 in a line, with text behind them."""
    data = b""
    for line in lines:
        if len(data) >= count:
            break
        data += bytes.fromhex("".join(line.split()[:min(16, count -
                                                        len(data))]))
    return data


class Wakaama(harness.Program):
    """One running server on a free port of 127.0.0.1."""

    title = "Wakaama 1.0"

    def __init__(self):
        self.port = harness.free_port()
        super().__init__([programs() / "lwm2mserver", "-4", "-l",
                          str(self.port)], "wakaama")
        try:
            self.wait_line(lambda l: l == ">", "prompt", 10)
        except AssertionError:
            self.end()
            raise

    def _read(self, stream, into):
        """Its prompt has no line end: it is a line ">" here."""
        rest = ""
        while data := os.read(stream.fileno(), 65536):
            *lines, rest = (rest + data.decode(errors="replace")).replace(
                "\r", "").replace("> ", "\n>\n").split("\n")
            with self.changed:
                into += [line for line in lines if line]
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def mark(self):
        with self.changed:
            return len(self.lines)

    def _finish(self, since):
        """All lines of an answer that has begun. Two commands that reach it
        at once are one for it: hence the prompts, and the trials."""
        for _ in range(10):
            behind = self.mark()
            self.say("?")
            try:
                self.wait_line(lambda l: "Unknown command" in l, "prompt", 1,
                               behind)
                break
            except AssertionError:
                pass
        else:
            raise AssertionError("wakaama: it takes no commands")
        with self.changed:
            return self.lines[since:]

    def _do(self, *words):
        """Gives a command at a prompt of its own; where its answer begins."""
        since = self.mark()
        self.say(" ".join(map(str, words)))
        self.wait_line(lambda l: l == ">", "prompt", 10, since)
        return since

    def clients(self):
        """Those registered: {endpoint: {"id", "lifetime", ...}}."""
        return self._dumps(self._finish(self._do("list")))

    @staticmethod
    def _dumps(lines):
        clients, client = {}, {}
        for line in lines:
            found = re.search(r"Client #(\d+):$", line)
            if found:
                client = {"id": int(found[1])}
            found = re.match(r"\t(\w+): (.*)", line)
            if found:
                client[found[1]] = found[2].strip('"')
                if found[1] == "name":
                    clients[client["name"]] = client
        return clients

    def wait(self, event, ep, timeout=10, since=0):
        """registered, updated: until it is told of that endpoint."""
        def told():
            with self.changed:
                lines = list(self.lines[since:])
            for i, line in enumerate(lines):
                if re.search(rf"lient #\d+ {event}\.", line) and \
                        f'\tname: "{ep}"' in lines[i + 1:i + 3]:
                    return lines[i:i + 7]
            return None
        return harness.wait_for(told, f"{event} of {ep}", timeout)

    def _ask(self, command, ep, path, *words, timeout=15):
        number = self.clients()[ep]["id"]
        since = self._do(command, number, path, *words)
        line = self.wait_line(
            lambda l: re.search(rf"lient #{number} {path}(/0)? (:|number)", l)
            or "Syntax error" in l or "Error:" in l,
            f"answer to {command} {path}", timeout, since)
        lines = self._finish(since)
        code = re.search(r": (\d\.\d\d) ", line)
        return Answer(code[1] if code else None,
                      lines[lines.index(line) + 1:])

    def read(self, ep, path):
        return self._ask("read", ep, path)

    def discover(self, ep, path):
        return self._ask("disc", ep, path)

    def write(self, ep, path, value):
        return self._ask("write", ep, path, value)

    def execute(self, ep, path, *arguments):
        return self._ask("exec", ep, path, *arguments)

    def attributes(self, ep, path, pmin, pmax):
        return self._ask("time", ep, path, pmin, pmax)

    def thresholds(self, ep, path, lt, gt, *st):
        return self._ask("attr", ep, path, lt, gt, *st)

    def clear(self, ep, path):
        return self._ask("clear", ep, path)

    def delete(self, ep, path):
        return self._ask("del", ep, path)

    def observe(self, ep, path):
        return self._ask("observe", ep, path)

    def cancel(self, ep, path):
        return self._ask("cancel", ep, path)

    def notifications(self, ep, path, since=0):
        """(its number, content) of each that came."""
        number = self.clients()[ep]["id"]
        lines, found = self._finish(since), []
        for i, line in enumerate(lines):
            head = re.search(rf"Notify from client #{number} {path} "
                             r"number (\d+)", line)
            if head:
                found.append((int(head[1]), Answer("2.05", lines[i + 1:])))
        return found
