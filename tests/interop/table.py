# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of interoperability cases: which are tested, with which servers,
and how that went. A test belongs to the cases that its name begins with:
test_int_102_107_lifetime_written to 102 and 107."""
import pathlib
import re

CASES = pathlib.Path(__file__).resolve().with_name("cases.tsv")
OWN = "lwm2m-server"             # of tests/server, where nothing else is said
WORST_FIRST = ("FAILED", "SKIPPED", "ok")


def read_cases():
    """[(number, needed, title)]"""
    lines = [line.split("\t") for line in CASES.read_text().splitlines()
             if line and not line.startswith("#")]
    return [(int(number), needed == "yes", title)
            for number, needed, title in lines]


def numbers_of(test):
    """The cases that a test is for, by its id."""
    name = test.id().rsplit(".", 1)[-1]
    found = re.match(r"test_int((?:_\d+)+)_", name)
    return [int(n) for n in found[1].split("_")[1:]] if found else []


class Table:
    def __init__(self):
        self._results = {}       # number -> [(server, word, name)]

    def note(self, test, word):
        test = getattr(test, "test_case", test)      # a part of one
        if not hasattr(test, "id"):
            return
        server = getattr(test, "server_name", OWN)
        for number in numbers_of(test):
            self._results.setdefault(number, []).append(
                (server, word, test.id()))

    def forgive(self, test):
        """It passed when it was run again."""
        for results in self._results.values():
            results[:] = [(s, "ok" if name == test.id() else word, name)
                          for s, word, name in results]

    def show(self):
        """Prints it; how many needed cases have no test."""
        missing = 0
        print(f"\n{'case':9}{'title':62}{'result':9}servers")
        for number, needed, title in read_cases():
            results = self._results.get(number, [])
            words = {word for _, word, _ in results}
            word = next((w for w in WORST_FIRST if w in words),
                        "MISSING" if needed else "-")
            missing += word == "MISSING"
            servers = ", ".join(sorted({server for server, _, _ in results}))
            print(f"int_{number:<5}{title:62}{word:9}{servers}")
        for number in sorted(set(self._results) -
                             {number for number, _, _ in read_cases()}):
            servers = ", ".join(sorted({s for s, _, _ in
                                        self._results[number]}))
            print(f"int_{number:<5}{'(not in cases.tsv)':62}"
                  f"{self._results[number][0][1]:9}{servers}")
        print()
        return missing
