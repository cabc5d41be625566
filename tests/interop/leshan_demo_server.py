# SPDX-License-Identifier: GPL-2.0-or-later
"""Leshan's demonstration server as its users start it, with its page."""
import pathlib
import socket

import harness
import tools

HERE = pathlib.Path(__file__).resolve().parent / "leshan_demo"
POM = HERE / "pom.xml"
# It writes JSON of the JDK's own classes, which newer JDKs keep closed.
OPEN = [word for package in ("net", "util")
        for word in ("--add-opens", f"java.base/java.{package}=ALL-UNNAMED")]


def free_tcp_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class LeshanDemo(harness.Program):
    title = "Leshan 2.0.0-M4 demo"

    def __init__(self):
        tools.need("java", "mvn")
        libraries = tools.install("leshan-demo", POM, lambda directory: [
            "mvn", "-q", "-B", "-f", str(POM),
            "dependency:copy-dependencies", f"-DoutputDirectory={directory}"])
        self.port, self.web = harness.free_port(), free_tcp_port()
        super().__init__(
            ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", *OPEN,
             f"-Dlogback.configurationFile={HERE / 'logback.xml'}",
             "-cp", f"{libraries}/*",
             "org.eclipse.leshan.server.demo.LeshanServerDemo",
             "-lh", "127.0.0.1", "-lp", str(self.port),
             "-slh", "127.0.0.1", "-slp", str(harness.free_port()),
             "-wh", "127.0.0.1", "-wp", str(self.web)], self.title,
            cwd=libraries)      # it writes its settings where it stands
        try:
            self.wait_line(lambda l: "Web server started" in str(l),
                           "Web server started", timeout=90)
        except AssertionError:
            self.end()
            raise
