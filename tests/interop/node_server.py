# SPDX-License-Identifier: GPL-2.0-or-later
"""lwm2m-node-lib 1.4.0, driven by JSON lines (node/server.js)."""
import itertools
import os
import pathlib
import shutil

import tools

HERE = pathlib.Path(__file__).resolve().parent / "node"


def libraries():
    tools.need("node", "npm")

    def command(directory):
        shutil.copy(HERE / "package.json", directory)
        return ["npm", "install", "--no-audit", "--no-fund",
                "--ignore-scripts", "--loglevel=error"]
    return tools.install("node", HERE / "package.json", command)


class NodeLib:
    """One running server on a free port."""

    name = "lwm2m-node-lib 1.4.0"

    def __init__(self, log):
        environment = dict(os.environ,
                           NODE_PATH=str(libraries() / "node_modules"),
                           NODE_NO_WARNINGS="1")
        self.lines = tools.LineProcess(["node", str(HERE / "server.js")], log,
                                       ready_timeout=60, env=environment)
        self.port = self.lines.ready["coap"]
        self.uri = f"coap://127.0.0.1:{self.port}"
        self._ids = itertools.count(1)

    def stop(self):
        self.lines.stop()

    def mark(self):
        return self.lines.mark()

    def wait(self, event, ep, timeout=10, since=0, match=None):
        """The first such event of that endpoint; TimeoutError."""
        return self.lines.wait(
            lambda e: e.get("event") == event and e.get("ep") == ep
            and (match is None or match(e)),
            timeout, since, f"{event} of {ep}")

    def events(self, event, ep, since=0):
        return [e for e in self.lines.since(since)
                if e.get("event") == event and e.get("ep") == ep]

    def _ask(self, op, timeout=10, **fields):
        number = next(self._ids)
        since = self.lines.mark()
        self.lines.send({"id": number, "op": op, **fields})
        return self.lines.wait(lambda e: e.get("id") == number, timeout, since,
                               f"answer to {op} {fields.get('path', '')}")

    def clients(self):
        return {c["ep"]: c for c in self._ask("list")["value"]}

    def read(self, ep, path):
        return self._ask("read", ep=ep, path=path)

    def discover(self, ep, path):
        return self._ask("discover", ep=ep, path=path)

    def write(self, ep, path, value):
        return self._ask("write", ep=ep, path=path, value=str(value))

    def execute(self, ep, path, arguments=""):
        return self._ask("execute", ep=ep, path=path, value=arguments)

    def attributes(self, ep, path, **attributes):
        return self._ask("attributes", ep=ep, path=path,
                         attributes=attributes)

    def observe(self, ep, path):
        return self._ask("observe", ep=ep, path=path)

    def cancel(self, ep, path):
        """The library forgets it; what it sends, if anything, is its own."""
        return self._ask("cancel", ep=ep, path=path)
