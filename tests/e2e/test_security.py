# SPDX-License-Identifier: GPL-2.0-or-later
"""DTLS and TLS with pre-shared keys, raw public keys and certificates."""
import os
import pathlib
import tempfile

import secure
from harness import WAIT, wait_for
from secure import KEY, PSK, T, Secure


class PreSharedKeys(Secure):
    def test_register_read_write_observe(self):
        server = self.psk_server("dev")
        self.psk_gateway(server.ports["coaps"], "dev")
        event = server.registered("dev")
        self.assertEqual((event["security"], event["identity"]),
                         ("psk", "dev"))
        self.assertEqual(event["b"], "U")
        self.assertEqual(server.value("dev", T), 21.5)
        self.assertEqual(server.code("write", "dev", "/3308/0/5900",
                                     text=23), "2.04")
        server.wait_value("dev", "/3308/0/5900", 23)
        self.assertEqual(server.code("observe", "dev", "/3308/0/5900"),
                         "2.05")
        mark = server.mark()
        server.ask("write", "dev", "/3308/0/5900", text=25)
        server.wait("notification", after=mark, ep="dev",
                    where=lambda e: e["values"]["/3308/0/5900"] == 25)

    def test_deregisters_at_exit(self):
        server = self.psk_server("dev")
        gateway = self.psk_gateway(server.ports["coaps"], "dev")
        server.registered("dev")
        gateway.stop()
        server.wait("unregistered", ep="dev")

    def test_each_endpoint_has_its_own_identity(self):
        names = [f"dev-{i}" for i in range(20)]
        server = self.psk_server(*names)
        self.psk_gateway(server.ports["coaps"], *names)
        for ep in names:
            self.assertEqual(server.registered(ep)["identity"], ep)

    def test_identity_from_a_template(self):
        server = self.psk_server("dev", identity="e2e:{}")
        gateway = self.psk_gateway(
            server.ports["coaps"], "dev",
            more='\n    identity: "${gateway}:${endpoint}"')
        self.assertEqual(server.registered("dev")["identity"], "e2e:dev")
        self.assertRegex(gateway.ctl("status", "dev").stdout,
                         r"SERVER 1 .*coaps://.* psk TLS_.*PSK.*  session "
                         r"[\d.]+s  registered, last answer 2.01")

    def test_wrong_key(self):
        server = self.psk_server("dev", key="ff" * 16)
        gateway = self.psk_gateway(server.ports["coaps"], "dev")
        self.refused(gateway, server, "dev")
        self.assertNotEqual(gateway.ctl("status").returncode, 0)

    def test_unknown_identity(self):
        server = self.psk_server("somebody")
        gateway = self.psk_gateway(server.ports["coaps"], "dev")
        self.refused(gateway, server, "dev")
        # What the server says of it, for whoever asks later.
        alert = gateway.ctl("read", "dev", "/1/0/11")
        self.assertRegex(alert.stdout, r"/1/0/11 .* (40|115) ")

    def test_others_do_not_suffer_from_one_s_wrong_key(self):
        names = [f"dev-{i}" for i in range(5)]
        server = self.psk_server(*names)
        server.ask("psk", "dev-2", "ff" * 16)
        gateway = self.psk_gateway(server.ports["coaps"], *names)
        for ep in names[:2] + names[3:]:
            server.registered(ep)
        gateway.wait_log("dev-2", "no session", timeout=60)
        self.assertEqual(server.value("dev-1", T), 21.5)

    def test_key_appears_nowhere(self):
        server = self.psk_server("dev")
        gateway = self.psk_gateway(server.ports["coaps"], "dev", start=False)
        gateway.start("-v")
        server.registered("dev")
        shown = "\n".join(gateway.log()) + gateway.ctl(
            "status", "--json").stdout + gateway.ctl("read", "dev").stdout
        for secret in (KEY, KEY.upper(), KEY[:16]):
            self.assertNotIn(secret, shown)
        self.assertNotEqual(server.code("read", "dev", "/0"), "2.05")


