# SPDX-License-Identifier: GPL-2.0-or-later
"""Advertisements by the public descriptions of their formats, with numbers from
a seed: each run is the same."""
import random
import struct
from dataclasses import dataclass, field

ADDRESS = "54:48:E6:8F:80:A5"
REVERSED = bytes.fromhex("a5808fe64854")


@dataclass
class Advertisement:
    family: str
    services: list = field(default_factory=list)    # (uuid, data)
    companies: list = field(default_factory=list)   # (company, data)
    lists: list = field(default_factory=list)
    name: str = ""
    key: bytes = b""
    address: str = ADDRESS

    def data(self):
        """As it goes through the air, without the name."""
        out = b""
        if self.lists:
            uuids = b"".join(u.to_bytes(2, "little") for u in self.lists)
            out += bytes([len(uuids) + 1, 3]) + uuids
        for kind, pairs in ((0x16, self.services), (0xFF, self.companies)):
            for number, data in pairs:
                out += bytes([len(data) + 3, kind]) + \
                    number.to_bytes(2, "little") + data
        return out


# id, struct, range of raw
BTHOME = ((0x01, "<B", 0, 100), (0x02, "<h", -4000, 8000),
          (0x03, "<H", 0, 10000), (0x04, "<I", 9000000, 11000000),
          (0x05, "<I", 0, 0xFFFFFF), (0x06, "<H", 0, 65535),
          (0x08, "<h", -4000, 8000), (0x0B, "<I", 0, 0xFFFFFF),
          (0x0C, "<H", 0, 65535), (0x0D, "<H", 0, 65535),
          (0x0E, "<H", 0, 65535), (0x12, "<H", 0, 65535),
          (0x14, "<H", 0, 10000), (0x21, "<B", 0, 1), (0x2D, "<B", 0, 1),
          (0x2E, "<B", 0, 100), (0x43, "<H", 0, 65535),
          (0x45, "<h", -400, 800), (0x46, "<B", 0, 120))
THREE = {0x04, 0x05, 0x0B}      # bytes of four


def bthome(rng):
    body = b"\x40"
    for number, form, low, high in sorted(
            rng.sample(BTHOME, rng.randint(1, 4))):
        raw = struct.pack(form, rng.randint(low, high))
        body += bytes([number]) + (raw[:3] if number in THREE else raw)
    return Advertisement("bthome", services=[(0xFCD2, body)])


MIBEACON = ((0x1004, "<h", -200, 600), (0x1006, "<H", 0, 1000),
            (0x1007, "<I", 0, 100000), (0x1008, "<B", 0, 100),
            (0x1009, "<H", 0, 10000), (0x100A, "<B", 0, 100))


def mibeacon(rng):
    number, form, low, high = rng.choice(MIBEACON)
    data = struct.pack(form, rng.randint(low, high))
    if number == 0x1007:
        data = data[:3]
    body = struct.pack("<HHB", 0x5050, 0x0098, rng.randint(0, 255)) + \
        REVERSED + struct.pack("<HB", number, len(data)) + data
    return Advertisement("mibeacon", services=[(0xFE95, body)])


def joined(rng):
    """Govee's three bytes: a sign, tenths of degrees, tenths of percent."""
    number = rng.randint(0, 600) * 1000 + rng.randint(0, 999)
    if number < 400000 and rng.random() < 0.3:    # -40 degrees are the least
        number |= 0x800000
    return number.to_bytes(3, "big")


def govee(rng):
    battery = bytes([rng.randint(0, 100)])
    kind = rng.randint(0, 6)
    if kind == 4:
        return Advertisement("govee", name="GV51121234", companies=[
            (0x0001, b"\1\1" + joined(rng) + battery + b"\0" +
             rng.choice(b"\x41\x82").to_bytes(1, "big"))])
    if kind == 5:
        return Advertisement("govee", name="GV51401234", companies=[
            (0x0001, b"\1\1" + joined(rng) +
             rng.randint(400, 5000).to_bytes(2, "big") + b"\0")])
    if kind == 6:
        return Advertisement("govee", name="GVH5106_1234", companies=[
            (0x0001, b"\1\1" + (rng.randint(0, 600) * 1000000 +
                                rng.randint(0, 999999)).to_bytes(4, "big"))])
    if kind == 0:
        return Advertisement("govee", companies=[
            (0xEC88, b"\0" + joined(rng) + battery + b"\0")])
    if kind == 1:
        return Advertisement("govee", name="GVH5105_1234", companies=[
            (0x0001, b"\1\1" + joined(rng) + battery)])
    if kind == 2:
        return Advertisement("govee", companies=[(0xEC88, b"\0" + struct.pack(
            "<hH", rng.randint(-2000, 6000), rng.randint(0, 10000))
            + battery + b"\2")])
    return Advertisement("govee", lists=[0x8251], companies=[
        (0x1111, bytes(8) + struct.pack(">hhbhh", rng.randint(0, 30000), 6000,
                                        0, rng.randint(0, 30000), 6000))])


def inkbird(rng):
    if rng.random() < 0.5:
        temperature, rest = rng.randint(-2000, 6000), struct.pack(
            "<HBHBB", rng.randint(1, 10000), 0, 0x1234, rng.randint(1, 100), 8)
        raw = struct.pack("<h", temperature) + rest
        return Advertisement("inkbird", name="sps", lists=[0xFFF0],
                             companies=[(int.from_bytes(raw[:2], "little"),
                                         raw[2:])])
    return Advertisement("inkbird", name="Ink@IAM-T2", companies=[
        (0x3254, bytes.fromhex("006200a1a2a30000") + struct.pack(
            ">hHHB", rng.randint(-200, 600), rng.randint(0, 1000),
            rng.randint(400, 5000), 145))])


