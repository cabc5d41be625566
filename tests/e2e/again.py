# SPDX-License-Identifier: GPL-2.0-or-later
"""A second try for the few cases that a busy machine made fail: what passes
when it is run again is said, and counted as passed; a real fault fails twice."""
import collections
import unittest

FEW = 3


def second_try(result, make_result, forgive=lambda test: None):
    """How many of the failures are none now; none is tried again where many
    cases failed, or something that is not a case. forgive(): of each case."""
    failed = collections.Counter(            # a part of one: the whole case
        getattr(test, "test_case", test)
        for test, _ in result.failures + result.errors)
    if len(failed) > FEW or not all(isinstance(test, unittest.TestCase)
                                    for test in failed):
        return 0
    passed = 0
    for test, failures in failed.items():
        again = make_result()
        unittest.TestSuite([test]).run(again)
        if again.wasSuccessful():
            print(f"AGAIN {test.id()}: failed once, passed when run again",
                  flush=True)
            forgive(test)
            passed += failures
    return passed
