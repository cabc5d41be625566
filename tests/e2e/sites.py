# SPDX-License-Identifier: GPL-2.0-or-later
"""Device files that several modules use."""

# Constant values and a setpoint, without any bus.
SIM = """\
devices:
  - endpoint: sim
    bus: sim
    poll: 200ms
    manufacturer: Acme
    model: Made-up
    serial: "42"
    points:
      - {name: air, signal: constant, value: 21.5, map: 3303/0, unit: Cel}
      - {name: target, value: 20, map: 3308/0/5900, unit: Cel, writable: true}
"""


def bus(port, more=""):
    return (f"buses:\n  plant: {{adapter: modbus, transport: tcp, "
            f"host: 127.0.0.1, tcp_port: {port}, timeout: 300ms{more}}}\n")


def boiler(port):
    """Unit 1, model boiler: flow 100, setpoint 101, pump coil 3."""
    return bus(port) + """\
devices:
  - endpoint: boiler
    bus: plant
    unit: 1
    poll: 200ms
    points:
      - {name: flow-temp, table: holding, address: 100, type: int16,
         scale: 0.1, unit: Cel, map: 3303/0}
      - {name: setpoint, table: holding, address: 101, type: int16,
         scale: 0.1, unit: Cel, map: 3308/0/5900, writable: true,
         range: [10, 90]}
      - {name: pump, table: coil, address: 3, map: 3306/0, writable: true}
      - {name: lamp, table: coil, address: 3, map: 3311/0}
      - {name: restart, table: coil, address: 3, map: 3/0/4, on_execute: 1,
         writable: true}
"""


def meters(port, units=(1, 2), more=""):
    """Units of model plain, one temperature each: holding 100, x 0.1."""
    text = bus(port) + "devices:\n"
    for unit in units:
        text += f"""\
  - endpoint: meter-{unit}
    bus: plant
    unit: {unit}
    poll: 200ms
    {more}
    points:
      - {{name: t, table: holding, address: 100, type: int16, scale: 0.1,
         unit: Cel, map: 3303/0}}
"""
    return text


def hexed(text):
    return text.encode().hex()
