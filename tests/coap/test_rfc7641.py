# SPDX-License-Identifier: GPL-2.0-or-later
"""RFC 7641: observations."""
import coap
from raw import Raw

DEVICES = """\
devices:
  - endpoint: sim
    bus: sim
    poll: 200ms
    points: [{name: t, signal: random, min: 18, max: 24, map: 3303/0}]
"""
T = "/3303/0/5700"


class Observe(Raw):
    devices = DEVICES

    def observe(self, token=b"obs1"):
        answer = self.ask("0.01", T, [(coap.OBSERVE, b"")], token=token)
        self.assertEqual(answer.code_text, "2.05")
        self.assertEqual(len(answer.values(coap.OBSERVE)), 1)

    def notification(self, token=b"obs1"):
        found = self.next()
        self.assertEqual((found.code_text, found.token), ("2.05", token))
        return found

    def ends(self, kind):
        """None comes after a Reset, but for one that was on its way."""
        found = self.notification()
        self.assertEqual(found.kind, kind)
        self.say(coap.Message(coap.RST, 0, found.mid))
        late = self.next(0.5)
        if late:
            self.say(coap.Message(coap.RST, 0, late.mid))
        self.assertIsNone(self.next(1))

    def test_3_4_numbers_ascend(self):
        self.observe()
        numbers = []
        for _ in range(3):
            found = self.notification()
            numbers.append(found.number(coap.OBSERVE))
            self.say(coap.Message(coap.ACK, 0, found.mid))
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_2_another_value_observes_nothing(self):
        """Two are defined: what else an Observe says is but a GET."""
        for value in (b"\x02", b"\xff\xff\xff"):
            answer = self.ask("0.01", T, [(coap.OBSERVE, value)], token=value)
            self.assertEqual(answer.code_text, "2.05")
            self.assertEqual(answer.values(coap.OBSERVE), [])
        self.assertIsNone(self.next(1))

    def test_4_2_all_are_of_the_format_of_the_first_answer(self):
        for accept, token in ((0, b"text"), (110, b"json"), (11542, b"tlv")):
            message = self.message("0.01", T, [
                (coap.OBSERVE, b""), (coap.ACCEPT, coap.uint(accept))],
                token=token)
            self.say(message)
            formats = []
            while len(formats) < 3:
                found = self.next()
                if found.kind == coap.CON:
                    self.say(coap.Message(coap.ACK, 0, found.mid))
                if found.token == token:
                    formats.append(found.number(coap.CONTENT_FORMAT))
            self.assertEqual(formats, [accept] * 3)

    def test_3_6_a_reset_of_a_con_ends_it(self):
        self.observe()
        self.ends(coap.CON)

    def test_3_6_a_deregistration_ends_it(self):
        self.observe()
        found = self.notification()
        self.say(coap.Message(coap.ACK, 0, found.mid))
        message = self.message("0.01", T, [(coap.OBSERVE, b"\x01")],
                               token=b"obs1")
        self.say(message)
        found = self.next()
        while found.kind != coap.ACK:
            self.say(coap.Message(coap.ACK, 0, found.mid))
            found = self.next()
        self.assertEqual(found.values(coap.OBSERVE), [])
        self.assertIsNone(self.next(1))


class Unconfirmed(Observe):
    server_keys = "notify: non"

    def test_3_4_numbers_ascend(self):
        self.observe()
        numbers = [self.notification().number(coap.OBSERVE) for _ in range(3)]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_3_6_a_reset_of_a_con_ends_it(self):
        """Of a NON, here."""
        self.observe()
        self.ends(coap.NON)
