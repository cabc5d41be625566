# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7967: answers that a server does not want."""
import coap
import sites
from harness import Slave
from raw import NO_RESPONSE, READ, WRITE, Raw

TEXT = (coap.CONTENT_FORMAT, b"")
SUCCESS, ANY = b"\x02", b"\x1a"


class Quiet(Raw):
    def is_acknowledged(self, message):
        """And nothing else comes: the next is of what is asked then."""
        self.say(message)
        empty = self.next()
        self.assertEqual((empty.kind, empty.mid, empty.code, empty.token),
                         (coap.ACK, message.mid, 0, b""))

    def test_2_1_success_is_not_wanted(self):
        """The write is done all the same, and an error is told."""
        self.are_silent(self.message("0.03", WRITE, [
            TEXT, (NO_RESPONSE, SUCCESS)], b"21", kind=coap.NON))
        self.is_acknowledged(self.message("0.03", "/1/0/2", [
            TEXT, (NO_RESPONSE, SUCCESS)], b"7"))
        self.assertEqual(self.ask("0.01", "/1/0/2", [
            (coap.ACCEPT, b"")]).payload, b"7")
        self.assertEqual(self.value(), 21)
        self.assertEqual(self.code("0.03", WRITE, [
            TEXT, (NO_RESPONSE, SUCCESS)], b"x"), "4.00")

    def test_2_1_nothing_is_wanted(self):
        self.are_silent(
            self.message("0.01", READ, [(NO_RESPONSE, ANY)], kind=coap.NON),
            self.message("0.01", "/9999", [(NO_RESPONSE, ANY)],
                         kind=coap.NON))

    def test_2_1_all_is_wanted(self):
        self.assertEqual(self.code("0.01", READ, [(NO_RESPONSE, b"")]), "2.05")


class QuietLater(Quiet):
    """Of a device that takes its time."""

    def setUp(self):
        self.parts = []
        self.slave_ = Slave("1=boiler")
        self.devices = sites.boiler(self.slave_.port).replace(
            "timeout: 300ms", "timeout: 3s")
        super().setUp()
        self.add(self.slave_)
        self.slave_.do("late 1 500")

    def test_2_1_success_is_not_wanted(self):
        self.is_acknowledged(self.message("0.03", WRITE, [
            TEXT, (NO_RESPONSE, SUCCESS)], b"28"))
        # Written in order: behind the answer that does not come.
        self.assertEqual(self.code("0.03", WRITE, [TEXT], b"29",
                                   token=b"next"), "2.04")
