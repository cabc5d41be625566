# SPDX-License-Identifier: GPL-2.0-or-later
"""Leshan 1.5.0 and 2.0.0-M15, which many servers in the field are made of, driven
by lines (leshan_old/)."""
import itertools
import pathlib
import subprocess
import tempfile

import tools

HERE = pathlib.Path(__file__).resolve().parent / "leshan_old"


class OldLeshan(tools.Driver):
    """One running server on a free port of 127.0.0.1."""

    def __init__(self):
        libraries = self.libraries()
        self.classes = tempfile.TemporaryDirectory(prefix="lwmux-leshan-")
        subprocess.run(["javac", "-d", self.classes.name, "-cp",
                        f"{libraries}/*", HERE / "Old.java",
                        HERE / f"{self.main}.java"], check=True)
        super().__init__(
            ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp",
             f"{self.classes.name}:{libraries}/*", self.main], self.title)
        self.port = self.ready["coap"]
        self._ids = itertools.count(1)

    @classmethod
    def libraries(cls):
        tools.need("java", "javac", "mvn")
        pom = HERE / cls.pom
        return tools.install(f"leshan-{cls.main}", pom, lambda directory: [
            "mvn", "-q", "-B", "-f", str(pom),
            "dependency:copy-dependencies", f"-DoutputDirectory={directory}"])

    def ask(self, operation, ep, path, *more):
        number = str(next(self._ids))
        since = self.mark()
        self.say(" ".join([number, operation, ep, path, *map(str, more)]))
        return self.wait_line(lambda e: e.get("id") == number,
                              f"answer to {operation} {path}", 30, since)

    def end(self, grace=5):
        code = super().end(grace)
        self.classes.cleanup()
        return code


class Leshan1(OldLeshan):
    title = "Leshan 1.5.0"
    main, pom = "V1", "pom-1.xml"


class LeshanM15(OldLeshan):
    """Of ThingsBoard's library."""
    title = "Leshan 2.0.0-M15"
    main, pom = "M15", "pom-m15.xml"