class KeyFiles(Secure):
    def test_file_that_others_may_read_is_refused(self):
        server = self.psk_server("dev")
        gateway = self.psk_gateway(server.ports["coaps"], "dev", start=False)
        file = gateway.etc / "keys/dev.psk"
        file.chmod(0o644)
        gateway.start()
        gateway.wait_log("keys/dev.psk", "can be read by others")
        self.assertEqual(server.events("registered"), [])

    def test_file_that_is_missing_or_no_key(self):
        for text, words in ((None, "No such file"), ("no key", "hex")):
            with self.subTest(words):
                server = self.psk_server("dev")
                gateway = self.psk_gateway(server.ports["coaps"], "dev",
                                           start=False)
                file = gateway.etc / "keys/dev.psk"
                if text is None:
                    file.unlink()
                else:
                    file.write_text(text)
                gateway.start()
                gateway.wait_log("dev", words)

    def test_credential_of_systemd(self):
        server = self.psk_server("dev-1", "dev-2")
        with tempfile.TemporaryDirectory() as directory:
            for ep in ("dev-1", "dev-2"):
                (pathlib.Path(directory) / f"psk-{ep}").write_text(KEY)
            gateway = self.secured(
                f"coaps://127.0.0.1:{server.ports['coaps']}",
                "security: psk\n    credential: psk-${endpoint}", "dev-1",
                "dev-2", start=False)
            gateway.start(env=os.environ | {
                "CREDENTIALS_DIRECTORY": directory})
            server.registered("dev-1")
            server.registered("dev-2")

    def test_credential_without_systemd(self):
        gateway = self.secured("coaps://127.0.0.1:9",
                               "security: psk\n    credential: x", "dev")
        gateway.wait_log("dev", "credential x")


class PublicKeys(Secure):
    """Servers and clients by raw public key or certificate."""

    @classmethod
    def setUpClass(cls):
        cls.pki = secure.pki("dev", "outcast")

    def clients(self, *names):
        file = tempfile.NamedTemporaryFile("w", suffix=".keys")
        self.addCleanup(file.close)
        for name in names:
            spki = (self.pki / f"{name}.spki").read_bytes()
            file.write(f"{name} {spki.hex()}\n")
        file.flush()
        return file.name

    def rpk(self, port, ep="dev", server_key="server.pub", scheme="coaps"):
        return self.secured(
            f"{scheme}://127.0.0.1:{port}",
            "security: rpk\n"
            f"    private_key_file: {self.pki}/{ep}.key\n"
            f"    server_key_file: {self.pki}/{server_key}", ep)

    def x509(self, port, *more, ep="dev", scheme="coaps", trust="ca.pem"):
        keys = ["security: x509", f"cert_file: {self.pki}/{ep}.pem",
                f"private_key_file: {self.pki}/{ep}.key"]
        if trust:
            keys.append(f"trust_file: {self.pki}/{trust}")
        return self.secured(f"{scheme}://127.0.0.1:{port}",
                            "\n    ".join((*keys, *more)), ep)

    def rpk_server(self, **options):
        return self.server(coaps=0, key=self.pki / "server.key",
                           clients=self.clients("dev"), **options)

    def x509_server(self, who="server", **options):
        return self.server(coaps=0, key=self.pki / f"{who}.key",
                           cert=self.pki / f"{who}.pem",
                           trust=self.pki / "ca.pem", **options)

    def assertServed(self, server, mode):
        event = server.registered("dev")
        self.assertEqual((event["security"], event["identity"]),
                         (mode, "dev"))
        self.assertEqual(server.value("dev", T), 21.5)


class RawPublicKeys(PublicKeys):
    def test_register_and_read(self):
        server = self.rpk_server()
        self.rpk(server.ports["coaps"])
        self.assertServed(server, "rpk")

    def test_server_key_in_der(self):
        server = self.rpk_server()
        self.rpk(server.ports["coaps"], server_key="server.spki")
        self.assertServed(server, "rpk")

    def test_wrong_server_key(self):
        server = self.rpk_server()
        gateway = self.rpk(server.ports["coaps"], server_key="stranger.pub")
        self.refused(gateway, server, "dev", "key")

    def test_client_that_the_server_does_not_know(self):
        server = self.rpk_server()
        gateway = self.rpk(server.ports["coaps"], ep="outcast")
        self.refused(gateway, server, "outcast")


class Certificates(PublicKeys):
    def test_register_and_read(self):
        server = self.x509_server()
        self.x509(server.ports["coaps"], "sni: localhost")
        self.assertServed(server, "x509")

    def test_host_of_the_uri_is_the_name(self):
        server = self.x509_server()
        keys = (f"security: x509\n    cert_file: {self.pki}/dev.pem\n"
                f"    private_key_file: {self.pki}/dev.key\n"
                f"    trust_file: {self.pki}/ca.pem")
        self.secured(f"coaps://localhost:{server.ports['coaps']}", keys,
                     "dev")
        self.assertServed(server, "x509")

    def test_wrong_name(self):
        server = self.x509_server("wrong-name")
        gateway = self.x509(server.ports["coaps"], "sni: localhost")
        self.refused(gateway, server, "dev", "not one of localhost")

    def test_expired(self):
        server = self.x509_server("expired")
        gateway = self.x509(server.ports["coaps"], "sni: localhost")
        self.refused(gateway, server, "dev", "expired")

    def test_not_yet_valid(self):
        server = self.x509_server("young")
        gateway = self.x509(server.ports["coaps"], "sni: localhost")
        self.refused(gateway, server, "dev")

    def test_unknown_authority(self):
        server = self.x509_server("stranger")
        gateway = self.x509(server.ports["coaps"], "sni: localhost")
        self.refused(gateway, server, "dev")

    def test_pinned_certificate_without_authority(self):
        server = self.x509_server()
        self.x509(server.ports["coaps"], "sni: localhost",
                  f"server_key_file: {self.pki}/server.pem", trust=None)
        self.assertServed(server, "x509")

    def test_other_certificate_than_the_pinned_one(self):
        server = self.x509_server()
        gateway = self.x509(
            server.ports["coaps"], "sni: localhost",
            f"server_key_file: {self.pki}/wrong-name.pem", trust=None)
        self.refused(gateway, server, "dev")

    def test_client_of_an_authority_the_server_does_not_know(self):
        server = self.server(coaps=0, key=self.pki / "server.key",
                             cert=self.pki / "server.pem",
                             trust=self.pki / "other-ca.pem")
        gateway = self.x509(server.ports["coaps"], "sni: localhost")
        gateway.wait_log("dev", "session", timeout=60)
        self.assertEqual(server.events("registered"), [])


