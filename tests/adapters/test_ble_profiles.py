#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each point of the shipped profiles of Bluetooth LE lands on the object that the
IPSO guidelines and OMA's registry have for its quantity, in that object's unit.

usage: test_ble_profiles.py PROFILES FIELD_H"""
import os
import re
import sys

BOOLEAN = {"3200/*", "3302/*", "3342/*", "3347/*"}
# what a field may be: object/instance/resource, * any; where it is not here it is
# a number without an object of its own, or yes and no
PLACES = {
    "temperature": {"3303/*"}, "dew-point": {"3303/*"}, "humidity": {"3304/*"},
    "moisture": {"3304/*"}, "pressure": {"3315/*", "3323/*"},
    "illuminance": {"3301/*"}, "battery": {"3/0/9"},
    "voltage": {"3316/*", "3/0/7"}, "current": {"3317/*"},
    "power": {"3328/*"}, "energy": {"3331/*"}, "mass": {"3322/*"},
    "mass-lb": {"3322/*"}, "co2": {"3428/*/17"}, "pm1": {"3428/*/5"},
    "pm2.5": {"3428/*/3"}, "pm4": {"3325/*"}, "pm10": {"3428/*/1"},
    "tvoc": {"3325/*"}, "voc-index": {"3300/*", "3325/*"},
    "nox-index": {"3325/*"}, "formaldehyde": {"3325/*"},
    "radon": {"3325/*"}, "conductivity": {"3327/*"},
    "distance": {"3330/*"}, "level": {"3330/*"},
    "direction": {"3332/*/5705", "3332/*"}, "speed": {"3346/*"},
    "wind-speed": {"3346/*"},
    "flow": {"3346/*"}, "rpm": {"3346/*"}, "heart-rate": {"3346/*"},
    "acceleration": {"3313/*/5702"}, "acceleration-x": {"3313/*/5702"},
    "acceleration-y": {"3313/*/5703"}, "acceleration-z": {"3313/*/5704"},
    "gyroscope": {"3334/*/5702"}, "sound-level": {"3324/*"},
    "timestamp": {"3333/*/5506"}, "charge": {"3320/*"},
    "consumable": {"3320/*"}, "firmware": {"3/0/3"},
    "device-type": {"3/0/17"}, "motion": {"3302/*"},
    "occupancy": {"3302/*"}, "presence": {"3302/*"},
    "button": {"3347/*"}, "button-event": {"3348/*/5547"},
    "dimmer": {"3348/*/5547"}, "lock-event": {"3348/*/5547"},
    "light-level": {"3348/*/5547"}, "power-on": {"3342/*"},
    "plug": {"3342/*"}, "running": {"3342/*"}, "charging": {"3342/*", "3200/*"},
}
# a field whose unit a scale makes another, as its object wants it
SCALED = {"voltage": ("3/0/7", "1000"), "acceleration-x": ("3313", "9.80665"),
          "acceleration-y": ("3313", "9.80665"),
          "acceleration-z": ("3313", "9.80665")}
NO_UNIT = ("3/", "3428/", "3347/", "3348/", "3200/", "3302/", "3342/",
           "3333/", "3341/")


def fields_of(path):
    with open(path) as file:
        return dict(re.findall(r'X\(\w+, "([^"]+)", "([^"]*)"\)',
                               file.read()))


def points_of(path):
    for line in open(path):
        if line.lstrip().startswith("- {name:"):
            yield dict(re.findall(r'([\w]+): *("[^"]*"|\[[^]]*\]|[^,}]+)',
                                  line))


def is_at(place, path):
    parts = path.split("/")
    return all(p == "*" or (i < len(parts) and p == parts[i])
               for i, p in enumerate(place.split("/"))) and (
        place.count("/") == 2 or place.startswith("3/") or len(parts) == 2)


def faults_of(point, units):
    stem = re.sub(r"-\d+$", "", point["field"])
    where = point["map"]
    unit = point.get("unit", "").strip('"')
    if stem not in units:
        return ["no such field"]
    faults = []
    places = PLACES.get(stem, BOOLEAN | {"3300/*", "3341/*/5527", "3332/*"})
    if not any(is_at(place, where) for place in places):
        faults.append(f"on {where}, not on {' or '.join(sorted(places))}")
    start, scale = SCALED.get(stem, ("", None))
    if scale and where.startswith(start):
        if point.get("scale") != scale:
            faults.append(f"is not scaled by {scale}")
    elif "scale" in point:
        faults.append("is scaled")
    elif unit and unit != units[stem]:
        faults.append(f"is in {unit}, and the field in {units[stem]}")
    if not unit and units[stem] and not where.startswith(NO_UNIT) and \
            not where.startswith("3303/9"):
        faults.append("has no unit")
    return faults


def main():
    profiles, header = sys.argv[1:]
    units, n, failed = fields_of(header), 0, 0
    for folder, _, names in sorted(os.walk(profiles)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(".yaml") or \
                    not re.search(r"^ble:", open(path).read(), re.M):
                continue
            seen = {}
            for point in points_of(path):
                if point["map"] in seen:
                    print(f"{path}: {point['map']} twice")
                    failed += 1
                seen[point["map"]] = point
                if "field" not in point:
                    continue
                n += 1
                for fault in faults_of(point, units):
                    print(f"{os.path.relpath(path, profiles)}: "
                          f"{point['field']} {fault}")
                    failed += 1
    print(f"{n} points, {failed} faults")
    sys.exit(1 if failed or n < 200 else 0)


main()
