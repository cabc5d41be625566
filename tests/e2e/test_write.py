# SPDX-License-Identifier: GPL-2.0-or-later
"""Write and Execute: what the gateway holds, and what goes to the device."""
import coap
import sites
from harness import SharedSite, Site, wait_for
from sites import hexed

SETPOINT = "/3308/0/5900"
TLV, JSON, CBOR = 11542, 110, 112
PLAIN_CBOR, OLD_JSON, LWM2M_CBOR = 60, 11543, 11544


class Write(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave = site.slave("1=boiler")
        cls.server = site.server()
        cls.relay_ = site.relay(cls.server)
        site.gateway(cls.relay_.port, sites.boiler(cls.slave.port))
        cls.server.registered("boiler")

    def accepted(self, *words, **options):
        self.assertEqual(self.server.code(*words, **options), "2.04")

    def refused(self, code, *words, **options):
        self.assertEqual(self.server.code(*words, **options), code)

    def value(self, path):
        return self.server.value("boiler", path)

    def test_held_resources(self):
        for path, text, value in (("/1/0/2", "3", 3), ("/1/0/3", "90", 90),
                                  ("/3303/0/5750", '"boiler room"',
                                   "boiler room")):
            with self.subTest(path=path):
                self.accepted("write", "boiler", path, f"text={text}")
                self.assertEqual(self.value(path), value)

    def test_partial_update_leaves_the_rest(self):
        before = self.value("/1/0/1")
        self.accepted("update", "boiler", "/1/0", hex="c10207", format=TLV)
        self.assertEqual(self.value("/1/0/2"), 7)
        self.assertEqual(self.value("/1/0/1"), before)

    def test_partial_update_by_senml(self):
        text = '[{"bn":"/1/0/","n":"2","v":8},{"n":"3","v":80}]'
        self.accepted("update", "boiler", "/1/0", hex=hexed(text), format=JSON)
        self.assertEqual((self.value("/1/0/2"), self.value("/1/0/3")), (8, 80))

    def test_held_and_bound_resources_in_one_request(self):
        self.accepted("write", "boiler", "/1/0/2", "text=4")
        for on in (1, 0):
            state = "true" if on else "false"
            text = (f'[{{"bn":"/3306/0/","n":"5850","vb":{state}}},'
                    f'{{"n":"5750","vs":"pump {on}"}}]')
            self.accepted("update", "boiler", "/3306/0", hex=hexed(text),
                          format=JSON)
            self.assertEqual(self.slave.get(1, "coil", 3), on)
            self.assertEqual(self.value("/3306/0/5750"), f"pump {on}")

    def test_setpoint_in_every_format(self):
        for raw, format_, value in (
                (hexed("21.5"), 0, 21.5),
                ("e4170c41b40000", TLV, 22.5),
                (hexed('[{"bn":"/3308/0/5900","v":23.5}]'), JSON, 23.5),
                ("81a2216c" + hexed("/3308/0/5900") + "02f94e20", CBOR,
                 24.5),
                ("f94e60", PLAIN_CBOR, 25.5),
                (hexed('{"bn":"/3308/0/","e":[{"n":"5900","v":26.5}]}'),
                 OLD_JSON, 26.5),
                # {[3308, 0]: {5900: 27.5}}
                ("a182190cec00a119170cf94ee0", LWM2M_CBOR, 27.5)):
            with self.subTest(format=format_):
                self.accepted("write", "boiler", SETPOINT, hex=raw,
                              format=format_)
                self.assertEqual(self.slave.get(1, "holding", 101),
                                 round(value * 10))
                self.assertEqual(self.value(SETPOINT), value)

    def test_instance_partial_update_reaches_the_device(self):
        self.accepted("update", "boiler", "/3308/0", hex="e4170c41cc0000",
                      format=TLV)
        self.assertEqual(self.slave.get(1, "holding", 101), 255)

    def test_coil(self):
        for text, value in (("0", False), ("1", True)):
            self.accepted("write", "boiler", "/3306/0/5850", text=text)
            self.assertEqual(self.slave.get(1, "coil", 3), int(value))
            self.assertEqual(self.value("/3306/0/5850"), value)

    def test_old_text_format_of_node_lib_is_taken(self):
        self.accepted("write", "boiler", SETPOINT, text="30.5", format=1541)
        self.assertEqual(self.value(SETPOINT), 30.5)

    def test_formats_by_their_numbers_from_before_the_registration(self):
        for number, payload in (
                (1541, b"41"), (1542, bytes.fromhex("c10229")),
                (1543, b'{"bn":"/1/0/","e":[{"n":"2","v":41}]}')):
            with self.subTest(number):
                self.accepted("write", "boiler", "/1/0/2", "text=0")
                self.accepted("update" if number != 1541 else "write",
                              "boiler", "/1/0" if number != 1541 else "/1/0/2",
                              hex=payload.hex(), format=number)
                self.assertEqual(self.value("/1/0/2"), 41)
                answer = self.server.ask("read", "boiler", "/1/0/2",
                                         accept=number)
                self.assertEqual((answer["code"], answer["format"]),
                                 ("2.05", number))

    def test_answer_comes_after_the_device_reported_it(self):
        self.slave.do("late 1 150")
        try:
            self.accepted("write", "boiler", SETPOINT, text="44.5")
            self.assertEqual(self.slave.get(1, "holding", 101), 445)
            self.assertEqual(self.value(SETPOINT), 44.5)
        finally:
            self.slave.do("late 1 0")

    def test_outside_the_range_is_4_00_and_nothing_is_written(self):
        before = len(self.slave.writes())
        self.refused("4.00", "write", "boiler", SETPOINT, text="95")
        self.assertIn(b"the value is out of range: 10 to 90", [
            coap.decode(data).payload
            for *_, data in self.relay_.log[-20:]])
        self.assertEqual(len(self.slave.writes()), before)

    def test_not_writable_is_4_05(self):
        self.refused("4.05", "write", "boiler", "/3303/0/5700", text="1")
        self.refused("4.05", "write", "boiler", "/3311/0/5850", text="1")
        self.refused("4.05", "write", "boiler", "/3/0/16", text="U")
        self.refused("4.05", "write", "boiler", "/1/0/0", text="2")

    def test_wrong_content_is_4_00(self):
        for raw, format_ in ((hexed("warm"), 0), ("e2170c41b4", TLV),
                             ("e4170c41", TLV), (hexed("[{"), JSON),
                             (hexed('[{"n":"/3308/0/5900","vs":"x"}]'), JSON),
                             ("81a2", CBOR), ("19", PLAIN_CBOR),
                             ("6178", PLAIN_CBOR), (hexed("{}"), OLD_JSON),
                             ("a1", LWM2M_CBOR)):
            with self.subTest(raw=raw):
                self.refused("4.00", "write", "boiler", SETPOINT, hex=raw,
                             format=format_)

    def test_unknown_content_format_is_4_15(self):
        self.refused("4.15", "write", "boiler", SETPOINT, hex="00",
                     format=9999)

    def test_missing_path_is_4_04(self):
        self.refused("4.04", "write", "boiler", "/3308/1/5900", text="1")
        self.refused("4.04", "execute", "boiler", "/3303/7/5605")

    def test_execute_resets_minimum_and_maximum(self):
        for raw in (200, 300, 250):
            self.slave.do(f"set 1 holding 100 {raw}")
            self.server.wait_value("boiler", "/3303/0/5700", raw / 10)
        self.assertLessEqual(self.value("/3303/0/5601"), 20.0)
        self.assertGreaterEqual(self.value("/3303/0/5602"), 30.0)
        self.accepted("execute", "boiler", "/3303/0/5605")
        self.assertEqual(self.value("/3303/0/5601"), 25.0)
        self.assertEqual(self.value("/3303/0/5602"), 25.0)

    def test_execute_writes_to_the_device(self):
        self.accepted("write", "boiler", "/3306/0/5850", text="0")
        mark = self.server.mark()
        self.accepted("execute", "boiler", "/3/0/4")
        self.assertEqual(self.slave.get(1, "coil", 3), 1)
        self.server.registered("boiler", after=mark)  # it has restarted

    def thrice(self, verb, path):
        """A request that reaches the gateway three times: the answers."""
        mark = self.relay_.mark()
        self.relay_.rule = lambda way, m, _: (
            3 if way == "down" and m.path == path else 1)
        try:
            self.server.ask(verb, "boiler", path)
            mid = next(m.mid for m in self.relay_.messages("down", mark)
                       if m.path == path)

            def answers():
                found = [m for m in self.relay_.messages("up", mark)
                         if m.mid == mid and m.kind == coap.ACK]
                return found if len(found) >= 3 else None
            return wait_for(answers, "three answers")
        finally:
            self.relay_.rule = None

    def test_repeated_execute_runs_once_and_is_answered_alike(self):
        before = len(self.slave.writes())
        mark = self.server.mark()
        # An empty ACK says that the device is being asked.
        self.assertLessEqual({m.code_text for m in
                              self.thrice("execute", "/3/0/4")},
                             {"2.04", "0.00"})
        self.server.registered("boiler", after=mark)  # it has restarted
        self.assertEqual(len(self.slave.writes()) - before, 1)

    def test_repeated_read_is_answered_alike(self):
        answers = self.thrice("read", "/3/0/16")
        self.assertEqual(len({m.encode() for m in answers}), 1)


class WriteToTroubledDevice(Site):
    def start(self):
        slave = self.slave("1=boiler")
        server = self.server()
        self.gateway(server.port, sites.boiler(slave.port))
        server.registered("boiler")
        return slave, server

    def test_exception_of_the_device_is_5_00(self):
        slave, server = self.start()
        before = server.value("boiler", SETPOINT)
        slave.do("exception 1 4")
        self.assertEqual(server.code("write", "boiler", SETPOINT, text="33"),
                         "5.00")
        slave.do("exception 1 0")
        self.assertEqual(slave.get(1, "holding", 101), round(before * 10))

    def test_mute_device_is_5_04(self):
        slave, server = self.start()
        slave.do("mute 1")
        self.assertEqual(
            server.code("write", "boiler", SETPOINT, text="33",
                        timeout=60), "5.04")


class WriteWithoutAccount(Site):
    def test_root_writes_before_any_server_is_known(self):
        """Whom the bootstrap server does not answer has no account at all."""
        slave = self.slave("1=boiler")
        silent = self.relay(self.server())
        silent.rule = lambda *_: 0
        gateway = self.gateway(1, sites.boiler(slave.port), **{
            "lwmux.yaml": "gateway: {name: e2e}\nbootstrap: {uri: "
                          f"'coap://127.0.0.1:{silent.port}'}}\n"})
        gateway.wait_log("device is online")
        done = gateway.ctl("write", "boiler", SETPOINT, "42.5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(slave.get(1, "holding", 101), 425)
        done = gateway.ctl("write", "boiler", SETPOINT, "95")
        self.assertEqual(done.stderr, "lwmuxctl: 4.00: the value is out of "
                         "range: 10 to 90\n")
        done = gateway.ctl("write", "boiler", "/3303/0/5750", "kettle")
        self.assertEqual(done.returncode, 0, done.stderr)
