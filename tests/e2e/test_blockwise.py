# SPDX-License-Identifier: GPL-2.0-or-later
"""Transfers larger than a datagram should be (RFC 7959), both ways."""
from harness import SharedSite

N = 80


class Blockwise(SharedSite):
    @classmethod
    def build(cls, site):
        cls.server = site.server()
        points = "".join(
            f"      - {{name: point-number-{i}, value: {i}, map: 3303/{i}, "
            "unit: Cel}\n" for i in range(N))
        site.gateway(cls.server.port, "devices:\n  - endpoint: big\n"
                     "    bus: sim\n    points:\n" + points)
        cls.server.registered("big")

    def test_large_answer_comes_in_blocks(self):
        for accept in (11542, 110, 112):
            with self.subTest(accept=accept):
                answer = self.server.ask("read", "big", "/3303",
                                         accept=accept)
                self.assertGreater(answer["blocks"], 1)
                self.assertNotIn("decode_error", answer)
                for i in range(N):
                    self.assertEqual(
                        answer["values"][f"/3303/{i}/5700"], i)

    def test_server_chooses_smaller_blocks(self):
        answer = self.server.ask("read", "big", "/3303/0", accept=110,
                                 block2=0)
        self.assertGreater(answer["blocks"], 3)
        self.assertEqual(answer["values"]["/3303/0/5750"], "point-number-0")

    def test_two_large_reads_at_once_stay_apart(self):
        ids = [self.server.send("read", "big", path, accept=110, block2=1)
               for path in ("/3303/1", "/3303/2")]
        for i, id_ in enumerate(ids, 1):
            values = self.server.answer(id_)["values"]
            self.assertEqual(values[f"/3303/{i}/5750"], f"point-number-{i}")

    def test_large_write_comes_in_blocks(self):
        text = "a name of an application that is longer than one block"
        self.assertEqual(self.server.code(
            "write", "big", "/3303/3/5750", text=text, block1=0), "2.04")
        self.assertEqual(self.server.value("big", "/3303/3/5750"), text)

    def test_write_that_begins_in_the_middle_is_4_08(self):
        # Block1: number 3, more to come, 16 bytes
        self.assertEqual(self.server.code(
            "request", "big", "PUT", "/3303/4/5750", format=0,
            text="0123456789abcdef", opt="27:38"), "4.08")
        self.assertEqual(self.server.value("big", "/3303/4/5750"),
                         "point-number-4")

    def test_write_without_an_end_is_4_13(self):
        self.assertEqual(self.server.code(
            "write", "big", "/3303/5/5750", size=200000), "4.13")

    def test_large_notification_comes_in_blocks(self):
        answer = self.server.ask("observe", "big", "/3303", accept=11542)
        self.assertGreater(answer["blocks"], 1)
        mark = self.server.mark()
        self.assertEqual(self.server.code(
            "attributes", "big", "/3303", "pmax=1"), "2.04")
        event = self.server.wait("notification", after=mark, ep="big")
        self.assertEqual(len([p for p in event["values"]
                              if p.endswith("/5700")]), N)
        self.server.ask("cancel", "big", "/3303")
