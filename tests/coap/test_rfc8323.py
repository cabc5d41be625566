# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 8323: CoAP over TCP."""
import socket
import ssl

import coap
import secure
import sites
from harness import WAIT, Gateway, Site
from raw import READ, WRITE
from stream import ABORT, CSM, MAIN, PING, PONG, RELEASE, Ended, Line, frame
from test_rfc7959 import block


def message(code, path="", options=(), payload=b"", token=b"tokn"):
    return coap.Message(coap.CON, code, 0, token, coap.text_options(
        coap.URI_PATH, path, "/") + list(options), payload)


class Stream(Site):
    def setUp(self):
        super().setUp()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.listener.settimeout(WAIT)
        self.add(Gateway({
            "lwmux.yaml": self.main(self.listener.getsockname()[1]),
            "conf.d/devices.yaml": sites.SIM}))
        self.line = self.accept()
        self.take_register(self.line)

    def main(self, port):
        return MAIN.format(port=port)

    def accept(self):
        line = Line(self.take(self.listener.accept()[0]))
        self.addCleanup(line.close)
        return line

    def take(self, accepted):
        return accepted

    def take_register(self, line):
        """As the first server does: CSM for CSM, and a Location."""
        self.csm = line.next()
        line.say(message(CSM, token=b""))
        register = line.next()
        self.assertEqual(register.path, "/rd")
        line.say(message("2.01", "", [(coap.LOCATION_PATH, b"1")],
                         token=register.token))

    def ask(self, *words, **options):
        asked = message(*words, **options)
        self.line.say(asked)
        answer = self.line.next()
        self.assertEqual(answer.token, asked.token)
        return answer

    def aborts(self):
        """5.6: it says so before it closes the connection."""
        self.assertEqual(self.line.next().code_text, ABORT)
        self.is_over()

    def still_answers(self):
        """And nothing is said before."""
        self.assertEqual(self.ask("0.01", READ).code_text, "2.05")

    def is_over(self):
        """The connection is closed; the endpoint comes back by another."""
        with self.assertRaises(Ended):
            while True:
                self.line.next(WAIT)
        self.line = self.accept()
        self.take_register(self.line)
        self.still_answers()

    def test_3_3_and_5_3_settings_come_first(self):
        self.assertEqual(self.csm.code_text, CSM)
        # 5.3.1 and 5.3.2: what it takes in one message, and blocks
        self.assertGreaterEqual(self.csm.number(2), 1152)
        self.assertEqual(self.csm.values(4), [b""])

    def test_3_2_a_message_that_comes_in_pieces(self):
        for byte in frame(message("0.01", READ)):
            self.line.say(bytes([byte]))
        self.assertEqual(self.line.next().code_text, "2.05")

    def test_3_2_messages_that_come_in_one(self):
        self.line.say(*[message("0.01", READ, token=bytes([n]))
                        for n in range(5)])
        self.assertEqual([self.line.next().token[0] for _ in range(5)],
                         list(range(5)))

    def test_3_2_lengths_of_each_size(self):
        for n in (1, 13, 269, 3000, 70000):
            answer = self.ask("0.03", "/3303/0/5750", [
                (coap.CONTENT_FORMAT, b"")], b"a" * n)
            self.assertIn(answer.code_text, ("2.04", "4.13"), n)
        self.still_answers()

    def test_3_2_more_than_was_allowed_ends_it(self):
        self.line.say(bytes.fromhex("f0ffffffff01"))
        self.is_over()

    def test_3_2_a_long_token_aborts(self):
        """Extended tokens (RFC 8974) are not taken: TKL 13 is malformed."""
        for head in (b"\x09\x01123456789", b"\x0d\x01\x00" + b"t" * 13):
            self.line.say(head)
            self.aborts()

    def test_3_2_options_that_are_cut_short_abort(self):
        self.line.say(b"\x10\x01\xb4")
        self.aborts()

    def test_3_4_an_empty_message_is_ignored(self):
        self.line.say(message(0, token=b""), message(0))
        self.still_answers()

    def test_5_3_settings_may_come_again(self):
        self.line.say(message(CSM, "", [(2, coap.uint(1152))], token=b""),
                      message(CSM, "", [(6, b"x")], token=b""))
        self.still_answers()

    def pongs(self, ping):
        """The tokens of those that come for it."""
        self.line.say(ping, message("0.01", READ))
        found = set()
        while True:
            answer = self.line.next()
            if answer.code_text != PONG:
                self.assertEqual(answer.code_text, "2.05")
                return found
            found.add(answer.token)

    def test_5_4_a_pong_has_the_token_of_its_ping(self):
        """libcoap's own has none, and so is of no Ping that has one."""
        for token in (b"", b"p", b"12345678"):
            for options in ((), ((2, b""),), ((4, b"x"),)):
                found = self.pongs(message(PING, "", options, token=token))
                self.assertIn(token, found)
                self.assertLessEqual(found, {token, b""})

    def test_5_4_a_pong_that_nobody_waits_for(self):
        self.line.say(message(PONG))
        self.still_answers()

    def test_5_5_a_release(self):
        self.line.say(message(RELEASE, token=b""))
        self.is_over()

    def test_5_6_an_abort(self):
        self.line.say(message(ABORT, token=b"", payload=b"bye"))
        self.is_over()

    def test_5_1_a_signal_that_is_not_known(self):
        self.line.say(message("7.06"), message("7.31"))
        self.still_answers()

    def test_5_2_a_critical_option_of_a_signal_aborts(self):
        for code in (CSM, PING, PONG):
            self.line.say(message(code, "", [(9, b"x")], token=b""))
            self.aborts()

    def test_7252_5_4_1_options_of_wrong_length_or_repeated(self):
        for options in ([(coap.ACCEPT, b"abc")],
                        [(coap.ACCEPT, b""), (coap.ACCEPT, b"")],
                        [(5, b"x")]):
            self.assertEqual(self.ask("0.01", READ, options).code_text,
                             "4.02")
        for options in ([(coap.OBSERVE, b"abcd")], [(4, b"")]):
            self.assertEqual(self.ask("0.01", READ, options).code_text,
                             "2.05")

    def test_7252_5_4_1_each_message_has_its_own_verdict(self):
        good = [message("0.01", READ, token=bytes([n])) for n in (0, 2, 4)]
        bad = [message("0.01", READ, [(coap.ACCEPT, b"abc")], token=b"\1"),
               message("0.31", READ, token=b"\3")]
        self.line.say(good[0], bad[0], good[1], bad[1], good[2])
        self.assertEqual([(a.token[0], a.code_text) for a in
                          (self.line.next() for _ in range(5))],
                         [(0, "2.05"), (1, "4.02"), (2, "2.05"), (3, "4.05"),
                          (4, "2.05")])

    def test_7252_5_8_an_unknown_method(self):
        for code in ("0.08", "0.31"):
            self.assertEqual(self.ask(code, READ, [], b"x").code_text,
                             "4.05")
        self.still_answers()

    def test_6_blocks_in_bulk(self):
        """It has said that it takes large messages and blocks."""
        for number, more, size, code in ((0, 1, 4096, "2.31"),
                                         (4, 0, 1500, "2.04")):
            answer = self.ask("0.03", "/3303/0/5750", [
                (coap.CONTENT_FORMAT, b""), block(number, more, 7)],
                b"b" * size)
            self.assertEqual(answer.code_text, code)
            self.assertEqual(answer.number(coap.BLOCK1),
                             number << 4 | more << 3 | 7)
        self.assertEqual(self.ask("0.01", "/3/0", [
            block(0, 0, 7, coap.BLOCK2)]).code_text, "2.05")

    def test_6_what_is_no_whole_number_of_blocks(self):
        self.assertEqual(self.ask("0.03", WRITE, [
            (coap.CONTENT_FORMAT, b""), block(0, 1, 7)],
            b"2" * 1500).code_text, "4.00")


class Secured(Stream):
    """The same over TLS."""

    @classmethod
    def setUpClass(cls):
        cls.pki = secure.pki("sim")

    def main(self, port):
        return MAIN.format(port=port).replace("coap+tcp", "coaps+tcp") + f"""\
    security: x509
    cert_file: {self.pki}/sim.pem
    private_key_file: {self.pki}/sim.key
    trust_file: {self.pki}/ca.pem
    sni: localhost
"""

    def take(self, accepted):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pki / "server.pem",
                                self.pki / "server.key")
        return context.wrap_socket(accepted, server_side=True)
