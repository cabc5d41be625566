# SPDX-License-Identifier: GPL-2.0-or-later
"""A second try for the few cases that a busy machine made fail: what passes
when it is run again is said, and counted as passed; a real fault fails twice."""
import collections
import re
import unittest

FEW = 3

# Never forgiven, however well it goes the next time: a data race or a use
# after free that was seen once is there.
FATAL = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer"
                   r"|runtime error:|lwmuxd ended with -?\d")


def second_try(result, make_result, forgive=lambda test: None):
    """How many of the failures are none now; none is tried again where many
    cases failed, or something that is not a case. forgive(): of each case."""
    failed = collections.Counter(            # a part of one: the whole case
        getattr(test, "test_case", test)
        for test, _ in result.failures + result.errors)
    if any(FATAL.search(text) for _, text in
           result.failures + result.errors):
        return 0
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
