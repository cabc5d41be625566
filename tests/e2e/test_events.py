# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens is counted and told each time: also when the value is the same
again, when several come at once, and while the server is away."""
import signal
import time

from harness import PATIENCE, ROOT, Site, wait_for
import wired

BUTTON = "A4:C1:38:00:00:01"
BTHOME = f"""\
devices:
  - {{endpoint: blu, bus: ble, address: "{BUTTON}", profile: bthome}}
"""
MOTION = f"""\
devices:
  - endpoint: blu
    bus: ble
    address: "{BUTTON}"
    points:
      - {{name: motion, field: motion, off_after: 1h, map: 3302/0}}
      - {{name: warm, field: temperature, map: 3303/0}}
"""
DOOR = """\
devices:
  - endpoint: door
    bus: gpio
    poll: 1h
    points:
      - {name: bell, line: w0, map: 3347/0}
      - {name: contact, line: w1, map: 3200/0}
      - {name: motion, line: w2, map: 3302/0}
"""
LAMP = """\
devices:
  - endpoint: lamp
    bus: sim
    poll: 100ms
    points:
      - {name: lamp, value: 0, map: 3311/0, writable: true}
      - {name: relay, value: 0, map: 3306/0, writable: true}
"""


def press(kind=1):
    return bytes([0x3A, kind])


class Events(Site):
    def wired(self, port, devices, *parts, **options):
        gateway = self.gateway(port, devices, start=False, **options)
        gateway.adapters = wired.ADAPTERS
        if not (gateway.etc / "objects.d").exists():
            (gateway.etc / "objects.d").symlink_to(ROOT / "etc/objects.d")
        for part in parts:
            gateway.environment.update(part.environment)
        gateway.start()
        return gateway

    def radio(self):
        return self.add(wired.Radio())

    def wires(self):
        return self.add(wired.Wires())

    def told(self, server, path, after=0):
        """All values of the path that were told, in order."""
        found = []
        for event in server.events(after=after):
            if event["event"] not in ("notification", "send"):
                continue
            if event.get("records"):
                found += [v for p, v, _ in event["records"] if p == path]
            elif path in event.get("values", {}):
                found.append(event["values"][path])
        return found

    def wait_told(self, server, path, values, after=0):
        try:
            wait_for(lambda: len(self.told(server, path, after)) >=
                     len(values), f"{path} told {len(values)} times")
        finally:
            self.assertEqual(self.told(server, path, after), values)

    def meet(self, server, radio, *objects):
        """Sent until the device is there to hear it: once is no event more."""
        def heard():
            radio.advertise(BUTTON, wired.bthome(1, *objects))
            return server.events("registered", ep="blu")
        wait_for(heard, "the device is heard")

    def first_press(self, server, radio):
        """A button exists from its first press on."""
        self.meet(server, radio, press())
        server.wait_value("blu", "/3347/0/5501", 1)

    def test_presses_of_a_button_are_counted_and_told(self):
        radio, server = self.radio(), self.server()
        self.wired(server.port, BTHOME, radio)
        self.first_press(server, radio)
        for path in ("/3347/0/5500", "/3348/0/5547", "/3347/0/5501"):
            self.assertEqual(server.code("observe", "blu", path), "2.05")
        for packet in (2, 3, 4):
            radio.advertise(BUTTON, wired.bthome(packet, press()))
        self.wait_told(server, "/3347/0/5500", [True, False] * 3)
        self.wait_told(server, "/3348/0/5547", [1, 1, 1])
        server.wait_value("blu", "/3347/0/5501", 4)

    def test_who_sleeps_is_told_of_each_press(self):
        radio, server = self.radio(), self.server()
        gateway = self.wired(server.port, BTHOME.replace(
            "profile:", "silent_after: 2s, awake_time: 1s, profile:"), radio)
        self.first_press(server, radio)
        self.assertEqual(server.code("observe", "blu", "/3347/0/5500"),
                         "2.05")
        gateway.wait_log("blu", "silent")
        mark = server.mark()
        for packet in (2, 3):
            radio.advertise(BUTTON, wired.bthome(packet, press()))
        self.wait_told(server, "/3347/0/5500", [True, False] * 2, mark)
        server.wait_value("blu", "/3347/0/5501", 3)

    def test_steps_of_a_dimmer_are_told_each(self):
        radio, server = self.radio(), self.server()
        self.wired(server.port, BTHOME, radio)
        self.meet(server, radio, bytes([0x3C, 2, 10]))
        self.assertEqual(server.code("observe", "blu", "/3348/4/5547"),
                         "2.05")
        for packet in (2, 3):
            radio.advertise(BUTTON, wired.bthome(packet,
                                                 bytes([0x3C, 2, 10])))
        radio.advertise(BUTTON, wired.bthome(4, bytes([0x3C, 1, 10])))
        self.wait_told(server, "/3348/4/5547", [10, 10, -10])

    def test_motions_that_never_end_are_told_each(self):
        """Each is sent several times, and one of them is over at once."""
        radio, server = self.radio(), self.server()
        self.wired(server.port, MOTION, radio)
        self.meet(server, radio, bytes([0x21, 1]))
        server.wait_value("blu", "/3302/0/5501", 1)
        self.assertEqual(server.code("observe", "blu", "/3302/0/5500"),
                         "2.05")
        for packet, there in ((2, 1), (3, 1), (4, 0), (5, 0), (6, 1)):
            for _ in range(2):
                radio.advertise(BUTTON, wired.bthome(packet,
                                                     bytes([0x21, there])))
        self.wait_told(server, "/3302/0/5500", [True, True, False, True])
        server.wait_value("blu", "/3302/0/5501", 4)
        self.assertEqual(server.value("blu", "/3303/0/5701"), "Cel")

    def test_a_remote_of_four_buttons_is_counted(self):
        """As a Shelly BLU RC Button 4 sends: its battery, and of each button
        what became of it, 00 nothing."""
        radio, server = self.radio(), self.server()
        self.wired(server.port, BTHOME, radio)

        def pressed(*kinds):
            return bytes([0x01, 100]) + b"".join(press(k) for k in kinds)
        self.meet(server, radio, pressed(1, 0, 0, 0))
        for packet, kinds in ((2, (0, 1, 0, 0)), (3, (0, 1, 0, 0)),
                              (4, (0, 0, 0, 4)), (5, (1, 0, 0, 0))):
            for _ in range(3):          # each is sent several times
                radio.advertise(BUTTON, wired.bthome(packet, pressed(*kinds),
                                                     info=0x44))
        server.wait_value("blu", "/3347/0/5501", 2)
        server.wait_value("blu", "/3347/1/5501", 2)
        server.wait_value("blu", "/3347/3/5501", 1)
        server.wait_value("blu", "/3348/3/5547", 4)
        self.assertEqual(server.code("read", "blu", "/3347/2/5501"), "4.04")

    def test_a_reed_contact_is_counted(self):
        """pvvx' firmware: opening (0x11), and other values by the same
        packet id."""
        radio, server = self.radio(), self.server()
        self.wired(server.port, BTHOME, radio)
        self.meet(server, radio, bytes([0x11, 0]))
        server.wait_value("blu", "/3200/0/5500", False)
        for packet, opening in ((2, 1), (3, 0), (4, 1), (5, 1), (6, 0)):
            radio.advertise(BUTTON, wired.bthome(packet, bytes(
                [0x02, packet, 0x09])))
            radio.advertise(BUTTON, wired.bthome(packet, bytes(
                [0x11, opening])))
        server.wait_value("blu", "/3200/0/5501", 2)
        server.wait_value("blu", "/3200/0/5500", False)

    def test_presses_of_a_line_are_counted_and_told(self):
        wires, server = self.wires(), self.server()
        self.wired(server.port, DOOR, wires)
        server.registered("door")
        for path in ("/3347/0/5500", "/3347/0/5501"):
            self.assertEqual(server.code("observe", "door", path), "2.05")
        wires.pulses(0, 3)
        self.wait_told(server, "/3347/0/5500", [True, False] * 3)
        server.wait_value("door", "/3347/0/5501", 3)
        wires.edges(1, "101")
        wires.edges(2, "1")
        server.wait_value("door", "/3200/0/5501", 2)
        server.wait_value("door", "/3302/0/5501", 1)

    def test_more_than_can_be_told_are_counted(self):
        wires, server = self.wires(), self.server()
        self.wired(server.port, DOOR, wires)
        server.registered("door")
        self.assertEqual(server.code("observe", "door", "/3347/0/5500"),
                         "2.05")
        wires.pulses(0, 500)
        server.wait_value("door", "/3347/0/5501", 500)
        told = self.told(server, "/3347/0/5500")
        self.assertLess(len(told), 200)
        wait_for(lambda: self.told(server, "/3347/0/5500")[-1] is False,
                 "the last one is told")

    def test_each_of_an_outage_comes_with_its_time(self):
        wires, server = self.wires(), self.server()
        self.wired(server.port, DOOR, wires)
        server.registered("door")
        self.assertEqual(server.code("observe", "door", "/3347/0/5500"),
                         "2.05")
        self.assertEqual(server.code("write", "door", "/1/0/5", text=3),
                         "2.04")
        mark = server.mark()
        before = time.time()
        self.assertEqual(server.code("execute", "door", "/1/0/4"), "2.04")
        server.wait("unregistered", after=mark)
        wires.pulses(0, 3)
        server.registered("door", after=mark)
        self.wait_told(server, "/3347/0/5500", [True, False] * 3, mark)
        times = [t for e in server.events("send", after=mark)
                 for p, _, t in e["records"]]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], before)
        self.assertLess(times[-1], before + 2 * PATIENCE)
        self.assertEqual(server.value("door", "/3347/0/5501"), 3)

    def test_any_format_tells_each(self):
        """Text (0) has no times: one by one, as they were."""
        for accept in (0, 11542, 110):
            with self.subTest(accept=accept):
                wires, server = self.wires(), self.server()
                self.wired(server.port, DOOR, wires)
                server.registered("door")
                self.assertEqual(server.code("observe", "door",
                                             "/3347/0/5500", accept=accept),
                                 "2.05")
                wires.pulses(0, 3)
                self.wait_told(server, "/3347/0/5500", [True, False] * 3)

    def test_a_kill_never_shows_a_smaller_count(self):
        wires, server = self.wires(), self.server()
        gateway = self.wired(server.port, DOOR, wires)
        server.registered("door")
        seen = 0
        for _ in range(3):
            mark = server.mark()
            wires.pulses(0, 7)
            wait_for(lambda: server.value("door", "/3347/0/5501") > seen,
                     "it counts")
            seen = server.value("door", "/3347/0/5501")
            gateway.restart(signal.SIGKILL)
            server.registered("door", after=mark)
            again = server.value("door", "/3347/0/5501")
            self.assertGreaterEqual(again, seen)
            self.assertLessEqual(again, 21)
            seen = again

    def test_a_stop_keeps_the_count_and_a_reset_is_kept(self):
        wires, server = self.wires(), self.server()
        gateway = self.wired(server.port, DOOR, wires)
        server.registered("door")
        wires.pulses(0, 5)
        server.wait_value("door", "/3347/0/5501", 5)
        mark = server.mark()
        gateway.restart()
        server.registered("door", after=mark)
        self.assertEqual(server.value("door", "/3347/0/5501"), 5)
        self.assertEqual(server.code("execute", "door", "/3200/0/5505"),
                         "2.04")
        wires.pulses(1, 2)
        server.wait_value("door", "/3200/0/5501", 2)
        self.assertEqual(server.code("execute", "door", "/3200/0/5505"),
                         "2.04")
        self.assertEqual(server.value("door", "/3200/0/5501"), 0)
        mark = server.mark()
        gateway.restart()
        server.registered("door", after=mark)
        self.assertEqual(server.value("door", "/3200/0/5501"), 0)
        wires.pulses(1, 1)
        server.wait_value("door", "/3200/0/5501", 1)

    def test_a_lamp_counts_its_time_on(self):
        server = self.server()
        gateway = self.gateway(server.port, LAMP)
        server.registered("lamp")
        self.assertEqual(server.value("lamp", "/3311/0/5852"), 0)
        for path in ("/3311/0/5850", "/3306/0/5850"):
            self.assertEqual(server.code("write", "lamp", path, text=1),
                             "2.04")
        wait_for(lambda: server.value("lamp", "/3311/0/5852") >= 2, "2 s")
        self.assertGreaterEqual(server.value("lamp", "/3306/0/5852"), 1)
        seen = server.value("lamp", "/3311/0/5852")
        mark = server.mark()
        gateway.restart(signal.SIGKILL)
        server.registered("lamp", after=mark)
        self.assertGreaterEqual(server.value("lamp", "/3311/0/5852"), seen)
        self.assertEqual(server.code("write", "lamp", "/3311/0/5852",
                                     text=0), "2.04")
        self.assertLess(server.value("lamp", "/3311/0/5852"), 2)
