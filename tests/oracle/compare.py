# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the decoders against other parsers: see run."""
import math
import subprocess
import sys

from advertisements import advertisements
from parsers import parsers, theengs

EACH = 200


def near(field, ours, theirs):
    """They round to two decimals; what is small must agree all the same."""
    most = {"gravity": 1e-6, "level": 1e-6, "pressure": 0.51}
    return math.isclose(ours, theirs, rel_tol=1e-9,
                        abs_tol=most.get(field, 0.005001))


def ours_of(program, found):
    """Fields by number of the advertisement, None: it is not known."""
    lines = "".join(
        f"{adv.address} {adv.key.hex() or '-'} {adv.name or '-'} "
        f"{adv.data().hex()}\n" for adv in found)
    done = subprocess.run([program], input=lines, text=True, check=True,
                          stdout=subprocess.PIPE)
    return [{} if line.isupper() else
            {k: float(v) for k, _, v in (w.partition("=")
                                         for w in line.split())
             if not v.startswith("'")}
            for line in done.stdout.splitlines()]


def reason_of(parser, adv, field, ours, theirs):
    """Why they differ, or None."""
    if parser == "theengs" and theirs is None:
        return "theengs tells fewer values"
    if parser == "theengs" and (adv.family, field) == ("mopeka", "battery"):
        return "theengs makes a share of the voltage"
    if parser == "theengs" and (adv.name or "").startswith("GV5140"):
        return "theengs takes H5140's sign and percents for degrees"
    if parser == "theengs" and (adv.family, field) == ("qingping", "pressure"):
        return "theengs takes the object behind the battery for a pressure"
    return None


class Counts:
    def __init__(self):
        self.vectors = self.equal = self.different = 0
        self.reasons, self.unexplained = {}, []

    def take(self, parser, adv, ours, theirs):
        self.vectors += 1
        faults = []
        shared = set(theirs) | (set(ours) & COMPARED[parser])
        for field in sorted(shared):
            a, b = ours.get(field), theirs.get(field)
            if a is not None and b is not None and near(field, a, b):
                continue
            why = reason_of(parser, adv, field, a, b)
            faults.append((why, f"{field}: {a}, theirs {b}"))
        if not faults:
            self.equal += 1
            return
        self.different += 1
        for why, text in faults:
            if why:
                self.reasons[why] = self.reasons.get(why, 0) + 1
            else:
                self.unexplained.append(f"{adv.data().hex()} {text}")


# what both sides tell in all of their packets
COMPARED = {"own": {"temperature", "humidity", "pressure", "co2", "pm2.5",
                    "pm10", "illuminance", "moisture", "conductivity",
                    "window", "motion", "uv-index", "gravity", "level"},
            "theengs": {"temperature", "humidity"}}


def main():
    program = sys.argv[1]
    found = list(advertisements(EACH))
    ours, own = ours_of(program, found), parsers()
    rows, failed = {}, 0
    for adv, values in zip(found, ours):
        for parser, theirs in (("own", own[adv.family](adv)),
                               ("theengs", theengs(adv))):
            if parser == "theengs" and not theirs:
                continue
            rows.setdefault((adv.family, parser), Counts()).take(
                parser, adv, values, theirs)
    for (family, parser), c in rows.items():
        good = not c.unexplained and c.vectors > 0
        failed += not good
        print(f"{'ok' if good else 'FAILED':8}{family} by "
              f"{'its own library' if parser == 'own' else 'Theengs'}: "
              f"{c.vectors} vectors, {c.equal} equal, {c.different} different")
        for why, n in sorted(c.reasons.items()):
            print(f"        {n} times: {why}")
        for text in c.unexplained[:5]:
            print(f"        unexplained: {text}")
    print(f"{len(rows) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


main()
