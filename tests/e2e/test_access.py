# SPDX-License-Identifier: GPL-2.0-or-later
"""Access control (object 2, Core TS 8.2) with two servers."""
import bootstrap as bs
import sites
from harness import Site
from sites import hexed

TLV, JSON = 11542, 110
T, SETPOINT = "/3303/0/5700", "/3308/0/5900"


def composite(*paths):
    return hexed("[" + ",".join(f'{{"n":"{p}"}}' for p in paths) + "]")


class Access(Site):
    def start(self, devices=sites.SIM, access=""):
        one, two = self.server(), self.server()
        main = ("gateway: {name: e2e}\nservers:\n" + "".join(
            f"  - {{id: {i * 10 + 1}, uri: 'coap://127.0.0.1:{s.port}'"
            f"{more}}}\n" for i, s, more in ((0, one, ""), (1, two, access))))
        gateway = self.gateway(1, devices, **{"lwmux.yaml": main})
        for server in (one, two):
            server.registered("sim")
        return one, two, gateway

    def reload(self, gateway, one, two, main):
        """With another main file; both servers know the endpoint again."""
        marks = one.mark(), two.mark()
        gateway.write("lwmux.yaml", main)
        gateway.reload()
        for server, mark in zip((one, two), marks):
            server.registered("sim", after=mark)

    def rules(self, server):
        """{(object, instance): (id, owner, {server: rights})} of /2."""
        values = server.ask("read", "sim", "/2", accept=JSON)["values"]
        out = {}
        ids = {p.split("/")[2] for p in values}
        for i in ids:
            entries = {int(p.split("/")[4]): v for p, v in values.items()
                       if p.startswith(f"/2/{i}/2/")}
            out[values[f"/2/{i}/0"], values[f"/2/{i}/1"]] = (
                int(i), values[f"/2/{i}/3"], entries)
        return out

    def check(self, server, code, *words, **options):
        self.assertEqual(server.code(*words, **options), code, words)

    def test_everything_has_a_rule(self):
        one, two, _ = self.start()
        rules = self.rules(one)
        self.assertEqual(rules, self.rules(two))
        both = {1: 15, 11: 15}
        create = (65535, {1: 16, 11: 16})
        expected = {(1, 0): (1, {1: 15}), (1, 1): (11, {11: 15}),
                    (16, 65535): create, (19, 65535): create}
        for link in one.registered("sim")["links"]:
            path = link[2:-1].split("/")
            if len(path) == 2 and path[0] not in ("1", "2"):
                expected[int(path[0]), int(path[1])] = (65535, both)
        self.assertIn((3303, 0), expected)
        self.assertEqual({k: v[1:] for k, v in rules.items()}, expected)

    def test_a_lone_server_needs_none(self):
        server = self.server()
        self.gateway(server.port, sites.SIM)
        links = server.registered("sim")["links"]
        self.assertFalse([l for l in links if l.startswith("</2")])

    def test_int_950_an_account_is_its_servers(self):
        one, two, _ = self.start()
        self.check(one, "2.05", "read", "sim", "/1/0/1")
        self.check(two, "4.01", "read", "sim", "/1/0/1")
        self.check(two, "4.01", "write", "sim", "/1/0/1", text=60)
        self.check(two, "4.01", "execute", "sim", "/1/0/8")
        self.check(two, "4.01", "attributes", "sim", "/1/0", "pmin=1")
        self.check(two, "2.05", "discover", "sim", "/1/0")
        # an object shows what may be seen of it
        values = two.ask("read", "sim", "/1", accept=JSON)["values"]
        self.assertEqual({p.split("/")[2] for p in values}, {"1"})

    def test_owners_let_others_in(self):
        one, two, _ = self.start()
        rule, _, _ = self.rules(one)[1, 0]
        self.check(two, "4.01", "write", "sim", f"/2/{rule}/2/1", text=0)
        self.check(one, "2.04", "update", "sim", f"/2/{rule}", format=JSON,
                   hex=hexed(f'[{{"bn":"/2/{rule}/2/","n":"11","v":1}}]'))
        self.check(two, "2.05", "read", "sim", "/1/0/1")
        self.check(two, "4.01", "write", "sim", "/1/0/1", text=60)
        self.check(one, "4.00", "write", "sim", f"/2/{rule}/2/11", text=32)

    def test_the_configuration_says_less(self):
        one, two, _ = self.start(access=", access: read")
        self.check(two, "2.05", "read", "sim", T)
        self.check(two, "4.01", "write", "sim", SETPOINT, text=22)
        self.check(one, "2.04", "write", "sim", SETPOINT, text=22)
        self.check(two, "4.01", "create", "sim", "/16", format=JSON,
                   hex=hexed('[{"bn":"/16/0/","n":"0/0","vs":"x"}]'))
        # its own account is not less its own for that
        self.check(two, "2.04", "write", "sim", "/1/1/2", text=1)

    def test_a_device_says_less(self):
        devices = sites.SIM.replace("poll:", "access: {11: none}\n    poll:")
        one, two, _ = self.start(devices)
        self.check(two, "4.01", "read", "sim", T)
        self.check(two, "4.01", "observe", "sim", "/3303")
        self.check(one, "2.05", "read", "sim", T)

    def test_a_reload_changes_rights(self):
        one, two, gateway = self.start()
        self.check(two, "2.04", "write", "sim", SETPOINT, text=22)
        main = (gateway.etc / "lwmux.yaml").read_text()
        for access, code in ((", access: [read, execute]", "4.01"),
                             ("", "2.04")):
            self.reload(gateway, one, two, main.replace(
                f"{two.port}'", f"{two.port}'{access}"))
            self.check(two, "2.05", "read", "sim", T)
            self.check(two, code, "write", "sim", SETPOINT, text=23)
            self.check(one, "2.04", "write", "sim", SETPOINT, text=24)

    def test_owners_stay_owners_over_a_reload(self):
        one, two, gateway = self.start()
        self.create(one, 4, "mine")
        main = (gateway.etc / "lwmux.yaml").read_text()
        self.reload(gateway, one, two, main.replace(
            "id: 1,", "id: 1, lifetime: 10min,"))
        self.assertEqual(self.rules(two)[16, 4][1:], (1, {1: 15}))
        self.check(two, "4.01", "read", "sim", "/16/4")
        # but not when they are gone: then it is as configured
        self.reload(gateway, one, two, main.replace("id: 1,", "id: 5,"))
        self.assertEqual(self.rules(two)[16, 4][1:], (65535, {5: 15, 11: 15}))
        self.check(two, "2.05", "read", "sim", "/16/4")

    def test_a_lone_server_may_be_bound(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM, server="access: read")
        server.registered("sim")
        self.check(server, "4.01", "write", "sim", SETPOINT, text=22)
        # not so who is root at the gateway
        result = gateway.ctl("write", "sim", SETPOINT, "23")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_composite_operations(self):
        one, two, _ = self.start(sites.SIM)
        answer = two.ask("request", "sim", "FETCH", "/", format=JSON,
                         accept=JSON, hex=composite("/1/0/1", T))
        self.assertEqual(answer["values"], {T: 21.5})
        self.check(two, "4.01", "request", "sim", "FETCH", "/", format=JSON,
                   accept=JSON, hex=composite("/1/0/1", "/1/0/2"))
        write = hexed(f'[{{"n":"{SETPOINT}","v":25}},'
                      '{"n":"/1/0/1","v":77}]')
        self.check(two, "4.01", "request", "sim", "IPATCH", "/", format=JSON,
                   hex=write)
        self.assertEqual(one.value("sim", SETPOINT), 20.0)
        self.check(one, "2.04", "request", "sim", "IPATCH", "/", format=JSON,
                   hex=write)

    def create(self, server, instance, text):
        record = f'[{{"bn":"/16/{instance}/","n":"0/0","vs":"{text}"}}]'
        self.check(server, "2.01", "create", "sim", "/16", format=JSON,
                   hex=hexed(record))

    def test_who_makes_an_instance_owns_it(self):
        one, two, gateway = self.start()
        self.create(one, 4, "mine")
        rule, owner, entries = self.rules(two)[16, 4]
        self.assertEqual((owner, entries), (1, {1: 15}))
        self.check(two, "4.01", "read", "sim", "/16/4")
        self.check(two, "4.01", "delete", "sim", "/16/4")
        self.check(one, "2.04", "update", "sim", f"/2/{rule}", format=JSON,
                   hex=hexed(f'[{{"bn":"/2/{rule}/2/","n":"0","v":9}}]'))
        mark = one.mark()
        gateway.restart()
        for server in (one, two):
            server.registered("sim", after=mark if server is one else 0)
        self.assertEqual(self.rules(one)[16, 4], (rule, 1, {0: 9, 1: 15}))
        self.check(two, "2.05", "read", "sim", "/16/4")
        self.check(two, "4.01", "write", "sim", "/16/4/0/0", text="x")
        self.check(two, "2.02", "delete", "sim", "/16/4")
        self.assertNotIn((16, 4), self.rules(one))

    def test_observers_of_rules_are_told(self):
        one, two, _ = self.start()
        before = two.ask("observe", "sim", "/2", accept=JSON)["values"]
        mark = two.mark()
        self.create(one, 0, "a")
        event = two.wait("notification", after=mark, path="/2")
        self.assertGreater(event["values"].items(), before.items())
        mark = two.mark()
        self.check(one, "2.02", "delete", "sim", "/16/0")
        event = two.wait("notification", after=mark, path="/2")
        self.assertEqual(event["values"], before)

    def test_notifications_end_with_the_right(self):
        one, two, _ = self.start()
        self.create(one, 0, "a")
        self.create(two, 1, "b")
        rule, _, _ = self.rules(one)[16, 0]

        def allow(rights):
            self.check(one, "2.04", "update", "sim", f"/2/{rule}",
                       format=JSON, hex=hexed(
                           f'[{{"bn":"/2/{rule}/2/","n":"11","v":{rights}}}]'))
        allow(1)
        two.ask("observe", "sim", "/16/0", accept=JSON)
        two.ask("observe", "sim", "/16", accept=JSON)
        mark = two.mark()
        self.check(one, "2.04", "write", "sim", "/16/0/0/0", text="c")
        two.wait("notification", after=mark, path="/16/0")
        mark = two.mark()
        allow(0)
        two.wait_line(lambda e: e.get("path") == "/16/0" and
                      e.get("code") == "4.01", "end of it", after=mark)
        # that of the object goes on, without what is closed now
        mark = two.mark()
        self.check(one, "2.04", "write", "sim", "/16/0/0/0", text="d")
        event = two.wait("notification", after=mark, path="/16")
        self.assertEqual(event["values"], {"/16/1/0/0": "b"})
        self.assertFalse(two.events("notification", after=mark, path="/16/0"))


