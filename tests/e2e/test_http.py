# SPDX-License-Identifier: GPL-2.0-or-later
"""The page by plain HTTP: what it says, and to whom."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import unittest
import urllib.parse

import sites
from harness import (Gateway, Program, ROOT, SharedSite, Site, free_port,
                     wait_for)

TOKEN = "0123456789abcdefghij"

MAIN = """\
gateway:
  name: site7
  http: {http}
{more}
servers:
  - {{id: 1, uri: "coap://127.0.0.1:{port}"}}
"""


# argv: descriptor, program, its arguments
HAND_OVER = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def main_file(port, http, more=""):
    return MAIN.format(port=port, http=http,
                       more=textwrap.indent(textwrap.dedent(more), "  "))


def free_tcp_port():
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_shut(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return False
    except ConnectionRefusedError:
        return True


def sockets(pid):
    """Those of a process, whose files come and go meanwhile."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return {name for name in found if name.startswith("socket:")}


def listening(pid):
    """Inodes of the TCP sockets that a process listens at."""
    there = set()
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{name}").read_text().split(
                "\n")[1:-1]:
            fields = line.split()
            if fields[3] == "0A":
                there.add(f"socket:[{fields[9]}]")
    return there & sockets(pid)


class Visitor:
    """Asks one gateway's page."""

    def __init__(self, port, host="127.0.0.1"):
        self.port, self.host = port, host

    def ask(self, path, method="GET", **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(self.host, self.port,
                                                timeout=10)
        try:
            connection.putrequest(method, path,
                                  skip_host="Host" in headers)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def code(self, path, method="GET", **headers):
        return self.ask(path, method, **headers)[0]

    def json(self, path, **headers):
        code, _, body = self.ask(path, **headers)
        if code != 200:
            raise AssertionError(f"{path}: {code} {body}")
        return json.loads(body)


class Feed:
    """Server-sent events, as they come."""

    def __init__(self, port, query=""):
        self.socket = socket.create_connection(("127.0.0.1", port), 15)
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.sock = self.socket
        self.connection.request("GET", "/api/feed" + query)
        self.answer = self.connection.getresponse()
        self.code = self.answer.status

    def next(self):
        """(event, its object); None at the end"""
        name = self.answer.readline()
        data, end = self.answer.readline(), self.answer.readline()
        if not end:
            return None
        assert name.startswith(b"event: ") and data.startswith(b"data: ")
        assert end == b"\n"
        return name[7:-1].decode(), json.loads(data[6:])

    def wait(self, event, where=lambda data: True):
        while True:
            name, data = self.next()
            if name == event and where(data):
                return data

    def close(self):
        self.connection.close()
        self.answer.close()


class Served(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave_ = site.slave("1=boiler")
        cls.server_ = site.server()
        cls.port = free_tcp_port()
        cls.gateway_ = site.gateway(
            cls.server_.port, sites.boiler(cls.slave_.port) + """\
  - endpoint: sim
    bus: sim
    poll: 200ms
    points: [{name: t, signal: sine, min: 18, max: 24, period: 4s,
              map: 3303/0, unit: Cel}]
  - {endpoint: wrong, bus: sim, poll: 5}
""", **{"lwmux.yaml": main_file(cls.server_.port,
                                f"127.0.0.1:{cls.port}")})
        # Registered is what the server says before the gateway has read it.
        for ep in ("boiler", "sim"):
            cls.gateway_.wait_log(ep + ": registered at")
        cls.gateway_.wait_log("http: serves at")
        cls.visitor = Visitor(cls.port)

    # What it says.

    def test_status_is_what_lwmuxctl_gets(self):
        page, tool = self.visitor.json("/api/status"), self.gateway_.status()
        # The tool says the format of its answers besides.
        self.assertEqual(page.keys(), tool.keys() - {"format"})
        for member in ("gateway", "version", "health", "reasons", "findings"):
            self.assertEqual(page[member], tool[member], member)
        self.assertEqual(sorted(e["endpoint"] for e in page["endpoints"]),
                         ["boiler", "sim", "wrong"])

    def test_verdict_has_its_reasons(self):
        status = self.visitor.json("/api/status")
        self.assertEqual(status["health"], "degraded")
        self.assertEqual(status["reasons"], [
            "1 device refused", "1 finding in the configuration"])
        self.assertIn("devices.yaml:", status["findings"][0])

    def test_servers_are_counted(self):
        server, = self.visitor.json("/api/status")["servers"]
        self.assertEqual((server["server"], server["endpoints"],
                          server["registered"], server["security"]),
                         (1, 2, 2, "nosec"))

    def test_one_endpoint_and_its_resources(self):
        one = self.visitor.json("/api/endpoint?name=boiler")["endpoints"][0]
        self.assertEqual((one["endpoint"], one["state"]),
                         ("boiler", "online"))
        tree = self.visitor.json("/api/read?name=boiler")["resources"]
        value = next(r for r in tree if r["path"] == "/3308/0/5900")
        self.assertEqual((value["value"], value["quality"]), ("55", "good"))
        self.assertGreaterEqual(value["age"], 0)
        part = self.visitor.json("/api/read?name=boiler&path=/3308/0")
        self.assertTrue(all(r["path"].startswith("/3308/0/")
                            for r in part["resources"]))

    def test_unknown_names_are_not_found(self):
        for path in ("/api/endpoint?name=nobody", "/api/read?name=nobody",
                     "/api/read?name=boiler&path=/9/9",
                     "/api/read?name=boiler&path=9"):
            code, _, body = self.visitor.ask(path)
            self.assertEqual(code, 404, path)
            self.assertIn("error", json.loads(body))
        for path in ("/api/endpoint", "/api/read"):
            self.assertEqual(self.visitor.code(path), 400)

    def test_metrics(self):
        code, headers, body = self.visitor.ask("/metrics")
        self.assertEqual(code, 200)
        self.assertIn("version=0.0.4", headers["Content-Type"])
        for series in (
                'lwmux_endpoints{state="online"} 2',
                'lwmux_server_waiting_values{server="1"} 0',
                'lwmux_config_findings 1',
                'lwmux_bus_events_total{bus="plant",event="timeouts"} 0',
                'lwmux_bus_events_total{bus="plant",event="crc"} 0',
                'lwmux_bus_events_total{bus="sim",event="commands"} 0'):
            self.assertIn(series.encode() + b"\n", body)
        self.assertRegex(body, rb'lwmux_build_info\{version="[0-9.]+"\} 1\n')
        self.assertRegex(
            body, rb'lwmux_bus_busy_seconds_total\{bus="plant"\} [0-9.]+\n')
        self.assertNotIn(b"busy_us", body)
        self.assertNotIn(b"lwmux_endpoint_", body)

    @unittest.skipUnless(shutil.which("promtool"),
                         "no promtool: packaging/setup test")
    def test_promtool_has_nothing_to_say(self):
        result = subprocess.run(
            ["promtool", "check", "metrics"], check=False,
            input=self.visitor.ask("/metrics")[2], capture_output=True)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, b"", b""))

    def test_page_is_three_files_and_nothing_from_elsewhere(self):
        for path, kind in (("/", "text/html"), ("/page.css", "text/css"),
                           ("/page.js", "text/javascript")):
            code, headers, body = self.visitor.ask(path)
            self.assertEqual(code, 200)
            self.assertEqual(headers["Content-Type"],
                             kind + "; charset=utf-8")
            self.assertNotIn(b"//", body.replace(b"http://www.w3.org/", b"")
                             if path != "/page.js" else b"")

    # What it keeps telling.

    def feed(self, query=""):
        feed = Feed(self.port, query)
        self.addCleanup(feed.close)
        return feed

    def test_feed_of_rows_tells_all_and_then_what_changes(self):
        feed = self.feed("?rows=1")
        self.assertEqual(feed.answer.headers["Content-Type"],
                         "text/event-stream")
        name, head = feed.next()
        self.assertEqual((name, head["gateway"]), ("head", "site7"))
        self.assertNotIn("endpoints", head)
        name, rows = feed.next()
        self.assertEqual(name, "rows")
        self.assertTrue(rows["all"])
        by_name = {r["endpoint"]: r for r in rows["rows"]}
        self.assertEqual({n: r["state"] for n, r in by_name.items()}, {
            "boiler": "online", "sim": "online", "wrong": "refused"})
        self.assertIn("poll", by_name["wrong"]["error"])
        self.assertEqual(by_name["sim"]["servers"],
                         [{"server": 1, "state": "registered"}])
        name, log = feed.next()
        self.assertEqual(name, "log")
        self.assertTrue(any(e["text"] == "device is online" and
                            e["endpoint"] == "sim" for e in log["events"]))
        changed = feed.wait("rows", lambda d: d["rows"])
        self.assertNotIn("all", changed)
        self.assertNotIn("wrong", [r["endpoint"] for r in changed["rows"]])

    def test_feed_of_one_endpoint(self):
        self.server_.ask("observe", "boiler", "/3308/0")
        feed = self.feed("?endpoint=boiler")
        one = feed.wait("endpoint")
        self.assertEqual(one["endpoint"]["endpoint"], "boiler")
        self.assertEqual(one["endpoint"]["observed"],
                         [{"paths": ["/3308/0"], "server": 1}])

        def told(answer):
            return [{k: v for k, v in r.items() if k != "age"}
                    for r in answer["resources"]]

        def is_what_a_read_tells():     # unless it changes between the two
            feed = Feed(self.port, "?endpoint=boiler")
            try:
                return told(feed.wait("endpoint")) == told(
                    self.visitor.json("/api/read?name=boiler"))
            finally:
                feed.close()
        wait_for(is_what_a_read_tells, "the feed tells what a read does")
        names = [feed.next()[0] for _ in range(4)]
        self.assertNotIn("rows", names)
        self.assertIn("error", self.feed("?endpoint=nobody").wait("endpoint"))

    def test_feed_of_a_trace(self):
        feed = self.feed("?trace=plant")
        first = feed.wait("trace")
        self.assertNotIn("error", first)
        frame = feed.wait("trace", lambda d: any(
            f["sent"] for f in d["frames"]))["frames"][0]
        self.assertEqual(frame.keys(), {"time", "sent", "bytes", "words"})
        self.assertRegex(frame["bytes"], r"^[0-9a-f]{2}( [0-9a-f]{2})+$")
        # One a bus at a time, whoever asks; it is free when the reader goes.
        self.assertEqual(self.feed("?trace=plant").wait("trace")["error"],
                         "a trace is under way there")
        self.assertIn("a trace is under way there", self.gateway_.ctl(
            "trace", "--for", "1s", "plant").stderr)
        self.assertEqual(self.feed("?trace=none").wait("trace")["error"],
                         "lwmuxd runs no such bus")
        feed.close()
        wait_for(lambda: self.gateway_.ctl(
            "trace", "--for", "300ms", "plant").returncode == 0,
                 "a trace of somebody else")

    def test_events_of_one_endpoint(self):
        events = self.visitor.json("/api/events?endpoint=sim")["events"]
        self.assertEqual({e["endpoint"] for e in events}, {"sim"})
        self.assertGreater(len(self.visitor.json("/api/events")["events"]),
                           len(events))

    # Whom it answers.

    def test_nothing_but_get(self):
        for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE",
                       "PATCH", "BREW"):
            for path in ("/", "/api/status", "/nowhere"):
                code, headers, _ = self.visitor.ask(path, method)
                self.assertEqual((code, headers["Allow"]), (405, "GET"),
                                 (method, path))

    def test_reload_and_write_are_no_paths(self):
        for path in ("/api/reload", "/api/write", "/api/check", "/api",
                     "/api/", "//", "/../api/status", "/page.html",
                     "/API/status", "/api/status/"):
            self.assertEqual(self.visitor.code(path), 404, path)

    def test_foreign_names_are_refused(self):
        for host in ("evil.example", "evil.example:8088", "127.0.0.1.evil",
                     "localhost.evil.example", "[::1", "", "127.0.0.1:x",
                     "0x7f.1", "127.1", "user@localhost"):
            for path in ("/", "/api/status", "/metrics"):
                self.assertEqual(self.visitor.code(path, Host=host), 421,
                                 (host, path))

    def test_own_names_are_taken(self):
        for host in ("127.0.0.1", "localhost", "LOCALHOST:9000",
                     f"127.0.0.1:{self.port}", "[::1]:8088", "192.0.2.1",
                     socket.gethostname(), socket.gethostname() + ".local"):
            self.assertEqual(self.visitor.code("/api/status", Host=host), 200,
                             host)

    def test_no_host_at_all(self):
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"GET /api/status HTTP/1.0\r\n\r\n")
            answer = s.makefile("rb").read()
        self.assertIn(b" 421 ", answer.split(b"\r\n")[0])

    def test_headers_shut_out_what_is_not_ours(self):
        for path in ("/", "/api/status", "/nowhere"):
            headers = self.visitor.ask(path)[1]
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_nonsense_harms_nothing(self):
        for rubbish in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
                        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000,
                        b"\r\n" * 1000, b"\0" * 100,
                        b"GET /api/read?name=%00%ff%zz HTTP/1.1\r\n"
                        b"Host: localhost\r\nConnection: close\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                try:
                    s.sendall(rubbish)
                except ConnectionError:
                    pass        # cut off while it still spoke
        self.assertEqual(self.visitor.code("/api/status"), 200)


