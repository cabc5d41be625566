# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages: mandoc has nothing to warn of, lwmux.yaml(5) has the keys
that the program has, and its example is a configuration."""
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import ROOT, binary

PAGE = ROOT / "agent/lwmux.yaml.5"


class Manual(unittest.TestCase):
    def test_mandoc_has_nothing_to_warn_of(self):
        pages = [p for top in ("agent", "adapters")
                 for p in (ROOT / top).rglob("*.[1-8]")]
        self.assertGreaterEqual(len(pages), 13)
        for page in pages:
            with self.subTest(page=str(page)):
                # below a warning it is about the length of source lines
                result = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page],
                    capture_output=True, text=True)
                self.assertEqual(result.stdout + result.stderr, "")

    def test_page_has_the_keys_of_the_program(self):
        text = PAGE.read_text()
        with tempfile.TemporaryDirectory() as directory:
            copy = pathlib.Path(directory) / PAGE.name
            copy.write_text(text)
            subprocess.run([ROOT / "packaging/manual-keys",
                            binary("agent/lwmuxd"), copy], check=True)
            self.assertEqual(text, copy.read_text(),
                             "run packaging/manual-keys")
        self.assertGreater(text.count("\n.TP\n"), 80)

    def test_example_is_a_configuration(self):
        example = re.search(r"\n\.nf\n(.*?)\.fi\n", PAGE.read_text(),
                            re.DOTALL)[1].replace("\\-", "-")
        with tempfile.TemporaryDirectory() as directory:
            etc = pathlib.Path(directory)
            (etc / "lwmux.yaml").write_text(example)
            (etc / "profiles").symlink_to(ROOT / "etc/profiles")
            result = subprocess.run(
                [binary("agent/lwmuxd"), "-c", etc, "--check", "--adapters",
                 binary("adapters")], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout,
                         "fine: 2 servers, 32 devices, 2 buses\n")


if __name__ == "__main__":
    unittest.main()
