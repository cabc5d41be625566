# SPDX-License-Identifier: GPL-2.0-or-later
"""The stored account after kill -9 at random moments, while one bootstrap
follows the other: always one of the two that were handed out, whole."""
import itertools
import json
import random
import signal
import subprocess

import bootstrap as bs
import sites
from harness import Site

TIMES = 100
MAIN = """\
gateway: {{name: e2e}}
bootstrap: {{uri: {uri}, unsolicited: true}}
"""


def one_account(port, ssid, instance, lifetime):
    """Its numbers belong together; padding makes the file longer."""
    return [bs.delete("0"), bs.delete("1"), bs.delete("2"),
            bs.security(1, f"coap://127.0.0.1:{port}", ssid,
                        bs.tlv(3, bytes([ssid]) * 200)),
            bs.account(instance, ssid, lifetime), bs.finish()]


class BootstrapKill(Site):
    def test_old_or_new_but_never_a_mixture(self):
        server = self.server()
        accounts = itertools.cycle([one_account(server.port, 11, 0, 600),
                                    one_account(server.port, 12, 5, 700)])
        boot = self.add(bs.BootstrapServer(lambda ep: next(accounts)))
        gateway = self.gateway(1, sites.SIM, start=False, **{
            "lwmux.yaml": MAIN.format(uri=boot.uri)})
        dice = random.Random(4)
        seen = set()
        for i in range(TIMES):
            gateway.start()
            gateway.wait_log("sim", "registered at")
            account = self.account(gateway)
            self.assertIn(account, ((0, 11, 600), (5, 12, 700)), i)
            seen.add(account)
            boot.storm = lambda: next(accounts)
            if i:
                asked = gateway.ctl("bootstrap", "sim")
                self.assertEqual((asked.returncode, asked.stderr), (0, ""))
            with self.assertRaises(subprocess.TimeoutExpired):
                gateway.program.process.wait(dice.uniform(0, 0.06))
            boot.storm = None
            gateway.program.process.send_signal(signal.SIGKILL)
            gateway.program.end()
            self.assertFalse([line for line in gateway.log()
                              if "cannot be read" in line])
        self.assertEqual(len(seen), 2)
        gateway.start()
        gateway.wait_log("sim", "registered at")

    def test_what_finish_was_answered_outlives_a_kill(self):
        server = self.server()
        boot = self.add(bs.BootstrapServer(
            one_account(server.port, 11, 0, 600)))
        gateway = self.gateway(1, sites.SIM, **{
            "lwmux.yaml": MAIN.format(uri=boot.uri)})
        self.assertEqual(boot.wait("sim").codes[-1], "2.04")
        boot.silent = True              # there is no second one
        again = server.mark()
        gateway.restart(signal.SIGKILL)
        server.registered("sim", after=again)

    @staticmethod
    def account(gateway):
        """Its instance, short server id and lifetime, as the endpoint has it;
        the server still hears of those that were killed."""
        answer = gateway.ctl("read", "--json", "sim", "/1").stdout
        found = {}
        for resource in json.loads(answer)["resources"]:
            _, instance, number = map(int, resource["path"][1:].split("/")[:3])
            found[number] = instance, resource.get("value")
        return found[0][0], int(found[0][1]), int(found[1][1])
