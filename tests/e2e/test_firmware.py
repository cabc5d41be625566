# SPDX-License-Identifier: GPL-2.0-or-later
"""Object 5: packages pushed and fetched, checked, installed, refused."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import bootstrap as bs
from harness import WAIT, Program, Site, free_port, wait_for
from package_server import PackageServer
from secure import Secure

TEXT, OPAQUE, TLV = 0, 42, 11542
IDLE, DOWNLOADING, DOWNLOADED, UPDATING = range(4)
SUCCESS, NO_FLASH, LOST, DAMAGED, KIND, URI, FAILED, PROTOCOL = (
    1, 2, 4, 5, 6, 7, 8, 9)

NEW = """\
devices:
  - endpoint: new
    bus: sim
    poll: 200ms
    image_max: 400000
    points: [{name: t, value: 1, map: 3303/0}]
"""
DEVICES = NEW + """\
  - endpoint: old
    bus: sim
    poll: 200ms
    points: [{name: t, value: 1, map: 3303/0}]
"""


def image(content):
    total = 2166136261
    for byte in content:
        total = (total ^ byte) * 16777619 & 0xffffffff
    return b"SIMIMAGE" + struct.pack(">I", total) + content


class Packages(Site):
    def start(self, devices=DEVICES):
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port, devices)
        for ep in ("new", "old"):
            self.server_.registered(ep)

    def packages(self, files):
        return self.add(PackageServer(files))

    def number(self, resource):
        return self.server_.value("new", f"/5/0/{resource}", accept=TEXT)

    def wait_for(self, state, result):
        wait_for(lambda: (self.number(3), self.number(5)) == (state, result),
                 f"state {state}, result {result}")

    def push(self, body, **options):
        return self.server_.code("write", "new", "/5/0/0", hex=body.hex(),
                                 format=OPAQUE, **options)

    def pull(self, uri):
        return self.server_.code("write", "new", "/5/0/1", text=uri)

    def update(self):
        return self.server_.code("execute", "new", "/5/0/2")


class Firmware(Packages):
    def test_only_who_takes_images_has_it(self):
        self.start()
        answer = self.server_.ask("read", "new", "/5/0", accept=110)
        self.assertEqual(answer["values"], {
            "/5/0/1": "", "/5/0/3": 0, "/5/0/5": 0, "/5/0/8/0": 0,
            "/5/0/8/1": 1, "/5/0/9": 2})
        self.assertEqual(self.server_.code("read", "old", "/5"), "4.04")
        self.assertEqual(self.server_.code("read", "new", "/5/0/0"), "4.05")

    def test_a_small_push(self):
        self.start()
        mark = self.server_.mark()
        self.server_.code("observe", "new", "/5/0/3")
        self.assertEqual(self.push(image(b"small")), "2.04")
        self.server_.wait("notification", after=mark, path="/5/0/3",
                          where=lambda e: e["values"]["/5/0/3"] == DOWNLOADED)
        self.assertEqual(self.update(), "2.04")
        self.wait_for(IDLE, SUCCESS)
        self.gateway_.wait_log("new", "runs an image of 17 bytes")

    def test_a_push_in_blocks(self):
        self.start()
        body = image(os.urandom(100000))
        self.assertEqual(self.push(body), "2.04")
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(self.push(body), "4.05")
        self.assertEqual(self.update(), "2.04")
        self.assertEqual(self.update(), "4.05")
        self.wait_for(IDLE, SUCCESS)
        self.gateway_.wait_log("new", f"runs an image of {len(body)} bytes")

    def test_a_push_too_large(self):
        self.start(DEVICES.replace("400000", "4000"))
        self.assertEqual(self.push(image(b"x" * 4000)), "4.13")
        self.wait_for(IDLE, NO_FLASH)
        self.assertEqual(self.push(image(b"x" * 100000)), "4.13")
        self.wait_for(IDLE, NO_FLASH)
        self.assertEqual(self.push(image(b"x" * 3000)), "2.04")
        self.wait_for(DOWNLOADED, 0)

    def test_the_sites_limit_counts_too(self):
        self.start(DEVICES.replace("image_max: 400000",
                                   "image_max: 400000\n    firmware_max: 100"))
        self.assertEqual(self.push(image(b"x" * 100)), "4.13")
        self.assertEqual(self.push(image(b"x" * 80)), "2.04")

    def test_what_is_no_image(self):
        self.start()
        self.assertEqual(self.push(b"something else"), "2.04")
        self.wait_for(IDLE, KIND)
        body = bytearray(image(b"x" * 2000))
        body[500] ^= 1
        self.assertEqual(self.push(bytes(body)), "2.04")
        self.wait_for(IDLE, DAMAGED)

    def test_an_update_that_fails(self):
        self.start()
        self.assertEqual(self.update(), "4.05")
        self.assertEqual(self.push(image(b"FAIL")), "2.04")
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(self.update(), "2.04")
        self.wait_for(DOWNLOADED, FAILED)
        # An empty package begins anew.
        self.assertEqual(self.push(b"\0"), "2.04")
        self.wait_for(IDLE, 0)

    def test_pull(self):
        self.start()
        body = image(os.urandom(70000))
        packages = self.packages({"fw/v 2/new.bin": body})
        self.assertEqual(
            self.pull(f"coap://127.0.0.1:{packages.port}/fw/v%202/new.bin?a=1"
                      "&b"), "2.04")
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(packages.asked[0],
                         ("fw/v 2/new.bin", ["a=1", "b"], 0))
        self.assertEqual(len(packages.asked), 69)
        self.assertEqual(self.update(), "2.04")
        self.wait_for(IDLE, SUCCESS)
        self.gateway_.wait_log("new", f"runs an image of {len(body)} bytes")

    def test_pull_in_the_servers_blocks_and_by_name(self):
        self.start()
        packages = self.packages({"p": image(b"y" * 3000)})
        packages.largest = 256
        self.assertEqual(self.pull(f"coap://localhost:{packages.port}/p"),
                         "2.04")
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(self.pull(""), "2.04")
        self.wait_for(IDLE, 0)

    def test_pulls_that_fail(self):
        self.start()
        packages = self.packages({"big": b"x" * 500000,
                                  "changes": image(b"x" * 5000)})
        packages.change_at = 2
        for uri, result in (
                (f"coap://127.0.0.1:{packages.port}/none", URI),
                (f"coap://127.0.0.1:{packages.port}/big", LOST),
                (f"coap://127.0.0.1:{packages.port}/changes", LOST),
                ("http://127.0.0.1/x", PROTOCOL),
                ("coaps://127.0.0.1/x", PROTOCOL),
                ("coap://127.0.0.1:0/x", URI), ("nonsense", PROTOCOL),
                ("coap://no-such-host.invalid/x", URI)):
            with self.subTest(uri=uri):
                self.assertEqual(self.pull(uri), "2.04")
                self.wait_for(IDLE, result)
        packages.change_at = None
        self.assertEqual(self.pull(f"coap://127.0.0.1:{packages.port}/big"),
                         "2.04")
        self.wait_for(IDLE, NO_FLASH)

    def test_a_pull_can_be_given_up(self):
        self.start()
        packages = self.packages({"p": image(b"x" * 50000)})
        packages.break_at = 3
        self.assertEqual(self.pull(f"coap://127.0.0.1:{packages.port}/p"),
                         "2.04")
        wait_for(lambda: len(packages.asked) > 3, "the fourth block")
        self.assertEqual(self.number(3), DOWNLOADING)
        self.assertEqual(self.push(image(b"x")), "4.05")
        self.assertEqual(self.pull("coap://127.0.0.1/other"), "4.05")
        self.assertEqual(self.pull(""), "2.04")
        self.wait_for(IDLE, 0)
        self.assertEqual(self.push(image(b"x")), "2.04")
        self.wait_for(DOWNLOADED, 0)

    def test_a_package_outlives_a_kill(self):
        self.start()
        body = image(os.urandom(30000))
        self.assertEqual(self.push(body), "2.04")
        self.wait_for(DOWNLOADED, 0)
        wait_for(lambda: (self.gateway_.state / "firmware/new").exists() and
                 (self.gateway_.state / "firmware/new").stat().st_size >
                 len(body), "the package on disk")
        mark = self.server_.mark()
        self.gateway_.restart(signal.SIGKILL)
        self.server_.registered("new", after=mark)
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(self.update(), "2.04")
        self.wait_for(IDLE, SUCCESS)
        self.gateway_.wait_log("new", f"runs an image of {len(body)} bytes")
        wait_for(lambda: (self.gateway_.state / "firmware/new").stat().st_size
                 < 100, "no package on disk")
        mark = self.server_.mark()
        self.gateway_.restart()
        self.server_.registered("new", after=mark)
        self.wait_for(IDLE, SUCCESS)


class OverABootstrap(Packages):
    """The accounts change while a package comes, and the endpoint's clients
    with them: the package is the device's."""

    def start_bootstrapped(self):
        self.server_ = self.server()
        self.boot = self.add(bs.BootstrapServer(bs.usual(self.server_.port)))
        self.gateway_ = self.gateway(1, NEW, **{
            "lwmux.yaml": "gateway: {name: e2e}\n"
                          f"bootstrap: {{uri: '{self.boot.uri}', "
                          "unsolicited: true}\n"})
        self.server_.registered("new")
        self.boot.wait("new")

    def bootstrap(self, script):
        """Once more, unasked, and through."""
        mark = self.server_.mark()
        session = self.boot.begin("new", script)
        wait_for(lambda: session.done, "the second bootstrap")
        self.server_.registered("new", after=mark)

    def test_a_pull_over_tcp_that_breaks(self):
        self.start_bootstrapped()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(WAIT)
            port = listener.getsockname()[1]
            self.assertEqual(self.pull(f"coap+tcp://127.0.0.1:{port}/p"),
                             "2.04")
            peer, _ = listener.accept()
        self.bootstrap(bs.usual(self.server_.port))
        peer.close()
        self.wait_for(IDLE, LOST)
        self.gateway_.wait_log("new", "cannot fetch the package")

    def test_a_pull_goes_on(self):
        self.start_bootstrapped()
        body = image(os.urandom(20000))
        packages = self.packages({"p": body})
        packages.hold_at = 3
        self.assertEqual(self.pull(f"coap://127.0.0.1:{packages.port}/p"),
                         "2.04")
        wait_for(lambda: packages.held, "the fourth block")
        self.bootstrap(bs.usual(self.server_.port, ssid=102))
        packages.let_go()
        self.wait_for(DOWNLOADED, 0)
        self.assertEqual(self.update(), "2.04")
        self.wait_for(IDLE, SUCCESS)


