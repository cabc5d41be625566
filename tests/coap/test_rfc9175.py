# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 9175: Echo and Request-Tag."""
import coap
from raw import ECHO, READ, REQUEST_TAG, WRITE, Raw
from test_rfc7959 import block


class Tags(Raw):
    def put(self, number, more, payload, *tags):
        return self.code("0.03", WRITE, [
            (coap.CONTENT_FORMAT, b""), block(number, more),
            *((REQUEST_TAG, tag) for tag in tags)], payload)

    def test_2_2_1_an_echo_that_was_not_asked_for(self):
        for value in (b"1", b"1" * 40):
            self.assertEqual(self.code("0.01", READ, [(ECHO, value)]), "2.05")

    def test_2_2_1_and_3_2_1_an_elective_option_of_wrong_length(self):
        for option in ((ECHO, b""), (ECHO, b"1" * 41),
                       (REQUEST_TAG, b"1" * 9)):
            self.assertEqual(self.code("0.01", READ, [option]), "2.05")

    def test_3_2_1_tags_may_be_empty_and_several(self):
        self.assertEqual(self.put(0, 1, b"0" * 16, b""), "2.31")
        self.assertEqual(self.put(1, 0, b"21", b""), "2.04")
        self.assertEqual(self.put(0, 1, b"0" * 16, b"a", b"12345678"), "2.31")
        self.assertEqual(self.put(1, 0, b"22", b"a", b"12345678"), "2.04")
        self.assertEqual(self.value(), 22)

    def test_3_3_blocks_of_other_tags_are_of_other_bodies(self):
        for first, then in (((b"a",), (b"b",)), ((b"c",), ()), ((b"",), ()),
                            ((b"ab",), (b"a", b"b")), ((), (b"d",))):
            self.assertEqual(self.put(0, 1, b"0" * 16, *first), "2.31")
            self.assertEqual(self.put(1, 0, b"21", *then), "4.08",
                             (first, then))
        self.assertEqual(self.value(), 20)

    def test_3_3_two_bodies_of_one_path_side_by_side(self):
        for tag in (b"a", b"b"):
            self.assertEqual(self.put(0, 1, b"0" * 16, tag), "2.31")
        for tag in (b"a", b"b"):
            self.assertEqual(self.put(1, 0, b"2" + bytes([tag[0] - 48]), tag),
                             "2.04")
        self.assertEqual(self.value(), 22)
