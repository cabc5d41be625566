#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A server can tell the points of every shipped profile from each other: each
instance of an IPSO object that one makes has its Application Type (5750), and no
two instances of an object have the same.

The points are those of the profiles, with a simulated value in place of what
they say of a wire; a dry run of lwmuxd shows what a server would see.

usage: test_profile_applications.py LWMUXD ADAPTERS PROFILES"""
import os
import re
import subprocess
import sys
import tempfile

from shipped_profiles import profiles_find

KEYS = ("name", "unit", "map", "application")


def points_of(top, profile):
    """Keys of each point, which stands on a line."""
    with open(os.path.join(top, profile + ".yaml")) as file:
        for line in file:
            if line.lstrip().startswith("- {name:"):
                yield dict(re.findall(r'(\w+): *("[^"]*"|\[[^]]*\]|[^,}]+)',
                                      line))


def is_ipso(path):
    return 3200 <= int(path.split("/")[0]) <= 3350


def config_write(top, profiles, names):
    os.symlink(os.path.join(profiles, "../objects.d"),
               os.path.join(top, "objects.d"))
    with open(os.path.join(top, "lwmux.yaml"), "w") as file:
        file.write("servers: [{id: 1, uri: 'coap://127.0.0.1:9'}]\ndevices:\n")
        for name in names:
            file.write(f"  - endpoint: {name.replace('/', ':')}\n"
                       "    bus: sim\n    points:\n")
            for point in points_of(profiles, name):
                keys = ", ".join(f"{k}: {point[k]}" for k in KEYS
                                 if k in point)
                if is_ipso(point["map"]):
                    file.write(f"      - {{{keys}, value: 1}}\n")


def applications_of(output):
    """Of each endpoint: {object/instance: its 5750, or None}."""
    endpoints, tree = {}, {}
    for line in output.splitlines():
        if " on bus " in line and not line.startswith(" "):
            tree = endpoints.setdefault(line.split()[0].replace(":", "/"), {})
            continue
        found = re.match(r"  /(\d+/\d+)/(\d+) +(.*)", line)
        if found and is_ipso(found.group(1)):
            tree.setdefault(found.group(1), None)
            if found.group(2) == "5750":
                tree[found.group(1)] = found.group(3)
    return endpoints


def instances_of(profiles, name):
    """Points of each IPSO instance, by its path."""
    instances = {}
    for point in points_of(profiles, name):
        if is_ipso(point["map"]):
            path = "/".join(point["map"].split("/")[:2])
            instances.setdefault(path, []).append(point)
    return instances


def is_named(points):
    """One of several parts gives the whole its name only where it says so."""
    return len(points) == 1 or any(
        "application" in p or p["map"].count("/") == 1 for p in points)


def faults_of(wanted, tree):
    seen = {}
    for path, points in sorted(wanted.items()):
        application = tree.get(path)
        if not application or "(no" in application:
            yield f"/{path} has no 5750"
            continue
        if not is_named(points):
            yield f"/{path} has several parts, and no application"
        other = seen.setdefault((path.split("/")[0], application), path)
        if other != path:
            yield f"/{other} and /{path} are both called {application}"


def main():
    lwmuxd, adapters, profiles = sys.argv[1:]
    names = sorted(profiles_find(profiles))
    wanted = {name: instances_of(profiles, name) for name in names}
    names = [name for name in names if wanted[name]]
    with tempfile.TemporaryDirectory() as top:
        config_write(top, profiles, names)
        run = subprocess.run(
            [lwmuxd, "-c", top, "--adapters", adapters, "--state", top,
             "--run", top, "--dry-run"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=100)
    trees, failed = applications_of(run.stdout), 0
    for name in names:
        for fault in faults_of(wanted[name], trees.get(name, {})):
            print(f"{name}: {fault}")
            failed += 1
    total = sum(len(tree) for tree in trees.values())
    print(f"{len(names)} profiles, {total} instances, {failed} faults")
    if failed or not total:
        sys.exit(f"{run.stderr[-2000:]}")


main()
