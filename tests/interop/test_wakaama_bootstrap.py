# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with Wakaama's bootstrap server of LwM2M 1.0, then with its server."""
import pathlib
import re
import tempfile

import harness
import tools
from wakaama_server import Wakaama, programs

# It looks from the end: the one for all stands before the others.
ACCOUNTS = """\
[Server]
id=1
uri=coap://127.0.0.1:{port}
bootstrap=no
lifetime=300
security=NoSec
[Server]
id=2
uri=coap://127.0.0.1:{port}
bootstrap=no
lifetime=600
security=NoSec
[Endpoint]
Delete=/0
Delete=/1
Server=2
[Endpoint]
Name=wk-all
Delete=/
Server=1
[Endpoint]
Name=wk-parts
Delete=/0
Delete=/1
Server=2
[Endpoint]
Name=wk-twice
Delete=/0
Delete=/1
Server=1
"""
MAIN = """\
gateway: {{name: interop}}
bootstrap: {{uri: 'coap://127.0.0.1:{port}', lwm2m: "1.0"{more}}}
"""
DEVICE = """\
devices:
  - endpoint: {ep}
    bus: sim
    poll: 1s
    points: [{{name: t, value: 21.5, map: 3303/0, unit: Cel}}]
"""


class Asked(harness.Program):
    """The bootstrap server."""

    def __init__(self, accounts):
        self.port = harness.free_port()
        super().__init__([programs() / "bootstrapserver", "-4", "-l",
                          str(self.port), "-f", accounts], "bootstrapserver")

    def port_of(self, ep):
        """Where it last heard of someone."""
        line = self.wait_line(lambda l: "bytes received from [" in l,
                              f"request of {ep}", where=self.errors)
        return int(re.search(r"\]:(\d+)", line)[1])


class Bootstrap(harness.Site):
    server_name = Wakaama.title

    def setUp(self):
        super().setUp()
        try:
            self.server = self.add(Wakaama())
        except tools.Unavailable as e:
            self.skipTest(str(e))
        directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        self.addCleanup(directory.cleanup)
        accounts = pathlib.Path(directory.name, "accounts.ini")
        accounts.write_text(ACCOUNTS.format(port=self.server.port))
        self.boot = self.add(Asked(accounts))

    def evidence(self):
        return "\n".join([super().evidence()] + self.boot.lines[-20:])

    def gateway_of(self, ep, more=""):
        return self.add(harness.Gateway({
            "lwmux.yaml": MAIN.format(port=self.boot.port, more=more),
            "conf.d/devices.yaml": DEVICE.format(ep=ep)}))

    def assertServed(self, ep, lifetime, since=0):
        self.server.wait("registered", ep, 20, since)
        self.assertIn(str(lifetime), self.server.clients()[ep]["lifetime"])
        self.assertEqual(self.server.read(ep, "/3303/0/5700").code, "2.05")

    def test_int_0_all_is_deleted_first(self):
        self.gateway_of("wk-all")
        self.assertServed("wk-all", 300)

    def test_int_4_two_objects_are_deleted_first(self):
        self.gateway_of("wk-parts")
        self.assertServed("wk-parts", 600)

    def test_it_begins_unasked(self):
        gateway = self.gateway_of("wk-twice", ", unsolicited: true")
        self.assertServed("wk-twice", 300)
        mark, since = gateway.log_mark(), self.server.mark()
        port = self.boot.port_of("wk-twice")
        # The name that is given with it gets lost there: it is nobody's.
        self.boot.say(f"boot coap://127.0.0.1:{port}")
        gateway.wait_log("wk-twice", "bootstrapped by", after=mark)
        self.assertServed("wk-twice", 600, since)