class SecurePull(Secure):
    """coaps:// with the keys of the server that wrote the URI, from libcoap's
    own server."""
    KEY = "sixteen letters!"
    NEEDED = ("coap-server-gnutls", "coap-client-gnutls")

    def packages(self, body):
        """libcoap's server with one file, /fw; its port (and TLS, the next)."""
        for name in self.NEEDED:
            if not shutil.which(name):
                self.skipTest(f"needs {name} (libcoap3-bin)")
        port = free_port()
        self.add(Program(["coap-server-gnutls", "-A", "127.0.0.1", "-p", port,
                          "-d", "3", "-k", self.KEY], "coap-server"))
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            wait_for(lambda: subprocess.run(
                ["coap-client-gnutls", "-m", "put", "-b", "1024", "-B", "5",
                 "-f", file.name, f"coap://127.0.0.1:{port}/fw"],
                capture_output=True, check=False).returncode == 0, "a put")
        return port

    def start(self, body):
        port = self.packages(body)
        key = self.KEY.encode().hex()
        self.server_ = self.psk_server("new", key=key)
        self.gateway_ = self.psk_gateway(self.server_.ports["coaps"], "new",
                                         key=key, start=False)
        self.gateway_.write("conf.d/devices.yaml", NEW)
        self.gateway_.start()
        self.server_.registered("new")
        return port

    def test_pull_over_dtls(self):
        body = image(os.urandom(10000))
        port = self.start(body)
        self.assertEqual(self.server_.code(
            "write", "new", "/5/0/1",
            text=f"coaps://127.0.0.1:{port + 1}/fw"), "2.04")
        wait_for(lambda: self.server_.value("new", "/5/0/3", accept=TEXT) ==
                 DOWNLOADED, "the package")
        self.assertEqual(self.server_.code("execute", "new", "/5/0/2"),
                         "2.04")
        self.gateway_.wait_log("new", f"runs an image of {len(body)} bytes")

    def test_no_other_host_gets_the_keys(self):
        port = self.start(image(b"x"))
        self.assertEqual(self.server_.code(
            "write", "new", "/5/0/1",
            text=f"coaps://localhost:{port + 1}/fw"), "2.04")
        wait_for(lambda: self.server_.value("new", "/5/0/5", accept=TEXT) ==
                 PROTOCOL, "its refusal")
