# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with Eclipse Leshan's bootstrap server, and then with the server that
it names: without security, by pre-shared keys, raw public keys, certificates."""
import pathlib
import subprocess
import tempfile

import harness
import tools
from leshan_bootstrap import LeshanBootstrap
from leshan_server import Leshan

MAIN = """\
gateway: {{name: interop}}
bootstrap:
  uri: {uri}
  {keys}
{servers}
"""
DEVICE = """\
devices:
  - endpoint: {ep}
    bus: sim
    poll: 1s
    points: [{{name: t, value: 21.5, map: 3303/0, unit: Cel}}]
"""
T = "/3303/0/5700"
KEY = "000102030405060708090a0b0c0d0e0f"
OTHER_KEY = "ff0102030405060708090a0b0c0d0eff"


class Site(harness.Site):
    """One Leshan of each kind for all cases of a class; a gateway for each."""
    server_name = LeshanBootstrap.title
    keys = {"cert": "server.pem", "key": "server.der", "trust": "ca.pem"}
    clients = ()
    missing = None

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        cls.addClassCleanup(directory.cleanup)
        cls.pki = pathlib.Path(directory.name)
        subprocess.run([harness.binary("tests/fake/make-pki"), cls.pki,
                        *cls.clients], check=True)
        keys = {k: cls.pki / v for k, v in cls.keys.items()}
        try:
            cls.boot = LeshanBootstrap(**keys)
            cls.addClassCleanup(cls.boot.end)
            cls.server = Leshan(**keys)
            cls.addClassCleanup(cls.server.end)
        except tools.Unavailable as e:
            cls.missing = str(e)

    def setUp(self):
        super().setUp()
        if self.missing:
            self.skipTest(self.missing)

    def evidence(self):
        return "\n".join([super().evidence(), "--- leshan:"] + [
            str(line) for part in (self.boot, self.server)
            for line in part.errors[-5:] + part.lines[-25:]])

    def hex(self, name):
        return (self.pki / name).read_bytes().hex()

    def gateway_of(self, ep, keys="security: nosec", uri=None, servers=""):
        return self.add(harness.Gateway({
            "lwmux.yaml": MAIN.format(uri=uri or self.boot.uri, keys=keys,
                                      servers=servers),
            "conf.d/devices.yaml": DEVICE.format(ep=ep)}))

    @property
    def plain(self):
        """The account of the server without security."""
        return {"uri": f"coap://127.0.0.1:{self.server.port}", "ssid": 123}

    def give(self, ep, security=None, server=None, delete=("/0", "/1"),
             **more):
        self.boot.give(ep, delete=list(delete), auto=True, security={
            "1": security or self.plain},
            server={"0": {"ssid": 123, "lifetime": 60, **(server or {})}},
            **more)

    def assertServed(self, ep, mode="", since=0):
        event = self.server.wait("registered", ep, 20, since)
        self.assertIn(mode, event["identity"].lower())
        answer = self.server.read(ep, T)
        self.assertEqual(answer.code, "2.05", answer)
        self.assertEqual(answer.nodes[T], 21.5)
        return event

    def answers(self, ep, n, since=0):
        """What "ask" brought; Leshan discovers more for itself then."""
        return [e["content"] for e in
                self.boot.events("answer", ep, since)[:n]]

    def assertDone(self, ep, since=0):
        """Leshan has it, too: before, it cancels what a new request finds."""
        self.boot.wait("end", ep, 20, since)
        self.assertEqual(self.boot.events("error", ep, since), [])
        self.assertEqual(self.boot.events("failure", ep, since), [])


class Plain(Site):
    def test_int_0_client_initiated(self):
        ask = ["discover /", "discover /0", "discover /3303"]
        self.give("bs-0", ask=ask)
        self.gateway_of("bs-0")
        event = self.assertServed("bs-0")
        self.assertEqual(event["lifetime"], 60)
        self.assertDone("bs-0")
        self.assertEqual(self.boot.details("initiated", "bs-0"),
                         ["SENML_CBOR(112)"])
        root, security, sensor = self.answers("bs-0", 3)
        self.assertEqual(root[:4], ["</>;lwm2m=1.1", "</0/0>", "</2>",
                                    "</3/0>"])
        self.assertEqual(security, ["</>;lwm2m=1.1", "</0/0>"])
        self.assertEqual(sensor[1:], ["</3303>;ver=1.1", "</3303/0>"])

    def test_each_format(self):
        for form in ("TLV", "SENML_JSON", "SENML_CBOR", "JSON"):
            ep = f"bs-{form.lower()}"
            with self.subTest(form):
                self.give(ep, format=form, server={"pmin": 1, "pmax": 600},
                          acl={"0": {"object": 3303, "instance": 0,
                                     "owner": 123, "rights": {"123": 31}}})
                self.gateway_of(ep)
                self.assertServed(ep)
                self.assertDone(ep)
                self.assertEqual(
                    self.server.read(ep, "/1/0/3").nodes, {"/1/0/3": 600})

    def test_int_4_delete(self):
        self.give("bs-4")
        gateway = self.gateway_of("bs-4")
        self.assertServed("bs-4")
        self.assertDone("bs-4")
        self.give("bs-4", ask=["discover /"], delete=["/"])
        since, mark = self.boot.mark(), self.server.mark()
        self.assertEqual(gateway.ctl("bootstrap", "bs-4").returncode, 0)
        self.assertServed("bs-4", since=mark)
        self.assertDone("bs-4", since)
        (links,) = self.answers("bs-4", 1, since)
        # It shows links without the quotation marks that they came with.
        self.assertIn(f"</0/1>;ssid=123;uri={self.plain['uri']}", links)
        self.assertIn("</1/0>;ssid=123", links)
        self.assertIn("Delete / DELETED(202)",
                      self.boot.details("success", "bs-4", since))

    def test_int_5_server_initiated(self):
        self.give("bs-5")
        self.gateway_of("bs-5")
        self.assertServed("bs-5")
        self.assertDone("bs-5")
        since, mark = self.boot.mark(), self.server.mark()
        self.give("bs-5", server={"lifetime": 90})
        self.assertEqual(self.server.execute("bs-5", "/1/0/9").code, "2.04")
        self.boot.wait("initiated", "bs-5", 10, since)
        self.assertDone("bs-5", since)
        self.assertEqual(self.assertServed("bs-5", since=mark)["lifetime"],
                         90)

    def test_int_6_sequence(self):
        """The configured account first; the bootstrap server when asked."""
        self.give("bs-6")
        self.gateway_of("bs-6", servers=(
            f"servers: [{{id: 5, uri: 'coap://127.0.0.1:{self.server.port}', "
            "lifetime: 100s}]"))
        self.assertEqual(self.assertServed("bs-6")["lifetime"], 100)
        self.assertEqual(self.boot.events("initiated", "bs-6"), [])
        mark = self.server.mark()
        self.assertEqual(self.server.execute("bs-6", "/1/0/9").code, "2.04")
        self.assertEqual(self.assertServed("bs-6", since=mark)["lifetime"],
                         60)
        self.assertDone("bs-6")

    def test_int_7_fallback(self):
        """Leshan refuses who is to come with a key: 4.03."""
        self.server.secure("bs-7", identity="bs-7", key=KEY)
        self.give("bs-7", server={"retry_count": 1, "retry_timer": 1,
                                  "sequence_count": 1})
        gateway = self.gateway_of("bs-7")
        gateway.wait_log("bs-7", "4.03")
        gateway.wait_log("bs-7", "registrations failed")
        self.assertEqual(self.server.events("registered", "bs-7"), [])
        self.server.unsecure("bs-7")
        self.assertServed("bs-7")
        # The second request comes so soon that Leshan may not have noted yet
        # that the first one's Finish was answered: then it cancels that one.
        self.boot.wait("end", "bs-7", 20)
        self.assertGreater(len(self.boot.events("initiated", "bs-7")), 1)

    def test_int_8_read(self):
        self.give("bs-8", acl={"0": {"object": 3303, "instance": 0,
                                     "owner": 123, "rights": {"123": 31}}})
        gateway = self.gateway_of("bs-8")
        self.assertServed("bs-8")
        self.assertDone("bs-8")
        self.give("bs-8", ask=["read /1", "read /1/0", "read /2"])
        since = self.boot.mark()
        self.assertEqual(gateway.ctl("bootstrap", "bs-8").returncode, 0)
        self.assertDone("bs-8", since)
        (servers,), (server,), (acls,) = self.answers("bs-8", 3, since)
        for text in servers, server:
            self.assertIn("value=123,", text)
            self.assertIn("value=60,", text)
        self.assertIn("value=3303,", acls)
        self.assertIn("value=31,", acls)

    def test_int_9_consistency(self):
        self.give("bs-9", {"uri": "mqtt://127.0.0.1", "ssid": 123})
        gateway = self.gateway_of("bs-9", servers=(
            f"servers: [{{id: 5, uri: 'coap://127.0.0.1:{self.server.port}'}}]"
        ))
        self.assertServed("bs-9")
        mark = self.server.mark()
        self.assertEqual(gateway.ctl("bootstrap", "bs-9").returncode, 0)
        self.boot.wait("failed", "bs-9", 20)
        self.assertIn("Finish NOT_ACCEPTABLE(406)",
                      "\n".join(self.boot.details("error", "bs-9")))
        self.assertEqual(self.server.read("bs-9", T).code, "2.05")
        self.assertEqual(self.server.events("unregistered", "bs-9", mark), [])

    def test_unknown_endpoint(self):
        gateway = self.gateway_of("bs-stranger")
        gateway.wait_log("bs-stranger", "failed", "again")


class Keys(Site):
    clients = ("bs-x1", "bs-x2", "bs-r1")

    def psk(self, ep):
        gateway = harness.Gateway({
            "lwmux.yaml": MAIN.format(
                uri=self.boot.secure_uri, servers="",
                keys="security: psk\n  key_file: keys/k.psk"),
            "keys/k.psk": KEY,
            "conf.d/devices.yaml": DEVICE.format(ep=ep)}, start=False)
        (gateway.etc / "keys/k.psk").chmod(0o600)
        self.boot.know(ep, identity=ep, key=KEY)
        return self.add(gateway)

    def secured(self, **more):
        return {"uri": f"coaps://localhost:{self.server.coaps}", "ssid": 123,
                **more}

    def test_int_1_401_pre_shared_keys(self):
        ep = "bs-1"
        self.server.secure(ep, identity="given", key=OTHER_KEY)
        self.give(ep, self.secured(mode="PSK", id="given", key=OTHER_KEY))
        gateway = self.psk(ep)
        gateway.start()
        self.assertServed(ep, "given")
        self.assertDone(ep)
        stored = (gateway.state / "accounts" / ep).read_bytes()
        self.assertIn(bytes.fromhex(OTHER_KEY), stored)
        said = "\n".join(gateway.log()) + str(gateway.status(ep))
        for key in (KEY, OTHER_KEY):
            self.assertNotIn(key, said)
        # the stored keys serve after a restart
        mark = self.server.mark()
        gateway.restart()
        self.assertServed(ep, "given", mark)

    def test_wrong_key_at_the_bootstrap_server(self):
        ep = "bs-w"
        gateway = self.psk(ep)
        self.boot.know(ep, identity=ep, key=OTHER_KEY)
        gateway.start()
        gateway.wait_log(ep, "bootstrap by", "failed", timeout=60)

    def x509(self, ep, more):
        self.boot.know(ep, x509=True)
        return self.gateway_of(ep, "\n  ".join((
            "security: x509", f"cert_file: {self.pki}/${{endpoint}}.pem",
            f"private_key_file: {self.pki}/${{endpoint}}.key",
            f"trust_file: {self.pki}/ca.pem", "sni: localhost", *more)),
            self.boot.secure_uri)

    def test_int_2_402_certificates(self):
        ep = "bs-x1"
        self.server.secure(ep, x509=True)
        self.give(ep, self.secured(
            mode="X509", id_hex=self.hex(f"{ep}.crt"), usage=3,
            server_key=self.hex("server.crt"), key=self.hex(f"{ep}.der")))
        self.x509(ep, ())
        self.assertServed(ep, "x509")
        self.assertDone(ep)

    def test_int_403_other_certificate_fails(self):
        ep = "bs-x2"
        self.server.secure(ep, x509=True)
        self.give(ep, self.secured(
            mode="X509", id_hex=self.hex(f"{ep}.crt"), usage=3,
            server_key=self.hex("wrong-name.crt"),
            key=self.hex(f"{ep}.der")))
        gateway = self.x509(ep, ())
        self.boot.wait("end", ep, 20)
        gateway.wait_log(ep, "no session", timeout=60)
        self.assertEqual(self.server.events("registered", ep), [])


class RawPublicKeys(Site):
    keys = {"pubkey": "server.spki", "key": "server.der"}
    clients = ("bs-r1",)

    def test_raw_public_keys(self):
        ep = "bs-r1"
        self.boot.know(ep, rpk=self.hex(f"{ep}.spki"))
        self.server.secure(ep, rpk=self.hex(f"{ep}.spki"))
        self.give(ep, {
            "uri": f"coaps://localhost:{self.server.coaps}", "ssid": 123,
            "mode": "RPK", "id_hex": self.hex(f"{ep}.spki"),
            "server_key": self.hex("server.spki"),
            "key": self.hex(f"{ep}.der")})
        self.gateway_of(ep, "\n  ".join((
            "security: rpk", f"private_key_file: {self.pki}/{ep}.key",
            f"server_key_file: {self.pki}/server.pub")),
            self.boot.secure_uri)
        self.assertServed(ep, "rpk")
        self.assertDone(ep)
