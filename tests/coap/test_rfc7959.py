# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7959: bodies in blocks."""
import json

import coap
from raw import ETAG, READ, WRITE, Raw

DEVICES = """\
devices:
  - endpoint: sim
    bus: sim
    points:
      - {name: one, value: 20, map: 3308/0, writable: true}
      - {name: two, value: 20, map: 3308/1, writable: true}
"""


def block(number, more, szx=0, option=coap.BLOCK1):
    return option, coap.uint(number << 4 | more << 3 | szx)


class Blocks(Raw):
    devices = DEVICES

    def put(self, path, number, more, payload, szx=0, options=(),
            content_format=0):
        answer = self.ask("0.03", path, [
            (coap.CONTENT_FORMAT, coap.uint(content_format)),
            block(number, more, szx), *options], payload)
        # 2.3: the option of the request, whatever the answer is.
        self.assertEqual(answer.number(coap.BLOCK1),
                         number << 4 | more << 3 | szx)
        return answer.code_text

    def holds(self, value):
        self.assertEqual(self.value(), value)

    def test_2_5_two_transfers_do_not_disturb_each_other(self):
        bodies = {"/3308/0/5900": b"0" * 16 + b"00021",
                  "/3308/1/5900": b"0" * 16 + b"00022"}
        for path, body in bodies.items():
            self.assertEqual(self.put(path, 0, 1, body[:16]), "2.31")
        for path, body in bodies.items():
            self.assertEqual(self.put(path, 1, 0, body[16:]), "2.04", path)
        for path, value in zip(bodies, (21, 22)):
            answer = self.ask("0.01", path, [(coap.ACCEPT, b"")])
            self.assertEqual(float(answer.payload), value)

    def test_2_5_a_transfer_that_begins_anew_forgets_the_first(self):
        self.assertEqual(self.put(WRITE, 0, 1, b"9" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 1, 0, b"23"), "2.04")
        self.holds(23)

    def test_2_5_and_2_9_2_a_block_without_those_before_it(self):
        for number, more in ((3, 1), (1, 0)):
            self.assertEqual(self.put(WRITE, number, more, b"0" * 16), "4.08")
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 2, 0, b"23"), "4.08")
        self.holds(20)

    def test_2_2_a_reserved_size(self):
        for option in (coap.BLOCK1, coap.BLOCK2):
            answer = self.ask("0.03", WRITE, [
                (coap.CONTENT_FORMAT, b""), block(0, 0, 7, option)], b"23")
            self.assertEqual(answer.code_text, "4.00")
            self.assertEqual(self.code("0.01", READ, [block(0, 0, 7, option)]),
                             "4.00")
        self.holds(20)

    def test_2_2_a_block_that_is_not_of_its_size(self):
        for number, more, payload in ((0, 1, b"2"), (0, 1, b"0" * 15 + b"21"),
                                      (0, 0, b"0" * 15 + b"21")):
            self.assertEqual(self.put(WRITE, number, more, payload), "4.00")
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 1, 0, b"0" * 15 + b"21"), "4.00")
        self.holds(20)

    def test_2_2_one_block_is_all(self):
        self.assertEqual(self.put(WRITE, 0, 0, b"23"), "2.04")
        self.holds(23)

    def test_2_3_and_2_5_the_size_may_become_smaller(self):
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 32, 1), "2.31")
        self.assertEqual(self.put(WRITE, 2, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 3, 0, b"23"), "2.04")
        self.holds(23)

    def test_2_3_a_size_that_does_not_fit_what_was_sent(self):
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 1, 0, b"23", 1), "4.08")
        self.holds(20)

    def test_2_3_another_format_half_way(self):
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.put(WRITE, 1, 0, b"23", content_format=42),
                         "4.08")
        self.assertEqual(self.put(WRITE, 1, 0, b"23"), "2.04")

    def test_2_3_another_method_half_way(self):
        self.assertEqual(self.put(WRITE, 0, 1, b"0" * 16), "2.31")
        self.assertEqual(self.code("0.02", WRITE, [
            (coap.CONTENT_FORMAT, b""), block(1, 0)], b"23"), "4.08")
        self.holds(20)

    def test_2_4_the_blocks_of_an_answer_are_of_one_etag(self):
        """However small the blocks, and however short the answer."""
        for szx in (0, 2, 5):
            body, etags, more, n = b"", set(), True, 0
            while more:
                answer = self.ask("0.01", "/3/0", [
                    (coap.ACCEPT, coap.uint(110)),
                    block(n, 0, szx, coap.BLOCK2)])
                self.assertEqual(answer.code_text, "2.05")
                found = answer.number(coap.BLOCK2) or 0
                more = found & 8
                self.assertEqual((found >> 4, found & 7 if more or n else szx),
                                 (n, szx))
                if more:
                    self.assertEqual(len(answer.payload), 16 << szx)
                body += answer.payload
                etags |= set(answer.values(ETAG))
                n += 1
            self.assertLessEqual(len(etags), 1, szx)
            self.assertIn("bn", json.loads(body)[0])

    def test_2_4_a_block_behind_the_end(self):
        self.assertEqual(self.code("0.01", "/3/0", [
            block(1000, 0, 0, coap.BLOCK2)]), "4.00")

    def test_2_6_blocks_of_what_is_observed(self):
        """The first answer and those after it are of one body, and none of
        those is a notification."""
        first = self.ask("0.01", "/3/0", [
            (coap.OBSERVE, b""), block(0, 0, 0, coap.BLOCK2)], token=b"obs")
        self.assertEqual(len(first.values(coap.OBSERVE)), 1)
        for options in ((), ((coap.OBSERVE, b""),)):
            after = self.ask("0.01", "/3/0", [
                block(1, 0, 0, coap.BLOCK2), *options], token=b"blk")
            self.assertEqual(after.values(coap.OBSERVE), [])
            self.assertEqual(after.values(ETAG), first.values(ETAG))

    def test_2_9_3_too_much(self):
        """It may be refused by what its Size1 says, or when it is too much."""
        code = self.put(WRITE, 0, 1, b"0" * 16, options=[
            (60, coap.uint(1 << 31))])
        self.assertIn(code, ("2.31", "4.13"))


