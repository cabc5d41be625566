# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept reaches a server that bootstrap has named, too."""
import bootstrap as bs
import sites
from harness import Site, wait_for


class BootstrapForward(Site):
    def test_send_reaches_a_bootstrapped_server(self):
        server = self.server()
        boot = self.add(bs.BootstrapServer(bs.usual(server.port)))
        main = f"gateway: {{name: e2e}}\nbootstrap: {{uri: {boot.uri}}}\n"
        gateway = self.gateway(1, sites.SIM, **{"lwmux.yaml": main})
        server.registered("sim")
        mark = server.mark()
        self.assertEqual(gateway.ctl("send", "sim", "3303/0").returncode, 0)
        server.wait("send", after=mark)
        wait_for(lambda: gateway.status()["store"]["waiting"] == 0,
                 "nothing waits any more")
