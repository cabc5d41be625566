# SPDX-License-Identifier: GPL-2.0-or-later
"""64 KiB of opaque data (object 19): written, read, observed, kept; transfers
that break off."""
import random

import coap
import sites
from harness import Site, wait_for
from sites import hexed

TLV, OPAQUE, JSON, CBOR, SENML_CBOR, LWM2M_CBOR = 11542, 42, 110, 60, 112, 11544
SIZE = 65536
DATA = random.Random(1).randbytes(SIZE)
PATH = "/19/0/0/0"
BLOCK1, BLOCK2 = 27, 23


class Large(Site):
    def start(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        self.assertEqual(server.code(
            "create", "sim", "/19", format=JSON,
            hex=hexed('[{"bn":"/19/0/","n":"0/0","vd":"AA"}]')), "2.01")
        return server, gateway

    def write(self, server, data):
        answer = server.ask("write", "sim", PATH, format=OPAQUE,
                            hex=data.hex(), block1=6)
        self.assertEqual(answer["code"], "2.04", answer)

    def read(self, server, path=PATH, accept=OPAQUE):
        answer = server.ask("read", "sim", path, accept=accept)
        self.assertEqual(answer["code"], "2.05", answer)
        return bytes.fromhex(answer["payload"])

    def test_64_kib_written_and_read(self):
        server, _ = self.start()
        self.write(server, DATA)
        self.assertEqual(self.read(server), DATA)
        for accept in (TLV, CBOR, SENML_CBOR, LWM2M_CBOR):
            with self.subTest(accept=accept):
                self.assertIn(DATA, self.read(server, accept=accept))
        self.assertIn(DATA, self.read(server, "/19/0", TLV))

    def test_64_kib_in_json(self):
        server, _ = self.start()
        self.write(server, DATA)
        body = self.read(server, accept=JSON)
        self.assertGreater(len(body), SIZE * 4 // 3)

    def test_64_kib_in_every_format(self):
        server, _ = self.start()
        for format in (CBOR, SENML_CBOR, TLV, JSON):
            with self.subTest(format=format):
                self.write(server, DATA)
                body = self.read(server, accept=format)
                self.write(server, b"x")
                answer = server.ask("write", "sim", PATH, format=format,
                                    hex=body.hex(), block1=6)
                self.assertEqual(answer["code"], "2.04", answer)
                self.assertEqual(self.read(server), DATA)

    def test_64_kib_observed(self):
        server, _ = self.start()
        server.ask("observe", "sim", PATH, accept=OPAQUE)
        mark = server.mark()
        self.write(server, DATA)
        event = server.wait("notification", after=mark, path=PATH)
        self.assertEqual(bytes.fromhex(event["payload"]), DATA)

    def test_64_kib_outlive_a_restart(self):
        server, gateway = self.start()
        self.write(server, DATA)
        mark = server.mark()
        gateway.restart()
        server.registered("sim", after=mark)
        self.assertEqual(self.read(server), DATA)

    def test_what_is_held_is_bounded(self):
        server, _ = self.start()
        codes = []
        for i in range(1, 6):
            record = f'[{{"bn":"/19/{i}/","n":"0/0","vd":"AA"}}]'
            self.assertEqual(server.code("create", "sim", "/19", format=JSON,
                                         hex=hexed(record)), "2.01")
            codes.append(server.code("write", "sim", f"/19/{i}/0/0",
                                     format=OPAQUE, hex=DATA.hex(), block1=6))
        self.assertEqual(codes, ["2.04"] * 3 + ["4.13"] * 2)
        self.assertEqual(self.read(server, "/19/3/0/0"), DATA)
        self.assertEqual(self.read(server, "/19/5/0/0"), b"\0")
        # what is replaced does not count
        self.assertEqual(server.code("write", "sim", "/19/1/0/0",
                                     format=OPAQUE, hex=DATA.hex(), block1=6),
                         "2.04")

    def test_all_that_is_held_outlives_a_restart(self):
        server, gateway = self.start()
        for i in (1, 2):
            record = f'[{{"bn":"/19/{i}/","n":"0/0","vd":"AA"}}]'
            server.ask("create", "sim", "/19", format=JSON, hex=hexed(record))
            server.ask("write", "sim", f"/19/{i}/0/0", format=OPAQUE,
                       hex=DATA.hex(), block1=6)
        mark = server.mark()
        gateway.restart()
        server.registered("sim", after=mark)
        for i in (1, 2):
            self.assertEqual(self.read(server, f"/19/{i}/0/0"), DATA)


class Broken(Site):
    """Transfers that miss a part, by hand."""
    PATH = "/3303/0/5750"

    def start(self):
        server = self.server()
        relay = self.relay(server)
        self.gateway(relay.port, sites.SIM)
        server.registered("sim")
        return server, relay

    def send(self, relay, message):
        """To the gateway, as if it came from its server; the answer."""
        (address,) = relay.up
        mark = relay.mark()
        relay.down.sendto(message.encode(), address)
        return wait_for(lambda: next(
            (m for m in relay.messages("up", after=mark)
             if m.mid == message.mid), None), "an answer")

    def block(self, relay, mid, number, more, body=b"0123456789abcdef"):
        options = coap.text_options(coap.URI_PATH, self.PATH, "/") + [
            (coap.CONTENT_FORMAT, b""),
            (BLOCK1, coap.uint(number << 4 | more << 3))]
        return self.send(relay, coap.Message(
            coap.CON, "0.03", mid, b"blk", options, body)).code_text

    def test_a_missing_block_is_4_08(self):
        server, relay = self.start()
        self.assertEqual(self.block(relay, 1, 0, True), "2.31")
        self.assertEqual(self.block(relay, 2, 2, False, b"x"), "4.08")
        self.assertEqual(server.value("sim", self.PATH), "air")
        # from its beginning it succeeds
        self.assertEqual(self.block(relay, 3, 0, True), "2.31")
        self.assertEqual(self.block(relay, 4, 1, False, b"x"), "2.04")
        self.assertEqual(server.value("sim", self.PATH),
                         "0123456789abcdefx")

    def test_a_block_sent_twice_counts_once(self):
        server, relay = self.start()
        self.assertEqual(self.block(relay, 1, 0, True), "2.31")
        self.assertEqual(self.block(relay, 1, 0, True), "2.31")
        self.assertEqual(self.block(relay, 2, 1, False, b"y"), "2.04")
        self.assertEqual(server.value("sim", self.PATH),
                         "0123456789abcdefy")

    def test_two_transfers_in_turn_do_not_mix(self):
        server, relay = self.start()
        self.assertEqual(self.block(relay, 1, 0, True), "2.31")
        other = coap.text_options(coap.URI_PATH, "/1/0/5", "/") + [
            (coap.CONTENT_FORMAT, b""), (BLOCK1, coap.uint(1 << 4))]
        answer = self.send(relay, coap.Message(coap.CON, "0.03", 2, b"o",
                                               other, b"zz"))
        self.assertEqual(answer.code_text, "4.08")

    def test_too_large_is_4_13_before_its_end(self):
        server, relay = self.start()
        options = coap.text_options(coap.URI_PATH, self.PATH, "/") + [
            (coap.CONTENT_FORMAT, b""), (60, coap.uint(1 << 20)),
            (BLOCK1, coap.uint(0 << 4 | 1 << 3 | 6))]
        answer = self.send(relay, coap.Message(coap.CON, "0.03", 1, b"big",
                                               options, bytes(1024)))
        self.assertIn(answer.code_text, ("4.13", "2.31"))
        mid = 1
        while answer.code_text == "2.31" and mid < 200:
            options[-1] = (BLOCK1, coap.uint(mid << 4 | 1 << 3 | 6))
            mid += 1
            answer = self.send(relay, coap.Message(
                coap.CON, "0.03", mid, b"big", options, bytes(1024)))
        self.assertEqual(answer.code_text, "4.13")
        self.assertEqual(server.value("sim", self.PATH), "air")

    def test_ping_is_answered_by_a_reset(self):
        _, relay = self.start()
        answer = self.send(relay, coap.Message(coap.CON, 0, 77))
        self.assertEqual((answer.kind, answer.code, answer.mid),
                         (coap.RST, 0, 77))

    def test_unknown_token_gets_a_reset(self):
        _, relay = self.start()
        answer = self.send(relay, coap.Message(coap.CON, "2.05", 78,
                                               b"nobody's", [], b"x"))
        self.assertEqual((answer.kind, answer.mid), (coap.RST, 78))

    def test_odd_kinds_do_not_end_it(self):
        server, relay = self.start()
        (address,) = relay.up
        for message in (coap.Message(coap.ACK, 0, 79),
                        coap.Message(coap.ACK, "2.05", 80, b"t", [], b"x"),
                        coap.Message(coap.RST, 0, 81),
                        coap.Message(coap.NON, "2.05", 82, b"u", [], b"x"),
                        coap.Message(coap.NON, 0, 83),
                        coap.Message(coap.CON, "7.01", 84)):
            relay.down.sendto(message.encode(), address)
        self.assertEqual(server.value("sim", "/3303/0/5700"), 21.5)
