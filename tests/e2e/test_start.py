# SPDX-License-Identifier: GPL-2.0-or-later
"""A start with a wrong configuration: what is wrong stays out, and the status
says why; the rest runs. A power cut must not make a slip into a dark site."""
import tempfile

from harness import Site

DEVICE = "  - {{endpoint: {ep}, bus: sim{more}, points: " \
    "[{{name: t, value: 1, map: 3303/0}}]}}\n"


def device(ep, more=""):
    return DEVICE.format(ep=ep, more=more)


class WrongStart(Site):
    def start(self, more="", good=True, **files):
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, "devices:\n" + device("good") + more, **files)
        if good:
            self.server_.registered("good")
        return self.gateway_.status()

    def refused(self, ep, *words):
        (row,) = self.gateway_.status(ep)["endpoints"]
        self.assertEqual(row["state"], "refused")
        for word in words:
            self.assertIn(word, row["error"])

    def found(self, status, *words):
        self.assertTrue(any(all(w in str(f) for w in words)
                            for f in status["findings"]), status)
        self.assertNotEqual(status["health"], "healthy")

    def test_a_good_one_finds_nothing(self):
        self.assertEqual(self.start()["findings"], [])

    def test_a_key_of_a_device(self):
        self.found(self.start(device("wrong", ", pol: 3s")), "pol", "poll")
        self.refused("wrong", "devices.yaml:3:", "pol")

    def test_an_unknown_profile(self):
        self.found(self.start("  - {endpoint: wrong, bus: sim, "
                              "profile: acme/nothing}\n"), "acme/nothing")
        self.refused("wrong", "acme/nothing")

    def test_an_adapter_that_is_not_installed(self):
        self.found(self.start(
            "  - {endpoint: wrong, bus: x, points: [{name: t, map: 3303/0}]}\n"
            "buses: {x: {adapter: carrier-pigeon}}\n"), "carrier-pigeon")
        self.refused("wrong", "carrier-pigeon")

    def test_a_file_that_is_not_yaml(self):
        self.found(self.start(**{
            "conf.d/broken.yaml": "devices:\n" + device("other") +
                                  "  - {oops\n"}), "broken.yaml", "YAML")

    def test_a_file_of_another_name(self):
        """As --check says it: there is no line to name."""
        self.assertEqual(
            self.start(**{"conf.d/meters.yml": "devices: []\n"})["findings"],
            ["conf.d/meters.yml: is not read, its name must end in .yaml: "
             "rename it to meters.yaml"])

    def test_a_missing_key_file(self):
        """Of one server of two: the device runs at the other."""
        server = self.server()
        self.gateway_ = self.gateway(1, "devices:\n" + device("good"), **{
            "lwmux.yaml": "gateway: {name: e2e}\nservers:\n"
            f"  - {{id: 1, uri: 'coap://127.0.0.1:{server.port}'}}\n"
            "  - {id: 2, uri: 'coaps://127.0.0.1:9', security: psk, "
            "identity: a, key_file: keys/none}\n"})
        server.registered("good")
        self.gateway_.wait_log("good", "keys/none")
        self.assertNotEqual(self.gateway_.ctl("status").returncode, 0)
        self.assertIn("keys/none", str(self.gateway_.status("good")))

    def test_what_was_mended_is_told_no_more(self):
        status = self.start(**{"conf.d/broken.yaml": "devices: [\n"})
        self.found(status, "broken.yaml")
        self.gateway_.write("conf.d/broken.yaml", "devices:\n" +
                            device("other"))
        self.gateway_.reload()
        self.server_.registered("other")
        self.assertEqual(self.gateway_.status()["findings"], [])

    def test_two_daemons_on_one_state_directory(self):
        self.start()
        with tempfile.TemporaryDirectory(prefix="lwmux-") as run:
            result = self.gateway_.once("--run", run)
        self.assertEqual(result.returncode, 1)
        self.assertIn("another lwmuxd runs with the state directory",
                      result.stderr)
        self.assertIn(str(self.gateway_.state), result.stderr)
        self.assertEqual(self.gateway_.ctl("status").returncode, 0)
