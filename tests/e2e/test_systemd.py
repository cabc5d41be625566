# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon tells the service manager (sd_notify), and its units."""
import os
import pathlib
import re
import signal
import shutil
import socket
import subprocess
import tempfile
import unittest

import sites
from harness import ROOT, WAIT, Site, binary


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


COLLECTED = "/var/lib/prometheus/node-exporter"


def exec_start(unit):
    """The command as systemd gives it to the shell."""
    text = re.search(r"^ExecStart=/bin/sh -ec '(.*?)'$", unit.read_text(),
                     re.MULTILINE | re.DOTALL)[1]
    return text.replace("\\\n", " ").replace("$$", "$")


class Units(Site):
    @unittest.skipUnless(shutil.which("systemd-analyze"),
                         "no systemd-analyze: packaging/setup test")
    def test_systemd_has_nothing_to_say_to_them(self):
        with tempfile.TemporaryDirectory() as directory:
            units = []
            for unit in sorted((ROOT / "packaging").glob("lwmux*.[st]*")):
                if unit.is_dir():       # drop-ins
                    continue
                text = re.sub(r"/usr/(?:sbin|bin|libexec/lwmux)/(lwmux[\w-]*)",
                              rf"{directory}/\1", unit.read_text())
                copy = pathlib.Path(directory, unit.name)
                copy.write_text(text)
                units.append(str(copy).replace("@.", "@hci0."))
                for program in re.findall(rf"{directory}/(lwmux[\w-]*)", text):
                    pathlib.Path(directory, program).touch(0o755)
            self.assertGreater(len(units), 3)
            result = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", *units], text=True,
                capture_output=True,
                env={**os.environ, "SYSTEMD_UNIT_PATH": f"{directory}:"})
            ours = [line for line in result.stderr.splitlines()
                    if "lwmux" in line]
            self.assertEqual((result.returncode, ours), (0, []))

    def test_the_timer_writes_metrics_whole_or_not_at_all(self):
        gateway = self.gateway(5683, sites.SIM)
        gateway.wait_log("device is online")
        unit = ROOT / "packaging/lwmux-metrics.service"
        with tempfile.TemporaryDirectory() as directory:
            to = pathlib.Path(directory, "collected")
            to.mkdir()
            ctl = pathlib.Path(directory, "lwmuxctl")
            ctl.write_text(f"#!/bin/sh\nexec {binary('agent/lwmuxctl')} "
                           f'--run {gateway.run} "$@"\n')
            ctl.chmod(0o755)

            def run():
                return subprocess.run(
                    ["/bin/sh", "-ec", exec_start(unit).replace(
                        COLLECTED, str(to))], capture_output=True, text=True,
                    env={**os.environ,
                         "PATH": f"{directory}:{os.environ['PATH']}"})
            result = run()
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            collected, = to.iterdir()       # and nothing else
            self.assertEqual((collected.name, collected.stat().st_mode & 0o777),
                             ("lwmux.prom", 0o644))
            text = collected.read_text()
            self.assertIn("\nlwmux_build_info{", text)
            gateway.stop()
            self.assertNotEqual(run().returncode, 0)
            self.assertEqual([f.name for f in to.iterdir()], ["lwmux.prom"])
            self.assertEqual(collected.read_text(), text)