class Open(Site):
    """Where it listens, and with what."""

    def start(self, http, more="", devices="", **options):
        server = self.server()
        gateway = self.gateway(server.port, devices or """\
devices:
  - {endpoint: sim, bus: sim, points: [{name: t, signal: constant, value: 1,
     map: 3303/0}]}
""", **{"lwmux.yaml": main_file(server.port, http, more), **options})
        # The log leaves lines out where there are hundreds at once.
        server.registered("sim")
        if http.startswith("127.0.0.1:"):       # last of all
            wait_for(lambda: not is_shut(int(http.rpartition(":")[2])),
                     "the page is served")
        return gateway

    def traced(self):
        """A gateway with a bus that has traffic, and who traces it."""
        slave = self.slave("1=boiler")
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}", devices=sites.boiler(
            slave.port) + "  - {endpoint: sim, bus: sim, points: "
            "[{name: t, map: 3303/0}]}\n")

        def trace():
            feed = Feed(port, "?trace=plant")
            self.addCleanup(feed.close)
            return feed
        feed = trace()
        feed.wait("trace", lambda d: d["frames"])
        return gateway, feed, trace

    def test_a_trace_ends_with_its_bus(self):
        gateway, feed, trace = self.traced()
        gateway.write("conf.d/devices.yaml", "devices: []\n")
        gateway.reload()
        self.assertIs(feed.wait("trace", lambda d: "done" in d)["done"], True)
        self.assertEqual(trace().wait("trace")["error"],
                         "lwmuxd runs no such bus")

    def test_a_gateway_stops_while_one_traces(self):
        gateway, _, _ = self.traced()
        self.assertEqual(gateway.stop(), 0)

    def test_off_by_default(self):
        server = self.server()
        gateway = self.gateway(server.port, """\
devices:
  - {endpoint: sim, bus: sim, points: [{name: t, signal: constant, value: 1,
     map: 3303/0}]}
""")
        server.registered("sim")
        self.assertEqual(listening(gateway.program.process.pid), set())

    def test_a_reload_opens_moves_and_closes_it(self):
        ports = [free_tcp_port(), free_tcp_port()]
        gateway = self.start("off")
        text = (gateway.etc / "lwmux.yaml").read_text()
        for at in ports:
            gateway.write("lwmux.yaml", text.replace(
                "http: off", f"http: 127.0.0.1:{at}"))
            gateway.reload()
            gateway.wait_log(f"http: serves at 127.0.0.1:{at}")
            self.assertEqual(Visitor(at).code("/api/status"), 200)
        self.assertRaises(ConnectionRefusedError,
                          Visitor(ports[0]).code, "/")
        gateway.write("lwmux.yaml", text)
        gateway.reload()
        wait_for(lambda: is_shut(ports[1]), "the end of the page")

    def test_a_taken_port_is_told_and_the_gateway_runs(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            at = f"127.0.0.1:{s.getsockname()[1]}"
            gateway = self.start(at)
            gateway.wait_log("error: http: cannot listen at " + at,
                             "Address already in use")
            self.assertEqual(gateway.ctl("status").returncode, 0)

    def test_beyond_loopback_a_token_is_needed(self):
        for at in ("0.0.0.0:8088", "[::]:8088", "192.0.2.1:8088"):
            gateway = self.add(Gateway({"lwmux.yaml": main_file(
                free_port(), f'"{at}"')}, start=False))
            check = gateway.once("--check")
            self.assertEqual(check.returncode, 1, at)
            self.assertIn("lwmux.yaml:3:9: http: ", check.stderr)
            self.assertIn("needs http_token_file", check.stderr)

    def test_bad_addresses_are_refused_with_their_place(self):
        for at in ("8088", "127.0.0.1", "localhost:8088", "127.0.0.1:65536",
                   "256.0.0.1:80", "::1:8088", "[::1]", "127.0.0.01:80"):
            gateway = self.add(Gateway({"lwmux.yaml": main_file(
                free_port(), f'"{at}"')}, start=False))
            check = gateway.once("--check")
            self.assertEqual(check.returncode, 1, at)
            self.assertIn("lwmux.yaml:3:9: http: ", check.stderr)
            self.assertIn("ADDRESS:PORT", check.stderr)

    def test_token(self):
        port = free_tcp_port()
        gateway = self.add(Gateway({
            "token": TOKEN + "\n", "lwmux.yaml": main_file(
                free_port(), f"0.0.0.0:{port}", "http_token_file: token")},
            start=False))
        (gateway.etc / "token").chmod(0o600)
        gateway.start()
        gateway.wait_log("http: serves at 0.0.0.0")
        visitor = Visitor(port)
        for path in ("/api/status", "/api/endpoint?name=a", "/metrics",
                     "/api/read?name=a"):
            for wrong in (None, "", "Bearer", "Bearer ", TOKEN,
                          "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x",
                          "Basic " + TOKEN, "Bearer  " + TOKEN):
                code, headers, _ = visitor.ask(path, Authorization=wrong)
                self.assertEqual(code, 401, (path, wrong))
                self.assertEqual(headers["WWW-Authenticate"], "Bearer")
        right = "Bearer " + TOKEN
        self.assertEqual(visitor.code("/api/status", Authorization=right), 200)
        self.assertEqual(visitor.code("/"), 200)    # asks for the token
        (gateway.etc / "token").write_text(TOKEN[::-1])
        gateway.reload()
        self.assertEqual(visitor.code("/api/status", Authorization=right), 401)
        self.assertNotIn(TOKEN, "\n".join(gateway.log()))

    def test_a_token_that_all_can_read_or_guess_serves_nobody(self):
        port = free_tcp_port()
        gateway = self.add(Gateway({
            "token": "short\n", "lwmux.yaml": main_file(
                free_port(), f"127.0.0.1:{port}", "http_token_file: token")},
            start=False))
        (gateway.etc / "token").chmod(0o644)
        check = gateway.once("--check")
        self.assertEqual(check.returncode, 1)
        self.assertIn("'http_token_file': the file token can be read by others",
                      check.stderr)
        gateway.start()
        gateway.wait_log("error: http_token_file token", "chmod")
        (gateway.etc / "token").chmod(0o600)
        gateway.hangup()
        gateway.wait_log("error: http_token_file token", "printable")
        self.assertRaises(ConnectionRefusedError, Visitor(port).code, "/")

    def test_a_socket_of_systemd(self):
        """As systemd-socket-activate hands it over."""
        gateway = self.add(Gateway({"lwmux.yaml": main_file(
            free_port(), "off")}, start=False))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]

            self.hand_over(gateway, s)
        gateway.wait_log("http: serves at the socket of systemd")
        self.assertEqual(Visitor(port).code("/api/status"), 200)
        gateway.reload()
        self.assertEqual(Visitor(port).code("/api/status"), 200)

    def test_a_socket_of_systemd_in_the_file_system(self):
        gateway = self.add(Gateway({"lwmux.yaml": main_file(
            free_port(), "off")}, start=False))
        path = str(gateway.directory / "page")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen()
            self.hand_over(gateway, s)
        gateway.wait_log("http: serves at the socket of systemd")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n"
                      b"Connection: close\r\n\r\n")
            answer = s.makefile("rb").read()
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "))
        self.assertIn(b'"gateway":"site7"', answer)

    def test_a_socket_of_systemd_that_others_reach_needs_a_token(self):
        gateway = self.add(Gateway({"lwmux.yaml": main_file(
            free_port(), "off")}, start=False))
        with socket.socket() as s:
            s.bind(("0.0.0.0", 0))
            s.listen()
            self.hand_over(gateway, s)
        gateway.wait_log("error: http: the socket of systemd can be reached",
                         "http_token_file")
        self.assertEqual(gateway.ctl("check").returncode, 0)

    def hand_over(self, gateway, s):
        os.set_inheritable(s.fileno(), True)
        gateway.program = Program(
            [sys.executable, "-c", HAND_OVER, str(s.fileno()),
             *gateway.arguments()], "lwmuxd", close_fds=False)

    def test_no_more_visitors_than_it_bears(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}")
        pid = gateway.program.process.pid
        before = len(sockets(pid))
        crowd = [socket.create_connection(("127.0.0.1", port))
                 for _ in range(45)]
        try:
            wait_for(lambda: len(sockets(pid)) == before + 32,
                     "32 visitors")
        finally:
            for s in crowd:
                s.close()
        self.assertEqual(Visitor(port).code("/api/status"), 200)
        self.assertLessEqual(len(sockets(pid)), before + 32)

    def test_history_is_taken_down_unless_it_is_off(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}", devices="""\
