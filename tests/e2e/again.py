# SPDX-License-Identifier: GPL-2.0-or-later
"""A second try for the few cases that a busy machine made fail: what passes
when it is run again is said, and counted as passed; a real fault fails twice."""
import unittest

FEW = 3


def second_try(result, make_result):
    """How many of the failed cases passed now; none are tried where many
    failed, or something that is not a case."""
    failed = [test for test, _ in result.failures + result.errors]
    if len(failed) > FEW or not all(isinstance(test, unittest.TestCase)
                                    for test in failed):
        return 0
    passed = 0
    for test in failed:
        again = make_result()
        unittest.TestSuite([test]).run(again)
        if again.wasSuccessful():
            print(f"AGAIN {test.id()}: failed once, passed when run again",
                  flush=True)
            passed += 1
    return passed
