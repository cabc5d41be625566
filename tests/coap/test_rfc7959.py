# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7959: bodies in blocks."""
import coap
from raw import WRITE, Raw

DEVICES = """\
devices:
  - endpoint: sim
    bus: sim
    points:
      - {name: one, value: 20, map: 3308/0, writable: true}
      - {name: two, value: 20, map: 3308/1, writable: true}
"""


def block(number, more, szx=0):
    value = number << 4 | more << 3 | szx
    return coap.BLOCK1, value.to_bytes((value.bit_length() + 7) // 8, "big")


class Blocks(Raw):
    devices = DEVICES

    def put(self, path, number, more, payload):
        answer = self.ask("0.03", path, [(coap.CONTENT_FORMAT, b""),
                                         block(number, more)], payload)
        return answer.code_text

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

    def test_2_5_a_block_without_those_before_it(self):
        self.assertEqual(self.put(WRITE, 3, 1, b"0" * 16), "4.08")

    def test_2_2_a_reserved_size(self):
        answer = self.ask("0.03", WRITE, [(coap.CONTENT_FORMAT, b""),
                                          block(0, 1, 7)], b"0" * 16)
        self.assertIn(answer.code_text, ("4.00", "4.02"))
