# SPDX-License-Identifier: GPL-2.0-or-later
"""A server wakes endpoints by SMS, and reads and writes by it where that is
allowed (LwM2M Transport TS 6.5): through the real ModemManager, on a private
D-Bus, with a modem of the tests."""
import tempfile

import bootstrap as bs
from harness import WAIT, Gateway, Site, wait_for
from modem import NUMBER, ModemSite

SERVER = "+491701234567"
CON, NON = 0x40, 0x50
POST, GET, PUT = 2, 1, 3


def coap(code, *path, kind=NON, token=b"", query=(), payload=b"", message=7):
    """A request; options in their order."""
    out = bytes([kind | len(token), code]) + message.to_bytes(2, "big") + token
    last = 0
    for number, texts in ((11, path), (15, query)):
        for text in texts:
            out += bytes([(number - last) << 4 | len(text)]) + text.encode()
            last = number
    return out + (b"\xff" + payload if payload else b"")


TRIGGER = coap(POST, "1", "0", "8")


class Sms(Site):
    def modem(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.phone = ModemSite(self.directory.name)
        self.addCleanup(self.phone.end)

    def start(self, sms=""):
        self.modem()
        self.server_ = self.server()
        self.site = self.add(Gateway({"lwmux.yaml": f"""\
            gateway: {{name: e2e, endpoint: e2e}}
            servers:
              - {{id: 1, uri: 'coap://127.0.0.1:{self.server_.port}',
                 lifetime: 1d, sms_number: '{SERVER}'}}
            sms: {{{sms}}}
            devices:
              - {{endpoint: mute, bus: sim, register: always, points:
                  [{{name: t, signal: random, min: 18, max: 24, map: 3303/0}}]}}
            """}, start=False))
        self.site.environment = self.phone.environment
        self.site.start()
        self.server_.registered("e2e")
        self.site.wait_log("sms", "ModemManager does not run")
        self.phone.start()
        self.site.wait_log("sms", "works with", timeout=4 * WAIT)

    def counts(self):
        return self.site.status()["sms"]["received"]

    def number_told(self, mark=0):
        """By the Register, or by an Update where the modem was slower."""
        wait_for(lambda: any("sms=" in e.get("query", "") for e in
                             self.server_.events(after=mark, ep="e2e")), "sms=")

    def test_a_server_wakes_its_endpoints(self):
        self.start()
        # The number that the SIM has is told, once it is known.
        self.number_told()
        self.assertEqual(self.site.status()["sms"]["number"], NUMBER)
        mark = self.server_.mark()
        self.phone.modem.receive(SERVER, TRIGGER)
        self.server_.wait("updated", after=mark, ep="e2e")
        wait_for(lambda: not self.phone.modem.store, "the SMS is deleted")
        self.assertEqual(self.server_.value("e2e", "/1/0/21"), True)
        # One by one: ModemManager passes over what comes while it is at
        # another one, until it starts anew.
        for sender, data, outcome in (
                ("+15550100", TRIGGER, "foreign"),
                (SERVER, b"\x01\x02garbage", "malformed"),
                (SERVER, coap(GET, "3", "0", "0"), "unsupported")):
            self.phone.modem.receive(sender, data)
            wait_for(lambda: self.counts()[outcome] == 1 and
                     not self.phone.modem.store, outcome)
        self.phone.modem.receive(SERVER, b"\xc8\x32\x9b\xfd\x06", coding=0)
        self.assertEqual(self.counts()["update"], 1)
        self.assertEqual(len(self.phone.modem.store), 1)    # the text
        self.assertIn('lwmux_sms_received_total{outcome="foreign"} 1',
                      self.site.ctl("metrics").stdout)
        # mute has no sms: true
        self.assertFalse(self.server_.events("updated", after=mark, ep="mute"))

    def test_a_number_that_was_bootstrapped_and_a_modem_that_is_added(self):
        self.modem()
        self.server_ = self.server()
        uri = f"coap://127.0.0.1:{self.server_.port}"
        boot = self.add(bs.BootstrapServer([
            bs.delete("0"), bs.delete("1"),
            bs.security(1, uri, 101, bs.tlv(6, 3), bs.tlv(9, SERVER)),
            bs.account(0, 101, 3600), bs.finish()]))
        main = ("gateway: {name: e2e, endpoint: e2e}\n"
                f"bootstrap: {{uri: '{boot.uri}'}}\n")
        self.site = self.add(Gateway({"lwmux.yaml": main}, start=False))
        self.site.environment = self.phone.environment
        self.site.start()
        self.server_.registered("e2e")
        self.phone.start()
        mark = self.server_.mark()
        self.site.write("lwmux.yaml", main + "sms: {}\n")
        self.site.reload()
        self.site.wait_log("sms", "works with", timeout=4 * WAIT)
        self.number_told(mark)
        mark = self.server_.mark()
        self.phone.modem.receive("+15550100", TRIGGER)
        wait_for(lambda: self.counts()["foreign"] == 1 and
                 not self.phone.modem.store, "another number's is dropped")
        self.phone.modem.receive(SERVER, TRIGGER)
        self.server_.wait("updated", after=mark, ep="e2e")
        self.assertEqual(self.counts()["update"], 1)
        wait_for(lambda: not self.phone.modem.store, "the SMS is deleted")
        # Taken away again, what comes stays in the modem.
        self.site.write("lwmux.yaml", main)
        self.site.reload()
        self.phone.modem.receive(SERVER, TRIGGER)
        self.assertNotIn("sms", self.site.status())
        self.assertEqual(len(self.phone.modem.store), 1)

    def test_one_that_cannot_be_deleted_yet_is_told_once(self):
        """The modem's storage is locked while another comes."""
        self.modem()
        modem = self.phone.modem
        modem.receive(SERVER, TRIGGER)
        self.phone.start()
        self.server_ = self.server()
        main = ("gateway: {name: e2e, endpoint: e2e}\nservers: [{id: 1, "
                f"uri: 'coap://127.0.0.1:{self.server_.port}', "
                f"lifetime: 1d, sms_number: '{SERVER}'}}]\n")
        self.site = self.add(Gateway({"lwmux.yaml": main}, start=False))
        self.site.environment = self.phone.environment
        self.site.start()
        self.server_.registered("e2e")
        wait_for(lambda: any(c.startswith("+CMGL") for c in modem.heard),
                 "ModemManager has listed what was there", 4 * WAIT)
        modem.slow["+CMGR=2"] = 2
        modem.receive(SERVER, TRIGGER)
        self.site.write("lwmux.yaml", main + "sms: {}\n")
        self.site.reload()
        self.site.wait_log("sms", "works with", timeout=4 * WAIT)
        # Where ModemManager has not heard of the second, it stays there.
        wait_for(lambda: 1 not in modem.store and
                 sum(self.counts().values()) + len(modem.store) == 2,
                 "each is counted once or there")

    def test_a_modem_that_goes_and_comes(self):
        self.start("per_hour: 2")
        mark = self.site.log_mark()
        # A hundred in a burst. ModemManager passes over those that come while
        # it is at another one; they stay in the modem's store: each is counted
        # or there, and none is twice.
        for _ in range(100):
            self.phone.modem.receive(SERVER, TRIGGER)
        wait_for(lambda: (n := sum(self.counts().values())) and
                 n + len(self.phone.modem.store) == 100, "counted or stored")
        self.phone.stop()
        self.site.wait_log("sms", "ModemManager does not run", after=mark)
        self.assertIn("sms: ModemManager does not run",
                      self.site.status()["reasons"])
        # What comes while nobody listens is found when they do, and so is
        # what was passed over.
        for _ in range(10):
            self.phone.modem.receive(SERVER, TRIGGER)
        self.phone.start()
        self.site.wait_log("sms", "works with", after=mark, timeout=4 * WAIT)
        wait_for(lambda: self.counts()["update"] +
                 self.counts()["limited"] == 110, "all are counted", 4 * WAIT)
        self.assertEqual(self.counts()["update"], 2)
        wait_for(lambda: not self.phone.modem.store, "all are deleted")

    def test_without_a_sim(self):
        """It is told, and there when ModemManager finds it."""
        self.start()
        self.phone.stop()
        self.phone.modem.lacks = {"+CPIN?": "+CME ERROR: 10"}
        self.phone.start(enabled=False)
        self.site.wait_log("sms", "it has no SIM", timeout=4 * WAIT)
        self.assertTrue(any("it has no SIM" in reason for reason in
                            self.site.status()["reasons"]))
        self.phone.stop()
        self.phone.modem.lacks = {}
        mark = self.site.log_mark()
        self.phone.start()
        self.site.wait_log("sms", "works with", after=mark, timeout=4 * WAIT)

    def test_reads_and_writes(self):
        self.start("unsafe: true")
        self.assertEqual(self.server_.value("e2e", "/1/0/7"), "US")
        self.assertEqual(self.server_.value("e2e", "/3/0/16"), "US")
        for binding, code in (("UQS", "2.04"), ("U", "4.00"), ("S", "4.00"),
                              ("US", "2.04")):
            self.assertEqual(self.server_.code("write", "e2e", "/1/0/7",
                                               text=binding), code, binding)
        self.phone.modem.receive(SERVER, coap(
            GET, "1", "0", "1", kind=CON, token=b"\xaa\xbb"))
        wait_for(lambda: self.phone.modem.sent, "an answer")
        number, answer = self.phone.modem.sent[0]
        self.assertEqual(number, SERVER)
        self.assertEqual(answer[:6], bytes([0x62, 0x45, 0, 7, 0xaa, 0xbb]))
        self.assertTrue(answer[6:])
        mark = self.server_.mark()
        self.phone.modem.receive(SERVER, coap(
            PUT, "1", "0", "1", query=["ep=e2e"], payload=b"43200"))
        wait_for(lambda: len(self.phone.modem.sent) == 2, "an answer")
        self.assertEqual(self.phone.modem.sent[1][1][:2],
                         bytes([0x50, 0x44]))
        self.server_.wait("updated", after=mark, ep="e2e", lt=43200)