devices:
  - {endpoint: sim, bus: sim, points: [{name: t, signal: constant,
     value: 21.7, map: 3303/0}]}
""")
        visitor = Visitor(port)
        path = "/api/history?name=sim&path=/3303/0/5700"

        def points(more=""):
            return visitor.json(path + more)["points"]
        wait_for(points, "a look at the values")        # within 10 s
        for more in ("", "&hours=1", "&hours=24", "&hours=x"):
            (when, low, high), = points(more)
            self.assertEqual((low, high), (21.7, 21.7))
            self.assertLess(abs(when - time.time()), 310)
        self.assertEqual(visitor.json("/api/history?name=a&path=/3/0/0"),
                         {"points": []})
        self.assertEqual(visitor.code("/api/history?name=sim&path=x"), 404)
        self.assertEqual(visitor.code("/api/history?name=sim"), 400)
        feed = Feed(port, "?endpoint=sim")
        self.addCleanup(feed.close)
        self.assertEqual(feed.wait("endpoint")["plots"], ["/3303/0/5700"])
        text = (gateway.etc / "lwmux.yaml").read_text()
        gateway.write("lwmux.yaml", text.replace(
            "  http:", "  history: 0\n  http:"))
        gateway.reload()
        wait_for(lambda: visitor.code(path) == 404, "no history any more")
        feed.wait("endpoint", lambda d: d["plots"] == [])

    @unittest.skipUnless(shutil.which("promtool"),
                         "no promtool: packaging/setup test")
    def test_series_of_each_endpoint_where_they_are_asked_for(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}", "metrics: endpoints")
        wait_for(lambda: gateway.status("sim")["endpoints"][0]["servers"][0][
            "state"] == "registered", "the gateway knows it, too")
        metrics = Visitor(port).ask("/metrics")[2].decode()
        self.assertEqual(metrics.count("\nlwmux_endpoint_up{"), 1)
        self.assertIn('lwmux_endpoint_up{endpoint="sim",bus="sim"} 1\n',
                      metrics)
        self.assertIn('lwmux_endpoint_registered{endpoint="sim",server="1"} 1'
                      '\n', metrics)
        heard = re.search(r'lwmux_endpoint_last_heard_timestamp_seconds'
                          r'\{endpoint="sim"\} (\S+)\n', metrics)[1]
        self.assertLess(abs(float(heard) - time.time()), 60)
        self.check_metrics(metrics)
        text = (gateway.etc / "lwmux.yaml").read_text()
        gateway.write("lwmux.yaml", text.replace("metrics: endpoints",
                                                 "metrics: summary"))
        gateway.reload()
        self.assertNotIn("lwmux_endpoint_",
                         Visitor(port).ask("/metrics")[2].decode())

    def check_metrics(self, text):
        result = subprocess.run(["promtool", "check", "metrics"], input=text,
                                text=True, capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, "", ""))

    @unittest.skipUnless(shutil.which("prometheus"),
                         "no prometheus: packaging/setup test")
    def test_prometheus_scrapes_it_and_bears_our_rules_and_dashboard(self):
        port, own = free_tcp_port(), free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}", "metrics: endpoints")
        monitoring = ROOT / "etc/monitoring"
        config = gateway.directory / "prometheus.yml"
        config.write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{monitoring / 'lwmux.rules.yaml'}"]
scrape_configs:
  - job_name: lwmux
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
""")
        prometheus = self.add(Program(
            ["prometheus", f"--config.file={config}",
             f"--storage.tsdb.path={gateway.directory / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{own}"], "prometheus"))
        prometheus.wait_line(lambda l: "ready to receive" in l, "a start",
                             where=prometheus.errors)
        asked = Visitor(own)

        def query(expression):
            path = urllib.parse.urlencode({"query": expression})
            return asked.json("/api/v1/query?" + path)["data"]["result"]
        wait_for(lambda: query("lwmux_endpoint_up"), "a scrape")
        self.assertEqual(query("up")[0]["value"][1], "1")
        self.assertTrue(query("lwmux_build_info")[0]["metric"]["version"])

        def rules():
            return [(r["health"], r["state"]) for g in asked.json(
                "/api/v1/rules")["data"]["groups"] for r in g["rules"]]
        wait_for(lambda: set(rules()) == {("ok", "inactive")},
                 "rules that are evaluated and find nothing")
        gateway.stop()
        wait_for(lambda: ("ok", "pending") in rules(),
                 "an alert that it is gone")
        dashboard = json.loads(
            (monitoring / "lwmux-dashboard.json").read_text())
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                query(target["expr"].replace("$__rate_interval", "1m")
                      .replace("$instance", ".*"))

    def test_no_more_readers_than_it_bears(self):
        port = free_tcp_port()
        self.start(f"127.0.0.1:{port}")
        feeds = [Feed(port) for _ in range(17)]
        self.assertEqual([f.code for f in feeds], 16 * [200] + [503])
        self.assertEqual(Visitor(port).code("/api/status"), 200)
        for feed in feeds:
            feed.close()

        def has_room():
            feed = Feed(port)
            feed.close()
            return feed.code == 200
        wait_for(has_room, "room for a reader")

    def test_it_stops_at_once_with_readers(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}")
        feeds = [Feed(port, "?rows=1"), Feed(port, "?endpoint=sim")]
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"GET /api/sta")
            for feed in feeds:
                feed.wait("head")
            self.assertEqual(gateway.stop(), 0)
        for feed in feeds:
            while feed.next():
                pass
            feed.close()

    def test_feed_follows_a_reload(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}")
        feed = Feed(port, "?rows=1")
        self.addCleanup(feed.close)
        feed.wait("rows", lambda d: d.get("all"))
        devices = (gateway.etc / "conf.d/devices.yaml").read_text()
        gateway.write("conf.d/devices.yaml", devices.replace("sim,", "new,",
                                                             1))
        gateway.reload()
        self.assertEqual(feed.wait("gone"), {"gone": ["sim"]})
        feed.wait("rows", lambda d: [r["endpoint"] for r in d["rows"]] ==
                  ["new"])
        feed.wait("log", lambda d: any(
            e["text"] == "configuration reloaded" for e in d["events"]))

    def test_rows_tell_who_falls_behind_its_poll(self):
        port = free_tcp_port()
        slave = self.slave("1=boiler")
        slave.do("late 1 200")
        self.start(f"127.0.0.1:{port}", devices=sites.bus(slave.port) + """\
devices:
  - endpoint: sim
    bus: plant
    unit: 1
    poll: 100ms
    points:
      - {name: a, table: holding, address: 100, map: 3303/0}
      - {name: b, table: coil, address: 3, map: 3311/0}
""")
        feed = Feed(port, "?rows=1")
        self.addCleanup(feed.close)
        row, = feed.wait("rows", lambda d: any(
            "period" in r for r in d["rows"]))["rows"]
        self.assertEqual(row["period_asked"], 0.1)
        self.assertGreater(row["period"], 0.1)

    def test_a_reader_that_does_not_read_is_cut_off(self):
        port = free_tcp_port()
        gateway = self.start(f"127.0.0.1:{port}", devices="devices:\n" + "".join(
            f"  - {{endpoint: sim{i}, bus: sim, poll: 1s, points: "
            "[{name: t, signal: sine, map: 3303/0}]}\n"
            for i in ("", *range(400))))
        pid = gateway.program.process.pid
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", port))
            inode = wait_for(lambda: self.server_end(pid, s),
                             "the connection")
            s.sendall(b"GET /api/feed?rows=1 HTTP/1.1\r\nHost: localhost"
                      b"\r\n\r\n")
            # Its buffers are full after some seconds, and 15 s later:
            wait_for(lambda: inode not in sockets(pid),
                     "an end of it", timeout=90)
        self.assertEqual(Visitor(port).code("/api/status"), 200)

    def test_who_asks_a_byte_at_a_time_is_cut_off(self):
        port = free_tcp_port()
        self.start(f"127.0.0.1:{port}")
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(1)
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
            while time.monotonic() - begun < 90:
                try:
                    if not s.recv(100):
                        break
                except TimeoutError:
                    s.sendall(b"x")
                except ConnectionError:
                    break
            else:
                self.fail("it may go on for ever")
        self.assertGreater(time.monotonic() - begun, 25)

    def server_end(self, pid, s):
        """The gateway's socket of connection s."""
        ours, theirs = s.getsockname()[1], s.getpeername()[1]
        for line in pathlib.Path("/proc/net/tcp").read_text().split(
                "\n")[1:-1]:
            fields = line.split()
            ports = [int(f.split(":")[1], 16) for f in fields[1:3]]
            if ports == [theirs, ours] and \
                    f"socket:[{fields[9]}]" in sockets(pid):
                return f"socket:[{fields[9]}]"
        return None
