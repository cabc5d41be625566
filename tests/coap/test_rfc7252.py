# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7252, clause by clause: the message layer and requests."""
import coap
import sites
from harness import Slave
from raw import (ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, QUIET, READ, URI_HOST,
                 WRITE, Raw)

TLV = (11542).to_bytes(2, "big")


class MessageLayer(Raw):
    def test_4_2_a_request_in_an_ack_or_a_reset_is_nothing(self):
        for kind in (coap.ACK, coap.RST):
            self.are_silent(
                self.message("0.01", READ, kind=kind),
                self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                             b"31", kind=kind))
        self.assertEqual(self.value(), 20)

    def malformed(self, kind):
        """Messages with a format error, each for another reason."""
        for token_length in range(9, 16):
            data = bytearray(self.message("0.01", READ, kind=kind,
                                          token=b"").encode())
            data[0] |= token_length
            yield bytes(data) + bytes(16)
        for rest in (b"\xff", b"\xbf", b"\xb4abc", b"\xf0", b"\xbd",
                     b"\xe0\x01", b"\xb13\xff", b"\xb13\xbea", b"\xe0\xf0\0"
                     b"\xe0\xf0\0"):
            yield self.message("0.01", kind=kind, token=b"").encode() + rest
        head = self.message("0.01", kind=kind).encode()
        yield head[:6]          # its token is cut short

    def test_3_another_version_is_ignored(self):
        for kind in (coap.CON, coap.NON, coap.ACK, coap.RST):
            data = self.message("0.03", WRITE, [(coap.CONTENT_FORMAT, b"")],
                                b"31", kind=kind).encode()
            self.are_silent(*(bytes([data[0] & 0x3f | version << 6]) +
                              data[1:] for version in (0, 2, 3)))
        self.assertEqual(self.value(), 20)

    def test_3_less_than_a_header_is_ignored(self):
        data = self.message("0.01", READ).encode()
        self.are_silent(*(data[:n] for n in range(4)))

    def test_3_and_4_2_a_con_that_is_malformed_gets_a_reset_of_its_id(self):
        for data in self.malformed(coap.CON):
            self.is_refused(data)

    def test_3_and_4_3_a_non_that_is_malformed_gets_a_reset_of_its_id(self):
        for data in self.malformed(coap.NON):
            self.is_refused(data)

    def test_4_2_an_ack_or_a_reset_that_is_malformed_is_ignored(self):
        for kind in (coap.ACK, coap.RST):
            self.are_silent(*self.malformed(kind))

    def test_4_1_an_empty_message_is_its_header(self):
        for kind in (coap.CON, coap.NON):
            for rest in (b"\xff", b"\xffabc", b"\xb13", b"\0"):
                empty = self.message(0, kind=kind, token=b"")
                self.is_refused(empty.encode() + rest)
            self.is_refused(self.message(0, kind=kind, token=b"ab"))
        for kind in (coap.ACK, coap.RST):
            empty = self.message(0, kind=kind, token=b"").encode()
            self.are_silent(empty, empty + b"\xff", empty + b"\xffabc",
                            empty + b"\xb13",
                            self.message(0, kind=kind, token=b"ab"))

    def test_4_2_codes_of_a_reserved_class(self):
        for code in ("1.00", "1.31", "6.00", "6.31", "7.00", "7.01", "7.31"):
            for path in ("", READ):
                self.is_refused(self.message(code, path))
                self.are_silent(
                    self.message(code, path, kind=coap.ACK),
                    self.message(code, path, kind=coap.RST))

    def test_4_2_a_response_to_nothing(self):
        for code in ("2.05", "2.31", "3.01", "4.04", "5.31"):
            for kind in (coap.CON, coap.NON):
                self.is_refused(self.message(code, kind=kind))
            self.are_silent(self.message(code, kind=coap.ACK),
                            self.message(code, kind=coap.RST))

    def test_4_3_an_empty_non_is_nothing(self):
        """Or is refused, which may be told."""
        empty = self.message(0, kind=coap.NON, token=b"")
        self.say(empty)
        self.say(self.message("0.01", READ))
        answer = self.next()
        if answer.kind == coap.RST:
            self.assertEqual(answer.mid, empty.mid)
            answer = self.next()
        self.assertEqual(answer.code_text, "2.05")

    def test_4_3_an_empty_con_is_a_ping(self):
        for _ in range(3):
            self.is_refused(self.message(0, token=b""))

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
                       (IF_NONE_MATCH, b"x"), (IF_MATCH, b"123456789"),
                       (19, b"\0\0\0\0"), (31, b"\0\0\0\0"),
                       (35, b""), (39, b"")):
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

    def test_5_10_1_a_path_or_a_query_without_an_end(self):
        long = [(coap.URI_PATH, b"1" * 200)] * 3
        self.assertEqual(self.code("0.01", options=long), "4.04")
        self.assertEqual(self.code("0.03", READ, [
            (coap.URI_QUERY, b"pmin=" + b"0" * 200)] * 3), "4.00")

    def test_5_10_1_paths_that_are_none(self):
        for path in ("/abc", "/03303/0/5700", "/65536/0/5700", "/65535", "/-1",
                     "/+3303/0/5700", "/ 3303/0/5700", "/3303/0/5700/0/0"):
            self.assertEqual(self.code("0.01", path), "4.04", path)
        for segment in (b"3303/0/5700", b"\xff", b"."):
            self.assertEqual(self.code("0.01", options=[
                (coap.URI_PATH, segment)]), "4.04", segment)

    def test_5_10_1_the_host_and_port_may_be_said(self):
        for option in ((URI_HOST, b"example.org"), (7, coap.uint(5683)),
                       (7, b"")):
            self.assertEqual(self.code("0.01", READ, [option]), "2.05")

    def test_3_2_numbers_may_begin_with_zeros(self):
        for value in (b"\0", b"\0\0"):
            answer = self.ask("0.01", WRITE, [(coap.ACCEPT, value)])
            self.assertEqual((answer.code_text, answer.payload),
                             ("2.05", b"20"))

    def test_5_10_options_that_mean_nothing_in_a_request(self):
        for option in ((ETAG, b"abcd"), (8, b"x"), (14, b"\x05"), (20, b"x"),
                       (28, b"\x05"), (16, b"\x05")):
            self.assertEqual(self.code("0.01", READ, [option]), "2.05", option)

    def test_5_10_3_and_5_10_4_formats_that_are_not_known(self):
        unknown = coap.uint(65000)
        self.assertEqual(self.code("0.01", READ, [(coap.ACCEPT, unknown)]),
                         "4.06")
        self.assertEqual(self.code("0.03", WRITE, [
            (coap.CONTENT_FORMAT, unknown)], b"21"), "4.15")
        self.assertEqual(self.value(), 20)

    def test_5_5_a_payload_in_a_get_means_nothing(self):
        self.assertEqual(self.code("0.01", READ, [(coap.CONTENT_FORMAT, b"")],
                                   b"21"), "2.05")

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


class CriticalAnswer(Raw):
    def take_register(self, register):
        """It goes on waiting for one that it understands."""
        self.say(coap.Message(coap.ACK, 0, register.mid))
        self.is_refused(coap.Message(coap.CON, "2.01", 77, register.token,
                                     [*LOCATION, (65001, b"x")]))
        self.say(coap.Message(coap.CON, "2.01", 78, register.token, LOCATION))
        answer = self.next()
        self.assertEqual((answer.kind, answer.mid), (coap.ACK, 78))

    def test_5_4_1_an_answer_with_an_unknown_critical_option(self):
        self.gateway_.wait_log("registered at")


class ElectiveAnswer(Raw):
    def take_register(self, register):
        self.say(coap.Message(coap.ACK, 0, register.mid))
        self.say(coap.Message(coap.CON, "2.01", 77, register.token,
                              [*LOCATION, (65000, b"x")]))
        answer = self.next()
        self.assertEqual((answer.kind, answer.mid), (coap.ACK, 77))

    def test_5_4_1_an_answer_with_an_unknown_elective_option(self):
        self.gateway_.wait_log("registered at")
