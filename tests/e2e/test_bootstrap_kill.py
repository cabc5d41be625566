# SPDX-License-Identifier: GPL-2.0-or-later
"""The stored account after kill -9 at random moments, while one bootstrap
follows the other: always one of the two that were handed out, whole."""
import itertools
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
        seen = []
        for i in range(TIMES):
            mark = server.mark()
            gateway.start()
            event = server.registered("sim", after=mark)
            pair = event["lt"], "</1/5>" in event["links"]
            self.assertIn(pair, ((600, False), (700, True)), i)
            seen.append(pair)
            boot.storm = lambda: next(accounts)
            if i:
                self.assertEqual(gateway.ctl("bootstrap", "sim").returncode,
                                 0)
            with self.assertRaises(subprocess.TimeoutExpired):
                gateway.program.process.wait(dice.uniform(0, 0.06))
            boot.storm = None
            gateway.program.process.send_signal(signal.SIGKILL)
            gateway.program.end()
            self.assertFalse([line for line in gateway.log()
                              if "cannot be read" in line])
        self.assertEqual(len(set(seen)), 2)
        self.assertEqual(len([q for _, q in boot.asked]), TIMES)
        mark = server.mark()
        gateway.start()
        server.registered("sim", after=mark)
