# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that is a bare socket: it takes the Register of one endpoint, and
sends and gets datagrams as they are."""
import socket
import time

import coap
import sites
from harness import PATIENCE, Site

IF_MATCH, URI_HOST, ETAG, IF_NONE_MATCH = 1, 3, 4, 5
ECHO, NO_RESPONSE, REQUEST_TAG = 252, 258, 292
LOCATION = [(coap.LOCATION_PATH, b"rd"), (coap.LOCATION_PATH, b"1")]
QUIET = 0.4                     # s without an answer: there is none
READ, WRITE = "/3303/0/5700", "/3308/0/5900"


class Raw(Site):
    devices = sites.SIM
    server_keys = ""

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.mid = 0x1000
        self.gateway_ = self.gateway(self.socket.getsockname()[1],
                                     self.devices, server=self.server_keys)
        register, self.peer = self.receive(15)
        self.take_register(register)

    def take_register(self, register):
        self.assertEqual(register.path, "/rd")
        self.say(coap.Message(coap.ACK, "2.01", register.mid, register.token,
                              LOCATION))
        self.gateway_.wait_log("registered at")

    def finish(self):
        """It says good-bye, which is answered."""
        self.gateway_.program.process.terminate()
        end = time.monotonic() + 5 * PATIENCE
        while time.monotonic() < end and \
                self.gateway_.program.process.poll() is None:
            found = self.next(0.1)
            if found and found.code == coap.code_number("0.04"):
                self.say(coap.Message(coap.ACK, "2.02", found.mid,
                                      found.token))
        super().finish()
        self.socket.close()

    def say(self, message):
        self.socket.sendto(message if isinstance(message, bytes) else
                           message.encode(), self.peer)

    def receive(self, timeout):
        self.socket.settimeout(timeout * max(1, PATIENCE))
        data, peer = self.socket.recvfrom(65536)
        return coap.decode(data), peer

    def next(self, timeout=5):
        """The next message; None: none comes."""
        try:
            return self.receive(timeout)[0]
        except TimeoutError:
            return None

    def message(self, code, path="", options=(), payload=b"", kind=coap.CON,
                token=b"tokn"):
        self.mid += 1
        return coap.Message(kind, code, self.mid, token, coap.text_options(
            coap.URI_PATH, path, "/") + list(options) if path else
            list(options), payload)

    def ask(self, *words, **options):
        """What comes for a request, with its message id where it has to."""
        message = self.message(*words, **options)
        self.say(message)
        answer = self.next()
        self.assertIsNotNone(answer, f"no answer to {message}")
        if answer.kind in (coap.ACK, coap.RST):
            self.assertEqual(answer.mid, message.mid)
        if answer.kind == coap.ACK and not answer.code:
            answer = self.next()
            self.say(coap.Message(coap.ACK, 0, answer.mid))
        if answer.kind != coap.RST:
            self.assertEqual(answer.token, message.token)
        return answer

    def code(self, *words, **options):
        answer = self.ask(*words, **options)
        return "RST" if answer.kind == coap.RST else answer.code_text

    def are_silent(self, *messages):
        """None of them is answered: what is sent after them is the next that
        gets one, for they are taken as they come."""
        for message in messages:
            self.say(message)
        ping = self.message(0, token=b"")
        self.say(ping)
        answer = self.next()
        self.assertEqual((answer.kind, answer.mid), (coap.RST, ping.mid),
                         answer)

    def is_refused(self, message):
        """By a Reset of its own message id."""
        self.say(message)
        answer = self.next()
        mid = int.from_bytes(message.encode()[2:4] if isinstance(
            message, coap.Message) else message[2:4], "big")
        self.assertEqual((answer.kind, answer.code, answer.mid, answer.token),
                         (coap.RST, 0, mid, b""), message)

    def write(self, value, options=(), **more):
        return self.code("0.03", WRITE, [(coap.CONTENT_FORMAT, b""), *options],
                         str(value).encode(), **more)

    def value(self):
        answer = self.ask("0.01", WRITE, [(coap.ACCEPT, b"")])
        self.assertEqual(answer.code_text, "2.05")
        return float(answer.payload)
