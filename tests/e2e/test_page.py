# SPDX-License-Identifier: GPL-2.0-or-later
"""The page in a browser: each view, with devices behind it.

Needs chromium, its driver and python3-selenium, which packaging/setup test
installs. LWMUX_SCREENSHOTS=DIRECTORY keeps a picture of each view."""
import os
import pathlib
import shutil
import tempfile
import unittest

import sites
from harness import Gateway, SharedSite, wait_for
from test_http import TOKEN, free_tcp_port, main_file

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

VIEWS = ("endpoints", "servers", "buses", "sleepers", "store", "findings",
         "events", "found")
SIZES = {"phone": (390, 844), "desk": (1280, 800)}

# What a screen reader has no name for; what is wider than the page.
NAMELESS = """
return [...document.querySelectorAll(
    'a, button, input, select, [role=img], table, [role=table], meter')]
  .filter(n => n.checkVisibility() && !(n.getAttribute('aria-label') ||
    n.textContent.trim() || (n.labels && n.labels.length)))
  .map(n => n.outerHTML);
"""
WIDE = "return document.documentElement.scrollWidth > innerWidth"
# Words that are squeezed into columns of letters.
NARROW = """
return [...document.querySelectorAll('main *')].filter(n =>
    n.checkVisibility() && n.clientWidth && n.clientWidth < 24 &&
    [...n.childNodes].some(c => c.nodeType === 3 && c.data.trim().length > 3)
  ).map(n => n.outerHTML.slice(0, 100));
"""
# Texts whose contrast with their ground is less than 4.5 (WCAG 2 AA).
PALE = """
const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => {
    v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
const ground = n => { for (; n; n = n.parentElement) {
    const c = getComputedStyle(n).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
return [...document.querySelectorAll('body *')].filter(n =>
    n.checkVisibility() && [...n.childNodes].some(c =>
      c.nodeType === 3 && c.data.trim())).filter(n => {
  const a = light(getComputedStyle(n).color), b = light(ground(n));
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
}).map(n => n.outerHTML.slice(0, 100));
"""


def browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking", "--disable-sync",
                 "--disable-component-update", f"--user-data-dir={profile}",
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = shutil.which("chromedriver")
    try:
        from selenium.webdriver.chrome.service import Service
        return webdriver.Chrome(options=options, service=Service(driver))
    except TypeError:
        return webdriver.Chrome(driver, options=options)


@unittest.skipUnless(webdriver and shutil.which("chromedriver"),
                     "no chromium-driver or python3-selenium: "
                     "packaging/setup test")
