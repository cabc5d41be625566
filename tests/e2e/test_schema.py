# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd --keys and --schema: what the tables of the host and of the adapters
say of their keys, to people and to editors."""
import json
import re
import subprocess
import unittest

import jsonschema
import yaml

import sites
import test_guides
from harness import ROOT, binary


def lwmuxd(option):
    return subprocess.run(
        [binary("agent/lwmuxd"), option, "--adapters", binary("adapters")],
        check=True, capture_output=True, text=True).stdout


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: on, off, yes and no are texts."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found
            if tag != "tag:yaml.org,2002:bool" and not tag.endswith(
                (":timestamp", ":value", ":merge"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Core.add_implicit_resolver("tag:yaml.org,2002:bool",
                           re.compile("^(true|false)$"), list("tf"))


def plain(node):
    """JSON's keys are texts."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    return [plain(item) for item in node] if isinstance(node, list) else node


def read(text):
    return plain(yaml.load(text, Core))


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads(lwmuxd("--schema"))
        jsonschema.Draft202012Validator.check_schema(cls.schema)

    def validator(self, name=None):
        schema = self.schema if name is None else {
            **self.schema, "$ref": f"#/$defs/{name}"}
        return jsonschema.Draft202012Validator(schema)

    def keys(self):
        for table, schema in self.schema["$defs"].items():
            for name, key in schema["properties"].items():
                if "title" in key:
                    yield f"{table}: {name}", key

    def test_every_key_says_what_it_is_and_takes(self):
        n = 0
        for where, key in self.keys():
            with self.subTest(key=where):
                self.assertGreaterEqual(len(key["description"]), 14)
                self.assertTrue(key["title"])
                self.assertTrue(all(key["anyOf"]))
            n += 1
        self.assertGreater(n, 150)

    def test_list_and_schema_have_the_same_keys(self):
        lines = lwmuxd("--keys").splitlines()
        self.assertEqual(len(lines), len(list(self.keys())))
        for line in lines:
            self.assertRegex(line, r"^[a-z ]+: [a-z0-9_]+ \(.+\): .{14,}$")
        for adapter in "modbus", "ble", "gpio", "sim":
            self.assertTrue(any(line.startswith(adapter) for line in lines))

    def test_list_says_form_default_and_help(self):
        lines = lwmuxd("--keys").splitlines()
        self.assertIn("servers: lifetime (time, 20s to 49710d; 5min): how "
                      "long a registration lives without an Update", lines)
        self.assertTrue(any(line.startswith(
            "modbus devices: unit (whole number, 0 to 255; required): ")
            for line in lines))

    def test_what_is_right_passes(self):
        readme = re.findall(r"```yaml\n(devices:.*?)```",
                            (ROOT / "README.md").read_text(), re.DOTALL)
        files = [ROOT / "etc/lwmux.yaml",
                 *sorted((ROOT / "etc/conf.d").glob("*.yaml"))]
        texts = [(path, path.read_text()) for path in files]
        texts += [("README.md", text) for text in readme]
        texts += [(name, text) for name, text in vars(sites).items()
                  if isinstance(text, str) and "devices:" in text]
        self.assertGreater(len(readme), 0)
        for name, text in texts:
            with self.subTest(file=str(name)):
                self.validator().validate(read(text))

    def test_examples_of_guides_and_pages_pass(self):
        blocks = [(path.name, block) for path in test_guides.GUIDES
                  if path.name != "adapter.md"
                  for block in test_guides.guide_blocks(path)]
        blocks += [(path.name, block) for path in test_guides.PAGES
                   for block in test_guides.page_blocks(path)]
        whole = [b for b in blocks if test_guides.is_whole(b[1])]
        self.assertGreater(len(whole), 24)
        for name, block in whole:
            with self.subTest(name, block=block[:60]):
                self.validator().validate(read(block))

    def test_profiles_pass(self):
        profiles = sorted((ROOT / "etc/profiles").rglob("*.yaml"))
        self.assertGreater(len(profiles), 90)
        for path in profiles:
            with self.subTest(profile=str(path)):
                self.validator("profile").validate(read(path.read_text()))

    def test_what_is_wrong_is_refused(self):
        right = sites.SIM
        for old, new in (("poll:", "pol:"), ("endpoint:", "Endpoint:"),
                         ("constant", "constnt"), ("map: 3303/0", "map: 33o3"),
                         ("name:", "nam:")):
            with self.subTest(new=new):
                self.assertIn(old, right)
                wrong = read(right.replace(old, new, 1))
                self.assertFalse(self.validator().is_valid(wrong))
        for text in ("servers: [{id: 0, uri: 'coap://a'}]",
                     "servers: [{id: 1, uri: 'http://a'}]",
                     "servers: [{id: 1}]",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 300}]",
                     "servers: [{id: 1, uri: 'coap://a', security: tls}]",
                     "bootstrap: {uri: 'coap://a', id: 1}",
                     "bootstrap: {path: /bs}",
                     "defaults: {endpoint: a}",
                     "defaults: {poll: 10 S}",
                     "store: {memory: lots}",
                     "store: {memory: 63KiB}",
                     "store: {memory: 65535}",
                     "store: {memory: 64M}",
                     "store: {disk: 1025GiB}",
                     "store: {flush: 0.9s}",
                     "store: {flush: 0}",
                     "store: {flush: 61min}",
                     "defaults: {poll: 0.9ms}",
                     "defaults: {poll: 49711d}",
                     "defaults: {silent_after: 1 year}",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 19s}]",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 50000d}]",
                     "servers: [{id: 1, uri: 'coap://a', keepalive: 25h}]",
                     "gateway: {name: ''}",
                     "buses: {a: {adapter: modbus, timeout: 0.5ms}}",
                     "buses: {a: {adapter: modbus, tcp_port: 70000}}",
                     "buses: {a: {transport: tcp}}",
                     "device: []"):
            with self.subTest(text=text):
                self.assertFalse(self.validator().is_valid(read(text)))
        for text in ("servers: [{id: 1, uri: 'coap://a', lifetime: 300s}]",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 20 s}]",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 0.5h}]",
                     "servers: [{id: 1, uri: 'coap://a', lifetime: 49710d}]",
                     "servers: [{id: 1, uri: 'coap://a', pmin: 0}]",
                     "servers: [{id: 1, uri: 'coap://a', keepalive: off}]",
                     "servers: [{id: 1, uri: 'coap://a', keepalive: 24h}]",
                     "store: {memory: 64KiB, disk: 0, flush: 60min}",
                     "store: {memory: 65536, disk: 1024GiB, flush: 1s}",
                     "gateway: {history: 0}",
                     "gateway: {history: 1GiB}",
                     "defaults: {poll: 1ms}"):
            with self.subTest(text=text):
                self.validator().validate(read(text))


if __name__ == "__main__":
    unittest.main()