class Streams(PublicKeys):
    def test_int_106_tcp(self):
        server = self.server(tcp=0)
        gateway = self.secured(
            f"coap+tcp://127.0.0.1:{server.ports['tcp']}", "security: nosec",
            "dev")
        event = server.registered("dev")
        self.assertEqual((event["security"], event["b"]), ("none", "T"))
        self.assertEqual(server.value("dev", T), 21.5)
        self.assertEqual(server.code("observe", "dev", "/3308/0/5900"),
                         "2.05")
        mark = server.mark()
        server.ask("write", "dev", "/3308/0/5900", text=24)
        server.wait("notification", after=mark, ep="dev",
                    where=lambda e: e["values"]["/3308/0/5900"] == 24)
        gateway.stop()
        server.wait("unregistered", ep="dev")

    def test_int_406_tls_with_a_pre_shared_key(self):
        server = self.psk_server("dev", tls=0)
        self.secured(f"coaps+tcp://127.0.0.1:{server.ports['tls']}", PSK,
                     "dev")
        self.assertServed(server, "psk")

    def test_int_404_tls_with_certificates(self):
        server = self.x509_server(tls=0)
        self.x509(server.ports["tls"], "sni: localhost", scheme="coaps+tcp")
        self.assertServed(server, "x509")

    def test_tls_with_raw_public_keys(self):
        server = self.rpk_server(tls=0)
        self.rpk(server.ports["tls"], scheme="coaps+tcp")
        self.assertServed(server, "rpk")

    def test_tls_with_the_wrong_name(self):
        server = self.x509_server("wrong-name", tls=0)
        gateway = self.x509(server.ports["tls"], "sni: localhost",
                            scheme="coaps+tcp")
        self.refused(gateway, server, "dev", "not one of localhost")


class BadLines(Secure):
    N = 10

    def fleet(self, **line):
        self.names = [f"dev-{i}" for i in range(self.N)]
        server = self.psk_server(*self.names)
        lossy = self.lossy(server.ports["coaps"], **line)
        self.psk_gateway(lossy.port, *self.names)
        return server, lossy

    def test_handshakes_under_loss_and_delay(self):
        server, lossy = self.fleet(loss=0.1, delay=0.05, jitter=0.05,
                                   double=0.1, reorder=0.1, seed=7)
        for ep in self.names:
            server.registered(ep, timeout=8 * WAIT)
        for kind in ("lost", "doubled", "reordered"):
            self.assertGreater(lossy.counts[kind], 0)
        lossy.loss = lossy.double = lossy.reorder = 0
        self.assertEqual(server.value("dev-3", T), 21.5)

    def test_handshakes_over_a_slow_line(self):
        server, _ = self.fleet(delay=0.7)
        for ep in self.names:
            server.registered(ep, timeout=4 * WAIT)

    def test_keepalive_holds_the_way_open(self):
        """Through a router that forgets after 7 s: one gateway keeps its way
        open, the other cannot be reached any more."""
        server = self.psk_server("dev", "quiet")
        lines = {}
        for ep, more in (("dev", "\n    keepalive: 5s"), ("quiet", "")):
            lines[ep] = self.lossy(server.ports["coaps"], mapping=7)
            self.psk_gateway(lines[ep].port, ep, more=more)
            server.registered(ep)

        def last(ep):
            return max(lines[ep].used.values())
        begun = last("quiet")
        wait_for(lambda: last("dev") > begun + 14, "signs of life", 30)
        self.assertEqual(last("quiet"), begun)
        self.assertEqual(server.value("dev", T), 21.5)
        lost = server.answer(server.send("read", "quiet", T, timeout=2000))
        self.assertEqual(lost["event"], "timeout")


