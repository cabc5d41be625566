#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every shipped profile of Modbus and Bluetooth passes lwmuxd --check, the guide
lists those of Modbus that a scan does not recognise, and a device of each that the slave has a model of gives all its values in a dry run.

usage: test_profiles.py LWMUXD ADAPTERS SLAVE PROFILES GUIDE"""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

from shipped_profiles import profiles_find

# of the slave; units count from 1 in this order
MODELS = {"eastron/sdm120": "sdm120", "generic/xy-md02": "xy-md02",
          "generic/relay8": "relay8", "waveshare/modbus-relay8": "relay8"}


def maps_of(top, profile):
    """Paths of the points, which stand one a line."""
    with open(os.path.join(top, profile + ".yaml")) as file:
        return [re.search(r"map: ([\d/]+)", line).group(1)
                for line in file if line.lstrip().startswith("- {name:")]


def adapter_of(top, profile):
    """Whose keys the profile has; modbus where it has none."""
    with open(os.path.join(top, profile + ".yaml")) as file:
        found = re.search(r"^(modbus|ble|gpio|sim):", file.read(), re.M)
    return found.group(1) if found else "modbus"


def device_of(adapter, number):
    """The keys that a device of this adapter cannot do without."""
    if adapter == "ble":
        return f'bus: ble, address: "C0:00:00:00:00:{number:02X}"'
    return f"bus: tcp, unit: {number}"


def config_write(top, port, profiles, names):
    os.makedirs(os.path.join(top, "conf.d"))
    os.symlink(profiles, os.path.join(top, "profiles"))
    os.symlink(os.path.join(profiles, "../objects.d"),
               os.path.join(top, "objects.d"))
    with open(os.path.join(top, "lwmux.yaml"), "w") as file:
        file.write("servers: [{id: 1, uri: 'coap://127.0.0.1:9'}]\n")
    with open(os.path.join(top, "conf.d/test.yaml"), "w") as file:
        file.write("buses:\n  tcp: {adapter: modbus, transport: tcp, "
                   f"host: 127.0.0.1, tcp_port: {port}}}\ndevices:\n")
        for unit, name in enumerate(names, 1):
            keys = device_of(adapter_of(profiles, name), unit)
            file.write(f"  - {{endpoint: {name.replace('/', '-')}, {keys}, "
                       f"profile: {name}}}\n")


def lwmuxd_run(lwmuxd, adapters, top, *more):
    return subprocess.run(
        [lwmuxd, "-c", top, "--adapters", adapters, "--state", top, "--run",
         top, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=60)


def values_missing(output, endpoint, maps):
    """Which of the maps have no resource in the endpoint's tree."""
    tree = output.split(f"{endpoint} on bus")[1].split(" on bus")[0]
    paths = [line.split()[0] for line in tree.splitlines()
             if line.startswith("  /") and "(no value yet)" not in line]
    main_resource = "(/5700|/5500|/5850)?"
    return [m for m in maps if not any(
        re.fullmatch(f"/{m}{main_resource}", p) for p in paths)]


def guide_errors(profiles, guide, names):
    with open(guide) as file:
        section = file.read().split("does not recognise\n")[1]
    listed = set(re.findall(r"`(\w+/[\w*-]+)`", section))
    for name in names:
        with open(os.path.join(profiles, name + ".yaml")) as file:
            known = re.search("^identify:", file.read(), re.M)
        if adapter_of(profiles, name) == "modbus" and bool(known) == any(
                fnmatch.fnmatch(name, pattern) for pattern in listed):
            yield f"{guide}: {name}: a scan " + (
                "recognises it" if known else "does not recognise it")


def main():
    lwmuxd, adapters, slave, profiles, guide = sys.argv[1:]
    known = sorted(p for p in profiles_find(profiles) if os.path.exists(
        os.path.join(adapters, adapter_of(profiles, p) + ".so")))
    names = list(MODELS) + [p for p in known if p not in MODELS]
    if not set(MODELS) <= set(known):
        sys.exit(f"profiles are missing: {set(MODELS) - set(known)}")
    wrong = list(guide_errors(profiles, guide, known))
    if wrong:
        sys.exit("\n".join(wrong))
    args = [slave, "--tcp", "0"]
    for unit, name in enumerate(MODELS, 1):
        args += ["--device", f"{unit}={MODELS[name]}"]
    with tempfile.TemporaryDirectory() as top, subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as process:
        try:
            port = int(process.stdout.readline().split()[1])
            all_of = os.path.join(top, "all")
            config_write(all_of, port, profiles, names)
            check = lwmuxd_run(lwmuxd, adapters, all_of, "--check")
            if check.returncode or check.stderr:
                sys.exit(f"--check: {check.stderr}")
            live = os.path.join(top, "live")
            config_write(live, port, profiles, list(MODELS))
            dry = lwmuxd_run(lwmuxd, adapters, live, "--dry-run")
            if dry.returncode:
                sys.exit(f"--dry-run: {dry.stdout}{dry.stderr}")
            for name in MODELS:
                missing = values_missing(dry.stdout, name.replace("/", "-"),
                                         maps_of(profiles, name))
                if missing:
                    sys.exit(f"{name}: no value of {missing}\n{dry.stdout}")
                print(f"{name}: {len(maps_of(profiles, name))} values")
        finally:
            process.kill()


main()
