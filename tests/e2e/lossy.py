# SPDX-License-Identifier: GPL-2.0-or-later
"""A bad line between gateway and server: datagrams get lost, late, doubled, out
of order, or none comes through; what happens is drawn from a seed. It also
plays a router that forgets who asked (NAT)."""
import heapq
import itertools
import random
import select
import socket
import threading
import time


def _udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind(("127.0.0.1", 0))
    s.setblocking(False)
    return s


class Lossy(threading.Thread):
    """loss, double, reorder: shares of 1; delay, jitter, mapping: seconds.

    Each datagram is delayed by delay to delay + jitter, one that is reordered
    by 50 ms more, so that the next ones overtake it. mapping: a client that
    was silent for so long comes from another port next time, and what the
    server sends to its old one is lost. All but the port may be changed at any
    time; hole = True lets nothing through."""

    def __init__(self, server_port, seed=1, loss=0.0, delay=0.0, jitter=0.0,
                 double=0.0, reorder=0.0, mapping=None):
        super().__init__(daemon=True)
        self.loss, self.delay, self.jitter = loss, delay, jitter
        self.double, self.reorder, self.mapping = double, reorder, mapping
        self.hole = False
        self.counts = {"passed": 0, "lost": 0, "doubled": 0, "reordered": 0}
        self.server = ("127.0.0.1", server_port)
        self.random = random.Random(seed)
        self.down = _udp()
        self.port = self.down.getsockname()[1]
        self.up = {}            # client address -> socket to the server
        self.used = {}          # socket -> time of the client's last word
        self.due = []           # heap of (time, number, send)
        self.number = itertools.count()
        self.wake = socket.socketpair()
        self.running = True
        self.start()

    def run(self):
        while self.running:
            back = {s: a for a, s in self.up.items()}
            timeout = None
            if self.due:
                timeout = max(0, self.due[0][0] - time.monotonic())
            for s in select.select([self.down, self.wake[0], *back], [], [],
                                   timeout)[0]:
                if s is self.down:
                    self._drain(s, None)
                elif s in back:
                    self._drain(s, back[s])
            while self.due and self.due[0][0] <= time.monotonic():
                heapq.heappop(self.due)[2]()

    def _drain(self, s, client):
        for _ in range(256):
            try:
                data, address = s.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            if client is None:
                self._pass(self._up(address), None, data)
            elif self._known(s):
                self._pass(self.down, client, data)

    def _known(self, s):
        return not self.mapping or \
            time.monotonic() - self.used[s] < self.mapping

    def _up(self, address):
        s = self.up.get(address)
        if s is None or not self._known(s):
            if s:
                s.close()
            s = self.up[address] = _udp()
            s.connect(self.server)
        self.used[s] = time.monotonic()
        return s

    def _pass(self, s, to, data):
        draw = [self.random.random() for _ in range(4)]
        if self.hole or draw[0] < self.loss:
            self.counts["lost"] += 1
            return
        wait = self.delay + self.jitter * draw[1]
        if draw[2] < self.reorder:
            self.counts["reordered"] += 1
            wait += 0.05
        copies = 1 + (draw[3] < self.double)
        self.counts["doubled"] += copies - 1
        self.counts["passed"] += 1
        for _ in range(copies):
            self._at(time.monotonic() + wait, lambda: self._send(s, to, data))

    def _at(self, when, send):
        if when <= time.monotonic() and not self.due:
            send()
        else:
            heapq.heappush(self.due, (when, next(self.number), send))

    @staticmethod
    def _send(s, to, data):
        try:
            s.sendto(data, to) if to else s.send(data)
        except OSError:
            pass                # lost, like others

    def end(self):
        self.running = False
        self.wake[1].send(b"x")
        self.join(5)
        for s in (self.down, *self.wake, *self.up.values()):
            s.close()
