# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands in the guides and manual pages is so: every configuration in them
passes --check, links lead somewhere, and the way to the first site works."""
import re

from harness import ROOT, WAIT, SerialLine, Site, wait_for

# What may be a configuration, or the part of one, as a file of conf.d.
TOPS = {"gateway", "servers", "bootstrap", "defaults", "store", "sms",
        "buses", "devices"}
# The rest of a site, where an example says nothing of it.
GIVEN = {"gateway": "gateway: {name: site}\n",
         "servers": "servers: [{id: 1, uri: coap://127.0.0.1}]\n",
         "devices": "devices: [{endpoint: air, bus: sim, points: "
                    "[{name: t, map: 3303/0}]}]\n"}
GUIDES = sorted((ROOT / "doc").glob("*.md")) + [ROOT / "README.md"]
PAGES = sorted(p for folder in ("agent", "adapters", "modules")
               for p in (ROOT / folder).rglob("*.[1-9]"))

SYMPTOMS = """\
buses:
  plant: {{adapter: modbus, transport: tcp, host: 127.0.0.1,
           tcp_port: {port}, timeout: 300ms}}
  nothing: {{adapter: modbus, transport: rtu, port: /dev/lwmux-not-there}}
  nobody: {{adapter: modbus, transport: tcp, host: 127.0.0.1, tcp_port: 1}}
defaults: {{poll: 500ms}}
devices:
  - {{endpoint: wrong, bus: plant, unit: 1, points: [{{name: t, address: 9, map: 3303/0}}]}}
  - {{endpoint: mute, bus: plant, unit: 2, points: [{{name: t, address: 9, map: 3303/0}}]}}
  - {{endpoint: absent, bus: nothing, unit: 1, points: [{{name: t, address: 9, map: 3303/0}}]}}
  - {{endpoint: closed, bus: nobody, unit: 1, points: [{{name: t, address: 9, map: 3303/0}}]}}
