# SPDX-License-Identifier: GPL-2.0-or-later
"""The card's end of SCP03 (GlobalPlatform Card Specification Amendment D), and AES
for it (FIPS 197): written from these, by themselves, so that both ends do not share
their mistakes."""


def _xtime(a):
    return (a << 1) ^ (0x11b if a & 0x80 else 0)


def _times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = _xtime(a), b >> 1
    return product


def _sbox():
    box = []
    for a in range(256):
        inverse = next((b for b in range(256) if _times(a, b) == 1), 0)
        box.append(0x63)
        for turn in range(5):
            box[a] ^= (inverse << turn | inverse >> (8 - turn)) & 0xff
    return box


SBOX = _sbox()
UNBOX = [SBOX.index(i) for i in range(256)]
# Of columns: entry 4 r + c is row r of column c's bytes.
MIX, UNMIX = (2, 3, 1, 1), (14, 11, 13, 9)


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _round_keys(key):
    words, n, constant = [key[i:i + 4] for i in range(0, len(key), 4)], len(key) // 4, 1
    for i in range(n, 4 * (n + 7)):
        word = words[-1]
        if i % n == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word, constant = bytes([word[0] ^ constant]) + word[1:], _xtime(constant)
        elif n > 6 and i % n == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(_xor(word, words[-n]))
    return [b"".join(words[i:i + 4]) for i in range(0, len(words), 4)]


def _mixed(block, by):
    out = b""
    for c in range(0, 16, 4):
        for r in range(4):
            byte = 0
            for i in range(4):
                byte ^= _times(block[c + i], by[(i - r) % 4])
            out += bytes([byte])
    return out


def block_encrypt(key, block):
    keys = _round_keys(key)
    block = _xor(block, keys[0])
    for i, of_round in enumerate(keys[1:], 1):
        block = bytes(SBOX[block[(j + 4 * (j % 4)) % 16]] for j in range(16))
        block = _xor(block if i == len(keys) - 1 else _mixed(block, MIX), of_round)
    return block


def block_decrypt(key, block):
    keys = _round_keys(key)
    for i in range(len(keys) - 1, 0, -1):
        block = _xor(block, keys[i])
        block = block if i == len(keys) - 1 else _mixed(block, UNMIX)
        block = bytes(UNBOX[block[(j - 4 * (j % 4)) % 16]] for j in range(16))
    return _xor(block, keys[0])


def encrypt(key, vector, data):
    out = b""
    for i in range(0, len(data), 16):
        vector = block_encrypt(key, _xor(data[i:i + 16], vector))
        out += vector
    return out


def decrypt(key, vector, data):
    out = b""
    for i in range(0, len(data), 16):
        out += _xor(block_decrypt(key, data[i:i + 16]), vector)
        vector = data[i:i + 16]
    return out


def pad(data):
    data += b"\x80"
    return data + bytes(-len(data) % 16)


def cmac(key, data):
    """NIST SP 800-38B."""
    sub = block_encrypt(key, bytes(16))
    for _ in range(1 if data and len(data) % 16 == 0 else 2):
        number = int.from_bytes(sub, "big") << 1
        sub = (number & (1 << 128) - 1 ^ (0x87 if number >> 128 else 0)).to_bytes(
            16, "big")
    if not data or len(data) % 16:
        data = pad(data)
    return encrypt(key, bytes(16), data[:-16] + _xor(data[-16:], sub))[-16:]


def derive(key, constant, context, n):
    """Amendment D 4.1.5, n bytes."""
    out = b""
    while len(out) < n:
        out += cmac(key, bytes(11) + bytes([constant, 0]) + (8 * n).to_bytes(2, "big") +
                    bytes([len(out) // 16 + 1]) + context)
    return out[:n]


class CardChannel:
    """With the keys of the card, from INITIALIZE UPDATE on."""

    def __init__(self, enc, mac, host_challenge):
        self.card_challenge = bytes(range(0xc0, 0xc8))
        context = host_challenge + self.card_challenge
        self.enc = derive(enc, 4, context, len(enc))
        self.mac = derive(mac, 6, context, len(mac))
        self.rmac = derive(mac, 7, context, len(mac))
        self.cryptogram = derive(self.mac, 0, context, 8)
        self.host_cryptogram = derive(self.mac, 1, context, 8)
        self.chaining = bytes(16)
        self.counter = 0
        self.open = False

    def greeting(self):
        """The answer to INITIALIZE UPDATE: R-MAC and R-ENCRYPTION are there."""
        return (bytes(10) + b"\x30\x03\x60" + self.card_challenge + self.cryptogram +
                b"\x90\0")

    def _is_of_host(self, c):
        self.chaining = cmac(self.mac, self.chaining + bytes([c[0] & 0xfc]) +
                             c[1:5] + c[5:5 + c[4] - 8])
        return c[5 + c[4] - 8:5 + c[4]] == self.chaining[:8]

    def authenticated(self, c):
        self.open = (self._is_of_host(c) and c[2] == 0x33 and
                     c[5:13] == self.host_cryptogram)
        return b"\x90\0" if self.open else b"\x63\0"

    def _vector(self, first):
        return block_encrypt(self.enc, bytes([first]) + self.counter.to_bytes(15, "big"))

    def unwrapped(self, c):
        """The command; None: it is not of the host, and the channel is closed."""
        self.counter += 1
        self.open = (self.open and len(c) > 12 and c[0] & 4 == 4 and
                     self._is_of_host(c))
        if not self.open:
            return None
        data = c[5:5 + c[4] - 8]
        if data:
            data = decrypt(self.enc, self._vector(0), data).rstrip(b"\0")[:-1]
        return (bytes([c[0] & ~4]) + c[1:4] + (bytes([len(data)]) + data if data else b"") +
                c[5 + c[4]:])

    def wrapped(self, answer):
        """An answer, its status last."""
        data, status = answer[:-2], answer[-2:]
        if status != b"\x90\0" and status[0] not in (0x62, 0x63):
            return status
        if data:
            data = encrypt(self.enc, self._vector(0x80), pad(data))
        return data + cmac(self.rmac, self.chaining + data + status)[:8] + status
