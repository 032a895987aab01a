"""Scripts of TCP segments that a seed makes: a client that does what it should, and much that it
should not. The same script is played against two servers, and their answers are compared.

    python3 -m testbed.segment_scripts SEED    prints a script
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
_LETTERS = "FSRPAUEC"

# Two requests, of which the second one ends the connection.
_REQUEST = "GET / HTTP/1.1\r\nHost: segments.sluice.test\r\n"
STREAM = "".join(
    _REQUEST + f"Padding: {'p' * 300}\r\n{last}\r\n" for last in ("", "Connection: close\r\n")
).encode()
_FULL_WINDOW = 60_000
_FAR = 1 << 20  # beyond any window that is not scaled far


def flag_letters(flags: int) -> str:
    return "".join(letter for bit, letter in enumerate(_LETTERS) if flags >> bit & 1) or "none"


class Stage(Enum):
    """How far the client has come, as it sees it."""

    LISTEN = "listen"
    HALF_OPEN = "half-open"
    OPEN = "open"
    FINISHED = "finished"
    RESET = "reset"


class Acknowledged(Enum):
    """What the acknowledgment field refers to."""

    NOTHING = "0"
    ALL = "all received"
    FIRST = "the server's SYN"


_NOTHING, _FIRST = Acknowledged.NOTHING, Acknowledged.FIRST


@dataclass(frozen=True)
class Segment:
    """One segment. Sequence numbers count from the client's initial one, acknowledgments from
    `acknowledged`, so that they mean the same to any server."""

    event: str
    stage: Stage
    flags: int
    sequence: int
    data: bytes = b""
    acknowledged: Acknowledged = Acknowledged.ALL
    beyond: int = 0
    window: int = _FULL_WINDOW
    # Options, but for timestamps: those have a clock, from which this one may deviate.
    options: bytes = b""
    timestamp: int | None = 0
    bad_checksum: bool = False

    def __str__(self) -> str:
        parts = [f"{self.event} ({self.stage.value}): {flag_letters(self.flags)}"]
        parts += [f"seq={self.sequence}", f"len={len(self.data)}", f"win={self.window}"]
        if self.flags & ACK:
            parts.append(f"ack={self.acknowledged.value}{self.beyond:+d}")
        if self.options:
            parts.append(f"options={self.options.hex()}")
        parts.append("no timestamp" if self.timestamp is None else f"timestamp{self.timestamp:+d}")
        return " ".join(parts)


@dataclass
class Script:
    """One client's life. `timestamps`: whether its SYN has the option."""

    seed: int
    initial_sequence: int
    timestamps: bool
    segments: list[Segment] = field(default_factory=list)


