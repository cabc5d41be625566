# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server could not be told: kept with its times, delivered later, every
value once and in order."""
import signal
import time

from harness import PATIENCE, Site, wait_for

T = "/3303/0/5700"
STEP = 0.2      # s between two values


def random_values(device, point, n):
    """What adapters/sim makes of `signal: random`, from each start on: FNV-1a
    of the names, then Marsaglia's xorshift, a value for each poll."""
    state = 2166136261
    for byte in f"{device}\0{point}".encode():
        state = (state ^ byte) * 16777619 & 0xFFFFFFFF
    for _ in range(n):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state >> 8


# By polls, not by the clock: on a host that stalls none is missing but what was
# lost.
COUNT = {float(value): i for i, value in
         enumerate(random_values("counter", "n", 3000), 1)}
assert len(COUNT) == 3000


def counted(event):
    return [(COUNT[value], t) for path, value, t in event.get("records", [])
            if path == T]


class Forward(Site):
    """A sensor that counts: 1, 2, 3 ... whatever is missing is seen."""
    more = ""
    observe = (T,)
    account = ""            # more keys of the server
    store = ""              # `store:`

    def setUp(self):
        super().setUp()
        self.server_ = self.server(observe=self.observe)
        self.relay_ = self.relay(self.server_)
        self.site = self.gateway(self.relay_.port, "", start=False,
                                 server=self.account)
        if self.store:
            main = (self.site.etc / "lwmux.yaml").read_text()
            self.site.write("lwmux.yaml", main + self.store)
        self.site.write("conf.d/devices.yaml", f"""\
            devices:
              - endpoint: counter
                bus: sim
                poll: {STEP * 1000:.0f}ms
                points:
                  - {{name: n, signal: random, max: {1 << 24},
                     {self.more} map: 3303/0}}
            """)
        self.site.start()
        self.server_.registered("counter")

    def cut(self):
        # What is on its way down still comes: libcoap as a server does not
        # acknowledge what it has seen before.
        self.relay_.rule = lambda way, *_: 0 if way == "up" else 1

    def mend(self):
        self.relay_.rule = None

    def records(self, after=0):
        """(count, time) of all that came late, in the order it came."""
        found = []
        for e in self.server_.events(after=after):
            if e["event"] in ("send", "notification"):
                found += counted(e)
        return found

    def wait_records(self, n, after, timeout=60):
        wait_for(lambda: len(self.records(after)) >= n,
                 f"{n} late values", timeout)
        return self.records(after)

    def waiting(self):
        return self.site.status()["store"]["waiting"]

    def wait_for_more(self, n=15):
        wait_for(lambda: self.site.ctl("status", "--json").stdout,
                 "lwmuxd answers")
        have = self.waiting()
        return wait_for(lambda: (w := self.waiting()) >= have + n and w,
                        f"{n} more values wait", 30 * max(1, PATIENCE))

    def assertCounts(self, records):
        """One by one, each with its own time: polls come late, never early."""
        counts = [n for n, _ in records]
        self.assertEqual(counts, list(range(counts[0],
                                            counts[0] + len(counts))))
        times = [t for _, t in records]
        self.assertEqual(times, sorted(set(times)))
        for i, t in enumerate(times[1:]):
            self.assertGreater(t - times[0], i * STEP - 0.05)


