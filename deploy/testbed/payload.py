"""Bytes that can be made anywhere and compared: the same size gives the same content."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from functools import lru_cache

_BLOCK = 256 * 1024
_STEP = 4093  # a prime: every block differs from its neighbours


@lru_cache(maxsize=1)
def _material() -> bytes:
    return random.Random(20).randbytes(4 * _BLOCK)


def pieces(size: int, piece: int = _BLOCK) -> Iterator[memoryview]:
    """The content of `size` bytes, in pieces of at most `piece`; the content is the same for all."""
    material = memoryview(_material())
    offset = 0
    while size > 0:
        length = min(_BLOCK, size)
        block = material[offset : offset + length]
        for start in range(0, length, piece):
            yield block[start : start + piece]
        offset = (offset + _STEP) % (len(material) - _BLOCK)
        size -= length


@lru_cache(maxsize=16)
def sha256(size: int) -> str:
    """The SHA-256 of that content, in hex."""
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    return digest.hexdigest()
