# SPDX-License-Identifier: GPL-2.0-or-later
"""Two network namespaces, the gateway's and the server's, and uplinks between
them that come and go. Nobody's network is touched, and no rights are needed
but to make namespaces of one's own."""
import os
import shutil
import subprocess
import tempfile

from harness import Gateway, Program, Server, Site

SERVER = "10.99.0.1"            # reached over every uplink
SERVER6 = "fd99::1"
TOOLS = ("ip", "unshare", "nsenter")


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def unable():
    """Why there can be no namespaces here, or None."""
    missing = [t for t in TOOLS if not tool(t)]
    if missing:
        return f"{', '.join(missing)}: not installed"
    result = subprocess.run([tool("unshare"), "-rnm", "true"], check=False,
                            stderr=subprocess.PIPE, text=True)
    return f"no namespaces: {result.stderr.strip()}" if result.returncode \
        else None


class Namespace:
    """Lives as long as a process that only waits in it."""

    def __init__(self, within=()):
        self.holder = subprocess.Popen(
            [*within, tool("unshare"), "-nm" if within else "-rnm", "sh",
             "-c", "echo in; exec cat"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.holder.stdout.readline()
        self.enter = (tool("nsenter"), "--preserve-credentials", "-U", "-n",
                      "-m", "-t", str(self.holder.pid))

    def do(self, *words):
        result = subprocess.run([*self.enter, *words], check=False, text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        if result.returncode:
            raise AssertionError(f"{' '.join(words)}: {result.stdout}")

    def ip(self, text):
        self.do(tool("ip"), *text.split())

    def end(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()


class FarServer(Server):
    """lwm2m-server in the server's namespace."""

    def __init__(self, namespace, **options):
        self.prefix = namespace.enter
        super().__init__(bind=SERVER, **options)


class SixServer(Program):
    """An IPv6 address that passes datagrams to the server's IPv4 port."""
    CODE = """
import select, socket
down = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
down.bind(("{six}", {port}))
up = {{}}
print("ready", flush=True)
while True:
    for s in select.select([down, *up], [], [])[0]:
        if s is not down:
            down.sendto(s.recv(65536), up[s])
            continue
        data, address = s.recvfrom(65536)
        if address not in up.values():
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.connect(("{four}", {port}))
            up[one] = address
        next(o for o in up if up[o] == address).send(data)
"""

    def __init__(self, namespace, port):
        self.prefix = namespace.enter
        super().__init__(["python3", "-c", self.CODE.format(
            six=SERVER6, four=SERVER, port=port)], "six-server")
        self.wait_line(lambda l: l == "ready", "ready")


class HereGateway(Gateway):
    """lwmuxd in the gateway's namespace."""

    def __init__(self, namespace, files):
        self.namespace = namespace
        super().__init__(files, start=False)

    def arguments(self, *more):
        return [*self.namespace.enter, *super().arguments(*more)]


class Uplinks(Site):
    """`here` is the gateway's namespace, `there` the server's."""

    def setUp(self):
        super().setUp()
        why = unable()
        if why:
            self.skipTest(why)
        self.here = Namespace()
        self.addCleanup(self.here.end)
        self.there = Namespace(self.here.enter)
        self.addCleanup(self.there.end)
        # Parts end before their namespaces: cleanups run last to first.
        self.addCleanup(self.finish)
        self.here.ip("link set lo up")
        self.there.ip("link set lo up")
        self.there.ip(f"addr add {SERVER}/32 dev lo")
        self.there.ip(f"addr add {SERVER6}/128 dev lo nodad")

    def finish(self):
        try:
            super().finish()
        finally:
            self.parts = []

    def hosts(self, *lines):
        """What names mean in the gateway's namespace from now on."""
        if not hasattr(self, "hosts_file"):
            with tempfile.NamedTemporaryFile("w", delete=False) as file:
                self.hosts_file = file.name
            self.addCleanup(os.unlink, self.hosts_file)
            self.here.do("mount", "--bind", self.hosts_file, "/etc/hosts")
        with open(self.hosts_file, "w", encoding="ascii") as file:
            file.write("".join(l + "\n" for l in lines))

    def uplink(self, name, n):
        """A cable between the two, without an address on our side."""
        self.here.ip(f"link add {name} type veth peer name {name}-far netns "
                     f"{self.there.holder.pid}")
        self.there.ip(f"addr add 10.77.{n}.1/24 dev {name}-far")
        self.there.ip(f"addr add fd77:{n}::1/64 dev {name}-far nodad")
        self.there.ip(f"link set {name}-far up")
        self.here.ip(f"link set {name} up")

    def address(self, name, n, host, metric=100):
        """What DHCP does: an address, then a route."""
        self.here.ip(f"addr add 10.77.{n}.{host}/24 dev {name}")
        self.here.ip(f"route add default via 10.77.{n}.1 dev {name} "
                     f"metric {metric}")

    def far_server(self, **options):
        return self.add(FarServer(self.there, **options))

    def here_gateway(self, main, devices, keys=()):
        """keys: endpoints that have one, each its KEY."""
        files = {"lwmux.yaml": main, "conf.d/devices.yaml": devices}
        files.update({f"keys/{ep}.psk": key + "\n" for ep, key in keys})
        gateway = self.add(HereGateway(self.here, files))
        for ep, _ in keys:
            (gateway.etc / f"keys/{ep}.psk").chmod(0o600)
        gateway.start()
        return gateway