class Writer:
    """Makes one script."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        initial = self._chance.getrandbits(32)
        if self._chance.random() < 0.3:
            initial = (1 << 32) - self._chance.randrange(1, 400)  # soon to wrap
        self.script = Script(seed, initial, self._chance.random() < 0.6)
        self._stage = Stage.LISTEN
        # Of STREAM, sent in order; the FIN counts as one more.
        self._sent = 0

    @property
    def _next(self) -> int:
        return 1 + self._sent

    def _add(self, event: str, flags: int, sequence: int | None = None, **more: object) -> None:
        segment = Segment(event, self._stage, flags, self._next if sequence is None else sequence)
        segment = replace(segment, **more)
        if not self.script.timestamps and segment.timestamp == 0:
            segment = replace(segment, timestamp=None)
        self.script.segments.append(segment)

    def write(self) -> Script:
        if self._chance.random() < 0.2:
            self._pick(self._BEFORE)
        self._syn()
        for _ in range(self._chance.choice((0, 0, 0, 1, 2))):
            self._pick(self._HALF_OPEN)
        self._complete()
        for _ in range(self._chance.randrange(4, 9)):
            self._pick(self._OPEN)
        return self.script

    def _pick(self, events: dict[str, tuple[int, Callable[[Writer], None]]]) -> None:
        names = list(events)
        name = self._chance.choices(names, [events[name][0] for name in names])[0]
        events[name][1](self)

    def _piece(self, start: int, most: int = 250) -> bytes:
        """Of STREAM, from an offset on; at least one byte unless there is none."""
        return STREAM[start : start + self._chance.randrange(1, most)]

    def _add_new(self, event: str, **more: object) -> None:
        """Data in its order, with something about it for which it is not to be taken."""
        self._add(event, ACK | PSH, None, data=self._piece(self._sent), **more)

    # The handshake

    def _syn_options(self) -> bytes:
        # None so small that the congestion window decides what is answered at once.
        size = struct.pack("!BBH", 2, 4, self._chance.choice((1460, 1460, 536, 9000)))
        scale = struct.pack("!BBBB", 1, 3, 3, self._chance.choice((0, 2, 7, 14, 15, 255)))
        sack, experiment, fast_open = b"\x04\x02\x01\x01", b"\xfd\x04\xab\xcd", b"\x22\x02\x01\x01"
        choices = (size, size, scale, sack, experiment, fast_open, size)
        parts = [part for part in choices if self._chance.random() < 0.4]
        self._chance.shuffle(parts)
        if self._chance.random() < 0.1:
            malformed = (b"\x08\x02\x01\x01", b"\x02\x00\x01\x01", b"\x03\x28\x01\x01")
            parts.append(self._chance.choice(malformed))
        return b"".join(parts)[:28]

    def _syn(self) -> None:
        kind = self._chance.random()
        options = self._syn_options()
        if kind < 0.75:
            self._add("syn", SYN, 0, options=options)
        elif kind < 0.83:
            self._add("syn-with-data", SYN, 0, options=options, data=self._piece(0))
        elif kind < 0.91:
            self._add("syn-with-ecn", SYN | ECE | CWR, 0, options=options)
        else:
            self._add("syn-push-urgent", SYN | PSH | URG, 0, options=options)
        self._stage = Stage.HALF_OPEN

    def _complete(self) -> None:
        kind = self._chance.random()
        if kind < 0.6:
            self._add("handshake-ack", ACK)
        elif kind < 0.8:
            data = self._piece(0)
            self._add("handshake-ack-with-data", ACK | PSH, data=data)
            self._sent += len(data)
        elif kind < 0.9:
            self._add("handshake-ack-out-of-order", ACK, self._next + 50, data=self._piece(50))
        else:
            self._add("handshake-ack-with-fin", ACK | FIN)
            self._sent += 1
            self._stage = Stage.FINISHED
            return
        if self._stage is Stage.HALF_OPEN:
            self._stage = Stage.OPEN

    def _reset(self, event: str, sequence: int) -> None:
        self._add(event, RST, sequence, acknowledged=Acknowledged.NOTHING)

    def _reset_exactly(self) -> None:
        self._reset("rst-exact", self._next)
        self._stage = Stage.RESET

    _BEFORE: dict[str, tuple[int, Callable[[Writer], None]]] = {
        "ack": (1, lambda w: w._add("ack-to-listener", ACK, acknowledged=_NOTHING, beyond=77)),
        "rst": (1, lambda w: w._reset("rst-to-listener", 0)),
        "fin": (1, lambda w: w._add("fin-to-listener", FIN, acknowledged=_NOTHING)),
        "data": (1, lambda w: w._add("data-to-listener", PSH, data=b"hello")),
        "syn-fin": (1, lambda w: w._add("syn-fin-to-listener", SYN | FIN, -500)),
        "syn-rst": (1, lambda w: w._add("syn-rst-to-listener", SYN | RST, -500)),
        "opened": (1, lambda w: w._add("syn-ack-to-listener", SYN | ACK, 0, acknowledged=_NOTHING)),
        "none": (1, lambda w: w._add("no-flags-to-listener", 0)),
    }

    _HALF_OPEN: dict[str, tuple[int, Callable[[Writer], None]]] = {
        "again": (3, lambda w: w._add("syn-again", SYN, 0)),
        "other": (2, lambda w: w._add("syn-other-sequence", SYN, 1000)),
        "rst": (1, lambda w: w._reset_exactly()),
        "rst-in": (2, lambda w: w._reset("rst-in-window", 50)),
        "rst-out": (2, lambda w: w._reset("rst-out-of-window", -5000)),
        "ack-early": (2, lambda w: w._add("ack-too-early", ACK, acknowledged=_FIRST, beyond=-1)),
        "ack-late": (2, lambda w: w._add("ack-of-the-future", ACK, acknowledged=_FIRST, beyond=9)),
        "data": (2, lambda w: w._add("data-without-ack", PSH, data=w._piece(0))),
        "old": (2, lambda w: w._add("ack-out-of-window", ACK, -5000, acknowledged=_FIRST)),
        "fin": (1, lambda w: w._add("fin-without-ack", FIN)),
        "syn-ack": (1, lambda w: w._add("syn-ack", SYN | ACK, 0)),
        "none": (1, lambda w: w._add("no-flags", 0)),
        "bad": (1, lambda w: w._add("bad-checksum", ACK, bad_checksum=True)),
    }

    # Once it is open, as far as the client knows.

    def _data(self) -> None:
        data = b"" if self._stage is Stage.FINISHED else self._piece(self._sent)
        if not data:
            self._add("ack", ACK)
            return
        self._add("data", ACK | PSH, data=data)
        self._sent += len(data)

    def _out_of_order(self) -> None:
        gap = self._chance.randrange(1, 200)
        self._add("data-out-of-order", ACK, self._next + gap, data=self._piece(self._sent + gap))

    def _overlap(self) -> None:
        back = self._chance.randrange(0, min(self._sent, 200) + 1)
        start = self._sent - back
        data = STREAM[start : start + back + self._chance.randrange(1, 200)]
        if self._stage is Stage.FINISHED:
            data = data[:back]
        self._add("data-overlapping", ACK | PSH, 1 + start, data=data)
        self._sent = max(self._sent, start + len(data))

    def _old_data(self) -> None:
        start = self._chance.randrange(0, max(1, self._sent))
        data = STREAM[start : min(start + 200, self._sent)]
        self._add("data-again", ACK | PSH, 1 + start, data=data)

    def _fin(self) -> None:
        self._add("fin", ACK | FIN)
        if self._stage is Stage.OPEN:
            self._sent += 1
            self._stage = Stage.FINISHED

    def _fin_again(self) -> None:
        if self._stage is Stage.FINISHED:
            self._add("fin-again", ACK | FIN, self._next - 1)
        else:
            self._add("fin-out-of-order", ACK | FIN, self._next + 30)

    def _odd_options(self) -> None:
        odd = self._chance.choice(
            (
                b"\xfd\x04\x01\x02",  # experimental
                b"\x02\x04\x02\x00",  # maximum segment size, not on a SYN
                b"\x04\x02\x01\x01",  # SACK permitted, not on a SYN
                b"\x03\x03\x09\x01",  # window scale, not on a SYN
                b"\x05\x0a" + struct.pack("!II", 1, 2) + b"\x01\x01",  # SACK of nothing
                b"\x05\x02\x01\x01",
                b"\xfe\x00\x01\x01",  # without a length
                b"\x01\x01\x01\xfd",  # cut off
                b"\x00\x01\xff\xff",  # behind the end
            )
        )
        self._add("odd-options", ACK, options=odd)

    _OPEN: dict[str, tuple[int, Callable[[Writer], None]]] = {
        "data": (14, lambda w: w._data()),
        "out-of-order": (4, lambda w: w._out_of_order()),
        "overlap": (3, lambda w: w._overlap()),
        "again": (3, lambda w: w._old_data()),
        "beyond": (2, lambda w: w._add("data-beyond-window", ACK, w._next + _FAR, data=b"far")),
        "ack": (3, lambda w: w._add("ack", ACK)),
        "ack-first": (2, lambda w: w._add("ack-of-the-past", ACK, acknowledged=_FIRST)),
        "ack-old": (2, lambda w: w._add("ack-before-the-window", ACK, beyond=-(_FAR << 4))),
        "ack-future": (2, lambda w: w._add("ack-of-the-future", ACK, beyond=5000)),
        "ack-future-data": (1, lambda w: w._add_new("data-with-ack-of-the-future", beyond=5000)),
        "ack-left": (2, lambda w: w._add("ack-left-of-window", ACK, -3000)),
        "keep-alive": (2, lambda w: w._add("keep-alive", ACK, w._next - 1)),
        "rst": (1, lambda w: w._reset_exactly()),
        "rst-in": (2, lambda w: w._reset("rst-in-window", w._next + 100)),
        "rst-left": (2, lambda w: w._reset("rst-left-of-window", w._next - 1)),
        "rst-out": (1, lambda w: w._reset("rst-out-of-window", w._next + _FAR)),
        "rst-ack": (1, lambda w: w._add("rst-ack-in-window", RST | ACK, w._next + 100)),
        "syn": (2, lambda w: w._add("syn-in-window", SYN, w._next + 10)),
        "syn-ack": (1, lambda w: w._add("syn-ack-in-window", SYN | ACK, w._next)),
        "syn-first": (1, lambda w: w._add("syn-of-the-connection", SYN, 0)),
        "syn-out": (1, lambda w: w._add("syn-out-of-window", SYN, w._next + _FAR)),
        "fin": (4, lambda w: w._fin()),
        "fin-again": (3, lambda w: w._fin_again()),
        "zero": (2, lambda w: w._add("zero-window", ACK, window=0)),
        "no-ack": (1, lambda w: w._add("data-without-ack", PSH, data=w._piece(w._sent))),
        "none": (1, lambda w: w._add("no-flags", 0)),
        "xmas": (1, lambda w: w._add("all-flags", FIN | SYN | RST | PSH | ACK | URG, w._next + 7)),
        "urgent": (1, lambda w: w._add("urgent-alone", ACK | URG)),
        "paws": (3, lambda w: w._add_new("paws", timestamp=-100_000)),
        "no-timestamp": (1, lambda w: w._add("no-timestamp", ACK, timestamp=None)),
        "options": (3, lambda w: w._odd_options()),
        "bad": (1, lambda w: w._add_new("bad-checksum", bad_checksum=True)),
    }  # fmt: skip


def script_of(seed: int) -> Script:
    return Writer(seed).write()


def main() -> None:
    script = script_of(int(sys.argv[1]))
    print(f"initial sequence number {script.initial_sequence}, timestamps {script.timestamps}")
    for segment in script.segments:
        print(f"  {segment}")


if __name__ == "__main__":
    main()
