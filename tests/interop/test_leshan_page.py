# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/first-site.md in Leshan's own page: ten devices, in Chromium.

It makes the pictures that the guide shows: LWMUX_SCREENSHOTS=DIRECTORY, and runs
then only, as Leshan's page misses now and then what comes while it loads."""
import os
import pathlib
import shutil
import tempfile
import time
import unittest

import harness
import test_page
import tools
from leshan_demo_server import LeshanDemo

DEVICES = """\
buses:
  hall: {adapter: modbus, transport: tcp, host: 127.0.0.1, tcp_port: %s}
devices:
""" + "".join(
    f"  - {{endpoint: hall-{unit}, bus: hall, unit: {unit}, "
    f"profile: eastron/sdm120}}\n" for unit in range(1, 9)) + """\
  - {endpoint: hall-9, bus: hall, unit: 9, profile: generic/xy-md02}
  - endpoint: hall-10
    bus: hall
    unit: 10
    poll: 1s
    points:
      - {name: flow, table: holding, address: 100, type: int16, scale: 0.1, unit: Cel, map: 3303/0}
      - {name: pump, table: coil, address: 3, map: 3306/0, writable: true}
"""
MODELS = [f"{unit}=sdm120" for unit in range(1, 9)] + ["9=xy-md02",
                                                       "10=boiler"]


@unittest.skipUnless(os.environ.get("LWMUX_SCREENSHOTS"),
                     "makes the guide's pictures: LWMUX_SCREENSHOTS=DIRECTORY")
@unittest.skipUnless(test_page.webdriver and shutil.which("chromedriver"),
                     "no chromium-driver or python3-selenium: "
                     "packaging/setup interop")
class LeshanPage(harness.Site):
    server_name = LeshanDemo.title

    def setUp(self):
        super().setUp()
        try:
            self.leshan = LeshanDemo()
        except tools.Unavailable as e:
            self.skipTest(str(e))
        self.addCleanup(self.leshan.end)
        profile = tempfile.mkdtemp(prefix="lwmux-browser-")
        self.addCleanup(shutil.rmtree, profile, ignore_errors=True)
        self.driver = test_page.browser(profile)
        self.addCleanup(self.driver.quit)
        self.driver.set_window_size(1100, 900)
        self.slave_ = self.slave(*MODELS)
        site = self.gateway(self.leshan.port, DEVICES % self.slave_.port)
        # Its page misses who registers between its list and its feed.
        for unit in range(1, 11):
            site.wait_log(f"hall-{unit}: registered at")

    def wait_text(self, *texts, again=lambda: None):
        """again: what is done anew every few seconds, as the page misses what
        comes while it loads."""
        last = [time.monotonic()]

        def there():
            text = self.driver.execute_script(
                "return document.querySelector('main')?.innerText") or ""
            if all(t in text for t in texts):
                return True
            if time.monotonic() > last[0] + 5 * harness.PATIENCE:
                again()
                last[0] = time.monotonic()
            return False
        harness.wait_for(there, f"{texts} in Leshan's page")

    def click(self, selector):
        """As soon as the page has it."""
        harness.wait_for(lambda: self.driver.execute_script(
            "const n = document.querySelector(arguments[0]);"
            "if (n) n.click(); return !!n", selector), selector)

    def move(self):
        """The flow temperature is another for a while, and 48.7 again."""
        self.slave_.do("set 10 holding 100 480")
        time.sleep(2)                           # two polls
        self.slave_.do("set 10 holding 100 487")

    def picture(self, name):
        self.driver.save_screenshot(str(pathlib.Path(
            os.environ["LWMUX_SCREENSHOTS"]) / f"{name}.png"))

    def test_int_101_223_301_ten_devices_with_names_values_and_units(self):
        self.driver.get(f"http://127.0.0.1:{self.leshan.web}/")
        self.wait_text("Registered Clients", "1-10 of 10",
                       *(f"hall-{unit}" for unit in range(1, 11)),
                       again=self.driver.refresh)
        self.click(".v-alert__dismissible")     # the old page is to go
        self.click("thead th")                  # sorted by name
        self.wait_text("hall-1\t")
        self.picture("clients")

        self.slave_.do("set 10 holding 100 525")
        self.driver.execute_script(
            "[...document.querySelectorAll('main td')].find(n =>"
            " n.textContent.trim() === 'hall-10').click()")
        self.click("a[href='#/clients/hall-10/3303']")
        self.click("button[title='Read /3303/0']")
        self.wait_text("Temperature", "Sensor Value", "52.5", "Sensor Units",
                       "Cel", "Application Type", "flow", again=lambda:
                       self.click("button[title='Read /3303/0']"))
        self.click("button[title='Observe /3303/0']")
        self.slave_.do("set 10 holding 100 487")
        self.wait_text("48.7", again=self.move)  # without another Read
        self.picture("device")
