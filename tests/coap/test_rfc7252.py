# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7252, clause by clause: the message layer and requests."""
import coap
import sites
from harness import Slave
from raw import (ETAG, IF_MATCH, IF_NONE_MATCH, QUIET, READ, URI_HOST, WRITE,
                 Raw)

TLV = (11542).to_bytes(2, "big")


class MessageLayer(Raw):
    def test_4_2_a_request_in_an_ack_or_a_reset_is_nothing(self):
        for kind in (coap.ACK, coap.RST):
            self.is_silent(self.message("0.01", READ, kind=kind))
            self.is_silent(self.message("0.03", WRITE, [
                (coap.CONTENT_FORMAT, b"")], b"31", kind=kind))
        self.assertEqual(self.value(), 20)

    def test_4_2_a_message_that_is_malformed_gets_a_reset_of_its_id(self):
        for rest in (b"\xff", b"\xbf", b"\xb4abc", b"\xf0"):
            head = self.message("0.01", token=b"")
            self.say(head.encode() + rest)
            answer = self.next()
            self.assertEqual((answer.kind, answer.mid),
                             (coap.RST, head.mid), rest)

    def test_4_3_an_empty_con_is_a_ping(self):
        self.assertEqual(self.code(0, token=b""), "RST")

    def test_4_5_a_copy_gets_the_same_answer_and_is_not_done_twice(self):
        message = self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                               b"23")
        self.say(message)
        first = self.next()
        if not first.code:
            answer = self.next()
            self.say(coap.Message(coap.ACK, 0, answer.mid))
        self.say(message)
        self.assertEqual(self.next().mid, message.mid)
        self.assertEqual(self.value(), 23)

    def test_4_6_what_is_too_long_is_refused_by_its_own_id(self):
        for size in (1153, 1200, 1472):
            head = self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                                b"2").encode()
            self.say(head + b"2" * (size - len(head)))
            answer = self.next()
            self.assertEqual((answer.kind, answer.mid, answer.code_text),
                             (coap.ACK, self.mid, "4.13"))
        self.assertEqual(self.value(), 20)

    def test_4_6_what_fits_is_taken(self):
        name = "/3303/0/5750"
        head = self.message("0.03", name, [(coap.CONTENT_FORMAT, b"")],
                            b"a").encode()
        text = b"a" * (1152 - len(head) + 1)
        self.say(head + text[1:])
        answer = self.next()
        self.assertEqual((answer.kind, answer.mid, answer.code_text),
                         (coap.ACK, self.mid, "2.04"))
        self.assertIn(text[:900], self.ask("0.01", name, [
            (coap.ACCEPT, b"")]).payload)


class Answers(Raw):
    def test_5_2_1_an_answer_that_is_there_goes_with_the_ack(self):
        message = self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                               b"27")
        self.say(message)
        answer = self.next()
        self.assertEqual((answer.kind, answer.mid, answer.code_text),
                         (coap.ACK, message.mid, "2.04"))
        self.say(message)       # the ACK was lost: it comes once more
        again = self.next()
        self.assertEqual((again.kind, again.mid, again.code_text),
                         (coap.ACK, message.mid, "2.04"))
        self.assertIsNone(self.next(QUIET))
        self.assertEqual(self.value(), 27)


class SlowDevice(Raw):
    def setUp(self):
        self.parts = []
        self.slave_ = Slave("1=boiler")
        self.devices = sites.boiler(self.slave_.port).replace(
            "timeout: 300ms", "timeout: 3s")
        super().setUp()
        self.add(self.slave_)
        self.slave_.do("late 1 500")

    def test_5_2_2_an_answer_that_is_not_there_comes_alone(self):
        message = self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                               b"28")
        self.say(message)
        self.say(message)       # one that the network has doubled
        for _ in range(2):      # 4.5: each copy SHOULD be acknowledged
            empty = self.next()
            self.assertEqual((empty.kind, empty.mid, empty.code, empty.token),
                             (coap.ACK, message.mid, 0, b""))
        answer = self.next()
        self.assertEqual((answer.kind, answer.code_text, answer.token),
                         (coap.CON, "2.04", message.token))
        self.say(coap.Message(coap.ACK, 0, answer.mid))
        self.assertIsNone(self.next(QUIET))