def ruuvi(rng):
    return Advertisement("ruuvi", companies=[(0x0499, struct.pack(
        ">BhHHhhhHBH", 5, rng.randint(-8000, 16000), rng.randint(0, 40000),
        rng.randint(40000, 60000), rng.randint(-2000, 2000),
        rng.randint(-2000, 2000), rng.randint(-2000, 2000),
        rng.randint(200, 2000) << 5 | 10, rng.randint(0, 254),
        rng.randint(0, 65534)) + REVERSED[::-1])])


def qingping(rng):
    body = b"\x88\x18" + REVERSED + b"\x01\x04" + struct.pack(
        "<hH", rng.randint(-200, 500), rng.randint(0, 1000))
    if rng.random() < 0.5:
        body += b"\x02\x01" + bytes([rng.randint(0, 100)])
    if rng.random() < 0.3:
        body += b"\x13\x02" + struct.pack("<H", rng.randint(400, 5000))
    if rng.random() < 0.3:
        body += b"\x12\x04" + struct.pack("<HH", rng.randint(0, 900),
                                          rng.randint(0, 900))
    if rng.random() < 0.3:
        body += b"\x07\x02" + struct.pack("<H", rng.randint(9000, 11000))
    return Advertisement("qingping", services=[(0xFDCD, body)])


def thermopro(rng):
    raw = b"\xc2" + struct.pack("<hBBB", rng.randint(-200, 600),
                                rng.randint(0, 100), rng.randint(0, 2), 0x2C)
    return Advertisement("thermopro", name="TP357_(2142)", companies=[
        (int.from_bytes(raw[:2], "little"), raw[2:])])


def thermobeacon(rng):
    return Advertisement("thermobeacon", lists=[0xFFF0], companies=[
        (0x11, b"\0" + bytes([rng.choice((0, 0x80))]) + REVERSED + struct.pack(
            "<HhHI", rng.randint(2000, 3300), rng.randint(-320, 1600),
            rng.randint(0, 1600), rng.randint(0, 1 << 31)))])


def oralb(rng):
    return Advertisement("oralb", companies=[(0x00DC, bytes([
        3, 0x22, 0x0C, rng.choice((2, 3, 4)), rng.choice((0, 0x30, 0xC0)),
        rng.randint(0, 4), rng.randint(0, 59), rng.randint(0, 7),
        rng.randint(0, 7), 0, 4]))])


def mopeka(rng):
    return Advertisement("mopeka", lists=[0xFEE5], companies=[
        (0x0059, struct.pack("<BBBH", 3, rng.randint(64, 120),
                             rng.randint(0, 127), rng.randint(0, 65535))
         + bytes(5))])


def tilt(rng):
    return Advertisement("tilt", companies=[(0x004C, bytes.fromhex(
        "0215a495bb30c5b14b44b5121370f02d74de") + struct.pack(
        ">hHb", rng.randint(32, 180), rng.randint(990, 1150), -59))])


def victron(rng):
    from Crypto.Cipher import AES
    from Crypto.Util import Counter
    key = bytes.fromhex("aff4d0995b7d1e176c0c33ecb9e70dcd")
    number, at = 0, 0
    for value, bits in ((rng.randint(0, 65534), 16),
                        (rng.randint(-5000, 6000), 16), (0, 16), (0, 16),
                        (3, 2), (rng.randint(-500000, 500000), 22),
                        (rng.randint(0, 10000), 20),
                        (rng.randint(0, 1000), 10)):
        number |= (value & ((1 << bits) - 1)) << at
        at += bits
    counter = rng.randint(0, 65535)
    sealed = AES.new(key, AES.MODE_CTR, counter=Counter.new(
        128, initial_value=counter, little_endian=True)).encrypt(
            number.to_bytes(15, "little"))
    return Advertisement("victron", key=key, companies=[(
        0x02E1, b"\x10\x02\xe0\xa3\x02" + struct.pack("<H", counter) +
        key[:1] + sealed)])


def switchbot(rng):
    """A meter, a leak sensor, a plug, a contact, a motion sensor."""
    kind, battery = rng.choice("T&jds"), rng.randint(1, 100)
    address = bytes.fromhex(ADDRESS.replace(":", ""))
    if kind == "T":
        sign = rng.choice((0, 0x80))
        value = bytes([rng.randint(0, 9), sign | rng.randint(1, 60),
                       rng.randint(0, 99)])
        return Advertisement("switchbot", services=[
            (0xFD3D, b"T\0" + bytes([battery]) + value)])
    if kind in "ds":
        bits = rng.choice((0, 0x10, 0x20, 0x30)) | rng.choice((0, 0x80)) | \
            rng.choice((0, 0x40))
        return Advertisement("switchbot", companies=[
            (0x0969, address + bytes([1, bits, 0, 0, 0, 0, 1]))],
            services=[(0xFD3D, kind.encode() + bytes([0, battery]))])
    more = bytes([rng.randint(0, 255), battery, rng.randint(0, 3)])
    if kind == "j":
        more = bytes([15, rng.choice((0, 0x80)), 0, 60]) + struct.pack(
            ">H", rng.randint(0, 0x7FFF))
    return Advertisement("switchbot", companies=[(0x0969, address + more)],
                         services=[(0xFD3D, kind.encode() + b"\0\0")])


MAKERS = (bthome, mibeacon, govee, inkbird, ruuvi, qingping, thermopro,
          thermobeacon, oralb, mopeka, tilt, victron, switchbot)


def advertisements(each, seed=1):
    for make in MAKERS:
        rng = random.Random(f"{seed} {make.__name__}")
        for _ in range(each):
            yield make(rng)
