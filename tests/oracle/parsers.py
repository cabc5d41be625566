# SPDX-License-Identifier: GPL-2.0-or-later
"""The other parsers, each as a function of an advertisement that gives values by
our names and in our units."""
import json
import time

from bleak.backends.device import BLEDevice
from habluetooth import BluetoothServiceInfoBleak

# their key: ours, times
NAMES = {
    "temperature": ("temperature", 1), "humidity": ("humidity", 1),
    "battery": ("battery", 1), "voltage": ("voltage", 1),
    "pressure": ("pressure", 100), "illuminance": ("illuminance", 1),
    "moisture": ("moisture", 1), "dew_point": ("dew-point", 1),
    "mass": ("mass", 1), "carbon_dioxide": ("co2", 1), "pm1": ("pm1", 1),
    "pm25": ("pm2.5", 1), "pm10": ("pm10", 1), "current": ("current", 1),
    "power": ("power", 1), "energy": ("energy", 1),
    "conductivity": ("conductivity", 1), "window": ("window", 1),
    "motion": ("motion", 1), "opening": ("opening", 1), "light": ("light", 1),
    "occupancy": ("occupancy", 1), "uv_index": ("uv-index", 1),
    "specific_gravity": ("gravity", 1), "tank_level": ("level", 0.001),
    "battery_voltage": ("voltage", 1), "brushing": ("running", 1),
    "time": ("duration", 1), "smoke": ("smoke", 1),
}
# of another meaning in one family: an optional name, or None
OTHERWISE = {
    ("mopeka", "battery"): None,      # a share that it makes of the voltage
    ("mibeacon", "voltage"): None,    # ... and a voltage of the share
    ("thermobeacon", "battery"): None,
    ("thermobeacon", "occupancy"): "input", ("mopeka", "occupancy"): "input",
}


def service_info(adv):
    return BluetoothServiceInfoBleak(
        name=adv.name or adv.address, address=adv.address, rssi=-60,
        manufacturer_data=dict(adv.companies), source="local",
        service_data={f"0000{u:04x}-0000-1000-8000-00805f9b34fb": d
                      for u, d in adv.services},
        service_uuids=[f"0000{u:04x}-0000-1000-8000-00805f9b34fb"
                       for u in adv.lists],
        device=BLEDevice(adv.address, adv.name, {}), time=time.monotonic(),
        advertisement=None, connectable=True, tx_power=0, raw=None)


def number(value):
    return None if isinstance(value, str) or value is None else float(value)


def values_of(family, update):
    """Numbers by our names; several of one are told apart by their order."""
    found = {}
    for values in (update.entity_values, update.binary_entity_values):
        for key, value in values.items():
            name = str(getattr(key.key, "value", key.key))
            stem, _, digits = name.rpartition("_")
            if not digits.isdigit():
                stem, digits = name, "1"
            stem = stem.removesuffix("_probe")
            ours, times = NAMES.get(stem, (None, 1))
            ours = OTHERWISE.get((family, stem), ours)
            if ours and number(value.native_value) is not None:
                if digits != "1":
                    ours += f"-{digits}"
                found[ours] = number(value.native_value) * times
    if family == "ruuvi":
        found["voltage"] /= 1000
    if family == "tilt" and "temperature" in found:
        found["temperature"] = (found["temperature"] - 32) * 5 / 9
    return found


def home_assistant(family, parser, key="bindkey"):
    """A parser of the family of Home Assistant's libraries."""
    def parse(adv):
        made = parser(**{key: adv.key}) if adv.key else parser()
        return values_of(family, made.update(service_info(adv)))
    return parse


def victron(adv):
    from victron_ble.devices import detect_device_type
    names = {"voltage": "voltage", "battery_voltage": "voltage",
             "output_voltage": "voltage", "current": "current",
             "battery_charging_current": "current", "soc": "charge",
             "solar_power": "power", "input_voltage": "voltage-2"}
    data = dict(adv.companies)[0x02E1]
    record = detect_device_type(data)(adv.key.hex()).parse(data)
    return {names[k]: float(v) for k, v in record._data.items()
            if k in names and v is not None}


