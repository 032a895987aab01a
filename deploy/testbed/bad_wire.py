"""A wire that delays, reorders, loses, repeats and corrupts frames: a program that stands between
two interfaces of its namespace. Its choices follow from the seed and the order of the frames."""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import select
import socket
import time
from dataclasses import dataclass

_ALL_PROTOCOLS = 0x0003
_OUTGOING = 4  # PACKET_OUTGOING
# Frames on their way; more are lost, as in any queue.
_QUEUE = 4096


@dataclass(frozen=True)
class Faults:
    """Delays in seconds, shares from 0 to 1, for each direction alike."""

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0

    def arguments(self) -> list[str]:
        return [f"--{name}={value}" for name, value in vars(self).items()]


class Wire:
    """Takes frames at either end and lets them out at the other."""

    def __init__(self, left: str, right: str, faults: Faults, seed: int) -> None:
        ends = (_open(left), _open(right))
        self._other = {ends[0]: ends[1], ends[1]: ends[0]}
        self._faults = faults
        self._chance = random.Random(seed)
        self._waiting: list[tuple[float, int, socket.socket, bytes]] = []
        self._number = itertools.count()

    def run(self) -> None:
        while True:
            now = time.monotonic()
            self._let_out(now)
            pause = self._waiting[0][0] - now if self._waiting else 1.0
            readable, _, _ = select.select(list(self._other), [], [], max(0.0, pause))
            for end in readable:
                self._take_in(end)

    def _let_out(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, _, end, frame = heapq.heappop(self._waiting)
            try:
                end.send(frame)
            except OSError:
                continue  # full or down: lost

    def _take_in(self, end: socket.socket) -> None:
        for _ in range(64):
            try:
                frame, address = end.recvfrom(65535)
            except BlockingIOError:
                return
            if address[2] != _OUTGOING:
                self._take(frame, self._other[end])

    def _take(self, frame: bytes, out: socket.socket) -> None:
        chance, faults = self._chance, self._faults
        if chance.random() < faults.loss or len(self._waiting) >= _QUEUE:
            return
        copies = 2 if chance.random() < faults.duplicate else 1
        for _ in range(copies):
            due = time.monotonic() + faults.delay + chance.random() * faults.jitter
            heapq.heappush(self._waiting, (due, next(self._number), out, self._worn(frame)))

    def _worn(self, frame: bytes) -> bytes:
        if self._chance.random() >= self._faults.corrupt:
            return frame
        changed = bytearray(frame)
        # Behind the Ethernet header: a wrong address there would only be another loss.
        position = self._chance.randrange(14, len(changed))
        changed[position] ^= 1 << self._chance.randrange(8)
        return bytes(changed)


def _open(interface: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    end.bind((interface, _ALL_PROTOCOLS))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    end.setblocking(False)
    return end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("left")
    parser.add_argument("right")
    parser.add_argument("--seed", type=int, default=1)
    for name in vars(Faults()):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    options = parser.parse_args()
    faults = Faults(**{name: getattr(options, name) for name in vars(Faults())})
    Wire(options.left, options.right, faults, options.seed).run()


if __name__ == "__main__":
    main()