class Page(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave_ = site.slave("1=boiler", "2=sdm120", "3=sdm120")
        cls.server_ = site.server(observe=["/3303"])
        cls.port = free_tcp_port()
        cls.gateway_ = site.gateway(
            cls.server_.port, sites.boiler(cls.slave_.port) + """\
  - {endpoint: meter, bus: plant, unit: 2, profile: eastron/sdm120,
     poll: 200ms}
  - {endpoint: nobody, bus: plant, unit: 9, profile: eastron/sdm120}
  - endpoint: cold-room
    bus: sim
    queue: true
    poll: 1s
    points:
      - {name: t, signal: sine, min: 2, max: 8, period: 20s, map: 3303/0,
         unit: Cel}
      - {name: battery, signal: constant, value: 87, map: 3/0/9}
  - endpoint: ein-ziemlich-langer-name-einer-wärmepumpe-im-keller-links
    bus: sim
    poll: 1s
    points: [{name: "<b>t</b>", signal: sine, min: 18, max: 24, period: 20s,
              map: 3303/0, unit: Cel}]
  - {endpoint: wrong, bus: sim, poll: 5}
""", **{"lwmux.yaml": main_file(cls.server_.port,
                                f"127.0.0.1:{cls.port}")})
        for ep in ("boiler", "meter", "cold-room"):
            cls.gateway_.wait_log(ep + ": registered at")
        cls.gateway_.wait_log("http: serves at")
        cls.profile = tempfile.mkdtemp(prefix="lwmux-browser-")
        cls.driver = browser(cls.profile)
        cls.driver.set_page_load_timeout(30)

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()
        shutil.rmtree(cls.profile, ignore_errors=True)
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.look("desk", "light")
        self.driver.get("about:blank")
        self.complaints()           # those of the test before

    def look(self, size, scheme):
        width, height = SIZES[size]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": size == "phone"})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def go(self, view):
        self.driver.get("about:blank")
        self.driver.get(f"http://127.0.0.1:{self.port}/#/{view}")
        self.wait_text("header", "site7")

    def text(self, where="main"):
        return self.driver.find_element(By.CSS_SELECTOR, where).text

    def wait_text(self, where, *texts):
        """Without regard to changes of the page meanwhile."""
        def there():
            text = self.driver.execute_script(
                "return document.querySelector(arguments[0])?.innerText",
                where) or ""
            return all(t in text for t in texts)
        wait_for(there, f"{texts} in {where} of the page")

    def click(self, selector):
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def picture(self, name):
        directory = os.environ.get("LWMUX_SCREENSHOTS")
        if directory:
            self.driver.save_screenshot(
                str(pathlib.Path(directory) / f"{name}.png"))

    def complaints(self):
        return [line for line in self.driver.get_log("browser")
                if line["level"] in ("SEVERE", "WARNING")]

    # What each view shows.

    def test_verdict_and_reasons(self):
        self.go("endpoints")
        self.wait_text("#health", "degraded")
        self.wait_text("#reasons", "1 device refused",
                       "1 finding in the configuration")
        self.wait_text("#facts", "lwmux", "up ")

    def test_endpoints_are_found_filtered_and_sorted(self):
        self.go("endpoints")
        self.wait_text("#count", "6 of 6")
        self.wait_text("main", "boiler", "meter", "nobody", "cold-room")
        search = self.driver.find_element(By.ID, "search")
        search.send_keys("METER")
        self.wait_text("#count", "1 of 6")
        search.clear()
        search.send_keys(" " + Keys.BACKSPACE)
        self.driver.execute_script(
            "const w = document.getElementById('which');"
            "w.value = 'refused'; w.onchange()")
        self.wait_text("#count", "1 of 6")
        self.wait_text("main", "wrong", "needs a unit")
        self.driver.execute_script(
            "const w = document.getElementById('which');"
            "w.value = 'all'; w.onchange()")

        def names():
            return self.driver.execute_script(
                "return [...document.querySelectorAll('.space a')]"
                ".map(a => a.textContent)")
        self.assertEqual(names(), sorted(names()))
        self.click(".head button")
        self.assertEqual(names(), sorted(names(), reverse=True))
        self.assertEqual(self.driver.find_element(
            By.CSS_SELECTOR, "[role=columnheader]").get_attribute(
                "aria-sort"), "descending")
        self.click(".head button")

    def test_one_endpoint_is_reached_by_keyboard(self):
        self.go("endpoints")
        self.wait_text("main", "boiler")
        self.driver.execute_script(
            "document.querySelector('.space a[href$=boiler]').focus()")
        self.driver.switch_to.active_element.send_keys(Keys.ENTER)
        self.wait_text("main h2", "boiler", "online")
        self.wait_text("main", "/3303/0/5700", " Cel", "/3308/0/5900", "55",
                       "good")
        self.assertEqual(self.driver.execute_script(
            "return document.activeElement.id"), "view")

    def test_values_change_while_one_looks_and_name_their_observers(self):
        self.go("endpoint/boiler")
        self.wait_text("main", "/3308/0/5900")
        self.slave_.do("set 1 holding 101 615")
        self.wait_text("main", "61.5")
        self.slave_.do("set 1 holding 101 550")
        row = self.driver.execute_script(
            "return [...document.querySelectorAll('tr')].find(r =>"
            "r.cells[0].textContent === '/3303/0/5700').cells[5].textContent")
        self.assertEqual(row, "1")

    def test_plots_of_an_hour_and_a_day(self):
        self.go("endpoint/cold-room")
        self.wait_text("main", "plot")      # from the first look on, 10 s
        self.click("button[aria-label='Plot of /3303/0/5700']")
        self.wait_text("main", "hide", "hour", "day")
        self.wait_text("main section", "/3303/0/5700")
        self.driver.execute_script(
            "endpoint.plots.set('/3303/0/5700', {hours: 1, points:"
            " Array.from({length: 120}, (_, i) => [now() - 3600 + i * 30,"
            " 4 + 2 * Math.sin(i / 9), 5 + 2 * Math.sin(i / 9)])});"
            "endpoint.update(document.getElementById('view'))")
        label = self.driver.find_element(
            By.CSS_SELECTOR, "svg[role=img]").get_attribute("aria-label")
        self.assertRegex(label, r"^/3303/0/5700, last hour: .* Cel to .* Cel$")
        self.picture("plot-desk-light")
        self.click("button[aria-label='Plot of /3303/0/5700']")
        wait_for(lambda: not self.driver.find_elements(
            By.CSS_SELECTOR, "main section"), "no plot any more")

    def test_units_that_a_scan_has_seen_and_their_yaml(self):
        self.go("found")
        self.wait_text("main", "nothing yet")
        result = self.gateway_.ctl("scan", "plant", "from=1", "to=4")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.wait_text("main", "unit: 3", "Profile", "eastron/sdm120",
                       "- {endpoint: plant-3, bus: plant, unit: 3, "
                       "profile: eastron/sdm120}")
        self.assertNotIn("unit: 1", self.text())
        button, = self.driver.find_elements(By.CSS_SELECTOR, "main button")
        self.assertEqual(button.accessible_name,
                         "Copy YAML of plant unit: 3")
        self.driver.execute_cdp_cmd("Browser.grantPermissions", {
            "permissions": ["clipboardReadWrite",
                            "clipboardSanitizedWrite"]})
        button.click()
        wait_for(lambda: button.text in ("Copied",), "a copy")
        yaml = self.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0])")
        self.picture("yaml-desk-light")
        self.gateway_.write("conf.d/new.yaml", yaml)
        self.gateway_.reload()
        self.wait_text("main", "nothing yet")
        self.server_.registered("plant-3")
        (self.gateway_.etc / "conf.d/new.yaml").unlink()
        self.gateway_.reload()

    def test_foreign_text_stays_text(self):
        self.go("endpoint/ein-ziemlich-langer-name-einer-"
                "w%C3%A4rmepumpe-im-keller-links")
        self.wait_text("main", "<b>t</b>", "wärmepumpe")
        self.assertFalse(self.driver.find_elements(By.CSS_SELECTOR, "main b"))

    def test_an_endpoint_that_is_not_there(self):
        self.go("endpoint/nobody-knows")
        self.wait_text("main", "no such endpoint: nobody-knows")

    def test_servers(self):
        self.go("servers")
        self.wait_text("main", f"coap://127.0.0.1:{self.server_.port}",
                       "nosec", " of ")

    def test_buses(self):
        self.go("buses")
        self.wait_text("main", "plant", "modbus", "open", "requests",
                       "timeouts", "%", "/min", "all in time")
        self.driver.execute_script(
            "take.rows({rows: [{endpoint: 'slow', bus: 'plant', period: 150,"
            " period_asked: 10, state: 'online', servers: []}]});"
            "view.update(document.getElementById('view'))")
        self.assertIn("slow: every 10 s asked, 3 min got", self.text())

    def test_a_trace_of_a_bus(self):
        self.go("buses")
        self.wait_text("main", "plant")
        self.click("a[aria-label='Trace of plant']")
        self.wait_text("main h2", "Bus plant")
        self.wait_text("main", "Listening", "sent", "received", "Bytes",
                       "holding")
        self.picture("trace-desk-light")
        self.assertEqual(self.driver.execute_script(NARROW), [])
        self.look("phone", "dark")
        self.assertFalse(self.driver.execute_script(WIDE))
        self.assertEqual(self.driver.execute_script(NAMELESS), [])
        self.assertEqual(self.driver.execute_script(PALE), [])
        self.picture("trace-phone-dark")
        self.go("trace/nowhere")
        self.wait_text("main", "lwmuxd runs no such bus", "Again")

    def test_sleepers(self):
        self.go("sleepers")
        self.wait_text("main", "cold-room", "87 %")
        self.assertNotIn("boiler", self.text())

    def test_what_waits(self):
        self.go("store")
        self.wait_text("main", "Values that wait", "Dropped", "nothing waits")

    def test_findings_have_their_place(self):
        self.go("findings")
        self.wait_text("main", "conf.d/devices.yaml:", "needs a unit")

    def test_events_come_while_one_looks(self):
        self.go("events")
        self.wait_text("main", "device is online", "boiler")
        self.gateway_.reload()
        self.wait_text("main tbody tr", "configuration reloaded")

    def test_a_token_is_asked_for_and_remembered(self):
        port = free_tcp_port()
        gateway = self.add(Gateway({"token": TOKEN, "lwmux.yaml": main_file(
            self.server_.port, f"127.0.0.1:{port}",
            "http_token_file: token")}, start=False))
        (gateway.etc / "token").chmod(0o600)
        gateway.start()
        gateway.wait_log("http: serves at")
        self.driver.get(f"http://127.0.0.1:{port}/#/servers")
        field = self.driver.find_element(By.ID, "token")
        for word in ("wrong", TOKEN):
            wait_for(field.is_displayed, "a question for the token")
            field.clear()
            field.send_keys(word + Keys.ENTER)
        self.wait_text("header", "site7", "no devices are configured")
        self.assertFalse(field.is_displayed())
        self.driver.refresh()
        self.wait_text("header", "site7", "no devices are configured")
        self.assertNotIn(TOKEN, self.driver.current_url)

    # How it looks, everywhere.

    def test_views_fit_name_everything_and_can_be_read(self):
        for size in SIZES:
            for scheme in ("light", "dark"):
                self.look(size, scheme)
                for view in (*VIEWS, "endpoint/boiler"):
                    with self.subTest(view=view, size=size, scheme=scheme):
                        self.go(view)
                        self.wait_text("main h2", "")
                        self.wait_text("#health", "degraded")
                        self.picture(f"{view.replace('/', '-')}-{size}-"
                                     f"{scheme}")
                        self.assertFalse(self.driver.execute_script(WIDE))
                        self.assertEqual(
                            self.driver.execute_script(NAMELESS), [])
                        self.assertEqual(self.driver.execute_script(PALE), [])
                        self.assertEqual(
                            self.driver.execute_script(NARROW), [])
                        self.assertEqual(self.complaints(), [])

    def test_ten_thousand_rows_without_a_pause(self):
        self.go("endpoints")
        self.wait_text("#count", "6 of 6")
        took = self.driver.execute_script("""
            take.rows({rows: Array.from({length: 10000}, (_, i) => ({
                endpoint: `meter-${i}`, state: 'online', bus: 'plant',
                heard: 1, servers: [{server: 1, state: 'registered'}]}))});
            const took = [];
            const time = f => { const t = performance.now(); f();
                document.body.offsetHeight;
                took.push(performance.now() - t); };
            time(() => endpoints.update());
            time(() => endpoints.order('bus'));
            time(() => { endpoints.scroll.scrollTop = 200000;
                endpoints.draw(); });
            return [took, document.querySelectorAll('.space .row').length,
                document.querySelector('.space .row').textContent];
            """)
        self.assertLess(took[1], 60)
        self.assertIn("meter-", took[2])
        print(f"10,000 rows: {took[0]} ms to update, sort, scroll")

    def test_a_gateway_that_ends_is_told_and_found_again(self):
        self.go("servers")
        self.gateway_.restart()
        self.wait_text("#link", "No connection")
        wait_for(lambda: not self.driver.find_element(
            By.ID, "link").is_displayed(), "the connection again")
        self.wait_text("main", "of 5")
