# SPDX-License-Identifier: GPL-2.0-or-later
"""lwm2m-node-lib 1.4.0, driven by JSON lines (node/server.js)."""
import itertools
import json
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


class NodeLib(tools.Driver):
    """One running server on a free port."""

    title = "lwm2m-node-lib 1.4.0"

    def __init__(self):
        super().__init__(
            ["env", f"NODE_PATH={libraries()}/node_modules",
             "NODE_NO_WARNINGS=1", "node", HERE / "server.js"], "node-lib")
        self.port = self.ready["coap"]
        self._ids = itertools.count(1)

    def _ask(self, op, timeout=10, **fields):
        number = next(self._ids)
        since = self.mark()
        self.say(json.dumps({"id": number, "op": op, **fields}))
        return self.wait_line(lambda e: e.get("id") == number,
                              f"answer to {op} {fields.get('path', '')}",
                              timeout, since)

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
