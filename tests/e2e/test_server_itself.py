# SPDX-License-Identifier: GPL-2.0-or-later
"""The test server against a client made by hand: what the other tests rely on,
without the gateway."""
import socket
import unittest

import coap
from coap import ACK, CON, Message
from harness import Server

LINKS = b'</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>'
QUERY = "ep=hand&lt=300&lwm2m=1.1&b=U"


class Client:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))
        self.mid = 100

    def send(self, message):
        self.socket.send(message.encode())

    def receive(self):
        return coap.decode(self.socket.recv(65536))

    def ask(self, path, query="", payload=b"", code="0.02", kind=CON,
            options=(), link=True):
        self.mid += 1
        options = (coap.text_options(coap.URI_PATH, path, "/") +
                   coap.text_options(coap.URI_QUERY, query, "&") +
                   ([(coap.CONTENT_FORMAT, b"\x28")] if link else []) +
                   list(options))
        self.send(Message(kind, code, self.mid, b"tk", options, payload))
        return self.receive()


class TestServer(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.client = Client(self.server.port)

    def tearDown(self):
        self.client.socket.close()
        self.assertEqual(self.server.end(), 0)

    def register(self):
        answer = self.client.ask("/rd", QUERY, LINKS)
        self.assertEqual(answer.code_text, "2.01")
        return answer

    def test_register_update_deregister(self):
        answer = self.register()
        self.assertEqual(answer.values(coap.LOCATION_PATH), [b"rd", b"1"])
        event = self.server.registered("hand")
        self.assertEqual(event["query"], QUERY)
        self.assertEqual(event["content"].encode(), LINKS)
        answer = self.client.ask("/rd/1", "lt=60", link=False)
        self.assertEqual(answer.code_text, "2.04")
        self.assertEqual(self.server.wait("updated")["lt"], 60)
        answer = self.client.ask("/rd/1", code="0.04", link=False)
        self.assertEqual(answer.code_text, "2.02")
        self.server.wait("unregistered", ep="hand")
        answer = self.client.ask("/rd/1", link=False)
        self.assertEqual(answer.code_text, "4.04")

    def test_location_in_one_option(self):
        self.server.ask("location", "single")
        self.assertEqual(self.register().values(coap.LOCATION_PATH),
                         [b"rd/1"])
        answer = self.client.ask("/rd/1", link=False)
        self.assertEqual(answer.code_text, "4.04")
        answer = self.client.ask("", link=False,
                                 options=[(coap.URI_PATH, b"rd/1")])
        self.assertEqual(answer.code_text, "2.04")

    def test_mistakes_of_a_register_are_refused_as_by_leshan(self):
        for query, payload, kind, code in (
                ("ep=x&lt=60&b=U", LINKS, CON, "4.00"),
                ("ep=x&lwm2m=1.2", LINKS, CON, "4.12"),
                ("lwm2m=1.1", LINKS, CON, "4.03"),
                ("ep=x&lwm2m=1.1&b=UQ", LINKS, CON, "4.00"),
                ("ep=x&lwm2m=1.0&b=U&Q", LINKS, CON, "4.00"),
                ("ep=x&lwm2m=1.1&Q=1", LINKS, CON, "4.00"),
                ("ep=x&lwm2m=1.1&lt=1h", LINKS, CON, "4.00"),
                ("ep=x&lwm2m=1.1", b"", CON, "4.00"),
                ("ep=x&lwm2m=1.1", b"</1/0>, </3/0>", CON, "4.00"),
                ("ep=x&lwm2m=1.1", LINKS, coap.NON, "4.00")):
            with self.subTest(query=query, kind=kind):
                answer = self.client.ask("/rd", query, payload, kind=kind)
                self.assertEqual(answer.code_text, code)
        self.assertEqual(self.server.events("registered"), [])

    def test_register_in_blocks(self):
        block = LINKS[:64]
        answer = self.client.ask("/rd", QUERY, block,
                                 options=[(coap.BLOCK1, b"\x0a")])
        self.assertEqual(answer.code_text, "2.31")
        answer = self.client.ask("/rd", QUERY, LINKS[64:],
                                 options=[(coap.BLOCK1, b"\x12")])
        self.assertEqual(answer.code_text, "2.01")
        self.assertEqual(self.server.registered("hand")["content"].encode(),
                         LINKS)

    def test_read_and_large_answer_in_blocks(self):
        self.register()
        self.server.registered("hand")
        id_ = self.server.send("read", "hand", "/3303/0/5700", accept=0)
        request = self.client.receive()
        self.assertEqual(request.path, "/3303/0/5700")
        self.assertEqual(request.number(coap.ACCEPT), 0)
        self.client.send(Message(ACK, "2.05", request.mid, request.token,
                                 [(coap.CONTENT_FORMAT, b"")], b"21.7"))
        self.assertEqual(self.server.answer(id_)["values"],
                         {"/3303/0/5700": 21.7})
        id_ = self.server.send("read", "hand", "/3/0/1")
        for number, more, part in ((0, 8, b"a" * 16), (1, 0, b"end")):
            request = self.client.receive()
            self.client.send(Message(
                ACK, "2.05", request.mid, request.token,
                [(coap.CONTENT_FORMAT, b""),
                 (coap.BLOCK2, coap.uint(number << 4 | more))], part))
        self.assertEqual(self.server.answer(id_)["text"], "a" * 16 + "end")

    def test_write_in_blocks(self):
        self.register()
        self.server.registered("hand")
        id_ = self.server.send("write", "hand", "/3/0/14", text="0123456789"
                               "abcdefXYZ", block1=0)
        body = b""
        for code in ("2.31", "2.04"):
            request = self.client.receive()
            body += request.payload
            self.client.send(Message(
                ACK, code, request.mid, request.token,
                [(coap.BLOCK1, coap.uint(request.number(coap.BLOCK1)))]))
        self.assertEqual(body, b"0123456789abcdefXYZ")
        self.assertEqual(self.server.answer(id_)["code"], "2.04")

    def observe(self):
        self.register()
        self.server.registered("hand")
        id_ = self.server.send("observe", "hand", "/3303/0/5700")
        request = self.client.receive()
        self.assertEqual(request.number(coap.OBSERVE), 0)
        self.notify(request, ACK, request.mid, 1, b"21.7")
        self.server.answer(id_)
        return request

    def notify(self, request, kind, mid, sequence, payload):
        self.client.send(Message(kind, "2.05", mid, request.token,
                                 [(coap.OBSERVE, coap.uint(sequence)),
                                  (coap.CONTENT_FORMAT, b"")], payload))

    def test_notifications_are_acknowledged_until_forgotten(self):
        request = self.observe()
        self.notify(request, CON, 7, 2, b"21.8")
        self.assertEqual(self.client.receive().kind, ACK)
        event = self.server.wait("notification")
        self.assertEqual(event["values"], {"/3303/0/5700": 21.8})
        self.assertEqual((event["type"], event["mid"]), ("CON", 7))
        self.server.ask("forget", "hand", "/3303/0/5700")
        self.notify(request, CON, 8, 3, b"21.9")
        self.assertEqual(self.client.receive().kind, coap.RST)

    def test_cancel_sends_observe_1_with_the_same_token(self):
        request = self.observe()
        self.server.send("cancel", "hand", "/3303/0/5700")
        cancel = self.client.receive()
        self.assertEqual(cancel.number(coap.OBSERVE), 1)
        self.assertEqual(cancel.token, request.token)

    def test_dropped_register_gets_no_answer_but_its_copy_does(self):
        self.server.ask("answer", "register", "drop", "1")
        self.client.mid = 500
        self.client.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            self.client.ask("/rd", QUERY, LINKS)
        self.client.socket.settimeout(10)
        self.client.mid = 500
        self.register()

    def test_delayed_answer_comes_separately(self):
        self.server.ask("delay", "50")
        answer = self.client.ask("/rd", QUERY, LINKS)
        self.assertEqual((answer.kind, answer.code), (ACK, 0))
        answer = self.client.receive()
        self.assertEqual((answer.kind, answer.code_text, answer.token),
                         (CON, "2.01", b"tk"))


if __name__ == "__main__":
    unittest.main()
