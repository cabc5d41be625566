#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every shipped profile of Modbus shows a server what profiles.tsv says.

Each has a slave of its own, so that a profile that asks for pauses holds up
nobody else, with the table's raw values in its registers; a dry run of lwmuxd
reads all of them. A second one reads what the devices send where they have no
value.

usage: test_profile_values.py LWMUXD ADAPTERS SLAVE PROFILES"""
import csv
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

FACTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "profiles.tsv")
CODES = {"int16": "h", "uint16": "H", "bit0": "H", "int32": "i",
         "uint32": "I", "int64": "q", "uint64": "Q", "float32": "f"}
# a resource that a path of two numbers means
MAIN = {"3200": "5500", "3302": "5500", "3305": "0", "3306": "5850",
        "3308": "5900", "3338": "5850"}
HOLE = 0xA5A5  # between the values, where a profile reads over a gap


def facts_read():
    """Rows of each profile, in the order of the table."""
    with open(FACTS) as file:
        lines = (line for line in file if not line.startswith("#"))
        facts = {}
        for row in csv.DictReader(lines, delimiter="\t",
                                  quoting=csv.QUOTE_NONE):
            facts.setdefault(row["profile"], []).append(row)
    return facts


def points_of(profiles, profile):
    """Full path and writability of the points, which stand one a line."""
    points = {}
    with open(os.path.join(profiles, profile + ".yaml")) as file:
        for line in file:
            if line.lstrip().startswith("- {name:"):
                path = re.search(r"map: ([\d/]+)", line).group(1)
                if path.count("/") == 1:
                    path += "/" + MAIN.get(path.split("/")[0], "5700")
                points[path] = "RW" if "writable: true" in line else "R"
    return points


def is_absent(row, absent):
    """Has the device no value there, in the run of absent ones?"""
    return absent and row["invalid"] != "-"


def words_of(row, raw):
    """Cells of a value of the row, from its address."""
    kind = row["type"]
    if kind == "bit":
        return [int(raw)]
    if kind.startswith("chars"):  # one in a register
        return list(raw.encode().ljust(int(kind[len("chars"):]), b"\0"))
    if kind.startswith("string"):
        data = raw.encode().ljust(2 * int(kind[len("string"):]), b"\0")
    else:
        size = struct.calcsize(">" + CODES[kind])
        if raw.startswith("0x"):  # all bits
            data = int(raw, 16).to_bytes(size, "big")
        else:
            number = float(raw) if kind == "float32" else int(raw)
            data = struct.pack(">" + CODES[kind], number)
        if row["order"] in ("CDAB", "GHEFCDAB"):  # the low word first
            data = b"".join(data[i:i + 2]
                            for i in reversed(range(0, len(data), 2)))
        elif row["order"] != "-":
            sys.exit(f"{row['profile']}: order {row['order']}?")
    return [word for word, in struct.iter_unpack(">H", data)]


def image_of(rows, absent):
    """Cells by table and address; two values may share them, not differ."""
    image = {}
    for row in rows:
        raw = row["invalid" if is_absent(row, absent) else "raw"]
        for address, word in enumerate(words_of(row, raw),
                                       int(row["address"])):
            if image.setdefault((row["table"], address), word) != word:
                sys.exit(f"{row['profile']} {row['name']}: overlaps")
    return image


def image_write(path, image):
    with open(path, "w") as file:
        for table, at in list(image):
            filler = HOLE if table in ("holding", "input") else 0
            for near in range(max(at - 128, 0), min(at + 128, 65536)):
                image.setdefault((table, near), filler)
        for (table, address), word in sorted(image.items()):
            file.write(f"1 {table} {address} {word}\n")


def config_write(top, profiles, ports):
    os.makedirs(os.path.join(top, "conf.d"))
    os.symlink(profiles, os.path.join(top, "profiles"))
    os.symlink(os.path.join(profiles, "../objects.d"),
               os.path.join(top, "objects.d"))
    with open(os.path.join(top, "lwmux.yaml"), "w") as file:
        file.write("servers: [{id: 1, uri: 'coap://127.0.0.1:9'}]\n")
    with open(os.path.join(top, "conf.d/test.yaml"), "w") as file:
        file.write("buses:\n")
        for n, port in enumerate(ports.values()):
            file.write(f"  b{n}: {{adapter: modbus, transport: tcp, "
                       f"host: 127.0.0.1, tcp_port: {port}}}\n")
        file.write("devices:\n")
        for n, name in enumerate(ports):
            file.write(f"  - {{endpoint: {name.replace('/', ':')}, bus: b{n}, "
                       f"unit: 1, profile: {name}}}\n")


def trees_of(output):
    """Text of each resource of each endpoint that the dry run printed."""
    trees = {}
    for line in output.splitlines():
        if " on bus " in line and not line.startswith(" "):
            tree = trees.setdefault(line.split()[0].replace(":", "/"), {})
        elif line.startswith("  /"):
            # path and name are padded to 18 and 32 columns
            path = line.split()[0][1:]
            tree[path] = line[3 + max(18, len(path) + 1):]
    return trees


def faults_of(row, tree, access, absent):
    """What the server is shown otherwise than the row has it."""
    path, text = row["path"], tree.get(row["path"])
    missing = text is None or "(no value" in text
    if is_absent(row, absent):
        return [] if missing else [f"{text.split()[-1]} for {row['invalid']}"]
    if missing:
        return ["no value"]
    faults = []
    words = text.split()
    main = re.fullmatch(r"(\d+/\d+)/5700", path)
    if row["shown"] == "-":
        unit = "-"
    elif main and main.group(1) + "/5701" in tree:
        unit = tree[main.group(1) + "/5701"].split()[-1]
    else:
        unit = words.pop()
    if unit != row["shown"]:
        faults.append(f"unit {unit}, not {row['shown']}")
    try:
        same = words[-1] == row["value"] or math.isclose(
            float(words[-1]), float(row["value"]), rel_tol=1e-6)
    except ValueError:
        same = False
    if not same:
        faults.append(f"value {words[-1]}, not {row['value']}")
    if access != row["access"]:
        faults.append(f"access {access}, not {row['access']}")
    return faults


def slaves_start(slave, top, facts, absent, started):
    """Port of each profile's slave."""
    ports = {}
    for n, (name, rows) in enumerate(facts.items()):
        values = os.path.join(top, f"values{n}")
        image_write(values, image_of(rows, absent))
        process = subprocess.Popen(
            [slave, "--tcp", "0", "--device", "1=empty", "--values", values],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        ports[name] = int(process.stdout.readline().split()[1])
    return ports


def compare(facts, profiles, output, absent):
    trees = trees_of(output)
    faults = []
    for name, rows in facts.items():
        points = points_of(profiles, name)
        rows = [row for row in rows if row["path"] != "-"]
        faults += [f"{name} {path}: not in the table"
                   for path in points.keys() - {r["path"] for r in rows}]
        faults += [f"{name} {row['name']} {row['path']}: {fault}"
                   for row in rows
                   for fault in faults_of(row, trees.get(name, {}),
                                          points.get(row["path"]), absent)]
    return faults


def run(lwmuxd, adapters, slave, profiles, facts, absent):
    started = []
    with tempfile.TemporaryDirectory() as top:
        try:
            ports = slaves_start(slave, top, facts, absent, started)
            config_write(top, profiles, ports)
            dry = subprocess.run(
                [lwmuxd, "-c", top, "--adapters", adapters, "--state", top,
                 "--run", top, "--dry-run"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=50)
        finally:
            for process in started:
                process.kill()
                process.communicate()
    faults = compare(facts, profiles, dry.stdout, absent)
    if faults:
        sys.exit("\n".join(faults) + "\n" + dry.stderr)
    count = sum(row["path"] != "-" and (is_absent(row, True) or not absent)
                for rows in facts.values() for row in rows)
    print(f"{len(facts)} profiles, {count} {'absent' if absent else 'values'}")


def main():
    lwmuxd, adapters, slave, profiles = sys.argv[1:]
    facts = facts_read()
    shipped = {os.path.relpath(os.path.join(folder, file), profiles)[:-5]
               for folder, _, files in os.walk(profiles) for file in files
               if "modbus:" in open(os.path.join(folder, file)).read()}
    if shipped != facts.keys():
        sys.exit(f"in one of both only: {sorted(shipped ^ facts.keys())}")
    for absent in (False, True):
        run(lwmuxd, adapters, slave, profiles, facts, absent)


main()