SWITCHBOT = {"temperature": "temperature", "humidity": "humidity",
             "battery": "battery", "leak": "wet", "tampered": "tamper",
             "isOn": "power-on", "power": "power", "co2": "co2",
             "contact_open": "opening", "contact_timeout": "left-open",
             "motion_detected": "motion", "is_light": "light"}


def switchbot(adv):
    from bleak.backends.scanner import AdvertisementData
    from switchbot.adv_parser import parse_advertisement_data
    found = parse_advertisement_data(
        BLEDevice(adv.address, adv.name, {}), AdvertisementData(
            local_name=None, manufacturer_data=dict(adv.companies),
            service_data={f"0000{u:04x}-0000-1000-8000-00805f9b34fb": d
                          for u, d in adv.services}, service_uuids=[],
            tx_power=None, rssi=-60, platform_data=()))
    return {SWITCHBOT[k]: float(v) for k, v in found.data["data"].items()
            if k in SWITCHBOT and v is not None}


THEENGS = {"tempc": ("temperature", 1), "hum": ("humidity", 1),
           "batt": ("battery", 1), "volt": ("voltage", 1),
           "pres": ("pressure", 100), "lux": ("illuminance", 1),
           "moi": ("moisture", 1), "fer": ("conductivity", 1),
           "co2": ("co2", 1), "pm25": ("pm2.5", 1), "pm10": ("pm10", 1)}


def theengs(adv):
    from TheengsDecoder import decodeBLE
    given = {"id": adv.address}
    if adv.name:
        given["name"] = adv.name
    for company, data in adv.companies:
        given["manufacturerdata"] = (company.to_bytes(2, "little")
                                     + data).hex()
    for uuid, data in adv.services:
        given["servicedatauuid"] = f"{uuid:04x}"
        given["servicedata"] = data.hex()
    answer = decodeBLE(json.dumps(given))
    if not answer:
        return {}
    return {THEENGS[k][0]: float(v) * THEENGS[k][1]
            for k, v in json.loads(answer).items()
            if k in THEENGS and isinstance(v, (int, float))}


def parsers():
    from bthome_ble.parser import BTHomeBluetoothDeviceData
    from govee_ble.parser import GoveeBluetoothDeviceData
    from inkbird_ble.parser import INKBIRDBluetoothDeviceData
    from mopeka_iot_ble.parser import MopekaIOTBluetoothDeviceData
    from oralb_ble.parser import OralBBluetoothDeviceData
    from qingping_ble.parser import QingpingBluetoothDeviceData
    from ruuvitag_ble.parser import RuuvitagBluetoothDeviceData
    from thermobeacon_ble.parser import ThermoBeaconBluetoothDeviceData
    from thermopro_ble.parser import ThermoProBluetoothDeviceData
    from tilt_ble.parser import TiltBluetoothDeviceData
    from xiaomi_ble.parser import XiaomiBluetoothDeviceData
    found = {
        "bthome": BTHomeBluetoothDeviceData,
        "mibeacon": XiaomiBluetoothDeviceData,
        "govee": GoveeBluetoothDeviceData,
        "inkbird": INKBIRDBluetoothDeviceData,
        "ruuvi": RuuvitagBluetoothDeviceData,
        "qingping": QingpingBluetoothDeviceData,
        "thermopro": ThermoProBluetoothDeviceData,
        "thermobeacon": ThermoBeaconBluetoothDeviceData,
        "oralb": OralBBluetoothDeviceData,
        "mopeka": MopekaIOTBluetoothDeviceData,
        "tilt": TiltBluetoothDeviceData,
    }
    made = {f: home_assistant(f, p) for f, p in found.items()}
    made["victron"], made["switchbot"] = victron, switchbot
    return made