class Requests(Raw):
    def test_5_2_3_a_non_is_answered_by_a_non(self):
        for code, path, payload in (("0.01", READ, b""),
                                    ("0.03", WRITE, b"24"),
                                    ("0.03", "/1/0/1", b"300")):
            options = [(coap.CONTENT_FORMAT, b"")] if payload else []
            answer = self.ask(code, path, options, payload, kind=coap.NON)
            self.assertEqual(answer.kind, coap.NON, path)
        self.assertEqual(self.value(), 24)

    def test_5_3_1_tokens_of_all_lengths(self):
        for n in range(9):
            self.assertEqual(self.code("0.01", READ, token=bytes(range(n))),
                             "2.05")

    def test_5_4_1_an_unknown_critical_option(self):
        unknown = [(65001, b"x")]
        self.assertEqual(self.code("0.01", READ, unknown), "4.02")
        self.assertEqual(self.code("0.01", READ, unknown, kind=coap.NON),
                         "RST")

    def test_5_4_1_an_unknown_elective_option(self):
        self.assertEqual(self.code("0.01", READ, [(65000, b"x")]), "2.05")

    def test_5_4_3_a_critical_option_of_wrong_length(self):
        for option in ((coap.ACCEPT, b"\0\0\0"), (URI_HOST, b""),
                       (7, b"\0\0\0"), (coap.BLOCK2, b"\0\0\0\0"),
                       (IF_NONE_MATCH, b"x"), (IF_MATCH, b"123456789")):
            self.assertEqual(self.code("0.01", READ, [option]), "4.02", option)
            self.assertEqual(self.code("0.01", READ, [option], kind=coap.NON),
                             "RST", option)

    def test_5_4_3_an_elective_option_of_wrong_length(self):
        for option in ((coap.OBSERVE, b"\0\0\0\0"), (60, b"\0\0\0\0\0"),
                       (ETAG, b""), (ETAG, b"123456789")):
            answer = self.ask("0.01", READ, [option])
            self.assertEqual(answer.code_text, "2.05", option)
            self.assertEqual(answer.values(coap.OBSERVE), [])

    def test_5_4_5_a_critical_option_once_too_often(self):
        for option in ((coap.ACCEPT, b""), (URI_HOST, b"h"),
                       (coap.BLOCK2, b"\x06")):
            self.assertEqual(self.code("0.01", READ, [option, option]),
                             "4.02", option)

    def test_5_4_5_an_elective_option_once_too_often(self):
        self.assertEqual(self.write(25, [(coap.CONTENT_FORMAT, TLV)]), "2.04")
        self.assertEqual(self.value(), 25)

    def test_5_8_an_unknown_method(self):
        for method in (8, 9, 31):
            answer = self.ask(method, WRITE, [(coap.CONTENT_FORMAT, b"")],
                              b"30")
            self.assertEqual((answer.kind, answer.code_text),
                             (coap.ACK, "4.05"))
            self.assertEqual(self.code(method, kind=coap.NON), "4.05")
        self.assertEqual(self.value(), 20)

    def test_5_10_4_accept_by_old_numbers(self):
        """Those of the time before they were given, which Writes may use."""
        for old, body in ((1541, b"20"), (1542, None), (1543, None)):
            answer = self.ask("0.01", WRITE, [
                (coap.ACCEPT, old.to_bytes(2, "big"))])
            self.assertEqual(answer.code_text, "2.05", old)
            self.assertEqual(answer.number(coap.CONTENT_FORMAT), old)
            if body:
                self.assertEqual(answer.payload, body)

    def test_5_10_8_conditions_that_are_not_understood(self):
        for option in ((IF_MATCH, b""), (IF_MATCH, b"abcd"),
                       (IF_NONE_MATCH, b"")):
            self.assertEqual(self.write(26, [option]), "4.02", option)
        self.assertEqual(self.value(), 20)

    def test_5_5_1_and_5_7_forward_proxies_are_none(self):
        self.assertEqual(self.code("0.01", "", [(35, b"coap://h/3")]), "5.05")
        self.assertEqual(self.code("0.01", READ, [(39, b"coap")]), "5.05")
