# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxctl: what it says and what its exit codes mean."""
import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import tempfile
import time

import sites
from harness import ROOT, Program, Site, binary, json_check, wait_for

COMMANDS = ("status", "watch", "read", "write", "send", "bootstrap", "accept",
            "events",
            "reload", "check", "scan", "adopt", "probe", "profiles", "trace",
            "log-level", "metrics", "keygen", "help")


class Control(Site):
    def start(self):
        self.slave_ = self.slave("1=plain", "2=plain")
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port,
                                     sites.meters(self.slave_.port))
        for ep in ("meter-1", "meter-2"):
            self.server_.registered(ep)
        # Registered is what the server says before the gateway has read it.
        wait_for(lambda: self.gateway_.ctl("status").returncode == 0,
                 "a healthy status")
        return self.gateway_

    def dial(self, stack):
        end = stack.enter_context(socket.socket(socket.AF_UNIX))
        end.connect(str(self.gateway_.run / "control"))
        end.settimeout(15)
        return end

    def test_who_asks_nothing_is_cut_off(self):
        self.start()
        with contextlib.ExitStack() as stack:
            idle = self.dial(stack)
            idle.sendall(b'{"do": "sta')
            self.assertEqual(idle.recv(100), b"")       # 5 to 10 s

    def test_requests_that_are_none_say_what_is_wrong(self):
        self.start()
        for text, words in (
                ("no JSON", "one line of JSON"), ("[]", "one line of JSON"),
                ("{}", "what to do"), ('{"do": 1}', "no such request: 1"),
                ('{"do": "dance"}', "no such request: dance"),
                ('{"do": "read"}', "'read' is asked with 'endpoint'"),
                ('{"do": "read", "endpoint": "meter-1", "path": "x"}',
                 "not a path"),
                ('{"do": "help"}', "no such request: help"),
                ('{"do": "write", "path": "/1", "value": "1"}',
                 "'write' is asked with 'endpoint'"),
                ('{"do": "scan"}', "'scan' is asked with 'bus'"),
                ('{"do": "accept", "endpoint": "meter-1"}',
                 "meter-1 refuses nothing as old"),
                ('{"do": "bootstrap"}',
                 "'bootstrap' is asked with 'endpoint'")):
            with self.subTest(text=text), contextlib.ExitStack() as stack:
                end = self.dial(stack)
                end.sendall(text.encode() + b"\n")
                answer = json.loads(end.recv(1 << 12))
                self.assertIn(words, answer["error"])

    def test_a_crowd_at_the_control_socket_is_turned_away(self):
        self.start()
        with contextlib.ExitStack() as stack:
            crowd = [self.dial(stack) for _ in range(80)]
            self.assertEqual(crowd[-1].recv(100), b"")
            crowd[0].sendall(b'{"do": "status"}\n')     # the first may stay
            self.assertIn(b"meter-1", crowd[0].recv(1 << 16))

    def test_status_of_a_healthy_gateway(self):
        text = self.start().ctl("status").stdout
        self.assertIn("meter-1", text)
        self.assertIn("meter-2", text)
        self.assertIn("plant", text)

    def test_events_are_told_by_endpoint_and_one_a_line(self):
        gateway = self.start()
        lines = gateway.ctl("events").stdout.splitlines()
        self.assertTrue(any("plant: bus is open" in l for l in lines))
        self.assertTrue(all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S", l)
                            for l in lines))
        events = [json.loads(l) for l in gateway.ctl(
            "events", "--json", "meter-1").stdout.splitlines()]
        self.assertEqual({e["endpoint"] for e in events}, {"meter-1"})
        self.assertEqual(sorted(e["id"] for e in events),
                         [e["id"] for e in events])
        self.assertIn("device is online", [e["text"] for e in events])
        self.assertLess(abs(events[-1]["time"] - time.time()), 60)
        self.assertEqual(gateway.ctl("events", "nobody").stdout, "")

    def test_events_are_followed_until_the_end(self):
        gateway = self.start()
        follower = self.add(Program(
            [binary("agent/lwmuxctl"), "--run", gateway.run, "events", "-f"],
            "lwmuxctl"))
        follower.wait_line(lambda l: "meter-2: registered" in l, "the past")
        gateway.reload()
        follower.wait_line(lambda l: "configuration reloaded" in l, "reload")
        self.slave_.end()
        follower.wait_line(lambda l: "warning: plant: bus is down" in l,
                           "a warning")
        gateway.stop()
        self.assertEqual(follower.process.wait(10), 1)

    def test_only_the_last_500_events_are_kept(self):
        gateway = self.start()
        with contextlib.ExitStack() as stack:
            follower = self.dial(stack)
            follower.sendall(b'{"do": "events", "follow": true}\n')
            told = follower.makefile()
            last = json.loads(told.readline())["events"][-1]["id"]
            for _ in range(500):        # a line each
                gateway.reload()
            while last < 505:
                last = json.loads(told.readline())["events"][-1]["id"]
        events = gateway.ctl("events", "--json").stdout.splitlines()
        self.assertEqual(len(events), 500)
        self.assertEqual(json.loads(events[0])["id"],
                         json.loads(events[-1])["id"] - 499)

    def test_lines_fit_80_columns_and_end_without_blanks(self):
        gateway = self.start()
        for words in (("status",), ("status", "meter-1"), ("read", "meter-1"),
                      ("scan", "plant", "from=1", "to=2")):
            lines = gateway.ctl(*words).stdout.splitlines()
            self.assertTrue(lines, words)
            for line in lines:
                self.assertEqual(line, line.rstrip())
                if words == ("status",):
                    self.assertLessEqual(len(line), 80)

    def test_status_of_one_endpoint(self):
        result = self.start().ctl("status", "meter-1")
        self.assertEqual(result.returncode, 0)
        self.assertIn("meter-1", result.stdout)
        self.assertNotIn("meter-2", result.stdout)

    def test_status_of_an_unknown_endpoint(self):
        result = self.start().ctl("status", "meter-9")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("endpoint", result.stderr)

    def test_no_such_endpoint_has_a_code_of_its_own(self):
        gateway = self.start()
        for words in (("status", "meter-9"), ("status", "--json", "meter-9"),
                      ("read", "meter-9"), ("read", "--json", "meter-9", "/3"),
                      ("write", "meter-9", "/1/0/1", "300"),
                      ("send", "meter-9", "/3303/0"),
                      ("bootstrap", "meter-9")):
            with self.subTest(words=words):
                result = gateway.ctl(*words)
                self.assertEqual((result.returncode, result.stdout), (4, ""))
                self.assertIn("no such endpoint: meter-9", result.stderr)
        self.assertEqual(gateway.ctl("read", "meter-1", "/9").returncode, 1)

    def test_status_as_json(self):
        result = self.start().ctl("status", "--json")
        self.assertEqual(result.returncode, 0)
        text = json.dumps(json.loads(result.stdout))
        for word in ("meter-1", "meter-2", "plant", "registered", "online"):
            self.assertIn(word, text)

    def test_json_is_as_its_schema_says(self):
        gateway = self.start()
        self.server_.code("observe", "meter-1", "/3303/0/5700")
        for words in (("status",), ("status", "meter-1"), ("status", "*-2"),
                      ("status", "--not-well"), ("read", "meter-1"),
                      ("events",), ("keygen", "--out", "k1", "-c",
                                    str(gateway.etc), "new"),
                      ("keygen", "--rpk", "--out", "k2", "-c",
                       str(gateway.etc), "new"),
                      ("scan", "--for", "1s", "plant", "from=1", "to=3",
                       "timeout=50ms"),
                      ("probe", "plant", "unit=1", "address=100"),
                      ("trace", "--for", "300ms", "plant"), ("reload",),
                      ("check",),
                      ("write", "meter-1", "/1/0/1", "300"), ("log-level",),
                      ("profiles", "-c", str(gateway.etc)), ("metrics",),
                      ("profiles", "-c", str(gateway.etc), "eastron/sdm120")):
            with self.subTest(words=words):
                answer = gateway.ctl(words[0], "--json", *words[1:])
                self.assertEqual(answer.returncode, 0, answer.stderr)
                json_check(answer.stdout, close=True)
                lines = [json.loads(l) for l in answer.stdout.splitlines()]
                self.assertTrue(lines)
                self.assertEqual({l["format"] for l in lines}, {1})
        self.assertRaises(AssertionError, json_check, '{"format": 2}')
        self.assertRaises(AssertionError, json_check, '{"format": 1}')
        self.assertRaises(AssertionError, json_check, '{"format": 1, '
                          '"health": "fine", "endpoints": []}')

    def test_json_of_a_wrong_configuration(self):
        gateway = self.start()
        gateway.write("conf.d/devices.yaml", "devices: [{pol: 1}]\n")
        for words in (("check",), ("check", "-c", str(gateway.etc))):
            with self.subTest(words=words):
                result = gateway.ctl(*words, "--json")
                self.assertEqual((result.returncode, result.stderr), (1, ""))
                json_check(result.stdout, close=True)
                answer = json.loads(result.stdout)
                self.assertFalse(answer["good"])
                self.assertRegex("\n".join(answer["findings"]),
                                 "devices.yaml:1:.*endpoint")
        result = gateway.ctl("reload", "--json")
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        json_check(result.stdout, close=True)
        answer = json.loads(result.stdout)
        self.assertEqual((answer["reloaded"], answer["whole"]), (True, False))
        self.assertTrue(answer["findings"])

    def test_metrics_as_json(self):
        answer = json.loads(self.start().ctl("metrics", "--json").stdout)
        online = [m for m in answer["metrics"] if m.get("labels") == {
            "state": "online"} and m["metric"] == "lwmux_endpoints"]
        self.assertEqual([m["value"] for m in online], [2])

    def test_status_of_a_pattern(self):
        gateway = self.start()
        text = gateway.ctl("status", "meter-*").stdout
        self.assertIn("2 endpoints: 2 online", text)
        text = gateway.ctl("status", "*[2-9]").stdout
        self.assertIn("1 endpoint: 1 online", text)
        self.assertNotIn("meter-1", text)
        none = gateway.ctl("status", "x*")
        self.assertEqual(none.returncode, 4)
        self.assertIn("no endpoint is called x*", none.stderr)

    def test_status_is_watched(self):
        gateway = self.start()
        for words in (("status", "-w", "meter-1"), ("watch", "meter-*")):
            watcher = self.add(Program(
                [binary("agent/lwmuxctl"), "--run", gateway.run, *words],
                "lwmuxctl"))
            watcher.wait_line(lambda l: "meter-1" in l, "the status")
            mark = len(watcher.lines)
            watcher.wait_line(lambda l: "meter-1" in l, "it again",
                              after=mark)
            watcher.process.terminate()

    def test_a_watched_daemon_that_goes_is_told_once(self):
        gateway = self.start()
        words = [binary("agent/lwmuxctl"), "--run", gateway.run, "watch"]
        with tempfile.TemporaryFile("w+") as said, subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=said) as watcher:
            self.addCleanup(watcher.kill)

            def told():
                return os.pread(said.fileno(), 9999, 0).decode().splitlines()

            watcher.stdout.readline()
            gateway.stop()
            wait_for(lambda: len(told()) >= 2, "that it is gone")
            time.sleep(5)               # it looks again, twice
            gateway.start()
            wait_for(lambda: len(told()) >= 3, "that it is there again")
            watcher.kill()
            lines = told()
        self.assertIn("it is asked for every 2 s", lines[1])
        self.assertEqual(lines[2:], ["lwmuxctl: it is there again"])

    def test_what_is_not_there_at_first_is_not_watched(self):
        gateway = self.start()
        self.assertEqual(gateway.ctl("watch", "nosuch").returncode, 4)
        gateway.stop()
        self.assertEqual(gateway.ctl("watch").returncode, 2)

    def test_events_of_an_unknown_endpoint(self):
        gateway = self.start()
        for words in (("events", "nosuch"), ("events", "-f", "nosuch")):
            result = gateway.ctl(*words)
            self.assertEqual(result.returncode, 4)
            self.assertIn("no such endpoint: nosuch", result.stderr)

    def test_colours_are_for_terminals(self):
        gateway = self.start()

        def shown(**env):
            master, slave = pty.openpty()
            subprocess.run([binary("agent/lwmuxctl"), "--run", gateway.run,
                            "status"], stdout=slave, check=True,
                           env={"TERM": "xterm", **env})
            os.close(slave)
            with open(master, "rb", buffering=0) as terminal:
                text = b""
                with contextlib.suppress(OSError):      # its other end is shut
                    while more := terminal.read(1 << 16):
                        text += more
            return text.decode()

        self.assertIn("\033[32monline\033[0m", shown())
        self.assertIn("\033[32mhealthy\033[0m", shown())
        for text in (shown(NO_COLOR="1"), shown(TERM="dumb"),
                     gateway.ctl("status").stdout):
            self.assertIn("online", text)
            self.assertNotIn("\033", text)

    def test_status_begins_with_a_summary(self):
        gateway = self.start()
        self.assertEqual(gateway.ctl("status").stdout.splitlines()[0],
                         "2 endpoints: 2 online")
        result = gateway.ctl("status", "--not-well")
        self.assertEqual((result.returncode, result.stdout),
                         (0, "2 endpoints: 2 online\nhealthy\n"))

    def test_status_of_those_that_are_not_well(self):
        gateway = self.start()
        self.slave_.do("mute 1")
        wait_for(lambda: "1 silent" in gateway.ctl("status").stdout, "silence")
        result = gateway.ctl("status", "--not-well")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[0],
                         "2 endpoints: 1 online, 1 silent")
        self.assertRegex(result.stdout, r"(?m)^meter-1  +silent ")
        self.assertNotIn("meter-2", result.stdout)
        self.assertNotRegex(result.stdout, "(?m)^BUS ")
        status = gateway.status("--not-well")
        self.assertEqual([e["endpoint"] for e in status["endpoints"]],
                         ["meter-1"])
        self.assertEqual((status["buses"], status["health"]), ([], "degraded"))
        self.assertEqual(len(gateway.status()["endpoints"]), 2)

    def test_status_is_degraded_by_a_silent_device(self):
        gateway = self.start()
        self.slave_.do("mute 1")
        wait_for(lambda: gateway.ctl("status").returncode == 1,
                 "a degraded status")

    def test_a_daemon_that_hangs_is_down(self):
        gateway = self.start()
        process = gateway.program.process
        process.send_signal(signal.SIGSTOP)
        self.addCleanup(process.send_signal, signal.SIGCONT)
        for words in (("status",), ("metrics",), ("scan", "plant"),
                      ("write", "meter-1", "/1/0/1", "300")):
            result = gateway.ctl(*words)
            self.assertNotEqual(result.returncode, 0, words)
            self.assertIn("does not answer", result.stderr)
            if words == ("status",):
                self.assertEqual(result.returncode, 2)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(gateway.ctl("status").returncode, 0)

    def test_status_is_down_without_a_daemon(self):
        gateway = self.idle()
        self.assertEqual(gateway.ctl("status").returncode, 2)
        self.assertEqual(gateway.ctl("status", "meter-9").returncode, 2)

    def test_read(self):
        gateway = self.start()
        self.slave_.do("set 1 holding 100 217")
        wait_for(lambda: "21.7" in gateway.ctl(
            "read", "meter-1", "/3303/0/5700").stdout, "21.7")
        result = gateway.ctl("read", "meter-1", "/3303/0")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Cel", result.stdout)

    def test_profiles(self):
        gateway = self.idle()
        text = gateway.ctl("profiles", "-c", gateway.etc).stdout
        self.assertRegex(text, r"(?m)^eastron/sdm120 +Eastron SDM120: "
                         "single-phase energy meter")
        self.assertGreater(len(text.splitlines()), 60)
        text = gateway.ctl("profiles", "-c", gateway.etc, "wall").stdout
        self.assertEqual([l.split()[0] for l in text.splitlines()],
                         ["wirenboard/wb-msw"])
        text = gateway.ctl("profiles", "-c", gateway.etc,
                           "eastron/sdm120").stdout
        self.assertTrue(text.startswith(f"# {gateway.etc}/profiles/eastron/"
                                        "sdm120.yaml\n# Eastron"), text)
        self.assertIn("model: SDM120", text)
        result = gateway.ctl("profiles", "-c", gateway.etc, "eastron/sdm12O")
        self.assertEqual(result.returncode, 1)
        self.assertIn("eastron/sdm120", result.stderr)

    def test_trace(self):
        gateway = self.start()
        result = gateway.ctl("trace", "plant", "--for", "1s")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertRegex(
            lines[0], r"^\d\d:\d\d:\d\d\.\d{3} -> (?:[0-9a-f]{2} ){6}"
            r"0[12] 03 00 64 00 01   unit [12]: read 1 holding registers "
            r"from 100$")
        self.assertRegex(
            lines[1], r" <- (?:[0-9a-f]{2} ){6}0[12] 03 02 [0-9a-f ]{5}   "
            r"unit [12]: \d+$")
        self.slave_.do("exception 2 2")
        result = gateway.ctl("trace", "plant", "--for", "1s")
        self.assertIn("02 83 02   unit 2: exception 2, illegal data address",
                      result.stdout)
        result = gateway.ctl("trace", "plant", "--json", "--for", "1s")
        frame = json.loads(result.stdout.splitlines()[0])["frame"]
        self.assertEqual(set(frame), {"time", "sent", "bytes", "words"})

    def test_wrong_traces_are_refused(self):
        gateway = self.start()
        for words, said in ((("plnt",), "no bus 'plnt'"),
                            (("plant", "--for", "soon"), "'soon' is no")):
            result = gateway.ctl("trace", *words)
            self.assertEqual(result.returncode, 1)
            self.assertIn(said, result.stderr)

    def test_trace_that_is_given_up_ends(self):
        gateway = self.start()
        words = [binary("agent/lwmuxctl"), "--run", gateway.run, "trace",
                 "plant"]
        with subprocess.Popen(words, stdout=subprocess.PIPE,
                              text=True) as trace:
            self.assertIn(" -> ", trace.stdout.readline())
            self.assertIn("a trace is under way",
                          gateway.ctl("trace", "plant").stderr)
            trace.kill()
        wait_for(lambda: gateway.ctl("trace", "plant", "--for",
                                     "1s").returncode == 0, "another trace")

    def test_read_what_is_not_there(self):
        gateway = self.start()
        for words in (("meter-1", "/3304/0"), ("meter-9", "/3303/0"),
                      ("meter-1", "nonsense")):
            with self.subTest(words=words):
                result = gateway.ctl("read", *words)
                self.assertNotEqual(result.returncode, 0)
                self.assertTrue(result.stderr)

    def test_check(self):
        gateway = self.start()
        result = gateway.ctl("check")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, "^fine: .*running lwmuxd\n$")
        gateway.write("conf.d/devices.yaml", "devices: [{pol: 1}]\n")
        result = gateway.ctl("check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("devices.yaml:1:", result.stdout + result.stderr)
        self.assertNotIn("fine", result.stdout)

    def test_check_of_a_directory_needs_no_daemon(self):
        gateway = self.idle()
        # No adapter is installed where a build tree's lwmuxd looks for them.
        gateway.write("conf.d/devices.yaml", "devices: []\n")
        result = gateway.ctl("check", "-c", gateway.etc)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, "fine: 1 server, 0 devices, 0 buses\n"
                          f"fine: no mistake in {gateway.etc}\n", ""))
        gateway.write("lwmux.yaml", "gateway: {nam: x}\n")
        result = gateway.ctl("check", "-c", gateway.etc)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("lwmux.yaml:1:", result.stderr)

    def test_log_level(self):
        gateway = self.start()
        self.assertEqual(gateway.ctl("log-level").stdout, "note\n")
        self.assertEqual(gateway.ctl("log-level", "error").stdout, "error\n")
        gateway.reload()
        self.assertEqual(gateway.ctl("log-level", "note").stdout, "note\n")
        gateway.reload()
        gateway.wait_log("configuration reloaded")
        self.assertEqual(sum("configuration reloaded" in line
                             for line in gateway.log()), 1)
        wrong = gateway.ctl("log-level", "loud")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("no log level 'loud', but error, warning", wrong.stderr)
        self.assertEqual(gateway.ctl("log-level").stdout, "note\n")

    def test_reload_says_what_it_did(self):
        gateway = self.start()
        result = gateway.ctl("reload")
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, "configuration reloaded\n", ""))
        gateway.write("conf.d/more.yaml", "devices: [{endpoint: x, pol: 1}]\n")
        result = gateway.ctl("reload")
        self.assertEqual(result.returncode, 0)
        self.assertIn("configuration reloaded, but for", result.stdout)
        self.assertIn("more.yaml:1:", result.stderr)

    def test_nothing_is_kept_where_nothing_runs(self):
        result = self.idle().ctl("reload")
        self.assertEqual(result.returncode, 1)
        self.assertIn("does lwmuxd run?", result.stderr)
        self.assertNotIn("kept", result.stderr)

    def test_send_says_how_much_goes(self):
        gateway = self.start()
        wait_for(lambda: gateway.ctl("send", "meter-1", "/3303/0/5700")
                 .stdout == "/3303/0/5700: 1 value on the way to the servers\n",
                 "one value that is sent")
        result = gateway.ctl("send", "--json", "meter-1", "/3303/0/5700")
        json_check(result.stdout, close=True)
        self.assertEqual(json.loads(result.stdout), {
            "format": 1, "endpoint": "meter-1", "path": "/3303/0/5700",
            "sent": 1})
        result = gateway.ctl("send", "meter-1", "/3303/0/5700", "/3399")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_reload_says_what_is_wrong(self):
        gateway = self.start()
        gateway.write("lwmux.yaml", "gateway: {nam: x}\n")
        result = gateway.ctl("reload")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("lwmux.yaml:1:", result.stdout + result.stderr)
        self.assertIn("running configuration was kept", result.stderr)

    def idle(self):
        """Of a gateway that does not run."""
        return self.gateway(1, sites.SIM, start=False)

    def test_a_negative_value_is_no_option(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        for words in (("-5",), ("--json", "-5.5"), ("--", "-7")):
            result = gateway.ctl("write", "sim", "/3308/0/5900", *words)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            server.wait_value("sim", "/3308/0/5900", float(words[-1]))

    def test_version(self):
        result = self.idle().ctl("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^lwmuxctl \d+\.\d+\.\d+\n$")

    def test_help_lists_the_commands_within_80_columns(self):
        gateway = self.idle()
        result = gateway.ctl("help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(gateway.ctl("--help").stdout, result.stdout)
        for command in COMMANDS:
            self.assertRegex(result.stdout, rf"(?m)^  {command}( |$)")
        for line in result.stdout.splitlines():
            self.assertLessEqual(len(line), 80)
            self.assertEqual(line, line.rstrip())

    def test_help_of_each_command(self):
        gateway = self.idle()
        for command in COMMANDS:
            result = gateway.ctl("help", command)
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"usage: lwmuxctl {command}", result.stdout)
            self.assertIn("who may: ", result.stdout)
        self.assertIn("root, or", gateway.ctl("help", "write").stdout)

    def completed(self, line):
        """What bash offers for a line that ends where the cursor is."""
        script = (f"source {ROOT}/packaging/completion/lwmuxctl.bash\n"
                  "COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=' :='\n"
                  '_lwmuxctl; printf "%s\\n" "${COMPREPLY[@]}"\n')
        return subprocess.run(["bash", "-c", script, "bash", line], text=True,
                              capture_output=True, check=True).stdout.split()

    def test_bash_completes(self):
        gateway = self.gateway(5683, sites.SIM.replace(
            "endpoint: sim", "endpoint: urn:dev:sim"))
        wait_for(lambda: "sim" in gateway.ctl("status").stdout, "a daemon")
        tool = f"{binary('agent/lwmuxctl')} --run {gateway.run}"
        for line, offered in (("st", ["status"]), ("status u",
                                                   ["urn:dev:sim"]),
                              ("status urn:de", ["dev:sim"]),
                              ("trace ", ["sim"]), ("status --js", ["--json"]),
                              ("log-level n", ["note"]), ("nothing ", [])):
            with self.subTest(line=line):
                self.assertEqual(self.completed(f"{tool} {line}"), offered)
        gateway.stop()
        self.assertEqual(self.completed(f"{tool} status "), [])

    def test_zsh_completes(self):
        gateway = self.gateway(5683, sites.SIM)
        wait_for(lambda: "sim" in gateway.ctl("status").stdout, "a daemon")
        script = ("compadd() { print -l -- ${@:#--}; }\n_files() { print none; "
                  "}\nwords=(\"$@\"); CURRENT=$#words\n"
                  f"set --; source {ROOT}/packaging/completion/_lwmuxctl\n")
        for words, offered in ((["st"], "status"), (["status", ""], "sim"),
                               (["nothing", ""], "none")):
            with self.subTest(words=words):
                result = subprocess.run(
                    ["zsh", "-f", "-c", script, "zsh",
                     binary("agent/lwmuxctl"), "--run", gateway.run, *words],
                    text=True, capture_output=True)
                self.assertEqual((result.stdout.split(), result.stderr),
                                 ([offered], ""))

    def test_bash_completes_options_of_the_daemon(self):
        script = (f"source {ROOT}/packaging/completion/lwmuxd.bash\n"
                  "COMP_WORDS=($1 --sc) COMP_CWORD=1\n_lwmuxd\n"
                  'echo "${COMPREPLY[@]}"\n')
        self.assertEqual(subprocess.run(
            ["bash", "-c", script, "bash", binary("agent/lwmuxd")], text=True,
            capture_output=True, check=True).stdout, "--schema\n")

    def test_unknown_command_names_the_one_that_was_meant(self):
        gateway = self.idle()
        for words in (("statsu",), ("help", "statsu")):
            result = gateway.ctl(*words)
            self.assertEqual(result.returncode, 3)
            self.assertIn("unknown command 'statsu'; did you mean 'status'?\n",
                          result.stderr)
        self.assertNotIn("mean", gateway.ctl("xylophone").stderr)

    def test_wrong_number_of_arguments_shows_the_right_one(self):
        gateway = self.idle()
        for words, said in (
                (("write", "meter-1", "/1/0/1"), "too few"),
                (("reload", "now"), "too many"), (("scan",), "too few"),
                (("read", "a", "/3", "b"), "too many")):
            result = gateway.ctl(*words)
            self.assertEqual(result.returncode, 3)
            self.assertIn(f"lwmuxctl: {words[0]}: {said} arguments\n"
                          f"usage: lwmuxctl {words[0]}", result.stderr)

    def test_options_that_a_command_does_not_take_are_refused(self):
        gateway = self.idle()
        for words, option in (
                (("status", "--yes"), "--yes"), (("reload", "-f"), "--follow"),
                (("-w", "watch"), "--watch"), (("write", "--for", "2s", "meter-1",
                 "/1/0/1", "60"), "--for"), (("check", "--adopt"), "--adopt"),
                (("adopt", "--json", "a", "b"), "--json"),
                (("help", "--out", "x"), "--out")):
            with self.subTest(words=words):
                result = gateway.ctl(*words)
                self.assertEqual((result.returncode, result.stdout), (3, ""))
                command = next(w for w in words if w in COMMANDS)
                self.assertTrue(result.stderr.startswith(
                    f"lwmuxctl: {command} takes no {option}\n"
                    f"usage: lwmuxctl {command}"), result.stderr)
        result = gateway.ctl("scan", "--json", "--adopt", "plant")
        self.assertEqual((result.returncode, result.stderr), (
            3, "lwmuxctl: scan: --json or --adopt, not both\n"))

    def test_help_of_a_command_by_its_option(self):
        gateway = self.idle()
        for words in (("status", "--help"), ("-h", "status")):
            self.assertEqual(gateway.ctl(*words).stdout,
                             gateway.ctl("help", "status").stdout)

    def test_unknown_verb(self):
        result = self.gateway(1, sites.SIM, start=False).ctl("dance")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("sage", result.stderr)