class Notified(Raw):
    devices = """\
devices:
  - endpoint: sim
    bus: sim
    poll: 200ms
    points: [{name: t, signal: random, min: 18, max: 24, map: 3303/0}]
"""
    kind = coap.CON

    def first_block(self, *words, **options):
        """Of the first answer and of the notification after it, the server
        wants 16 bytes; the rest of it is asked for."""
        answer = self.ask(*words, **options)
        self.assertEqual(answer.code_text, "2.05")
        found = self.next()
        self.assertEqual((found.kind, found.code_text, found.token),
                         (self.kind, "2.05", b"tokn"))
        for message in (answer, found):
            self.assertEqual(len(message.values(coap.OBSERVE)), 1)
            self.assertEqual(message.number(coap.BLOCK2), 8)
            self.assertEqual(len(message.payload), 16)
            self.assertEqual(len(message.values(ETAG)), 1)
        return found

    def test_2_4_and_2_6_notifications_are_of_the_size_that_was_asked_for(self):
        found = self.first_block("0.01", "/3303/0", [
            (coap.OBSERVE, b""), (coap.ACCEPT, coap.uint(110)),
            block(0, 0, 0, coap.BLOCK2)])
        if self.kind == coap.CON:       # no other comes before its ACK
            second = self.ask("0.01", "/3303/0", [block(1, 0, 0, coap.BLOCK2)],
                              token=b"more")
            self.assertEqual(second.values(ETAG), found.values(ETAG))

    def test_2_4_and_2_6_those_of_a_composite_too(self):
        self.first_block("0.05", "", [
            (coap.CONTENT_FORMAT, coap.uint(110)), (coap.OBSERVE, b""),
            (coap.ACCEPT, coap.uint(110)), block(0, 0, 0, coap.BLOCK2)],
            b'[{"n":"/3303/0/5700"}]')


class NotifiedUnconfirmed(Notified):
    server_keys = "notify: non"
    kind = coap.NON
