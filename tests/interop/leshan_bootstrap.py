# SPDX-License-Identifier: GPL-2.0-or-later
"""Eclipse Leshan's bootstrap server 2.0.0-M15 (leshan/Bootstrap.java)."""
import json
import pathlib
import urllib.error
import urllib.parse
import urllib.request

import tools

HERE = pathlib.Path(__file__).resolve().parent / "leshan"


def libraries():
    tools.need("java", "javac", "mvn")
    recipe = HERE / "bootstrap-pom.xml"
    return tools.install("leshan-bootstrap", recipe, lambda directory: [
        "mvn", "-q", "-B", "-f", str(recipe),
        "dependency:copy-dependencies", f"-DoutputDirectory={directory}"])


class LeshanBootstrap(tools.Driver):
    """On free ports of 127.0.0.1; keys: more options, as cert=FILE."""

    title = "Leshan 2.0.0-M15"

    def __init__(self, **keys):
        options = [str(w) for k, v in keys.items() for w in (f"--{k}", v)]
        super().__init__(
            ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
             "-cp", f"{libraries()}/*", HERE / "Bootstrap.java",
             "--coap", "127.0.0.1:0", "--coaps", "127.0.0.1:0",
             "--http", "127.0.0.1:0", *options], "leshan-bootstrap")
        self.uri = f"coap://127.0.0.1:{self.ready['coap']}"
        self.secure_uri = f"coaps://127.0.0.1:{self.ready['coaps']}"
        self.http = f"http://127.0.0.1:{self.ready['http']}"

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data,
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=15) as r:
                return json.load(r)
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{path}: {e.read().decode()}") from e

    def give(self, ep, **config):
        """What the endpoint will be given: see Bootstrap.java."""
        self._call("PUT", f"/config/{urllib.parse.quote(ep)}", config)

    def know(self, ep, **keys):
        """Who may ask over DTLS."""
        self._call("PUT", f"/security/{urllib.parse.quote(ep)}", keys)

    def details(self, event, ep, since=0):
        return [e["detail"] for e in self.events(event, ep, since)]
