# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases for all servers share: one lab per module, or a skip."""
import os
import unittest

import lab
import tools
from relay import coap


class Cases(unittest.TestCase):
    """Set `driver`; the first case starts the lab, `tearDownModule` ends it."""

    driver = None
    server_keys = ""             # further keys of the server's configuration
    server_name = "?"
    _labs = {}

    @classmethod
    def setUpClass(cls):
        cls.server_name = cls.driver.name
        found = Cases._labs.get(cls.driver)
        if found is None:
            try:
                found = lab.Lab(cls.driver, cls.server_keys)
            except tools.Unavailable as e:
                found = str(e)
            Cases._labs[cls.driver] = found
        cls.lab = found

    def setUp(self):
        if isinstance(self.lab, str):
            self.skipTest(self.lab)
        self.server = self.lab.server
        self.slave = self.lab.slave
        self.relay = self.lab.relay

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        failed = len(result.failures) + len(result.errors) > before
        if failed and os.environ.get("LWMUX_INTEROP_LOGS"):
            self.lab.show_logs()
        return result

    def eventually(self, check, message, timeout=10):
        value = lab.eventually(check, timeout)
        self.assertTrue(value, message)
        return value

    # What the datagrams of an endpoint say

    def sent(self, endpoint, since, code):
        """Requests of this code that the endpoint sent since the mark."""
        client = self.relay.client_of(endpoint)
        return self.relay.seen(since, lambda m: m.up and m.client == client
                               and m.code == code)

    def updates(self, endpoint, since):
        return [m for m in self.sent(endpoint, since, "0.02")
                if m.path.startswith("/rd/")]

    def notifications(self, endpoint, since, token=None):
        """CON and NON 2.05 with Observe: notifications, not answers."""
        client = self.relay.client_of(endpoint)
        return self.relay.seen(
            since, lambda m: m.up and m.client == client and m.code == "2.05"
            and m.type in (coap.CON, coap.NON) and m.observe is not None
            and (token is None or m.token == token))


def close_labs(driver):
    found = Cases._labs.pop(driver, None)
    if isinstance(found, lab.Lab):
        found.stop()
