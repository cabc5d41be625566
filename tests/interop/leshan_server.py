# SPDX-License-Identifier: GPL-2.0-or-later
"""Eclipse Leshan 2.0.0-M18, driven over HTTP (leshan/Server.java)."""
import json
import pathlib
import urllib.error
import urllib.parse
import urllib.request

import tools

HERE = pathlib.Path(__file__).resolve().parent / "leshan"


def libraries():
    tools.need("java", "javac", "mvn")
    return tools.install("leshan", HERE / "pom.xml", lambda directory: [
        "mvn", "-q", "-B", "-f", str(HERE / "pom.xml"),
        "dependency:copy-dependencies", f"-DoutputDirectory={directory}"])


class Leshan(tools.Driver):
    """One running server on free ports of 127.0.0.1."""

    title = "Leshan 2.0.0-M18"

    def __init__(self, **keys):
        """keys: pubkey= and key= (DER), or cert= (PEM), key= and trust="""
        super().__init__(
            ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
             "-cp", f"{libraries()}/*", HERE / "Server.java",
             "--models", HERE.parent / "objects",
             "--coap", "127.0.0.1:0", "--coaps", "127.0.0.1:0",
             "--http", "127.0.0.1:0",
             *(str(w) for k, v in keys.items() for w in (f"--{k}", v))],
            "leshan")
        self.port = self.ready["coap"]
        self.coaps = self.ready["coaps"]
        self.http = f"http://127.0.0.1:{self.ready['http']}"

    # Requests

    def _call(self, method, path, query="", body=None, timeout=5.0):
        if path.count("/") > 2:            # a request to a device
            query += f"{'&' if query else ''}timeout={timeout}"
        url = f"{self.http}{path}{'?' + query if query else ''}"
        data = None if body is None else body.encode()
        request = urllib.request.Request(url, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout + 10) as r:
                return json.load(r)
        except urllib.error.HTTPError as e:
            return json.load(e)

    def _ask(self, method, ep, path, query="", body=None, timeout=5.0):
        return tools.Answer(self._call(
            method, f"/clients/{urllib.parse.quote(ep)}{path}", query, body,
            timeout))

    def clients(self):
        return {c["ep"]: c for c in self._call("GET", "/clients")}

    def client(self, ep):
        return self._call("GET", f"/clients/{urllib.parse.quote(ep)}")

    def secure(self, ep, **how):
        """How ep must show who it is: identity= and key= (hex), rpk= (hex of
        its SubjectPublicKeyInfo), x509=True."""
        return self._call("PUT", f"/security/{urllib.parse.quote(ep)}",
                          body=json.dumps(how))

    def unsecure(self, ep):
        return self._call("DELETE", f"/security/{urllib.parse.quote(ep)}")

    def forget(self, ep):
        """Drops its registration: the next Update is answered by 4.04."""
        return self._call("DELETE", f"/clients/{urllib.parse.quote(ep)}")

    def read(self, ep, path, format=None, timeout=5.0):
        query = f"format={format}" if format else ""
        return self._ask("GET", ep, path, query, timeout=timeout)

    def discover(self, ep, path):
        return self._ask("GET", ep, path, "discover")

    def write(self, ep, path, value, format=None, update=False, timeout=5.0):
        query = "&".join((["update"] if update else []) +
                         ([f"format={format}"] if format else []))
        return self._ask("PUT", ep, path, query, json.dumps(value), timeout)

    def attributes(self, ep, path, **attributes):
        """Write-Attributes; None unsets one."""
        query = "&".join(["attributes"] + [
            k if v is None else f"{k}={v}" for k, v in attributes.items()])
        return self._ask("PUT", ep, path, query)

    def execute(self, ep, path, arguments=""):
        return self._ask("POST", ep, path, body=arguments)

    def create(self, ep, path, body):
        return self._ask("POST", ep, path, body=json.dumps(body))

    def delete(self, ep, path):
        return self._ask("DELETE", ep, path)

    def observe(self, ep, path, format=None):
        query = "observe" + (f"&format={format}" if format else "")
        return self._ask("POST", ep, path, query)

    def _composite(self, method, ep, paths, format, body=None):
        query = "composite=" + ",".join(paths)
        if format:
            query += f"&format={format}"
        return self._ask(method, ep, "", query, body)

    def read_composite(self, ep, paths, format=None):
        return self._composite("GET", ep, paths, format)

    def write_composite(self, ep, values, format=None):
        return self._composite("PUT", ep, [], format, json.dumps(values))

    def observe_composite(self, ep, paths, format=None):
        return self._composite("POST", ep, paths, format)

    def cancel_composite(self, ep, paths, format=None):
        return self._composite("DELETE", ep, paths, format)

    def cancel_passively(self, ep, path):
        """Forget it: the next notification is answered by a Reset."""
        return self._ask("DELETE", ep, path, "observe")

    def cancel_actively(self, ep, path):
        """Cancel by a request with Observe 1."""
        return self._ask("DELETE", ep, path, "observe=active")
