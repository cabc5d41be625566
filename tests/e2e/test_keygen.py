# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxctl keygen: keys in files that only their owner reads."""
import base64
import json
import os
import pathlib
import pwd
import stat
import subprocess
import tempfile
import unittest

from harness import binary


class Keygen(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="lwmux-")
        self.addCleanup(directory.cleanup)
        self.etc = pathlib.Path(directory.name)

    def keygen(self, *words):
        return subprocess.run(
            [binary("agent/lwmuxctl"), "keygen", "-c", self.etc, *words],
            text=True, capture_output=True, check=False)

    def facts(self, *words):
        result = self.keygen("--json", *words)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_psk_is_what_is_printed(self):
        facts = self.facts("m-1")
        self.assertEqual(facts["identity"], "m-1")
        self.assertEqual(facts["file"], "keys/m-1.psk")
        self.assertRegex(facts["key"], "^[0-9a-f]{32}$")
        self.assertEqual((self.etc / facts["file"]).read_text(),
                         facts["key"] + "\n")

    def test_people_are_told_the_same(self):
        result = self.keygen("m-1")
        key = (self.etc / "keys/m-1.psk").read_text().strip()
        self.assertIn(key, result.stdout)
        self.assertIn("key_file: keys/${endpoint}.psk", result.stdout)

    def test_file_is_its_owner_s_alone(self):
        for words, name in (((), "m-1.psk"), (("--rpk",), "m-1.key")):
            self.facts(*words, "m-1")
            found = (self.etc / "keys" / name).stat()
            self.assertEqual(stat.S_IMODE(found.st_mode), 0o600)
            owner = os.geteuid()
            if owner == 0:
                try:
                    owner = pwd.getpwnam("lwmux").pw_uid
                except KeyError:
                    pass
            self.assertEqual(found.st_uid, owner)
        directory = (self.etc / "keys").stat()
        self.assertEqual(stat.S_IMODE(directory.st_mode) & 0o027, 0)

    def test_directory_that_is_there_is_left_alone(self):
        (self.etc / "keys").mkdir(mode=0o711)
        (self.etc / "keys").chmod(0o711)
        self.facts("m-1")
        self.assertEqual(
            stat.S_IMODE((self.etc / "keys").stat().st_mode), 0o711)

    def test_nothing_is_overwritten(self):
        key = self.facts("m-1")["key"]
        result = self.keygen("m-1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("keys/m-1.psk", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual((self.etc / "keys/m-1.psk").read_text(), key + "\n")

    def test_link_is_not_followed(self):
        (self.etc / "keys").mkdir()
        (self.etc / "keys/m-1.psk").symlink_to(self.etc / "elsewhere")
        self.assertEqual(self.keygen("m-1").returncode, 1)
        self.assertFalse((self.etc / "elsewhere").exists())

    def test_each_key_is_another(self):
        self.assertEqual(
            len({self.facts(f"m-{i}")["key"] for i in range(20)}), 20)

    def test_raw_public_key_in_all_its_forms(self):
        facts = self.facts("--rpk", "m-1")
        spki = base64.b64decode(facts["public_key"])
        self.assertEqual(spki.hex(), facts["public_key_hex"])
        self.assertEqual(spki[-64:].hex(), facts["x"] + facts["y"])
        text = (self.etc / facts["file"]).read_text()
        self.assertTrue(text.startswith("-----BEGIN PRIVATE KEY-----\n"))
        der = base64.b64decode("".join(text.splitlines()[1:-1]))
        # It is the key to that public one, which it holds.
        self.assertIn(spki[-65:], der)

    def test_other_name_of_the_file(self):
        facts = self.facts("--out", "m-1-bootstrap.psk", "m-1")
        self.assertEqual(facts["file"], "keys/m-1-bootstrap.psk")
        self.assertEqual(facts["identity"], "m-1")
        self.assertTrue((self.etc / facts["file"]).exists())

    def test_name_stays_below_the_directory(self):
        for words in (("../m-1",), ("a/b",), (".",), ("",),
                      ("--out", "../x", "m-1")):
            result = self.keygen(*words)
            self.assertEqual(result.returncode, 1, words)
            self.assertIn("file's name", result.stderr)
        self.assertFalse((self.etc / "keys").exists())

    def test_directory_that_cannot_be_had(self):
        result = subprocess.run(
            [binary("agent/lwmuxctl"), "keygen", "-c",
             self.etc / "absent", "m-1"],
            text=True, capture_output=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("absent", result.stderr)
