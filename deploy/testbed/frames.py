"""Ethernet frames as an enemy on the same network makes them: random, and almost valid."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from dataclasses import dataclass, field

from testbed.layout import CLIENT, WAN
from testbed.namespace import Namespace

_ALL_PROTOCOLS = 0x0003
_OUTGOING = 4  # PACKET_OUTGOING: what this host itself sends
_ETHERNET, _IPV4, _IPV6, _ARP, _VLAN = 14, 0x0800, 0x86DD, 0x0806, 0x8100
_TCP, _ICMP6 = 6, 58
_TYPES = (_IPV4, _IPV6, _ARP, _VLAN, 0x88CC, 0x0000, 0x0005)
_KEPT = 512


def internet_checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass
class Enemy:
    """Sends frames from an interface of a host to one MAC address. Repeatable from its seed, but
    for the live traffic that it copies."""

    namespace: Namespace
    interface: str
    target: bytes
    seed: int
    sent: int = 0
    _seen: list[bytes] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Sends random frames and mutations of what this host sends meanwhile."""
        chance = random.Random(self.seed)
        with self.namespace.entered():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        source = mac_address(self.namespace, self.interface)
        with raw:
            raw.bind((self.interface, _ALL_PROTOCOLS))
            raw.setblocking(False)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                self._listen(raw)
                for _ in range(50):
                    self._send(raw, self._frame(chance, source))

    def flood_connection(self, client_port: int, count: int) -> None:
        """Sends segments of a connection from the client's port to Sluice's port 80 whose sequence
        numbers are guessed: RST, SYN, FIN and data."""
        chance = random.Random(self.seed)
        source = mac_address(self.namespace, self.interface)
        with self.namespace.entered():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with raw:
            raw.bind((self.interface, 0))
            for _ in range(count):
                segment = _segment(chance, client_port)
                raw.send(self.target + source + segment)
                self.sent += 1

    def _listen(self, raw: socket.socket) -> None:
        """Keeps the newest frames of this host to the target."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(50):
                frame, address = raw.recvfrom(4096)
                if address[2] == _OUTGOING and frame[:6] == self.target:
                    self._seen.append(frame)
        del self._seen[:-_KEPT]

    def _send(self, raw: socket.socket, frame: bytes) -> None:
        try:
            raw.send(frame)
            self.sent += 1
        except BlockingIOError:
            time.sleep(0.001)

    def _frame(self, chance: random.Random, source: bytes) -> bytes:
        if not self._seen or chance.random() < 0.3:
            return self._random(chance, source)
        return mutate(chance, chance.choice(self._seen))

    def _random(self, chance: random.Random, source: bytes) -> bytes:
        destination = chance.choice((self.target, self.target, b"\xff" * 6, b"\x33\x33\0\0\0\1"))
        kind = chance.choice(_TYPES)
        body = bytearray(chance.randbytes(chance.choice((0, 1, 20, 28, 46, 100, 600, 1500))))
        if body and kind == _IPV4:
            body[0] = chance.choice((0x45, 0x45, 0x46, 0x4F, body[0]))
        elif body and kind == _IPV6:
            body[0] = 0x60
        return destination + source + struct.pack("!H", kind) + bytes(body)


def _segment(chance: random.Random, client_port: int) -> bytes:
    """An IPv4 packet with a TCP segment from the client's port to Sluice's, checksums right."""
    flags = chance.choice((0x04, 0x14, 0x02, 0x11, 0x18))  # RST, RST ACK, SYN, FIN ACK, PSH ACK
    data = chance.randbytes(chance.choice((0, 0, 1, 100)))
    numbers = (chance.getrandbits(32), chance.getrandbits(32))
    tcp = struct.pack("!HHIIBBHHH", client_port, 80, *numbers, 0x50, flags, 1024, 0, 0) + data
    addresses = socket.inet_aton(CLIENT) + socket.inet_aton(WAN)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, _TCP, 0) + addresses
    frame = bytearray(bytes(12) + struct.pack("!H", _IPV4) + ip + tcp)
    mend_checksums(frame)
    return bytes(frame[12:])


def mac_address(namespace: Namespace, interface: str) -> bytes:
    """The MAC address of an interface."""
    shown = namespace.run(["ip", "-brief", "link", "show", interface]).stdout.split()
    return bytes.fromhex(shown[2].replace(":", ""))


def mutate(chance: random.Random, frame: bytes) -> bytes:
    """Changes a valid frame in some places; most often its checksums are right again after it, so
    that it gets past them."""
    changed = bytearray(frame)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        position = chance.randrange(12, len(changed))
        changed[position] = chance.choice(
            (0, 0xFF, changed[position] ^ (1 << chance.randrange(8)), chance.randrange(256))
        )
    way = chance.random()
    if way < 0.15:
        del changed[chance.randrange(_ETHERNET, len(changed) + 1) :]
    elif way < 0.25:
        changed += chance.randbytes(chance.randrange(1, 200))
        del changed[1514:]
    if chance.random() < 0.8:
        mend_checksums(changed)
    return bytes(changed)


def mend_checksums(frame: bytearray) -> None:
    """Makes the checksums of IPv4, and of TCP and ICMPv6 over either, right where they stand."""
    if len(frame) < _ETHERNET + 20:
        return
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _IPV4:
        header = (frame[14] & 0x0F) * 4
        if 20 <= header <= len(frame) - _ETHERNET:
            _mend_ipv4(frame, header)
    elif kind == _IPV6 and len(frame) >= _ETHERNET + 40:
        _mend_transport(frame, _ETHERNET + 40, bytes(frame[22:54]), frame[20])


def _mend_ipv4(frame: bytearray, header: int) -> None:
    frame[24:26] = b"\0\0"
    frame[24:26] = struct.pack("!H", internet_checksum(bytes(frame[14 : 14 + header])))
    total = int.from_bytes(frame[16:18], "big")
    end = min(len(frame), max(_ETHERNET + header, _ETHERNET + total))
    _mend_transport(frame, _ETHERNET + header, bytes(frame[26:34]), frame[23], end)


def _mend_transport(
    frame: bytearray, start: int, addresses: bytes, protocol: int, end: int | None = None
) -> None:
    end = len(frame) if end is None else end
    place = {_TCP: 16, _ICMP6: 2}.get(protocol)
    if place is None or end - start < place + 2:
        return
    frame[start + place : start + place + 2] = b"\0\0"
    pseudo = addresses + struct.pack("!IHBB", end - start, 0, 0, protocol)
    checksum = internet_checksum(pseudo + bytes(frame[start:end]))
    frame[start + place : start + place + 2] = struct.pack("!H", checksum)
