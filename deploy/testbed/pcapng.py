"""Reads pcapng files, as far as Sluice writes them."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from pathlib import Path

_SECTION, _INTERFACE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 5, 6
_ORDER = 0x1A2B3C4D
_COMMENT, _FLAGS, _DROPPED = 1, 2, 5
_IN = 1


@dataclass(frozen=True)
class Captured:
    """A frame in a file. Addresses and ports are those of its TCP segment, or None."""

    interface: int
    nanoseconds: int
    length: int
    data: bytes
    incoming: bool
    comment: str

    @property
    def source(self) -> tuple[str, int] | None:
        return self._end(0)

    @property
    def destination(self) -> tuple[str, int] | None:
        return self._end(1)

    def _end(self, which: int) -> tuple[str, int] | None:
        (ethertype,) = struct.unpack_from("!H", self.data, 12)
        if ethertype != 0x0800 or self.data[14 + 9] != 6:
            return None
        header = (self.data[14] & 15) * 4
        address = ipaddress.ip_address(self.data[26 + 4 * which : 30 + 4 * which])
        (port,) = struct.unpack_from("!H", self.data, 14 + header + 2 * which)
        return str(address), port


@dataclass(frozen=True)
class Capture:
    """What a file holds."""

    frames: list[Captured]
    interfaces: int
    lost: int


def read_pcapng(path: Path) -> Capture:
    """Raises ValueError when the file is not what it should be."""
    data = path.read_bytes()
    frames, interfaces, lost, offset = [], 0, 0, 0
    while offset < len(data):
        kind, length = struct.unpack_from("<II", data, offset)
        block = data[offset : offset + length]
        if len(block) != length or struct.unpack_from("<I", block, length - 4)[0] != length:
            raise ValueError(f"{path}: a block at {offset} is not whole")
        if offset == 0 and (kind != _SECTION or struct.unpack_from("<I", block, 8)[0] != _ORDER):
            raise ValueError(f"{path}: no section header")
        if kind == _INTERFACE:
            interfaces += 1
        elif kind == _PACKET:
            frames.append(_frame(block))
        elif kind == _STATISTICS:
            lost += int.from_bytes(_options(block, 20)[_DROPPED], "little")
        offset += length
    return Capture(frames, interfaces, lost)


def _frame(block: bytes) -> Captured:
    interface, high, low, size, length = struct.unpack_from("<5I", block, 8)
    options = _options(block, 28 + (size + 3) // 4 * 4)
    return Captured(
        interface,
        high << 32 | low,
        length,
        block[28 : 28 + size],
        int.from_bytes(options[_FLAGS], "little") & 3 == _IN,
        options.get(_COMMENT, b"").decode(),
    )


def _options(block: bytes, offset: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while True:
        code, size = struct.unpack_from("<HH", block, offset)
        if code == 0:
            return found
        found[code] = block[offset + 4 : offset + 4 + size]
        offset += 4 + (size + 3) // 4 * 4