"""


def top_keys(text):
    return set(re.findall(r"(?m)^([a-z_0-9]+):", text))


def is_whole(text):
    """A configuration as it stands; not a line out of one, nor one with dots
    in place of what the reader knows."""
    return (text[:1] not in " \t-" and "..." not in text and
            bool(top_keys(text)) and top_keys(text) <= TOPS)


def guide_blocks(path):
    return re.findall(r"```yaml\n(.*?)```", path.read_text(), re.DOTALL)


def page_blocks(path):
    """The examples of a manual page, as a reader sees them."""
    for text in re.findall(r"(?m)^\.nf\n(.*?)^\.fi", path.read_text(),
                           re.DOTALL | re.MULTILINE):
        text = re.sub(r"(?m)^\.R[SE]\n", "", text)
        yield text.replace("\\-", "-").replace("\\&", "")


def bus_names(text):
    """Buses that the reader has declared before, in another file."""
    if "buses" in top_keys(text):
        return []
    return sorted(set(re.findall(r"\bbus: (\w+)", text)) -
                  {"sim", "ble", "gpio"})


def key_files(text):
    """A key for whoever might want one."""
    names = [f"{name}.psk" for name in re.findall(r"endpoint: ([\w-]+)", text)]
    names += re.findall(r"bindkey_file: keys/([\w-]+)", text)
    return {f"keys/{name}": "00" * 16 + "\n" for name in names}


class Guides(Site):
    def check(self, block):
        """What --check has to say to the block, the rest being given."""
        tops = top_keys(block) | ({"servers"} if "bootstrap:" in block
                                  else set())
        text = block + "".join(part for key, part in GIVEN.items()
                               if key not in tops)
        given = "".join(f"  {name}: {{adapter: modbus, transport: rtu, "
                        f"port: /dev/{name}}}\n" for name in bus_names(text))
        gateway = self.gateway(1, text, start=False, **key_files(text), **{
            "lwmux.yaml": f"buses:\n{given}" if given else "# nothing\n"})
        for key in (gateway.etc / "keys").glob("*"):
            key.chmod(0o600)
        result = gateway.once("--check")
        self.assertEqual((result.returncode, result.stderr), (0, ""), block)
        self.assertIn("fine: ", result.stdout)

    def check_all(self, blocks, at_least):
        whole = [(path, block) for path, block in blocks if is_whole(block)]
        self.assertGreaterEqual(len(whole), at_least)
        for path, block in whole:
            with self.subTest(path.name, block=block[:60]):
                self.check(block)

    def test_examples_of_guides(self):
        # adapter.md has the example's own adapter: test_adapter_example
        self.check_all([(path, block) for path in GUIDES
                        if path.name != "adapter.md"
                        for block in guide_blocks(path)], 17)

    def test_examples_of_manual_pages(self):
        self.check_all([(path, block) for path in PAGES
                        for block in page_blocks(path)], 8)

    def test_a_wrong_example_is_found(self):
        for wrong in ("servers: [{id: 1, uri: coap://x, sever: leshan-1}]\n",
                      "devices:\n  - {endpoint: m, bus: hall, unit: 1, "
                      "profile: nobody/nothing}\n"):
            self.assertTrue(is_whole(wrong))
            with self.assertRaises(AssertionError):
                self.check(wrong)

    def test_links(self):
        for path in GUIDES:
            for link in re.findall(r"\]\(([^)#:\s]+)\)", path.read_text()):
                with self.subTest(path.name, link=link):
                    self.assertTrue((path.parent / link).exists())

    def test_first_site(self):
        """doc/first-site.md as it is read: of ten devices on a line nine are
        known and adopted; a probe shows what the tenth says."""
        line = self.add(SerialLine())
        slave = self.slave(*(f"{unit}=sdm120" for unit in range(1, 9)),
                           "9=xy-md02", "10=boiler",
                           line=("--rtu", line.ports[0]))
        slave.do("set 10 holding 100 525")
        server = self.server()
        gateway = self.gateway(server.port, "devices: []\n", start=False)
        self.assertEqual(gateway.once("--check").stdout,
                         "fine: 1 server, 0 devices, 0 buses\n")
        gateway.start()
        wait_for(lambda: gateway.ctl("status").returncode == 0, "the gateway")
        told = gateway.ctl("adopt", "-c", gateway.etc, "--yes", "hall",
                           line.ports[1], "1-10", timeout=4 * WAIT)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("{endpoint: hall-9, bus: hall, unit: 9, profile: "
                      "generic/xy-md02}", told.stdout)
        self.assertIn("# - {endpoint: hall-10,", told.stdout)
        gateway.reload()
        probe = gateway.ctl("probe", "hall", "unit=10", "table=holding",
                            "address=100", "count=2").stdout
        self.assertEqual(probe.splitlines()[0], "table: holding, address: 100, "
                         "type: int16, order: ABCD 525")
        gateway.write("conf.d/more.yaml", next(
            block for block in guide_blocks(ROOT / "doc/first-site.md")
            if "endpoint: hall-10\n" in block))
        gateway.reload()
        for unit in range(1, 11):
            server.registered(f"hall-{unit}")
        server.wait_value("hall-10", "/3303/0/5700", 52.5)
        self.assertIn("10 endpoints: 10 online\n",
                      gateway.ctl("status").stdout)

    def test_symptoms(self):
        """What doc/trouble.md quotes is what people see."""
        slave = self.slave("1=plain", "2=plain")
        slave.do("exception 1 2")
        slave.do("mute 2")
        gateway = self.gateway(1, SYMPTOMS.format(port=slave.port))
        guide = (ROOT / "doc/trouble.md").read_text()
        for endpoint, words in (
                ("absent", "No such file or directory"),
                ("closed", "Connection refused"),
                ("mute", "no answer"),
                ("wrong", "exception 2, illegal data address")):
            with self.subTest(endpoint):
                self.assertIn(words, guide)
                wait_for(lambda e=endpoint, w=words: w in
                         gateway.ctl("events", e).stdout, words)
