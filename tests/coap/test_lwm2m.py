# SPDX-License-Identifier: GPL-2.0-or-later
"""LwM2M Core and Transport, where a server that behaves does not show it."""
import coap
from raw import READ, WRITE, Raw

LINKS = 40


class Registered(Raw):
    def take_register(self, register):
        self.register = register
        super().take_register(register)

    def test_what_a_client_asks_is_confirmable(self):
        """Transport 6.2: all but Notify."""
        self.assertEqual(self.register.kind, coap.CON)
        self.say(self.message("0.02", "/1/0/8"))
        self.assertEqual(self.next().code_text, "2.04")
        update = self.next()
        self.assertEqual((update.kind, update.path), (coap.CON, "/rd/1"))
        self.say(coap.Message(coap.ACK, "2.04", update.mid, update.token))
        self.gateway_.ctl("send", "sim", READ)
        send = self.next()
        self.assertEqual((send.kind, send.path), (coap.CON, "/dp"))
        self.say(coap.Message(coap.ACK, "2.04", send.mid, send.token))

    def test_a_registration_lists_no_keys(self):
        self.assertEqual(self.register.number(coap.CONTENT_FORMAT), LINKS)
        links = self.register.payload.decode().split(",")
        paths = [link.split(";")[0] for link in links]
        self.assertIn("</1/0>", paths)
        self.assertEqual([p for p in paths if p.split("/")[1].rstrip(">")
                          in ("0", "21", "23")], [])

    def test_a_value_has_its_format(self):
        """Core 7.4: what has data says in which format it is."""
        for accept in (None, 0, 60, 110, 112, 11542, 11543, 11544):
            answer = self.ask("0.01", READ, [] if accept is None else [
                (coap.ACCEPT, coap.uint(accept))])
            found = answer.number(coap.CONTENT_FORMAT)
            self.assertEqual(answer.code_text, "2.05")
            self.assertEqual(found, 110 if accept is None else accept)

    def test_the_security_object_is_closed_to_everything(self):
        for path in ("/0", "/0/0", "/0/0/0", "/0/0/5", "/21", "/21/0"):
            for code, options, payload in (
                    ("0.01", [], b""),
                    ("0.01", [(coap.ACCEPT, coap.uint(LINKS))], b""),
                    ("0.01", [(coap.OBSERVE, b"")], b""),
                    ("0.03", [(coap.CONTENT_FORMAT, b"")], b"x"),
                    ("0.03", [(coap.URI_QUERY, b"pmin=1")], b""),
                    ("0.02", [], b""), ("0.04", [], b"")):
                self.assertEqual(self.code(code, path, options, payload),
                                 "4.01", (code, path, options))
        for names in (b'[{"n":"/0"}]', b'[{"n":"/0/0/0"}]', b'[{"n":"/21"}]'):
            self.assertEqual(self.code("0.05", options=[
                (coap.CONTENT_FORMAT, coap.uint(110))], payload=names), "4.01")

    def test_a_method_of_no_operation(self):
        """Each method where Core 6.3 has no operation for it."""
        for code, path in (("0.03", ""), ("0.03", "/3303"), ("0.02", ""),
                           ("0.02", "/3303"), ("0.02", READ), ("0.04", ""),
                           ("0.04", "/3303"), ("0.04", "/3303/0"),
                           ("0.04", READ), ("0.05", "/3303"),
                           ("0.06", READ), ("0.07", "/3303"),
                           ("0.03", READ), ("0.01", "/1/0/8"),
                           ("0.03", "/1/0/8")):
            answer = self.ask(code, path, [(coap.CONTENT_FORMAT, coap.uint(
                110))], b"[]")
            self.assertEqual(answer.code_text, "4.05", (code, path))

    def test_each_operation_on_what_is_not_there(self):
        for path in ("/9", "/9/0", "/3303/7", "/3303/0/9999",
                     "/3303/7/5700", READ + "/0", "/9/0/0/0"):
            for code, options, payload in (
                    ("0.01", [], b""),
                    ("0.01", [(coap.OBSERVE, b"")], b""),
                    ("0.01", [(coap.ACCEPT, coap.uint(LINKS))], b""),
                    ("0.02", [], b""), ("0.04", [], b""),
                    ("0.03", [(coap.CONTENT_FORMAT, b"")], b"1"),
                    ("0.03", [(coap.URI_QUERY, b"pmin=1")], b"")):
                self.assertEqual(self.code(code, path, options, payload),
                                 "4.04", (code, path))


class Disabled(Raw):
    def test_it_hears_nothing(self):
        """Core 6.2.3, 1/x/4: messages are ignored until it registers again."""
        self.assertEqual(self.code("0.03", "/1/0/5", [
            (coap.CONTENT_FORMAT, b"")], b"2"), "2.04")
        self.assertEqual(self.code("0.02", "/1/0/4"), "2.04")
        leaves = self.next()
        self.assertEqual((leaves.code_text, leaves.path), ("0.04", "/rd/1"))
        self.say(coap.Message(coap.ACK, "2.02", leaves.mid, leaves.token))
        self.gateway_.wait_log("no longer registered at")
        for kind in (coap.CON, coap.NON):
            self.say(self.message("0.01", READ, kind=kind))
        register, self.peer = self.receive(15)
        self.take_register(register)
        self.assertEqual(self.code("0.01", READ), "2.05")


class NotRegistered(Raw):
    def take_register(self, register):
        self.say(coap.Message(coap.ACK, "4.03", register.mid, register.token))
        self.gateway_.wait_log("4.03")

    def test_nothing_is_done_for_it(self):
        """Core 6.3: a client ignores operations until it is registered; here it
        says so, which spares a server its time-out."""
        for code, path, payload in (("0.01", READ, b""),
                                    ("0.03", WRITE, b"21"),
                                    ("0.02", "/1/0/8", b"")):
            self.assertEqual(self.code(code, path, [
                (coap.CONTENT_FORMAT, b"")], payload), "5.03", path)
