# SPDX-License-Identifier: GPL-2.0-or-later
"""Accounts from a smart card (LwM2M Core TS 6.1.3.2, Appendix G), through the
real pcscd with a virtual reader: they go before the configuration's, are stored,
and a card that is wrong changes nothing."""
import tempfile

from harness import WAIT, Gateway, Site
from smartcard import (BOOTSTRAP, DODF, ODF, ReaderSite, account, bootstrap,
                       files, instance)

KEY = "00112233445566778899aabbccddeeff"
# KEY_ENC and KEY_MAC of the secure channel.
CARD_KEYS = bytes(range(16)), bytes(range(16, 32))
SECURE = ", smartcard_pin_file: keys/pin, smartcard_key_file: keys/card"


class SmartCard(Site):
    def start(self, content=None, pin=None, more="", servers="", keys=None):
        """With a card in the reader, where content is given."""
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.reader = ReaderSite(self.directory.name)
        self.addCleanup(self.reader.end)
        self.reader.start()
        card = self.reader.insert(content, pin, keys=keys) if content else None
        if card:
            self.assertTrue(card.seen.wait(WAIT))
        self.site = self.add(Gateway({
            "lwmux.yaml": "gateway: {name: e2e, endpoint: e2e}\n"
                          f"bootstrap: {{smartcard: any{more}}}\n{servers}",
            "keys/card": "".join(key.hex() + "\n" for key in (
                *CARD_KEYS, bytes(range(32, 48)))),
            "keys/pin": "1234\n"}, start=False))
        for name in ("pin", "card"):
            (self.site.etc / "keys" / name).chmod(0o600)
        self.site.environment = self.reader.environment
        self.site.start()
        return card

    def secure_server(self):
        keys = tempfile.NamedTemporaryFile("w", suffix=".psk")
        self.addCleanup(keys.close)
        keys.write(f"sim-1 {KEY}\n")
        keys.flush()
        return self.server(coaps=0, psk=keys.name)

    def uri(self, server):
        return f"coap://127.0.0.1:{server.port}"

    def test_a_good_card_goes_before_the_configuration(self):
        factory, server = self.server(), self.secure_server()
        content = account(f"coaps://127.0.0.1:{server.ports['coaps']}", 7,
                          lifetime=600, identity=b"sim-1",
                          key=bytes.fromhex(KEY))
        self.start(content, servers="servers: [{id: 1, uri: 'coap://127.0.0.1:"
                                    f"{factory.port}'}}]\n")
        found = server.registered("e2e")
        self.assertEqual((found["lt"], found["identity"]), (600, "sim-1"))
        self.assertFalse(factory.events("registered"))
        self.assertTrue(self.site.status()["smartcard"]["up"])
        # Stored: the next start needs no card.
        self.reader.cards[0].pulled()
        self.site.wait_log("smartcard", "there is no card")
        mark = server.mark()
        self.site.restart()
        server.registered("e2e", after=mark)
        self.assertFalse(factory.events("registered"))

    def test_a_card_that_comes_and_another_one(self):
        self.start()
        self.site.wait_log("smartcard", "there is no card in Test reader")
        self.assertIn("there is no card",
                      " ".join(self.site.status()["reasons"]))
        first, second = self.server(), self.server()
        card = self.reader.insert(account(self.uri(first)))
        first.registered("e2e")
        mark = self.site.log_mark()
        card.pulled()
        self.site.wait_log("there is no card", after=mark)
        self.reader.insert(account(self.uri(second)), by_directory=True)
        second.registered("e2e")
        first.wait("unregistered", ep="e2e")

    def test_pins(self):
        server = self.server()
        card = self.start(account(self.uri(server)), b"4321",
                          ", smartcard_pin_file: keys/pin")
        self.site.wait_log("smartcard", "refuses the PIN")
        self.assertEqual(card.verified, [b"1234\xff\xff\xff\xff"])
        card.pulled()
        self.site.wait_log("there is no card")
        self.reader.insert(account(self.uri(server)), b"1234")
        server.registered("e2e")

    def test_a_wrong_pin_is_tried_once_of_each_card(self):
        server = self.server()
        first = self.start(account(self.uri(server)), b"4321",
                           ", smartcard_pin_file: keys/pin")
        self.site.wait_log("smartcard", "refuses the PIN")
        second = self.reader.insert(account(self.uri(server)), b"4321", slot=1)
        self.site.wait_log("smartcard", "00 01", "refuses the PIN")
        mark = self.site.log_mark()
        second.pulled()                             # both are looked at anew
        self.site.wait_log("smartcard", "00 00", "the PIN", after=mark)
        self.assertEqual([len(first.verified), len(second.verified)], [1, 1])

    def test_a_pin_that_is_mended_is_taken_by_a_reload(self):
        server = self.server()
        card = self.start(account(self.uri(server)), b"4321",
                          ", smartcard_pin_file: keys/pin")
        self.site.wait_log("smartcard", "refuses the PIN")
        self.site.reload()
        self.assertEqual(len(card.verified), 1)     # the same is not tried
        (self.site.etc / "keys/pin").write_text("4321\n", encoding="utf-8")
        self.site.reload()
        server.registered("e2e")

    def test_a_secure_channel(self):
        """Of Appendix H; a PIN goes through it, too."""
        server = self.secure_server()
        card = self.start(account(f"coaps://127.0.0.1:{server.ports['coaps']}",
                                  identity=b"sim-1", key=bytes.fromhex(KEY)),
                          b"1234", SECURE, keys=CARD_KEYS)
        self.assertEqual(server.registered("e2e")["identity"], "sim-1")
        self.assertTrue(card.greeted)
        self.assertEqual(set(card.verified), {b"1234\xff\xff\xff\xff"})

    def test_cards_without_the_secure_channel(self):
        """None of them is read, nor tried twice."""
        server = self.server()
        content = account(self.uri(server))
        card = self.start(content, more=SECURE, keys=CARD_KEYS[::-1])
        self.site.wait_log("smartcard", "has other keys than smartcard_key_file")
        self.site.reload()
        self.assertIn("has other keys", " ".join(self.site.status()["reasons"]))
        self.assertEqual(card.greeted, 1)
        after = self.site.log_mark()
        card.pulled()
        self.site.wait_log("there is no card", after=after)
        self.reader.insert(content).seen.wait(WAIT)     # which is open to all
        self.site.wait_log("opens no secure channel", after=after)
        after = self.site.log_mark()
        self.reader.cards[-1].pulled()
        self.site.wait_log("there is no card", after=after)
        tampered = self.reader.insert(content, keys=CARD_KEYS)
        tampered.is_tampered = True
        self.site.wait_log("its MAC is wrong", after=after)
        after = self.site.log_mark()
        tampered.pulled()
        self.site.wait_log("there is no card", after=after)
        self.assertFalse(server.events("registered"))
        # Keys that cannot be read are no reason to do without.
        key = self.site.etc / "keys/card"
        good = key.read_text(encoding="utf-8")
        key.write_text("00\n", encoding="utf-8")
        self.site.reload()
        self.site.wait_log("no card is read without its keys", after=after)
        self.reader.insert(content, keys=CARD_KEYS)
        key.write_text(good, encoding="utf-8")
        self.site.reload()
        server.registered("e2e")

    def test_cards_that_are_wrong_change_nothing(self):
        server = self.server()
        good = account(self.uri(server))
        self.start(good)
        server.registered("e2e")
        mark = server.mark()
        self.reader.cards[-1].pulled()
        self.site.wait_log("there is no card")
        bad = [
            ({**files(good), ODF: b"\xa7\x82\xff\xff"}, "no directory"),
            ({**files(good), DODF: b"\x30\x05\x30\x80\x00"}, "no directory"),
            ({ODF: files(good)[ODF], DODF: files(good)[DODF]}, "not there"),
            ({**files(good), BOOTSTRAP: good[:-3]}, "cut short"),
            ({**files(good), BOOTSTRAP: b"\0\1\0\7\0\0\0\0\2\x08\0"},
             "cannot be used"),
            (files(bootstrap({0: instance(1, {
                0: b"coap://127.0.0.1:1", 1: 0, 2: 3, 3: b"", 4: b"", 5: b"",
                10: 9})})), "without one of object 1"),
        ]
        for content, why in bad:
            after = self.site.log_mark()
            card = self.reader.insert(content)
            self.site.wait_log(why, after=after)
            card.pulled()
            self.site.wait_log("there is no card", after=after)
        self.assertEqual(self.site.status("e2e")["endpoints"][0]["servers"][0]
                         ["state"], "registered")
        self.assertFalse(server.events("unregistered", after=mark))

    def test_a_reload_without_the_reader_and_with_it_again(self):
        """While a card has just come, or gone: what it has to say waits for
        an agent that has no reader any more."""
        factory, server = self.server(), self.server()
        own = f"servers: [{{id: 1, uri: '{self.uri(factory)}'}}]\n"
        self.start(servers=own)
        factory.registered("e2e")
        self.site.wait_log("smartcard", "there is no card")
        before = (self.site.etc / "lwmux.yaml").read_text(encoding="utf-8")
        without = f"gateway: {{name: e2e, endpoint: e2e}}\n{own}"
        for comes in (True, False, True):
            if comes:
                card = self.reader.insert({ODF: b"", DODF: b"", BOOTSTRAP: b""})
                self.assertTrue(card.seen.wait(WAIT))
            else:
                card.pulled()
            self.site.write("lwmux.yaml", without)
            self.site.reload()
            self.assertNotIn("smartcard", self.site.status())
            self.site.write("lwmux.yaml", before)
            self.site.reload()
        self.assertFalse(server.events("registered"))
        mark = self.site.log_mark()
        self.site.write("lwmux.yaml", without)
        self.site.reload()
        card.pulled()
        self.reader.insert(account(self.uri(server)))
        self.site.write("lwmux.yaml", before)
        self.site.reload()
        server.registered("e2e")
        self.site.wait_log("smartcard", "works with the card", after=mark)

    def test_a_card_that_does_not_answer_is_asked_again(self):
        """Nothing tells when it is well: it was swapped between two looks of
        pcscd, its contacts bounced."""
        server = self.server()
        self.start()
        self.site.wait_log("smartcard", "there is no card")
        card = self.reader.insert(account(self.uri(server)))
        card.answers = False
        self.site.wait_log("smartcard", "the card does not answer")
        card.answers = True
        server.registered("e2e")
        self.assertTrue(self.site.status()["smartcard"]["up"])

    def test_a_pcscd_that_goes_and_comes(self):
        server = self.server()
        self.start(account(self.uri(server)))
        server.registered("e2e")
        mark = self.site.log_mark()
        self.reader.stop()
        self.site.wait_log("smartcard", "pcscd", after=mark)
        self.reader.start()
        self.site.wait_log("smartcard", "there is no card", after=mark)
