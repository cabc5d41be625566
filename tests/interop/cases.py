# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases for all servers share: one lab per module, or a skip."""
import unittest

import coap
import harness
import lab
import tools


class Cases(unittest.TestCase):
    """Set `driver`; the first case starts the lab, close_lab() ends it."""

    driver = None
    server_keys = ""             # a further line of the server's configuration
    _labs = {}

    @classmethod
    def setUpClass(cls):
        cls.server_name = cls.driver.title
        found = Cases._labs.get(cls.driver)
        if found is None:
            try:
                found = lab.Lab(cls.driver, cls.server_keys)
            except tools.Unavailable as e:
                found = str(e)
            except Exception as e:       # not once more for each class
                found = e
            Cases._labs[cls.driver] = found
        if isinstance(found, Exception):
            raise AssertionError(f"the lab did not start: {found}")
        cls.lab = found

    def setUp(self):
        if isinstance(self.lab, str):
            self.skipTest(self.lab)
        self.server = self.lab.driver
        self.slave = self.lab.modbus
        self.relay = self.lab.tap

    def evidence(self):
        return "" if isinstance(self.lab, str) else self.lab.evidence()

    def eventually(self, check, what, timeout=10):
        return harness.wait_for(check, what, timeout)

    def eventually_equal(self, get, wanted, timeout=10):
        """For a value that passes the bus before it is read back."""
        harness.wait_for(lambda: get() == wanted, f"value {wanted}", timeout)

    # What the datagrams of an endpoint say: [(time, message)]

    def sent(self, endpoint, since):
        port = self.relay.port_of(endpoint)
        with self.relay.lock:
            log = self.relay.log[since:]
        return [(t, coap.decode(d)) for t, p, way, d in log
                if way == "up" and p == port]

    def updates(self, endpoint, since):
        return [m for _, m in self.sent(endpoint, since)
                if m.code_text == "0.02" and m.path.startswith("/rd/")]

    def notifications(self, endpoint, since, token=None):
        """CON and NON 2.05 with Observe: notifications, not answers."""
        return [(t, m) for t, m in self.sent(endpoint, since)
                if m.code_text == "2.05" and m.kind in (coap.CON, coap.NON)
                and m.number(coap.OBSERVE) is not None
                and token in (None, m.token)]

    def gaps(self, endpoint, since, count, timeout=30):
        """Seconds between the first `count` notifications."""
        self.eventually(
            lambda: len(self.notifications(endpoint, since)) >= count,
            f"{count} notifications", timeout)
        at = [t for t, _ in self.notifications(endpoint, since)]
        return [b - a for a, b in zip(at, at[1:])]


def query(message):
    return [v.decode() for v in message.values(coap.URI_QUERY)]


def close_lab(driver):
    found = Cases._labs.pop(driver, None)
    if isinstance(found, lab.Lab):
        wrong = found.end()
        if wrong:
            raise AssertionError(wrong)
