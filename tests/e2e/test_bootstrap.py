# SPDX-License-Identifier: GPL-2.0-or-later
"""Bootstrap: who gives an endpoint its servers, and what it does with them."""
import json
import os
import signal
import socket
import ssl
import stat
import tempfile
import time

import bootstrap as bs
import coap
import secure
import sites
from harness import Site, wait_for

T = "/3303/0/5700"
MAIN = """\
gateway: {{name: e2e}}
bootstrap: {{uri: {uri}{more}}}
"""
WITH_SERVER = MAIN + """\
servers: [{{id: 7, uri: 'coap://127.0.0.1:{port}', lifetime: 5min}}]
"""


class Bootstrap(Site):
    def bootstrap(self, script=None, **options):
        return self.add(bs.BootstrapServer(script, **options))

    def start(self, server, devices=sites.SIM, more="", main=MAIN, **fields):
        text = main.format(uri=server.uri, more=more, **fields)
        return self.gateway(1, devices, **{"lwmux.yaml": text})

    def test_client_initiated(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        event = server.registered("sim")
        self.assertEqual(event["lt"], 300)
        session = boot.wait("sim")
        self.assertEqual(session.codes,
                         ["2.02", "2.02", "2.04", "2.04", "2.04"])
        self.assertEqual(boot.asked, [("/bs", {"ep": "sim", "pct": "112"})])
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual(server.value("sim", "/1/0/0"), 101)
        gateway.wait_log("sim", "bootstrapped by")
        self.assertEqual(gateway.ctl("status").returncode, 0)

    def test_keys_stay_with_the_bootstrap_server(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        self.start(boot)
        server.registered("sim")
        for path in ("/0", "/0/1", "/0/1/0", "/21"):
            self.assertEqual(server.code("read", "sim", path), "4.01")
        self.assertEqual(server.code("discover", "sim", "/0"), "4.01")

    def test_discover_and_read(self):
        server = self.server()
        script = bs.usual(server.port)
        script[-1:-1] = [bs.discover(), bs.read("1"), bs.read("0"),
                         bs.read("3/0")]
        boot = self.bootstrap(script)
        self.start(boot)
        session = boot.wait("sim")
        links, accounts, keys, device = session.steps[4:8]
        listed = links.answer.payload.decode().split(",")
        self.assertEqual(listed[:6], [
            "</>;lwm2m=1.1", "</0/0>",
            f"</0/1>;ssid=101;uri=\"coap://127.0.0.1:{server.port}\"",
            "</1/0>;ssid=101", "</2>", "</3/0>"])
        self.assertIn("</3303>;ver=1.1", listed)
        self.assertIn("</3308/0>", listed)
        self.assertEqual(accounts.answer.code_text, "2.05")
        self.assertIn(bs.tlv(1, 300), accounts.answer.payload)
        self.assertEqual(keys.answer.code_text, "4.05")
        self.assertEqual(device.answer.code_text, "4.05")

    def test_discover_says_the_version_of_the_configuration(self):
        server = self.server()
        script = bs.usual(server.port)
        script[-1:-1] = [bs.discover("1")]
        boot = self.bootstrap(script)
        self.start(boot, more=', lwm2m: "1.0"')
        links = boot.wait("sim").steps[4]
        self.assertEqual(links.answer.payload,
                         b'lwm2m="1.0",</1/0>;ssid=101')

    def test_refused_requests_do_not_end_the_session(self):
        server = self.server()
        boot = self.bootstrap([
            bs.delete("3"), bs.delete("3303/0"), bs.delete("0/0"),
            bs.put("3303/0", bs.tlv(5700, "x")), bs.put("1/0", b"\xff"),
            bs.put("1/0", b"", form=9999), *bs.usual(server.port)])
        self.start(boot)
        server.registered("sim")
        self.assertEqual(boot.wait("sim").codes[:6], [
            "4.00", "4.00", "4.00", "4.00", "4.00", "4.15"])

    def test_inconsistent_finish_keeps_the_old_accounts(self):
        server = self.server()
        boot = self.bootstrap([bs.delete(""), bs.account(0, 5), bs.finish()])
        gateway = self.start(boot, main=WITH_SERVER, port=server.port)
        server.registered("sim")
        mark = server.mark()
        self.assertEqual(gateway.ctl("bootstrap", "--json", "sim").returncode, 0)
        self.assertEqual(boot.wait("sim").codes, ["2.02", "2.04", "4.06"])
        gateway.wait_log("sim", "failed", "no server")
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual(server.events("unregistered", after=mark), [])

    def asks_again(self, uri, *more):
        """An account by which it cannot register, and what the bootstrap server
        is asked then (1/x/16)."""
        boot = self.bootstrap([
            bs.delete("0"), bs.delete("1"), bs.security(1, uri, 101),
            bs.account(0, 101, 300, *more), bs.finish()])
        gateway = self.start(boot)
        boot.wait("sim")
        wait_for(lambda: len(boot.asked) > 1, "a second Bootstrap-Request")
        return gateway

    def test_a_name_without_address_is_a_failed_registration(self):
        gateway = self.asks_again(
            "coap://no-such-host.invalid:5683", bs.tlv(16, True),
            bs.tlv(17, 1), bs.tlv(18, 1), bs.tlv(19, 1), bs.tlv(20, 1))
        gateway.wait_log("sim", "its name has no address")

    def test_who_is_refused_asks_at_once(self):
        for code in ("4.01", "4.03"):
            with self.subTest(code):
                server = self.server()
                server.ask("answer", "register", code, 1)
                self.asks_again(f"coap://127.0.0.1:{server.port}")
                server.registered("sim")
                self.finish()
                self.parts = []

    def test_who_is_refused_and_may_not_ask_goes_on_trying(self):
        server = self.server()
        server.ask("answer", "register", "4.03", 1)
        boot = self.bootstrap([
            bs.delete("0"), bs.delete("1"),
            bs.security(1, f"coap://127.0.0.1:{server.port}", 101),
            bs.account(0, 101, 300, bs.tlv(16, False), bs.tlv(18, 2)),
            bs.finish()])
        self.start(boot)
        server.registered("sim")
        self.assertEqual(len(boot.asked), 1)

    def test_path_and_query_of_an_account(self):
        server = self.server()
        relay = self.relay(server)
        boot = self.bootstrap([
            bs.delete("0"), bs.delete("1"), bs.security(
                1, f"coap://127.0.0.1:{relay.port}/tenant%207/x?k=v&w", 101),
            bs.account(0, 101), bs.finish()])
        self.start(boot)
        boot.wait("sim")
        register = wait_for(lambda: relay.messages("up"), "a Register")[0]
        self.assertEqual(register.values(coap.URI_PATH),
                         [b"tenant 7", b"x", b"rd"])
        self.assertEqual(register.values(coap.URI_QUERY)[-2:], [b"k=v", b"w"])

    def test_factory_reset_begins_with_a_bootstrap(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        server.registered("sim")
        server.shorten("sim", 299)
        self.assertEqual(server.code("attributes", "sim", T, "pmin=9"),
                         "2.04")
        mark = server.mark()
        self.assertEqual(server.code("execute", "sim", "/3/0/5"), "2.04")
        server.wait("unregistered", after=mark, ep="sim")
        server.registered("sim", after=mark)
        self.assertEqual(len(boot.asked), 2)
        self.assertEqual(server.value("sim", "/1/0/1"), 300)
        self.assertNotIn("pmin", str(server.ask("discover", "sim",
                                                T)["links"]))
        gateway.restart()
        server.registered("sim", after=server.mark())
        self.assertEqual(len(boot.asked), 2)

    def in_order(self, first, *more):
        """Two accounts; `more` in that of the first."""
        second = self.server()
        boot = self.bootstrap([
            bs.delete("0"), bs.delete("1"), bs.security(1, first, 101),
            bs.security(2, f"coap://127.0.0.1:{second.port}", 102),
            bs.account(0, 101, 300, bs.tlv(13, 1), bs.tlv(16, False),
                       bs.tlv(17, 1), bs.tlv(20, 1), *more),
            bs.account(1, 102, 300, bs.tlv(13, 2)), bs.finish()])
        return second, self.start(boot)

    def test_order_of_registrations(self):
        first = self.server()
        first.ask("silent", "on")
        second, gateway = self.in_order(f"coap://127.0.0.1:{first.port}")
        gateway.wait_log("sim", "bootstrapped by")
        time.sleep(1)           # the first one is still waited for
        self.assertEqual(second.events("registered"), [])
        first.ask("silent", "off")
        first.registered("sim")
        second.registered("sim")

    def test_order_passes_who_fails(self):
        second, gateway = self.in_order("coap://no-such-host.invalid")
        second.registered("sim")
        gateway.wait_log("sim", "no address")

    def test_order_that_blocks(self):
        second, gateway = self.in_order("coap://no-such-host.invalid",
                                        bs.tlv(15, True))
        gateway.wait_log("sim", "no address")
        time.sleep(1)
        self.assertEqual(second.events("registered"), [])

    def test_delay_of_the_first_registration(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port, 101, 300, bs.tlv(14, 2)))
        self.start(boot)
        boot.wait("sim")
        begin = time.monotonic()
        server.registered("sim")
        self.assertGreater(time.monotonic() - begin, 1.5)

    def test_unknown_name_is_said_and_tried_again(self):
        boot = self.bootstrap(None)
        gateway = self.start(boot)
        gateway.wait_log("sim", "failed", "does not know this name", "again")
        (row,) = gateway.status("sim")["endpoints"]
        self.assertEqual(row["bootstrap"]["state"], "waiting")
        self.assertEqual(row["bootstrap"]["last_answer"], "4.00")
        self.assertNotEqual(gateway.ctl("status").returncode, 0)

    def test_a_silent_server_is_said_before_it_is_given_up(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            gateway = self.gateway(1, sites.SIM, **{"lwmux.yaml": MAIN.format(
                uri=f"coap://127.0.0.1:{s.getsockname()[1]}", more="")})
            gateway.wait_log("sim", "bootstrap at coap://127.0.0.1:",
                             "no answer")
            (row,) = gateway.status("sim")["endpoints"]
        self.assertEqual(row["bootstrap"]["state"], "asking")
        self.assertEqual(row["bootstrap"]["error"], "no answer")

    def test_format_that_the_server_does_not_know(self):
        server = self.server()
        boot = self.bootstrap(refusal="4.15")
        boot.script = lambda ep: (
            None if "pct" in boot.asked[-1][1] else bs.usual(server.port))
        self.start(boot)
        server.registered("sim")
        self.assertEqual([q for _, q in boot.asked],
                         [{"ep": "sim", "pct": "112"}, {"ep": "sim"}])

    def test_hold_off(self):
        boot = self.bootstrap(None)
        gateway = self.start(boot, more=", hold_off: 2s")
        wait_for(lambda: gateway.ctl("status").stdout, "status")
        self.assertEqual(boot.asked, [])
        wait_for(lambda: boot.asked, "a request")

    def test_triggered_by_the_server(self):
        first, second = self.server(), self.server()
        boot = self.bootstrap(bs.usual(second.port))
        self.start(boot, main=WITH_SERVER, port=first.port)
        first.registered("sim")
        self.assertEqual(boot.asked, [])
        self.assertEqual(first.code("execute", "sim", "/1/0/9"), "2.04")
        second.registered("sim")
        first.wait("unregistered", ep="sim")
        self.assertEqual(second.value("sim", T), 21.5)

    def test_nothing_to_trigger_without_bootstrap(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        self.assertIn(server.code("execute", "sim", "/1/0/9"),
                      ("4.04", "4.05"))
        self.assertNotEqual(gateway.ctl("bootstrap", "sim").returncode, 0)

    def test_unsolicited(self):
        first, second = self.server(), self.server()
        boot = self.bootstrap(bs.usual(first.port))
        self.start(boot, more=", unsolicited: true")
        first.registered("sim")
        boot.wait("sim")
        mark = boot.mark()
        boot.begin("sim", bs.usual(second.port))
        second.registered("sim")
        self.assertEqual(boot.wait("sim", after=mark).codes[-1], "2.04")

    def test_falls_back_when_registrations_fail(self):
        server = self.server()
        # 17: one try, 18: after 1 s, 20: one sequence
        dead = bs.usual(9, 101, 300, bs.tlv(17, 1), bs.tlv(18, 1),
                        bs.tlv(19, 1), bs.tlv(20, 1))
        scripts = [dead, bs.usual(server.port)]
        boot = self.bootstrap(lambda ep: scripts.pop(0))
        refuser = self.server()
        refuser.ask("answer", "register", "4.03", "9")
        dead[2] = bs.security(1, f"coap://127.0.0.1:{refuser.port}", 101)
        gateway = self.start(boot)
        server.registered("sim", timeout=30)
        gateway.wait_log("asks", "registrations failed")

    def test_pack(self):
        server = self.server()
        boot = self.bootstrap()
        boot.pack = json.dumps([
            {"n": "/0/1/0", "vs": f"coap://127.0.0.1:{server.port}"},
            {"n": "/0/1/1", "vb": False}, {"n": "/0/1/2", "v": 3},
            {"n": "/0/1/10", "v": 42}, {"n": "/1/7/0", "v": 42},
            {"n": "/1/7/1", "v": 120}, {"n": "/1/7/6", "vb": False},
            {"n": "/1/7/7", "vs": "U"}]).encode()
        self.assertGreater(len(boot.pack), 2 * 64)      # in blocks
        self.start(boot, more=", pack: true")
        event = server.registered("sim")
        self.assertEqual(event["lt"], 120)
        self.assertIn("</1/7>", event["links"])
        self.assertEqual(boot.asked[0], ("/bspack", {"ep": "sim"}))
        self.assertEqual({path for path, _ in boot.asked}, {"/bspack"})

    def test_server_without_packs(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        self.start(boot, more=", pack: true")
        server.registered("sim")
        self.assertEqual([path for path, _ in boot.asked],
                         ["/bspack", "/bs"])

    def test_pack_that_is_none(self):
        boot = self.bootstrap()
        boot.pack = b'[{"n": "/0/1/0", "vs": "coap://h"}]'
        gateway = self.start(boot, more=", pack: true")
        gateway.wait_log("sim", "failed", "short server id", "again")

    def keyed(self, port, mode, *keys):
        """A session that gives an account with keys."""
        return [bs.delete("0"), bs.delete("1"),
                bs.put("0/1", bs.tlv(0, f"coaps://127.0.0.1:{port}"),
                       bs.tlv(1, False), bs.tlv(2, mode), bs.tlv(10, 101),
                       *keys),
                bs.account(0, 101), bs.finish()]

    def suites(self, *numbers):
        """The suite that comes of an account that allows these (0/x/16)."""
        key = bytes(range(16))
        with tempfile.NamedTemporaryFile("w") as known:
            known.write(f"given {key.hex()}\n")
            known.flush()
            server = self.server(coaps=0, psk=known.name)
        gateway = self.start(self.bootstrap(self.keyed(
            server.ports["coaps"], 0, bs.tlv(3, b"given"), bs.tlv(5, key),
            bs.tlv_many(16, [(i, n.to_bytes(4, "big"))
                             for i, n in enumerate(numbers)]))))
        return server, gateway

    def test_only_suites_that_the_account_allows(self):
        # In the server's choice and not: TLS_PSK_WITH_AES_..., RFC 5487, 6655.
        for number, name in ((0x00A8, "AES_128_GCM"), (0xC0A8, "AES_128_CCM_8"),
                             (0x00AE, "AES_128_CBC")):
            with self.subTest(name):
                server, gateway = self.suites(0xC02B, number)
                server.registered("sim")
                of, = gateway.status("sim")["endpoints"][0]["servers"]
                self.assertIn(name, of["cipher_suite"])
                gateway.stop()

    def test_suites_that_nobody_knows(self):
        _, gateway = self.suites(0x1234)
        gateway.wait_log("sim", "failed", "cipher suites", "0/x/16")

    def test_pre_shared_key_in_the_account(self):
        key = bytes(range(16))
        with tempfile.NamedTemporaryFile("w") as known:
            known.write(f"given {key.hex()}\n")
            known.flush()
            server = self.server(coaps=0, psk=known.name)
        boot = self.bootstrap(self.keyed(
            server.ports["coaps"], 0, bs.tlv(3, b"given"), bs.tlv(5, key)))
        gateway = self.start(boot)
        event = server.registered("sim")
        self.assertEqual((event["security"], event["identity"]),
                         ("psk", "given"))
        self.assertEqual(server.value("sim", T), 21.5)
        said = "\n".join(gateway.log()) + gateway.ctl("status").stdout
        self.assertNotIn(key.hex(), said)
        wait_for((gateway.state / "accounts" / "sim").exists,
                 "the stored account")
        mark = server.mark()
        gateway.restart(signal.SIGKILL)
        server.registered("sim", after=mark)
        self.assertEqual(len(boot.asked), 1)

    def test_accounts_of_removed_endpoints_go(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        other = sites.SIM.replace("devices:\n", "").replace("endpoint: sim", "endpoint: too")
        gateway = self.start(boot, sites.SIM + other)
        folder = gateway.state / "accounts"
        for ep in ("sim", "too"):
            wait_for((folder / ep).exists, f"the stored account of {ep}")
        devices = gateway.etc / "conf.d/devices.yaml"
        # One that is refused may be the one that is missing: nothing goes.
        devices.write_text(sites.SIM + "  - {endpoint: odd, bus: sim}\n")
        gateway.reload()
        server.wait("unregistered", ep="too")
        self.assertTrue((folder / "too").exists())
        devices.write_text(sites.SIM)
        gateway.reload()
        gateway.wait_log("accounts of endpoints", "removed: 1")
        self.assertEqual([p.name for p in folder.iterdir()], ["sim"])

    def test_keys_that_are_none_are_refused_at_the_finish(self):
        boot = self.bootstrap(self.keyed(
            5684, 1, bs.tlv(3, b"x"), bs.tlv(4, b"y"), bs.tlv(5, b"z")))
        gateway = self.start(boot)
        self.assertEqual(boot.wait("sim").codes[-1], "4.06")
        gateway.wait_log("sim", "failed", "key", "again")

    def test_a_key_that_can_be_guessed_is_told(self):
        boot = self.bootstrap(self.keyed(
            5684, 0, bs.tlv(3, b"sim"), bs.tlv(5, b"z")))
        gateway = self.start(boot)
        self.assertEqual(boot.wait("sim").codes[-1], "2.04")
        gateway.wait_log("sim", "a pre-shared key has 1 byte", "guessed")

    def certified(self, usage, issuer, trust):
        """An account with a certificate, whose server is known by `issuer`."""
        pki = secure.pki("sim")
        server = self.server(coaps=0, key=pki / "server.key",
                             cert=pki / "server.pem", trust=pki / "ca.pem")
        boot = self.bootstrap(self.keyed(
            server.ports["coaps"], 2, bs.tlv(3, (pki / "sim.crt").read_bytes()),
            bs.tlv(4, (pki / f"{issuer}.crt").read_bytes()),
            bs.tlv(5, (pki / "sim.der").read_bytes()),
            bs.tlv(14, "localhost"), bs.tlv(15, usage)))
        return server, self.start(boot, more=f", trust_file: {pki}/{trust}")

    def test_authority_of_an_account_that_is_trusted(self):
        for usage, issuer in ((0, "ca"), (1, "server")):
            with self.subTest(usage):
                server, _ = self.certified(usage, issuer, "ca.pem")
                self.assertEqual(server.registered("sim")["security"], "x509")
                self.finish()
                self.parts = []

    def test_authority_of_an_account_that_is_not_trusted(self):
        for usage, issuer in ((0, "ca"), (1, "server")):
            with self.subTest(usage):
                _, gateway = self.certified(usage, issuer, "other-ca.pem")
                gateway.wait_log("sim", "nobody that is trusted has signed")
                self.finish()
                self.parts = []

    def streamed(self, scheme, host, keys="", tls=None):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        stream = self.add(bs.Streamed(boot, tls))
        boot.uri = f"{scheme}://{host}:{stream.port}"
        self.start(boot, more=keys)
        boot.wait("sim")
        server.registered("sim")
        self.assertEqual(server.value("sim", T), 21.5)

    def test_bootstrap_over_tcp(self):
        self.streamed("coap+tcp", "127.0.0.1")

    def test_bootstrap_over_tls(self):
        pki = secure.pki("sim")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pki / "server.pem", pki / "server.key")
        tls.load_verify_locations(pki / "ca.pem")
        tls.verify_mode = ssl.CERT_REQUIRED
        self.streamed("coaps+tcp", "127.0.0.1", f""", security: x509,
             sni: localhost, cert_file: {pki}/sim.pem,
             private_key_file: {pki}/sim.key, trust_file: {pki}/ca.pem""", tls)

    def test_one_dead_server_leaves_the_other_alone(self):
        """The same accounts again: who is registered stays so."""
        good, refuser = self.server(), self.server()
        refuser.ask("answer", "register", "4.03", "99")
        quick = (bs.tlv(17, 1), bs.tlv(18, 1), bs.tlv(19, 60), bs.tlv(20, 1))
        boot = self.bootstrap([
            bs.delete("0"), bs.delete("1"),
            bs.security(1, f"coap://127.0.0.1:{good.port}", 101),
            bs.security(2, f"coap://127.0.0.1:{refuser.port}", 102),
            bs.account(0, 101), bs.account(1, 102, 300, *quick),
            bs.finish()])
        gateway = self.start(boot)
        good.registered("sim")
        gateway.wait_log("asks", "registrations failed")
        gateway.wait_log("bootstrapped by", "nothing is new")
        self.assertEqual(len(good.events("registered")), 1)
        self.assertEqual(good.value("sim", T), 21.5)
        mark = good.mark()          # who asks for it gets it all the same
        self.assertEqual(good.code("execute", "sim", "/1/0/9"), "2.04")
        good.registered("sim", after=mark)

    def test_two_servers_and_acls(self):
        one, two = self.server(), self.server()
        script = [
            bs.delete(""), bs.security(1, f"coap://127.0.0.1:{one.port}", 101),
            bs.security(2, f"coap://127.0.0.1:{two.port}", 102),
            bs.account(0, 101), bs.account(1, 102),
            # /3303/0: all for 101 (owner), nothing for 102
            bs.put("2/0", bs.tlv(0, 3303), bs.tlv(1, 0),
                   bs.tlv_many(2, [(101, b"\x1f"), (102, b"\x00")]),
                   bs.tlv(3, 101)),
            bs.finish()]
        boot = self.bootstrap(script)
        self.start(boot)
        one.registered("sim")
        two.registered("sim")
        self.assertEqual(one.value("sim", T), 21.5)
        self.assertEqual(two.code("read", "sim", T), "4.01")

    def test_stored_account_after_kill(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port, lifetime=600))
        gateway = self.start(boot)
        server.registered("sim")
        path = gateway.state / "accounts" / "sim"
        wait_for(path.exists, "the stored account")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        mark = server.mark()
        gateway.restart(signal.SIGKILL)
        self.assertEqual(server.registered("sim", after=mark)["lt"], 600)
        self.assertEqual(len(boot.asked), 1)

    def test_server_is_added_to_the_configured_one(self):
        """Which goes on by its own keys, with what was written to /1."""
        key = bytes(range(16)).hex()
        with tempfile.NamedTemporaryFile("w") as known:
            known.write(f"sim {key}\n")
            known.flush()
            old = self.server(coaps=0, psk=known.name)
        new = self.server()
        boot = self.bootstrap([
            bs.security(5, f"coap://127.0.0.1:{new.port}", 102),
            bs.account(3, 102), bs.put("1/0/1", b"400", form=bs.TEXT),
            bs.finish()])
        main = MAIN + """\
servers:
  - {{id: 7, uri: 'coaps://127.0.0.1:{port}', lifetime: 5min, security: psk,
     identity: "${{endpoint}}", key_file: key}}
"""
        gateway = self.gateway(1, sites.SIM, start=False, **{
            "lwmux.yaml": main.format(uri=boot.uri, more="",
                                      port=old.ports["coaps"]),
            "key": key})
        (gateway.etc / "key").chmod(0o600)
        gateway.start()
        self.assertEqual(old.registered("sim")["lt"], 300)
        for restart in (False, True):
            marks = old.mark(), new.mark()
            if restart:
                gateway.restart()
            else:
                self.assertEqual(gateway.ctl("bootstrap", "sim").returncode,
                                 0)
            self.assertEqual(old.registered("sim", after=marks[0])["lt"], 400)
            new.registered("sim", after=marks[1])
            self.assertEqual(old.value("sim", "/1/0/1"), 400)
            self.assertEqual(new.value("sim", "/1/3/0"), 102)
        self.assertEqual(len(boot.asked), 1)
        stored = (gateway.state / "accounts" / "sim").read_bytes()
        self.assertNotIn(bytes.fromhex(key), stored)

    def test_account_of_the_bootstrap_server_ends(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot, more=", account_timeout: 1s")
        server.registered("sim")
        gateway.wait_log("sim", "account of the bootstrap server", "over")
        self.assertNotEqual(gateway.ctl("bootstrap", "sim").returncode, 0)
        self.assertEqual(server.code("execute", "sim", "/1/0/9"), "4.05")
        self.assertEqual(server.value("sim", T), 21.5)
        mark = server.mark()
        gateway.restart()
        server.registered("sim", after=mark)
        gateway.wait_log("sim", "account of the bootstrap server", "over")
        self.assertEqual(len(boot.asked), 1)

    def test_bootstrap_server_names_its_successor(self):
        server = self.server()
        second = self.bootstrap(bs.usual(server.port, lifetime=500))
        first = self.bootstrap([
            *bs.usual(server.port)[:-1],
            bs.put("0/7", bs.tlv(0, second.uri), bs.tlv(1, True),
                   bs.tlv(2, 3)), bs.finish()])
        gateway = self.start(first)
        server.registered("sim")
        for restart in (False, True):
            mark = server.mark()
            if restart:
                gateway.restart()
                server.registered("sim", after=mark)
                mark = server.mark()
            self.assertEqual(gateway.ctl("bootstrap", "sim").returncode, 0)
            event = server.registered("sim", after=mark)
            self.assertEqual(event["lt"], 500)
        self.assertEqual((len(first.asked), len(second.asked)), (1, 2))

    def test_what_the_server_writes_to_its_account_is_kept(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        server.registered("sim")
        server.shorten("sim", 120)
        wait_for((gateway.state / "held" / "sim").exists, "the written value")
        mark = server.mark()
        gateway.restart()
        self.assertEqual(server.registered("sim", after=mark)["lt"], 120)

    def two_ways(self, server, binding, *more):
        """One server, by UDP and by TCP."""
        tcp = f"coap+tcp://127.0.0.1:{server.ports['tcp']}"
        return self.bootstrap([
            bs.delete("0"), bs.delete("1"),
            bs.security(1, f"coap://127.0.0.1:{server.port}", 101),
            bs.security(2, tcp, 101),
            bs.put("1/0", bs.tlv(0, 101), bs.tlv(1, 300), bs.tlv(6, True),
                   bs.tlv(7, binding), *more), bs.finish()])

    def way(self, gateway):
        one, = gateway.status("sim")["endpoints"][0]["servers"]
        return one["uri"].split(":")[0]

    def test_two_transports_of_one_server(self):
        server = self.server(tcp=0)
        for binding, more, way in (("UT", (), "coap"), ("TU", (), "coap+tcp"),
                                   ("UT", (bs.tlv(22, "T"),), "coap+tcp")):
            with self.subTest(binding + str(more)):
                mark = server.mark()
                boot = self.two_ways(server, binding, *more)
                gateway = self.start(boot)
                server.registered("sim", after=mark)
                self.assertEqual(boot.wait("sim").codes[-1], "2.04")
                self.assertEqual(self.way(gateway), way)
                self.assertEqual(server.value("sim", "/1/0/7"), binding)
                gateway.stop()
                self.parts.remove(gateway)

    def test_a_server_prefers_its_other_transport(self):
        server = self.server(tcp=0)
        gateway = self.start(self.two_ways(server, "UT"))
        server.registered("sim")
        self.assertEqual(server.code("write", "sim", "/1/0/22", text="S"),
                         "4.00")
        server.shorten("sim", 120)
        for letter, way in (("T", "coap+tcp"), ("U", "coap")):
            mark = server.mark()
            self.assertEqual(server.code("write", "sim", "/1/0/22",
                                         text=letter), "2.04")
            self.assertEqual(server.registered("sim", after=mark)["lt"], 120)
            self.assertEqual(self.way(gateway), way)
            self.assertEqual(server.value("sim", T), 21.5)
            self.assertEqual(server.value("sim", "/1/0/22"), letter)
        mark = server.mark()
        server.ask("write", "sim", "/1/0/22", text="T")
        gateway.restart(signal.SIGKILL)     # before it is carried out
        server.wait("registered", after=mark, ep="sim", b="T", lt=120)
        self.assertEqual(self.way(gateway), "coap+tcp")

    def test_a_transport_that_has_no_address_cannot_be_preferred(self):
        server = self.server(tcp=0)
        self.start(self.bootstrap([
            bs.delete("0"), bs.delete("1"),
            bs.security(1, f"coap://127.0.0.1:{server.port}", 101),
            bs.put("1/0", bs.tlv(0, 101), bs.tlv(1, 300), bs.tlv(6, True),
                   bs.tlv(7, "UT")), bs.finish()]))
        server.registered("sim")
        self.assertEqual(server.code("write", "sim", "/1/0/22", text="T"),
                         "4.04")
        self.assertEqual(server.code("read", "sim", "/1/0/22"), "4.04")

    def test_torn_account_is_asked_for_again(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        server.registered("sim")
        path = gateway.state / "accounts" / "sim"
        wait_for(path.exists, "the stored account")
        gateway.stop()
        gateway.code = None
        path.write_bytes(path.read_bytes()[:-1])
        mark = server.mark()
        gateway.start()
        server.registered("sim", after=mark)
        gateway.wait_log("sim", "cannot be read")
        self.assertEqual(len(boot.asked), 2)

    def test_configuration_wins_over_the_stored_account(self):
        server, other = self.server(), self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        server.registered("sim")
        gateway.write("lwmux.yaml", WITH_SERVER.format(
            uri=boot.uri, more="", port=other.port))
        gateway.reload()
        other.registered("sim")
        server.wait("unregistered", ep="sim")
        gateway.wait_log("sim", "configured anew", "dropped")
        self.assertEqual(len(boot.asked), 1)

    def test_reload_without_change_keeps_the_session(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        gateway = self.start(boot)
        server.registered("sim")
        mark = server.mark()
        gateway.reload()
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual(server.events("registered", after=mark), [])
        self.assertEqual(len(boot.asked), 1)

    def test_device_that_bootstraps_though_there_are_servers(self):
        configured, given = self.server(), self.server()
        boot = self.bootstrap(bs.usual(given.port))
        self.start(boot, sites.SIM.replace(
            "poll:", "bootstrap: first\n    poll:"), main=WITH_SERVER,
            port=configured.port)
        given.registered("sim")
        self.assertEqual(configured.events("registered"), [])

    def test_endpoints_with_like_accounts_share_a_server(self):
        server = self.server()
        boot = self.bootstrap(bs.usual(server.port))
        devices = "devices:\n" + "".join(
            f"  - {{endpoint: m{i}, bus: sim, points: [{{name: t, value: 1, "
            "map: 3303/0}]}\n" for i in range(40))
        gateway = self.start(boot, devices, more=", pace: 100")
        for i in range(40):
            server.registered(f"m{i}")
        metrics = gateway.ctl("metrics").stdout
        self.assertIn(
            'lwmux_registrations{server="101",state="registered"} 40',
            metrics)
