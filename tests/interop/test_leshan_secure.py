# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with Eclipse Leshan over DTLS (Californium): pre-shared keys, raw
public keys, certificates."""
import json
import pathlib
import subprocess
import tempfile

import harness
import tools
import smartcard
from leshan_server import Leshan

MAIN = """\
gateway: {{name: interop}}
servers:
  - id: 1
    uri: coaps://127.0.0.1:{port}
    lifetime: 5min
    {keys}
"""
DEVICE = """\
  - endpoint: {ep}
    bus: sim
    poll: 1s
    points: [{{name: t, value: 21.5, map: 3303/0, unit: Cel}}]
"""
PSK = "security: psk\n    key_file: keys/${endpoint}.psk"
T = "/3303/0/5700"


class Secure(harness.Site):
    """One Leshan for all cases of a class; a gateway for each."""
    server_name = Leshan.title
    keys = {}               # of the server: option -> file of the pki
    clients = ()            # who has a certificate
    missing = server = None

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        cls.addClassCleanup(directory.cleanup)
        cls.pki = pathlib.Path(directory.name)
        subprocess.run([harness.binary("tests/fake/make-pki"), cls.pki,
                        *cls.clients], check=True)
        try:
            cls.server = Leshan(**{k: cls.pki / v
                                   for k, v in cls.keys.items()})
        except tools.Unavailable as e:
            cls.missing = str(e)
        else:
            cls.addClassCleanup(cls.server.end)

    def setUp(self):
        super().setUp()
        if self.missing:
            self.skipTest(self.missing)

    def evidence(self):
        lines = [super().evidence(), "--- leshan:"]
        lines += [e["text"] for e in self.server.errors[-10:]]
        lines += [str(e) for e in self.server.lines[-10:]]
        return "\n".join(lines)

    def gateway_of(self, keys, *endpoints, start=True):
        gateway = self.add(harness.Gateway({
            "lwmux.yaml": MAIN.format(port=self.server.coaps, keys=keys),
            "conf.d/devices.yaml": "devices:\n" + "".join(
                DEVICE.format(ep=ep) for ep in endpoints)}, start=False))
        if start:
            gateway.start()
        return gateway

    def keygen(self, gateway, *words):
        """As a user does it: what it prints is entered at the server."""
        done = subprocess.run(
            [harness.binary("agent/lwmuxctl"), "keygen", "--json", "-c",
             gateway.etc, *words], text=True, capture_output=True, check=True)
        return json.loads(done.stdout)

    def assertServed(self, ep, mode, since=0):
        event = self.server.wait("registered", ep, 20, since)
        self.assertIn(mode, event["identity"].lower())
        answer = self.server.read(ep, T)
        self.assertEqual(answer.code, "2.05", answer)
        self.assertEqual(answer.nodes[T], 21.5)
        return event


class PreSharedKeys(Secure):
    def with_key(self, ep, key=None, identity=None):
        gateway = self.gateway_of(PSK, ep, start=False)
        facts = self.keygen(gateway, ep)
        self.server.secure(ep, identity=identity or facts["identity"],
                           key=key or facts["key"])
        gateway.start()
        return gateway

    def test_int_401_register_and_read(self):
        self.with_key("psk-1")
        self.assertServed("psk-1", "psk")

    def test_each_endpoint_has_its_own(self):
        names = ["psk-a", "psk-b", "psk-c"]
        gateway = self.gateway_of(PSK, *names, start=False)
        for ep in names:
            facts = self.keygen(gateway, ep)
            self.server.secure(ep, identity=ep, key=facts["key"])
        gateway.start()
        for ep in names:
            self.assertIn(ep, self.assertServed(ep, "psk")["identity"])

    def test_identity_from_a_template(self):
        gateway = self.gateway_of(
            PSK + '\n    identity: "${gateway}/${endpoint}"', "psk-t",
            start=False)
        facts = self.keygen(gateway, "psk-t")
        self.server.secure("psk-t", identity="interop/psk-t",
                           key=facts["key"])
        gateway.start()
        self.assertServed("psk-t", "interop/psk-t")

    def test_wrong_key_is_said_and_put_right(self):
        """Leshan is silent about it."""
        gateway = self.with_key("psk-w", key="00" * 16)
        gateway.wait_log("psk-w", "handshake", timeout=60)
        self.assertEqual(self.server.events("registered", "psk-w"), [])
        key = (gateway.etc / "keys/psk-w.psk").read_text().strip()
        self.server.secure("psk-w", identity="psk-w", key=key)
        gateway.restart()
        self.assertServed("psk-w", "psk")

    def test_unknown_identity_is_said(self):
        gateway = self.with_key("psk-u", identity="someone-else")
        gateway.wait_log("psk-u", "handshake", timeout=60)
        self.assertEqual(self.server.events("registered", "psk-u"), [])

    def test_deregisters_at_exit(self):
        gateway = self.with_key("psk-x")
        self.assertServed("psk-x", "psk")
        gateway.stop()
        self.server.wait("unregistered", "psk-x")

    def test_update_and_observation(self):
        self.with_key("psk-o")
        self.assertServed("psk-o", "psk")
        since = self.server.mark()
        self.assertEqual(
            self.server.write("psk-o", "/1/0/1", 60).code, "2.04")
        self.server.wait("updated", "psk-o", since=since)
        self.assertEqual(self.server.observe("psk-o", T).code, "2.05")


    def test_account_from_a_smart_card(self):
        """The card alone names Leshan, the identity and the key."""
        key = "00112233445566778899aabbccddeeff"
        self.server.secure("card-1", identity="sim-1", key=key)
        directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        self.addCleanup(directory.cleanup)
        reader = smartcard.ReaderSite(directory.name)
        self.addCleanup(reader.end)
        reader.start()
        card = reader.insert(smartcard.account(
            f"coaps://127.0.0.1:{self.server.coaps}", 7, identity=b"sim-1",
            key=bytes.fromhex(key)))
        self.assertTrue(card.seen.wait(harness.WAIT))
        gateway = self.add(harness.Gateway({
            "lwmux.yaml": "gateway: {name: interop}\n"
                          "bootstrap: {smartcard: any}\n",
            "conf.d/devices.yaml": "devices:\n" + DEVICE.format(ep="card-1")
                                   + "    smartcard: true\n"}, start=False))
        gateway.environment = reader.environment
        gateway.start()
        self.assertServed("card-1", "sim-1")

    def test_fleet_provisioned_by_the_script(self):
        names = [f"fleet-{i}" for i in range(5)]
        gateway = self.gateway_of(PSK, *names, start=False)
        command = [harness.ROOT / "packaging/provision-leshan", "--server",
                   self.server.http, "-c", gateway.etc, "--ctl",
                   harness.binary("agent/lwmuxctl")]
        for again in range(2):       # repeated, it changes no key
            done = subprocess.run(command, input="\n".join(names), text=True,
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                0, "5 endpoints entered, 0 failed\n", ""))
            keys = {p.name: p.read_text()
                    for p in (gateway.etc / "keys").iterdir()}
            self.assertEqual(len(keys), 5)
            if again:
                self.assertEqual(keys, before)
            before = keys
        gateway.start()
        for ep in names:
            self.assertServed(ep, "psk")

    def test_script_says_who_failed(self):
        gateway = self.gateway_of(PSK, "x", start=False)
        done = subprocess.run(
            [harness.ROOT / "packaging/provision-leshan", "--server",
             "http://127.0.0.1:1", "-c", gateway.etc, "--ctl",
             harness.binary("agent/lwmuxctl"), "x"],
            text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("x: PUT http://127.0.0.1:1", done.stderr)


class Restarted(Secure):
    def test_restarted_server_sees_its_client_again(self):
        """It has lost the sessions, and says nothing to what comes."""
        gateway = self.gateway_of(PSK, "psk-r", start=False)
        key = self.keygen(gateway, "psk-r")["key"]
        self.server.secure("psk-r", identity="psk-r", key=key)
        gateway.start()
        self.assertServed("psk-r", "psk")
        self.server.write("psk-r", "/1/0/1", 20)
        self.server.process.kill()
        self.server.end()
        again = Leshan(coaps=f"127.0.0.1:{self.server.coaps}")
        type(self).server = again
        self.addClassCleanup(again.end)
        again.secure("psk-r", identity="psk-r", key=key)
        again.wait("registered", "psk-r", 120)
        self.assertServed("psk-r", "psk")


class RawPublicKeys(Secure):
    keys = {"pubkey": "server.spki", "key": "server.der"}
    KEYS = ("security: rpk\n    private_key_file: keys/${endpoint}.key\n"
            "    server_key_file: ")

    def with_key(self, ep, server_key):
        gateway = self.gateway_of(self.KEYS + str(self.pki / server_key), ep,
                                  start=False)
        facts = self.keygen(gateway, "--rpk", ep)
        self.server.secure(ep, rpk=facts["public_key_hex"])
        gateway.start()
        return gateway

    def test_register_and_read(self):
        self.with_key("rpk-1", "server.pub")
        self.assertServed("rpk-1", "rpk")

    def test_other_server_is_refused(self):
        gateway = self.with_key("rpk-2", "stranger.pub")
        gateway.wait_log("rpk-2", "key", timeout=60)
        self.assertEqual(self.server.events("registered", "rpk-2"), [])


class Certificates(Secure):
    keys = {"cert": "server.pem", "key": "server.der", "trust": "ca.pem"}
    clients = ("x509-1", "x509-2", "x509-3")

    def with_certificate(self, ep, more):
        keys = "\n    ".join((
            "security: x509", f"cert_file: {self.pki}/${{endpoint}}.pem",
            f"private_key_file: {self.pki}/${{endpoint}}.key", *more))
        gateway = self.gateway_of(keys, ep, start=False)
        self.server.secure(ep, x509=True)
        gateway.start()
        return gateway

    def test_int_402_register_and_read(self):
        self.with_certificate("x509-1", (
            f"trust_file: {self.pki}/ca.pem", "sni: localhost"))
        self.assertServed("x509-1", "x509")

    def test_int_403_wrong_host_name_fails(self):
        gateway = self.with_certificate("x509-2", (
            f"trust_file: {self.pki}/ca.pem", "sni: other.example"))
        gateway.wait_log("x509-2", "other.example", timeout=60)
        self.assertEqual(self.server.events("registered", "x509-2"), [])

    def test_pinned_certificate_needs_no_authority(self):
        self.with_certificate("x509-3", (
            f"server_key_file: {self.pki}/server.pem", "sni: localhost"))
        self.assertServed("x509-3", "x509")
