# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages: mandoc has nothing to warn of, lwmux.yaml(5) has the keys
that the program has, and its example is a configuration."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import ROOT, binary

PAGES = [p for top in ("agent", "adapters", "modules")
         for p in sorted((ROOT / top).rglob("*.[1-8]"))]
PAGE = ROOT / "agent/lwmux.yaml.5"
ADAPTERS = {path.parent.name: path.parent / f"lwmux-{path.parent.name}.5"
            for path in (ROOT / "adapters").glob("*/CMakeLists.txt")}


class Manual(unittest.TestCase):
    def test_mandoc_has_nothing_to_warn_of(self):
        self.assertGreaterEqual(len(PAGES), 14)
        for page in PAGES:
            with self.subTest(page=str(page)):
                result = subprocess.run(["mandoc", "-T", "lint", page],
                                        capture_output=True, text=True)
                self.assertEqual(result.stdout + result.stderr, "")

    def test_pages_have_the_keys_of_the_program(self):
        self.assertGreaterEqual(len(ADAPTERS), 4)
        for page, least in (PAGE, 80), *((page, 1) for page in
                                         ADAPTERS.values()):
            with self.subTest(page=page.name), \
                    tempfile.TemporaryDirectory() as directory:
                text = page.read_text()
                copy = pathlib.Path(directory) / page.name
                copy.write_text(text)
                subprocess.run([ROOT / "packaging/manual-keys",
                                binary("agent/lwmuxd"), copy], check=True)
                self.assertEqual(text, copy.read_text(),
                                 "run packaging/manual-keys")
                self.assertGreaterEqual(len(re.findall(
                    r"\n\.TP\n\.BR \w+: ", text)), least)

    def test_every_key_of_an_adapter_is_in_its_page(self):
        for name, page in ADAPTERS.items():
            text = page.read_text()
            schema = json.loads(subprocess.run(
                [binary("agent/lwmuxd"), "--schema", "--adapters",
                 binary("adapters")], capture_output=True).stdout)["$defs"]
            for level in "bus", "device", "point":
                keys = schema.get(f"{name}-{level}", {}).get("properties", [])
                for key in keys:
                    self.assertIn(f"\n.BR {key}: ", text)

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

    def test_first_page_names_all_others(self):
        text = (ROOT / "agent/lwmux.7").read_text().replace("\\-", "-")
        for page in PAGES:
            self.assertIn(page.stem, text)


if __name__ == "__main__":
    unittest.main()
