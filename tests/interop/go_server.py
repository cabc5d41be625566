# SPDX-License-Identifier: GPL-2.0-or-later
"""A server on go-coap 3.3.0, driven by JSON lines (go/main.go)."""
import itertools
import json
import pathlib
import shutil

import secure
import tools

HERE = pathlib.Path(__file__).resolve().parent / "go"
IDENTITY, KEY = "go-device", "00112233445566778899aabbccddeeff"


def program():
    tools.need("go")

    def command(directory):
        for path in HERE.iterdir():
            shutil.copy(path, directory)
        return ["env", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=local", "go",
                "build", "-o", "server", "."]
    return tools.install("go-coap-3.3.0", HERE / "main.go", command) / "server"


class GoCoap(tools.Driver):
    """One running server on four free ports."""

    title = "go-coap 3.3.0"

    def __init__(self):
        self.pki = secure.pki("sim")
        super().__init__([program(), IDENTITY, KEY, self.pki / "server.pem",
                          self.pki / "server.key", self.pki / "ca.pem"],
                         "go-coap")
        self._ids = itertools.count(1)

    def ask(self, op, ep, path, value=b"", **fields):
        number = next(self._ids)
        since = self.mark()
        self.say(json.dumps({"id": number, "op": op, "ep": ep, "path": path,
                             "value": value.hex(), **fields}))
        return tools.Answer(self.wait_line(
            lambda e: e.get("id") == number, f"answer to {op} {path}", 15,
            since))
