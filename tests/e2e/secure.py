# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases of security share: keys, and gateways that use them."""
import atexit
import pathlib
import subprocess
import tempfile

from harness import Site, Gateway, binary
from lossy import Lossy

T = "/3303/0/5700"
KEY = "00112233445566778899aabbccddeeff"
PSK = "security: psk\n    key_file: keys/${endpoint}.psk"
MAIN = """\
gateway: {{name: e2e}}
servers:
  - id: 1
    uri: {uri}
    lifetime: 5min
    {keys}
"""
DEVICE = ("  - {{endpoint: {ep}, bus: sim, poll: 1s, points: [{{name: t, "
          "value: 21.5, map: 3303/0, unit: Cel}}, {{name: set, value: 20, "
          "map: 3308/0/5900, writable: true}}]}}\n")


def pki(*clients):
    """A directory of keys and certificates (make-pki), for one module."""
    directory = tempfile.TemporaryDirectory(prefix="lwmux-pki-")
    atexit.register(directory.cleanup)
    subprocess.run([binary("tests/fake/make-pki"), directory.name, *clients],
                   check=True)
    return pathlib.Path(directory.name)


class Secure(Site):
    def lossy(self, port, **line):
        return self.add(Lossy(port, **line))

    def psk_server(self, *names, key=KEY, identity="{}", **options):
        """Knows the identities of these endpoints."""
        with tempfile.NamedTemporaryFile("w", suffix=".psk") as keys:
            for ep in names:
                keys.write(f"{identity.format(ep)} {key}\n")
            keys.flush()
            return self.server(coaps=0, psk=keys.name, **options)

    def secured(self, uri, keys, *endpoints, key=KEY, start=True):
        """A gateway with a device for each endpoint, and its key."""
        gateway = self.add(Gateway({
            "lwmux.yaml": MAIN.format(uri=uri, keys=keys),
            "conf.d/devices.yaml": "devices:\n" + "".join(
                DEVICE.format(ep=ep) for ep in endpoints)}, start=False))
        for ep in endpoints:
            gateway.write(f"keys/{ep}.psk", key + "\n")
            (gateway.etc / f"keys/{ep}.psk").chmod(0o600)
        if start:
            gateway.start()
        return gateway

    def psk_gateway(self, port, *endpoints, more="", **options):
        return self.secured(f"coaps://127.0.0.1:{port}", PSK + more,
                            *endpoints, **options)

    def said(self, gateway, ep, after=0):
        """Warnings of an endpoint."""
        words = ("no session", "session has ended", "session is given up")
        return [l for l in gateway.log()[after:]
                if ep in l and any(w in l for w in words)]

    def refused(self, gateway, server, ep, *words):
        """It did not register, and one line says why."""
        line = gateway.wait_log(ep, "no session", *words, timeout=60)
        self.assertEqual(server.events("registered"), [])
        self.assertEqual(len(self.said(gateway, ep)), 1, line)
        return line
