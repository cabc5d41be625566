# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/example/file.c: an adapter of somebody else, built with the installed
headers and nothing else of the tree."""
import os
import pathlib
import re
import subprocess
import tempfile

from harness import ROOT, Site, binary, wait_for

DEVICES = """\
buses:
  files: {{adapter: file}}
devices:
  - endpoint: board
    bus: files
    directory: {directory}
    poll: 100ms
    points:
      - {{name: temperature, file: temp1_input, scale: 0.001, unit: Cel, map: 3303/0}}
      - {{name: fan, file: pwm1, map: 3308/0, range: [0, 255], writable: true}}
"""


class AdapterExample(Site):
    def setUp(self):
        super().setUp()
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = pathlib.Path(held.name)
        self.board = self.root / "hwmon0"
        self.board.mkdir()
        (self.board / "temp1_input").write_text("21500\n")
        (self.board / "pwm1").write_text("128\n")
        self.build()

    def build(self, source=ROOT / "doc/example/file.c"):
        """As the guide has it, with headers as lwmux-dev installs them, or
        with what is in that package."""
        usr = binary("usr")
        if not usr.exists():
            usr = self.root / "usr"
            subprocess.run(["cmake", "--install", binary(""),
                            "--component", "dev", "--prefix", usr],
                           check=True, stdout=subprocess.DEVNULL)
        (self.root / "adapters").mkdir(exist_ok=True)
        subprocess.run([os.environ.get("CC", "cc"), "-Wall", "-Wextra",
                        "-Werror", "-shared", "-fPIC",
                        f"-I{usr / 'include/lwmux'}", "-o",
                        self.root / "adapters/file.so",
                        source], check=True,
                       cwd=self.root)

    def devices(self):
        return DEVICES.format(directory=self.board)

    def board_gateway(self, port, devices):
        gateway = self.gateway(port, devices, start=False)
        gateway.adapters = self.root / "adapters"
        return gateway

    def test_values_writes_and_faults(self):
        server = self.server()
        gateway = self.board_gateway(server.port, self.devices())
        gateway.start()
        server.registered("board")
        server.wait_value("board", "/3303/0/5700", 21.5)
        self.assertEqual(
            server.code("write", "board", "/3308/0/5900", text=200), "2.04")
        self.assertEqual((self.board / "pwm1").read_text(), "200\n")
        (self.board / "temp1_input").write_text("n/a\n")
        server.wait_code("board", "/3303/0/5700", "5.04")
        self.assertEqual(server.value("board", "/3308/0/5900"), 200)
        (self.board / "temp1_input").write_text("-500\n")
        server.wait_value("board", "/3303/0/5700", -0.5)
        self.board.rename(self.root / "gone")
        wait_for(lambda: "hwmon0 is not there" in
                 gateway.ctl("status", "board").stdout, "the reason")
        (self.root / "gone").rename(self.board)
        server.wait_value("board", "/3303/0/5700", -0.5)

    def test_configuration_of_the_guide(self):
        block = re.search(r"```yaml\n(.*?)```", (ROOT / "doc/adapter.md")
                          .read_text(), re.DOTALL)[1]
        self.assertEqual(self.board_gateway(1, block).once("--check").stdout,
                         "fine: 1 server, 1 device, 1 bus\n")

    def test_a_key_without_help_is_told(self):
        """Of adapters in the tree it fails the build."""
        def keys():
            return subprocess.run(
                [binary("agent/lwmuxd"), "--keys", "--adapters",
                 self.root / "adapters"], capture_output=True, text=True)
        self.assertEqual(keys().returncode, 0)
        mute = self.root / "mute.c"
        mute.write_text((ROOT / "doc/example/file.c").read_text().replace(
            '"holds one number"', "NULL"))
        self.build(mute)
        told = keys()
        self.assertEqual(told.returncode, 1)
        self.assertIn("file points: file: error: the key has no help\n",
                      told.stdout)

    def test_what_it_refuses(self):
        gateway = self.board_gateway(1, self.devices().replace(
            "file: pwm1", "file: ../pwm1"))
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr,
                         r"devices.yaml:10:.*'file': a name, without '/'")