class LostSessions(Secure):
    """What takes its time goes on at once: each scene is set at first, each
    case waits for the end of its own."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Secure()
        cls.shared.parts = []
        try:
            cls.scenes = {name: getattr(cls, name)(cls.shared) for name in (
                "hole", "cut", "untaken", "closed", "amnesia", "killed")}
        except BaseException as e:
            evidence = cls.shared.evidence()
            for part in cls.shared.parts:
                part.end()
            raise AssertionError(f"{e}\n{evidence}") from e

    @classmethod
    def tearDownClass(cls):
        cls.shared.finish()

    def evidence(self):
        return self.shared.evidence()

    @staticmethod
    def registered(site, short=True, port=None):
        server = site.psk_server("dev", tls=0)
        gateway = site.psk_gateway(port(server) if port else
                                   server.ports["coaps"], "dev")
        server.registered("dev")
        if short:
            server.shorten("dev", 10)
        return server, gateway, server.mark()

    @staticmethod
    def hole(site):
        server = site.psk_server("dev")
        lossy = site.lossy(server.ports["coaps"])
        lossy.hole = True
        return server, site.psk_gateway(lossy.port, "dev"), lossy

    @staticmethod
    def cut(site):
        lossy = []

        def line(server):
            lossy.append(site.lossy(server.ports["coaps"]))
            return lossy[0].port
        scene = LostSessions.registered(site, port=line)
        lossy[0].hole = True
        return *scene, lossy[0]

    @staticmethod
    def untaken(site):
        scene = server, gateway, _ = LostSessions.registered(site, False)
        server.ask("observe", "dev", "/3308/0/5900")
        server.ask("amnesia")
        gateway.ctl("write", "dev", "/3308/0/5900", "24")
        return scene

    @staticmethod
    def closed(site):
        server = site.psk_server("dev", tls=0)
        gateway = site.secured(
            f"coaps+tcp://127.0.0.1:{server.ports['tls']}", PSK, "dev")
        server.registered("dev")
        mark = server.mark()
        server.ask("amnesia")
        return server, gateway, mark

    @staticmethod
    def amnesia(site):
        scene = LostSessions.registered(site)
        scene[0].ask("amnesia")
        return scene

    @staticmethod
    def killed(site):
        server, gateway, _ = LostSessions.registered(site)
        server.process.kill()
        server.process.wait()
        with tempfile.NamedTemporaryFile("w", suffix=".psk") as keys:
            keys.write(f"dev {KEY}\n")
            keys.flush()
            server = site.server(coaps=server.ports["coaps"], psk=keys.name)
        return server, gateway, 0

    def assertRenewed(self, server, gateway, mark):
        """A session and a Register anew, and all as before."""
        server.registered("dev", timeout=12 * WAIT, after=mark)
        self.assertEqual(server.value("dev", T), 21.5)
        self.assertLessEqual(len(self.said(gateway, "dev")), 2)

    def test_server_that_lost_its_state(self):
        self.assertRenewed(*self.scenes["amnesia"])

    def test_server_killed_and_restarted(self):
        self.assertRenewed(*self.scenes["killed"])

    def test_notification_that_nobody_takes(self):
        self.assertRenewed(*self.scenes["untaken"])

    def test_stream_that_the_server_closed(self):
        self.assertRenewed(*self.scenes["closed"])

    def test_line_cut_for_a_while(self):
        """The server has kept its session: a new one takes its place. Were the
        line mended before ours is given up, what is under way would be sent
        again and answered, and there would be nothing to register for."""
        *scene, lossy = self.scenes["cut"]
        scene[1].wait_log("dev", "the session is given up", timeout=6 * WAIT)
        lossy.hole = False
        self.assertRenewed(*scene)

    def test_black_hole_ends_by_itself(self):
        server, gateway, lossy = self.scenes["hole"]
        gateway.wait_log("dev", "no session", "does not answer",
                         timeout=6 * WAIT)
        lossy.hole = False
        server.registered("dev", timeout=12 * WAIT)


class Fleet(Secure):
    """More than 1,024 sessions in one process."""
    N = 1500

    def test_all_register_answer_and_leave(self):
        names = {f"dev-{i}" for i in range(self.N)}
        server = self.psk_server(*sorted(names))
        gateway = self.psk_gateway(server.ports["coaps"], *sorted(names))

        def all_of(event, timeout):
            seen = set()

            def counts(e):
                if e["event"] == event:
                    seen.add(e["ep"])
                return seen >= names
            server.wait_line(counts, f"{event} of all", timeout)
            return seen

        all_of("registered", 10 * WAIT)
        for i in (0, 1023, 1024, self.N - 1):
            self.assertEqual(server.value(f"dev-{i}", T), 21.5)
        self.assertEqual(gateway.ctl("status").returncode, 0)
        self.assertEqual(gateway.stop(), 0)
        all_of("unregistered", WAIT)