class Kept(Forward):
    more = "keep: true,"
    observe = ()

    def test_disabled_server_gets_all_by_send(self):
        self.assertEqual(self.server_.code("write", "counter", "/1/0/5",
                                           text=4), "2.04")
        mark = self.server_.mark()
        before = time.time()
        self.assertEqual(self.server_.code("execute", "counter", "/1/0/4"),
                         "2.04")
        self.server_.wait("unregistered", after=mark)
        self.server_.registered("counter", after=mark)
        records = self.wait_records(15, mark)
        wait_for(lambda: self.waiting() == 0, "nothing waits any more")
        records = self.records(mark)
        self.assertCounts(records)
        self.assertGreater(records[0][1], before - 0.2)
        self.assertLess(len(self.server_.events("send", after=mark)), 4)

    def test_of_hqmax_values_the_oldest_goes(self):
        self.assertEqual(self.server_.code("attributes", "counter", T,
                                           "hqmax=3"), "2.04")
        self.server_.code("write", "counter", "/1/0/5", text=4)
        mark = self.server_.mark()
        self.server_.code("execute", "counter", "/1/0/4")
        self.server_.wait("unregistered", after=mark)
        store = wait_for(lambda: (s := self.site.status()["store"])
                         ["dropped"] >= 5 and s, "the oldest go")
        self.assertLessEqual(store["waiting"], 3)
        self.server_.registered("counter", after=mark)
        values = [v for v, _ in self.wait_records(3, mark)]
        self.assertGreater(values[0], 5)
        self.assertEqual(values, sorted(set(values)))

    def test_kill_in_the_outage_loses_nothing(self):
        # The first value came before the first registration.
        self.server_.wait("send")
        wait_for(lambda: self.waiting() == 0, "nothing waits any more")
        self.cut()
        mark = self.server_.mark()
        # A kill may come before the disk knows that it was taken: once more.
        told = self.records(0)
        for _ in range(3):
            # The count begins anew with each start.
            self.site.restart(signal.SIGKILL)
            n = self.wait_for_more()
        self.assertGreater(n, 20)
        self.assertRegex(self.site.ctl("status").stdout,
                         r"STORE \d+ values wait.*, room for \d+\.\d h more")
        self.mend()
        self.server_.registered("counter", after=mark, timeout=60)
        wait_for(lambda: self.waiting() == 0, "nothing waits any more", 30)
        records = self.records(mark)
        times = [t for _, t in records]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(times), len(set(times)))
        runs = []
        for record in records:
            if record in told:
                continue
            if not runs or record[0] <= runs[-1][-1][0]:
                runs.append([])
            runs[-1].append(record)
        self.assertEqual(len(runs), 3)
        for run in runs:
            self.assertEqual(run[0][0], 1)
            self.assertCounts(run)
            self.assertGreater(len(run), 8)


class Observed(Forward):
    def observe_senml(self):
        answer = self.server_.ask("observe", "counter", T, accept=110)
        self.assertEqual(answer["code"], "2.05")

    def test_short_cut_is_told_by_the_observation(self):
        self.observe_senml()
        mark = self.server_.mark()
        self.server_.wait("notification", after=mark)
        self.cut()
        time.sleep(5)
        self.mend()
        mark = self.server_.mark()
        wait_for(lambda: self.server_.events("notification", after=mark),
                 "notifications again", 30)
        wait_for(lambda: self.waiting() == 0, "nothing waits any more", 30)
        time.sleep(1)
        self.assertFalse(self.server_.events("send"))
        self.assertFalse(self.server_.events("registered", after=mark))
        events = [e for e in self.server_.events("notification")
                  if e.get("records")]
        records = [record for e in events for record in counted(e)]
        self.assertCounts(records)
        self.assertGreater(max(len(e["records"]) for e in events), 10)


class Restarted(Forward):
    def test_what_was_observed_is_kept_over_a_kill(self):
        mark = self.server_.mark()
        self.server_.wait("notification", after=mark)
        self.cut()
        time.sleep(3)
        mark = self.server_.mark()
        self.site.restart(signal.SIGKILL)
        self.wait_for_more()
        self.site.restart(signal.SIGKILL)
        n = self.wait_for_more(10)
        self.assertGreater(n, 20)
        self.mend()
        self.server_.registered("counter", after=mark, timeout=60)
        wait_for(lambda: self.waiting() == 0, "nothing waits any more", 30)
        runs = []
        records = [record for e in self.server_.events("send", after=mark)
                   for record in counted(e)]
        self.assertEqual([t for _, t in records],
                         sorted({t for _, t in records}))
        for record in records:
            if not runs or record[0] < runs[-1][-1][0]:
                runs.append([])
            runs[-1].append(record)
        self.assertEqual(len(runs), 3)
        for run in runs:
            self.assertCounts(run)
            self.assertGreater(len(run), 6)


