# SPDX-License-Identifier: GPL-2.0-or-later
"""The provisioning script with both of Leshan's servers: a fleet that knows
only the bootstrap server's address and its own keys."""
import subprocess

import harness
import test_leshan_bootstrap as boot

MAIN = """\
gateway: {{name: interop}}
bootstrap:
  uri: {uri}
  security: psk
  key_file: keys/${{endpoint}}.psk
"""
DEVICE = ("  - {{endpoint: {ep}, bus: sim, poll: 1s, points: [{{name: t, "
          "value: 21.5, map: 3303/0, unit: Cel}}]}}\n")


class Provisioning(boot.Site):
    def test_fleet_by_way_of_the_bootstrap_server(self):
        names = [f"fleet-{i}" for i in range(5)]
        gateway = self.add(harness.Gateway({
            "lwmux.yaml": MAIN.format(uri=self.boot.secure_uri),
            "conf.d/devices.yaml": "devices:\n" + "".join(
                DEVICE.format(ep=ep) for ep in names)}, start=False))
        done = subprocess.run(
            [harness.ROOT / "packaging/provision-leshan",
             "--server", self.server.http, "--bootstrap", self.boot.http,
             "--uri", f"coaps://127.0.0.1:{self.server.coaps}",
             "-c", gateway.etc, "--ctl", harness.binary("agent/lwmuxctl")],
            input="\n".join(names), text=True, capture_output=True,
            check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            0, "5 endpoints entered, 0 failed\n", ""))
        gateway.start()
        for ep in names:
            event = self.assertServed(ep, "psk")
            self.assertEqual(event["lifetime"], 300)
            # The key for the one server opens nothing at the other.
            key = (gateway.etc / f"keys/{ep}.psk").read_text().strip()
            shown = gateway.ctl("status", "--json", ep).stdout
            self.assertNotIn(key, shown)
