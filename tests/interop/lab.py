# SPDX-License-Identifier: GPL-2.0-or-later
"""The site of the interoperability tests: a Modbus slave, a gateway, a server.

Everything runs as processes of their own on loopback, the gateway behind a
relay that records its datagrams, since a real server does not tell everything:
whether notifications really stop, or which parameters an Update carried. One
Lab serves all cases of a module.
"""
import harness
from harness import ROOT

METER, ROOM, BOILER, SIM, STILL = (
    "io-meter", "io-room", "io-boiler", "io-sim", "io-still")
ALL = (METER, ROOM, BOILER, SIM, STILL)
LIFETIME = 300

MAIN = """\
gateway: {name: interop}
servers:
  - id: 1
    uri: coap://127.0.0.1:%(port)s
    lifetime: %(lifetime)ds
    security: nosec
    %(more)s
"""

DEVICES = """\
buses:
  plant: {adapter: modbus, transport: tcp, host: 127.0.0.1, tcp_port: %(port)s}
devices:
  - endpoint: io-meter
    bus: plant
    unit: 1
    profile: eastron/sdm120
    serial: "20261122"
    firmware_version: 1.4.2
    poll: 500ms
  - endpoint: io-room
    bus: plant
    unit: 2
    manufacturer: ACME
    model: Room
    serial: R-1
    poll: 500ms
    points:
      - {name: air, table: input, address: 1, type: int16, scale: 0.1,
         unit: Cel, map: 3303/0}
      - {name: damp, table: input, address: 2, type: uint16, scale: 0.1,
         unit: "%%RH", map: 3304/0}
  - endpoint: io-boiler
    bus: plant
    unit: 4
    poll: 200ms
    points:
      - {name: flow-temp, table: holding, address: 100, type: int16,
         scale: 0.1, unit: Cel, map: 3303/0}
      - {name: setpoint, table: holding, address: 101, type: int16,
         scale: 0.1, unit: Cel, map: 3308/0/5900, writable: true,
         range: [10, 90]}
      - {name: pump, table: coil, address: 3, map: 3306/0, writable: true}
  - endpoint: io-sim
    bus: sim
    poll: 200ms
    points:
      - {name: t, signal: random, min: 18, max: 24, map: 3303/0, unit: Cel}
      - {name: u, signal: sine, min: 220, max: 240, period: 10s,
         map: 3316/0, unit: V}
  - endpoint: io-still
    bus: sim
    poll: 1s
    points:
      - {name: t, signal: constant, value: 21.5, map: 3303/0, unit: Cel}
"""


class Lab(harness.Site):
    """All of it, around one server; `make` is the class of its driver."""

    def __init__(self, make, server_keys=""):
        super().__init__()
        self.parts = []
        self._server_keys = server_keys
        driver = make()         # may say that it cannot be had
        try:
            self.driver = self.add(driver)
            self.modbus = self.slave("1=sdm120", "2=xy-md02", "4=boiler")
            self.tap = self.relay(self.driver)
            self.add_gateway(DEVICES % {"port": self.modbus.port})
            for endpoint in ALL:
                self.driver.wait("registered", endpoint, 30)
        except (Exception, KeyboardInterrupt):
            print(self.evidence())
            self.end()
            raise

    def add_gateway(self, devices, server_keys=None, **files):
        """One more gateway at the same server."""
        if server_keys is None:
            server_keys = self._server_keys
        texts = {"lwmux.yaml": MAIN % {"port": self.tap.port,
                                       "lifetime": LIFETIME,
                                       "more": server_keys},
                 "conf.d/devices.yaml": devices}
        texts.update(files)
        for profile in (ROOT / "etc/profiles").rglob("*.yaml"):
            name = profile.relative_to(ROOT / "etc")
            texts[str(name)] = profile.read_text()
        return self.add(harness.Gateway(texts))

    def evidence(self):
        lines = [super().evidence(), f"--- {self.driver.name}:"]
        lines += [str(e) for e in self.driver.errors[-10:]]
        lines += [str(e) for e in self.driver.lines[-10:]]
        return "\n".join(lines)

    def end(self):
        """Ends all of it; what did not end as it should, in words."""
        try:
            self.tearDown()
        except AssertionError as e:
            return str(e)
        return ""