class Sent(Forward):
    more = "send: true,"
    observe = ()

    def test_each_value_is_sent_and_mute_holds_them(self):
        records = self.wait_records(10, 0)
        self.assertCounts(records)
        self.assertEqual(self.server_.code("write", "counter", "/1/0/23",
                                           text=1), "2.04")
        time.sleep(0.5)
        mark = self.server_.mark()
        time.sleep(1.5)
        self.assertFalse(self.server_.events("send", after=mark))
        self.assertEqual(self.server_.code("write", "counter", "/1/0/23",
                                           text=0), "2.04")
        self.wait_records(8, mark)
        self.assertCounts(self.records())


class NotStored(Forward):
    def test_account_that_stores_nothing(self):
        self.assertEqual(self.server_.code("write", "counter", "/1/0/6",
                                           text=0), "2.04")
        self.assertEqual(self.server_.code("write", "counter", "/1/0/5",
                                           text=3), "2.04")
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("execute", "counter", "/1/0/4"),
                         "2.04")
        self.server_.registered("counter", after=mark)
        store = self.site.status()["store"]
        self.assertGreater(store["dropped"], 8)
        self.assertEqual(store["waiting"], 0)
        time.sleep(1)
        self.assertEqual(self.records(mark), [])


class OldServer(Forward):
    account = 'lwm2m: "1.0"'

    def test_it_gets_the_newest_only(self):
        self.assertEqual(self.server_.code("write", "counter", "/1/0/5",
                                           text=3), "2.04")
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("execute", "counter", "/1/0/4"),
                         "2.04")
        self.server_.registered("counter", after=mark)
        self.server_.wait("notification", after=mark)
        store = self.site.status()["store"]
        self.assertGreater(store["superseded"], 8)
        self.assertEqual((store["waiting"], store["delivered"]), (0, 0))
        self.assertFalse(self.server_.events("send"))


class LittleRoom(Forward):
    """In memory alone: 64 KiB are 1,700 values, and 20 points fill them."""
    more = "keep: true,"
    observe = ()
    store = "store: {memory: 64KiB, disk: 0}\n"

    def test_the_oldest_go_and_are_counted(self):
        points = "".join(
            f"      - {{name: p{i}, signal: ramp, min: 0, max: 100000, "
            f"period: 100000s, map: 3303/{i}, keep: true}}\n"
            for i in range(40))
        self.cut()
        self.site.write("conf.d/more.yaml", "devices:\n  - endpoint: many\n"
                        "    bus: sim\n    poll: 50ms\n    points:\n" + points)
        self.site.reload()
        store = wait_for(lambda: (lambda s: s["dropped"] > 1000 and s)(
            self.site.status()["store"]), "what is dropped", 30)
        self.assertLessEqual(store["memory"], 65536)
        self.assertEqual(store["disk"], 0)
        self.assertGreater(store["waiting"], 1000)
        mark = self.server_.mark()
        self.mend()
        self.server_.registered("many", after=mark, timeout=60)
        wait_for(lambda: self.site.status()["store"]["waiting"] < 50,
                 "nearly nothing waits any more", 30)
        times = [t for e in self.server_.events("send", ep="many")
                 for p, _, t in e["records"] if p == "/3303/7/5700"]
        self.assertGreater(len(times), 10)
        self.assertEqual(times, sorted(set(times)))


class Refusing(Forward):
    more = "send: true,"
    observe = ()

    def test_server_that_takes_no_send(self):
        self.server_.ask("answer", "send", "4.05", 1000)
        wait_for(lambda: self.site.status()["store"]["refused"] > 10,
                 "what is refused")
        self.site.wait_log("answered a Send with 4.05")
        self.assertLess(self.waiting(), 10)
        self.server_.ask("answer", "send", "default")
        # It takes them now, and is asked again when it has registered us.
        self.assertEqual(self.server_.code("write", "counter", "/1/0/5",
                                           text=1), "2.04")
        mark = self.server_.mark()
        time.sleep(1)
        self.assertFalse(self.server_.events("send", after=mark))
        self.assertEqual(self.server_.code("execute", "counter", "/1/0/4"),
                         "2.04")
        self.wait_records(5, mark)

    def test_server_that_is_unavailable_for_a_while(self):
        self.server_.ask("answer", "send", "5.03", 1, 2)
        self.server_.wait("rejected", operation="send")
        mark = self.server_.mark()
        self.wait_records(1, mark)