class Bootstrapped(Site):
    """Rules that came with the accounts (interoperability configuration 14)."""
    def start(self, *rules):
        one, two = self.server(), self.server()
        steps = [bs.delete("0"), bs.delete("1")]
        for i, server in enumerate((one, two)):
            steps += [bs.security(i + 1, f"coap://127.0.0.1:{server.port}",
                                  i + 101), bs.account(i, i + 101)]
        boot = self.add(bs.BootstrapServer([*steps, *rules, bs.finish()]))
        gateway = self.gateway(1, sites.SIM, **{"lwmux.yaml": (
            "gateway: {name: e2e}\n"
            f"bootstrap: {{uri: '{boot.uri}'}}\n")})
        for server in (one, two):
            server.registered("sim")
        return one, two, gateway

    def rule(self, instance, obj, inst, owner, **entries):
        acl = [(int(k[1:]), bytes([v])) for k, v in entries.items()]
        return bs.put(f"2/{instance}", bs.tlv(0, obj), bs.tlv(1, inst),
                      bs.tlv_many(2, acl) if acl else b"", bs.tlv(3, owner))

    def check(self, server, code, *words, **options):
        self.assertEqual(server.code(*words, **options), code, words)

    def look(self, one, two):
        self.check(one, "2.05", "read", "sim", "/3/0/0")
        self.check(two, "4.01", "read", "sim", "/3/0/0")
        self.check(one, "4.01", "write", "sim", SETPOINT, text=1)
        self.check(two, "2.04", "write", "sim", SETPOINT, text=25)
        # of what the rules do not speak
        self.check(one, "4.01", "read", "sim", T)
        self.check(two, "4.01", "read", "sim", "/1/0")
        self.check(two, "2.05", "read", "sim", "/1/1")

    def test_rules_of_the_bootstrap_server(self):
        one, two, gateway = self.start(
            self.rule(0, 1, 0, 101), self.rule(1, 1, 1, 102),
            self.rule(2, 3, 0, 101, s101=1, s0=0),
            self.rule(3, 3308, 0, 102, s101=1))
        self.look(one, two)
        marks = one.mark(), two.mark()
        gateway.restart()
        for server, mark in zip((one, two), marks):
            server.registered("sim", after=mark)
        self.look(one, two)

    def test_entries_taken_away_stay_away(self):
        one, two, gateway = self.start(
            self.rule(2, 3, 0, 101, s101=15, s102=1))
        self.check(two, "2.05", "read", "sim", "/3/0/0")
        self.check(one, "2.04", "write", "sim", "/2/2/2", format=JSON,
                   hex=hexed('[{"bn":"/2/2/2/","n":"101","v":15}]'))
        self.check(two, "4.01", "read", "sim", "/3/0/0")
        mark = two.mark()
        gateway.restart()
        two.registered("sim", after=mark)
        self.check(two, "4.01", "read", "sim", "/3/0/0")

    def test_without_rules_all_but_accounts_is_open(self):
        one, two, _ = self.start()
        for server in (one, two):
            self.check(server, "2.05", "read", "sim", T)
        self.check(two, "4.01", "read", "sim", "/1/0")
