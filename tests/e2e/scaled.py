# SPDX-License-Identifier: GPL-2.0-or-later
"""Time that runs faster for all programs of a test (tests/fake/scaled_clock.c),
and whose wall clock can be stepped. Only the programs live in it: a test's own
clocks, and how long it waits, stay real."""
import mmap
import os
import pathlib
import struct
import tempfile
import time

import harness


class Clock:
    """Programs that are started between install() and remove() live in it."""

    LAYOUT = "dqqq"             # scale, start, wall, step: scaled_clock.c

    def __init__(self, scale, wall=None):
        """wall: seconds since 1970 at which it begins; now, if not given."""
        self.scale = scale
        self._start = time.monotonic_ns()
        self._wall = time.time_ns() if wall is None else int(wall * 1e9)
        self._step = 0
        fd, self._path = tempfile.mkstemp(prefix="lwmux-clock-")
        os.ftruncate(fd, mmap.PAGESIZE)
        self._map = mmap.mmap(fd, mmap.PAGESIZE)
        os.close(fd)
        self._write()

    def _write(self):
        struct.pack_into(self.LAYOUT, self._map, 0, self.scale, self._start,
                         self._wall, self._step)

    def install(self):
        os.environ["LD_PRELOAD"] = str(
            harness.binary("tests/fake/scaled-clock.so"))
        os.environ["LWMUX_SCALED_CLOCK"] = self._path
        # A sanitizer's library comes second then, which it would refuse.
        options = os.environ.get("ASAN_OPTIONS", "")
        if "verify_asan_link_order" not in options:
            os.environ["ASAN_OPTIONS"] = \
                f"{options}:verify_asan_link_order=0".lstrip(":")
        return self

    def remove(self):
        for name in ("LD_PRELOAD", "LWMUX_SCALED_CLOCK"):
            os.environ.pop(name, None)
        self._map.close()
        pathlib.Path(self._path).unlink(missing_ok=True)

    def step(self, seconds):
        """Sets the wall clock forward, or back."""
        self._step += int(seconds * 1e9)
        self._write()

    def elapsed(self):
        """Scaled seconds since it began."""
        return (time.monotonic_ns() - self._start) * self.scale / 1e9

    def time(self):
        """Its wall clock, in seconds since 1970."""
        return (self._wall + self._step) / 1e9 + self.elapsed()

    def sleep(self, seconds):
        time.sleep(seconds / self.scale)


class ScaledSite(harness.Site):
    """A site whose programs live in self.clock."""

    SCALE = 60

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.SCALE).install()
        # Cleanups run last come first: the programs end in this time.
        self._cleanups.insert(0, (self.clock.remove, (), {}))
