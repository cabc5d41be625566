# SPDX-License-Identifier: GPL-2.0-or-later
"""A day in the life of sleepy sensors, on a clock that runs faster: a quarter
of one, or with LWMUX_DAY_HOURS=24 in 10 min the whole. LWMUX_DAY_SENSORS and
LWMUX_DAY_SCALE: another number and speed.

Time passes for the programs while a busy machine lets none of them run: on a
clock of 144 a stall of 0.4 s is 58 s, in which CoAP gives up. A few may lose
their registration so; those that did not must not have lost anything."""
import collections
import os

from harness import wait_for
from scaled import ScaledSite

HOURS = float(os.environ.get("LWMUX_DAY_HOURS", "6"))
SENSORS = int(os.environ.get("LWMUX_DAY_SENSORS", "500"))
AWAKE = 90                                  # s in each of its periods
POLL = 40
LIFETIME = 1800
T = "/3303/0/5700"

# Shows itself every 9 to 11 min: its value is the time since it began.
SENSOR = """\
  - endpoint: sensor-{i}
    bus: sim
    queue: true
    poll: {poll}s
    silent_after: 45min
    quiet_every: {period}s
    quiet_for: {quiet}s
    points:
      - {{name: t, signal: ramp, min: 0, max: 1000000, period: 1000000s,
         map: 3303/0}}
      - {{name: setpoint, value: 20, map: 3308/0/5900, writable: true}}
"""


def period(i):
    return 540 + i * 7919 % 121


class Day(ScaledSite):
    SCALE = float(os.environ.get("LWMUX_DAY_SCALE", "144"))

    def test_a_day_of_sleepy_sensors(self):
        server = self.server(observe=[T])
        gateway = self.gateway(
            server.port, "devices:\n" + "".join(
                SENSOR.format(i=i, poll=POLL, period=period(i),
                              quiet=period(i) - AWAKE)
                for i in range(SENSORS)), lifetime=f"{LIFETIME}s")
        for i in range(SENSORS):
            server.registered(f"sensor-{i}", timeout=60)
        begin = self.clock.elapsed()
        day = HOURS * 3600
        wait_for(lambda: self.clock.elapsed() - begin > day, "a day",
                 timeout=day / self.SCALE * 2 + 10)

        # What it was heard to say, waking by waking, and what arrived of it.
        said = {e["endpoint"]: e["counts"]["exchanges"] -
                e["counts"].get("unanswered", 0)
                for e in gateway.status()["endpoints"]}
        seen = collections.defaultdict(collections.Counter)
        last = {}
        for e in server.events():
            if "ep" not in e:
                continue
            seen[e["ep"]][e["event"]] += 1
            # One with a time of its own was kept over a stall, and comes late.
            if e["event"] == "notification" and not e.get("times"):
                value = e["values"][T]
                self.assertGreaterEqual(value, last.get(e["ep"], 0),
                                        "an old value after a newer one")
                last[e["ep"]] = value
        lost, rare, total = [], [], 0
        for i in range(SENSORS):
            counts = seen[f"sensor-{i}"]
            polls = said[f"sensor-{i}"]
            if counts["registered"] != 1 or counts["expired"]:
                lost.append((i, dict(counts)))
                continue
            # Its value is another each time: each is told, but those that a
            # newer one overtakes while one before them is under way.
            if counts["notification"] < polls * 0.8 - 3:
                rare.append((i, polls, dict(counts)))
            # An Update at each waking, in which it answers thrice at most, and
            # what the lifetime needs where it was not heard for long.
            if counts["updated"] < polls / 3 - 3 or counts["updated"] > \
                    polls + day / LIFETIME * 2 + 3:
                rare.append((i, polls, dict(counts)))
            total += polls
        self.assertEqual(rare, [], f"{len(rare)} of {SENSORS}")
        # At least half of all that they would have said on an idle machine.
        self.assertGreater(total, sum(
            day / period(i) for i in range(SENSORS)) * AWAKE / POLL / 2)
        self.assertLess(len(lost), SENSORS / 10, lost)

        # The evening: what is asked of it waits until it wakes.
        states = collections.Counter(
            e["state"] for e in gateway.status()["endpoints"])
        self.assertEqual(set(states) - {"online", "asleep"}, set(), states)
        self.assertGreater(states["asleep"], SENSORS / 2, states)
        ids = [server.send("write", f"sensor-{i}", "/3308/0/5900", text="21",
                           timeout=3600_000) for i in range(20)]
        codes = [server.answer(id_).get("code") for id_ in ids]
        self.assertGreaterEqual(codes.count("2.04"), 18, codes)
