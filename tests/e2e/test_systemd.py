# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon tells the service manager (sd_notify)."""
import os
import pathlib
import signal
import socket
import tempfile

import sites
from harness import WAIT, Site


class Notify(Site):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        path = str(pathlib.Path(self.directory.name) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(WAIT)
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port, sites.SIM,
                                     start=False)
        self.gateway_.start(env={**os.environ, "NOTIFY_SOCKET": path,
                                 "WATCHDOG_USEC": "1000000"})

    def finish(self):
        super().finish()
        self.socket.close()
        self.directory.cleanup()

    def told(self, word):
        while True:
            lines = self.socket.recv(65536).decode().splitlines()
            if word in lines:
                return lines

    def test_ready_reloading_ready_stopping(self):
        self.told("READY=1")
        self.server_.registered("sim")
        self.gateway_.hangup()
        lines = self.told("RELOADING=1")
        self.assertTrue(any(l.startswith("MONOTONIC_USEC=") for l in lines))
        self.told("READY=1")
        self.assertEqual(self.gateway_.stop(), 0)
        self.told("STOPPING=1")

    def test_watchdog_is_fed_until_the_agent_thread_hangs(self):
        self.told("READY=1")
        for _ in range(3):
            self.told("WATCHDOG=1")
        process = self.gateway_.program.process
        process.send_signal(signal.SIGSTOP)
        self.addCleanup(process.send_signal, signal.SIGCONT)
        self.socket.settimeout(1.5)
        with self.assertRaises(TimeoutError):
            while True:             # what was told before the stop
                self.socket.recv(65536)
        self.socket.settimeout(WAIT)
        process.send_signal(signal.SIGCONT)
        self.told("WATCHDOG=1")

    def test_status_says_how_it_is(self):
        while True:
            lines = self.socket.recv(65536).decode().splitlines()
            if any(l.startswith("STATUS=") and "1" in l for l in lines):
                return
