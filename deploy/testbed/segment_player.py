"""Plays scripts of segments against a TCP server from a raw socket, and writes down its answers in
a form that does not depend on what a TCP is free to choose: its sequence numbers, how it cuts its
data into segments, when it acknowledges."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from testbed.frames import internet_checksum
from testbed.namespace import Namespace
from testbed.process import TestbedError
from testbed.segment_scripts import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    Acknowledged,
    Script,
    Segment,
    Stage,
    flag_letters,
)

_ALL_PROTOCOLS = 0x0003
_OUTGOING = 4  # PACKET_OUTGOING
_ARP, _IPV4, _TCP = 0x0806, 0x0800, 6
_MAC = bytes.fromhex("020000000077")
# Longer than an ACK may be delayed (40 ms here and in Linux), shorter than a retransmission.
STEP = 0.12
# Where a server's number is unknown, this stands for it.
_UNKNOWN = 0x01000000
_EARLY = (Stage.LISTEN, Stage.HALF_OPEN)
_KINDS = {2: "mss", 3: "scale", 4: "sack-permitted", 5: "sack", 8: "timestamps"}


@dataclass(frozen=True)
class Answer:
    """A segment of the server's, or data that it sent in several. Numbers are relative: its own to
    its initial one, acknowledgments to the client's."""

    flags: int
    sequence: int | str
    acknowledgment: int
    length: int
    zero_window: bool
    options: frozenset[str]

    @property
    def bare(self) -> bool:
        """Nothing but an acknowledgment."""
        return self.length == 0 and not self.flags & (SYN | FIN | RST)

    def __str__(self) -> str:
        options = ",".join(sorted(self.options))
        return (
            f"{flag_letters(self.flags)} seq={self.sequence} ack={self.acknowledgment}"
            f" len={self.length}{' zero window' if self.zero_window else ''} [{options}]"
        )


@dataclass
class Conversation:
    """One script with one server, and what came of it so far."""

    script: Script
    port: int
    steps: list[list[Answer]] = field(default_factory=list)
    _server_initial: int | None = None
    # Relative to that: what has come without a gap, and the highest that has come.
    _received: int = 0
    _highest: int = 0
    _echo: int = 0
    _sent_acknowledgment: int = 0

    @property
    def _current(self) -> Segment:
        return self.script.segments[len(self.steps) - 1]

    def write(self, number: int, segment: Segment) -> bytes:
        """The TCP segment, but for its checksum."""
        sequence = (self.script.initial_sequence + segment.sequence) & 0xFFFFFFFF
        self._sent_acknowledgment = self._acknowledgment(segment)
        options = b""
        if segment.timestamp is not None:
            clock = 1_000_000 + number * 120 + segment.timestamp
            options = struct.pack("!BBBBII", 1, 1, 8, 10, clock, self._echo)
        options += segment.options
        options += bytes(-len(options) % 4)
        header = struct.pack(
            "!HHIIBBHHH", self.port, 0, sequence, self._sent_acknowledgment,
            (5 + len(options) // 4) << 4, segment.flags, segment.window, 0, 0,
        )  # fmt: skip
        self.steps.append([])
        return header + options + segment.data

    def _acknowledgment(self, segment: Segment) -> int:
        if segment.acknowledged is Acknowledged.NOTHING:
            return segment.beyond & 0xFFFFFFFF
        base = _UNKNOWN if self._server_initial is None else self._server_initial
        reached = self._received if segment.acknowledged is Acknowledged.ALL else 1
        return (base + reached + segment.beyond) & 0xFFFFFFFF

    def read(self, tcp: bytes) -> None:
        """A segment of the server's."""
        if not self.steps or len(tcp) < 20:
            return
        sequence, acknowledgment, offset, flags, window = struct.unpack("!IIBBH", tcp[4:16])
        header = (offset >> 4) * 4
        length = len(tcp) - header
        options, timestamp = _read_options(tcp[20:header])
        if flags & SYN and sequence != self._server_initial:
            self._server_initial = sequence
            self._received = self._highest = 0
        # Before the handshake is done, that of a SYN: Linux takes no other (since 6.15).
        if timestamp is not None and (flags & SYN or self._current.stage not in _EARLY):
            self._echo = timestamp
        answer = Answer(
            flags & ~PSH,
            self._relative(sequence, bool(flags & RST)),
            (acknowledgment - self.script.initial_sequence) & 0xFFFFFFFF if flags & ACK else 0,
            length,
            window == 0 and not flags & RST,
            frozenset(options),
        )
        if not self._sent_of_its_own_accord(answer):
            _merge(self.steps[-1], answer)
        self._note(answer)

    def _relative(self, sequence: int, reset: bool) -> int | str:
        if reset and sequence == 0:
            return "zero"
        if reset and sequence == self._sent_acknowledgment:
            return "as acknowledged"
        base = _UNKNOWN if self._server_initial is None else self._server_initial
        relative = (sequence - base) & 0xFFFFFFFF
        return relative - (1 << 32) if relative > 1 << 31 else relative

    def _sent_of_its_own_accord(self, answer: Answer) -> bool:
        """Repeated, or a probe, when its timer said so; that is another subject."""
        if not isinstance(answer.sequence, int) or answer.flags & RST:
            return False
        if answer.flags & SYN:
            current = self._current
            asked = current.flags & SYN and answer.acknowledgment == current.sequence + 1
            return self._highest > 0 and not asked
        if answer.bare:
            return answer.sequence < self._highest
        return _end(answer) <= self._highest

    def _note(self, answer: Answer) -> None:
        if not isinstance(answer.sequence, int) or answer.flags & RST:
            return
        self._highest = max(self._highest, _end(answer))
        if answer.sequence <= self._received:
            self._received = max(self._received, _end(answer))


def _read_options(octets: bytes) -> tuple[list[str], int | None]:
    """Which options there are, and the value of timestamps."""
    kinds: list[str] = []
    timestamp, at = None, 0
    while at < len(octets) and octets[at] != 0:
        kind = octets[at]
        if kind == 1:
            at += 1
            continue
        length = octets[at + 1] if at + 1 < len(octets) else 0
        if length < 2 or at + length > len(octets):
            return [*kinds, "malformed"], timestamp
        kinds.append(_KINDS.get(kind, str(kind)))
        if kind == 8 and length == 10:
            (timestamp,) = struct.unpack("!I", octets[at + 2 : at + 6])
        at += length
    return kinds, timestamp


def _end(answer: Answer) -> int:
    assert isinstance(answer.sequence, int)
    return answer.sequence + answer.length + bool(answer.flags & SYN) + bool(answer.flags & FIN)


def _merge(answers: list[Answer], new: Answer) -> None:
    """Adds one to those of a step: data that continues data is one answer, and an acknowledgment
    that another answer carries, too, is none."""
    if new.bare:
        acknowledging = [old for old in answers if not old.flags & (SYN | RST)]
        if not any(old.acknowledgment >= new.acknowledgment for old in acknowledging):
            answers.append(new)
        return
    if new.flags & (SYN | RST):
        answers.append(new)
        return
    answers[:] = [
        old for old in answers if not old.bare or old.acknowledgment > new.acknowledgment
    ]
    last = answers[-1] if answers else None
    if last and not last.bare and not last.flags & (SYN | RST) and _end(last) == new.sequence:
        answers[-1] = replace(
            last,
            flags=last.flags | new.flags,
            acknowledgment=max(last.acknowledgment, new.acknowledgment),
            length=last.length + new.length,
            options=last.options | new.options,
        )
    else:
        answers.append(new)


class Player:
    """A host of its own on an interface: it has an address that no kernel knows, so that none
    answers in its place."""

    def __init__(
        self, namespace: Namespace, interface: str, address: str, server: tuple[str, int]
    ) -> None:
        with namespace.entered():
            self._raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self._raw.bind((interface, _ALL_PROTOCOLS))
        self._raw.setblocking(False)
        self._address = socket.inet_aton(address)
        self._server = socket.inet_aton(server[0])
        self._server_port = server[1]
        self._server_mac: bytes | None = None
        self._conversations: dict[int, Conversation] = {}
        self._next_port = 20000

    def close(self) -> None:
        self._raw.close()

    def play(self, scripts: Sequence[Script]) -> list[Conversation]:
        """Plays scripts side by side, a segment of each at a time."""
        self._find_server()
        conversations = []
        for script in scripts:
            conversations.append(Conversation(script, self._next_port))
            self._conversations[self._next_port] = conversations[-1]
            self._next_port += 1
        for number in range(max(len(script.segments) for script in scripts)):
            begin = time.monotonic()
            for conversation in conversations:
                if number < len(conversation.script.segments):
                    self._send(conversation, number)
            self._listen(begin + STEP + 0.001 * len(scripts))
        for conversation in conversations:
            self._conversations.pop(conversation.port)
        return conversations

    def _send(self, conversation: Conversation, number: int) -> None:
        segment = conversation.script.segments[number]
        tcp = bytearray(conversation.write(number, segment))
        tcp[2:4] = struct.pack("!H", self._server_port)
        pseudo = self._address + self._server + struct.pack("!HH", _TCP, len(tcp))
        checksum = internet_checksum(pseudo + bytes(tcp)) ^ (0x5555 if segment.bad_checksum else 0)
        tcp[16:18] = struct.pack("!H", checksum)
        self._send_ip(bytes(tcp))
        # What has come meanwhile belongs to other conversations, and must not pile up.
        self._listen(0)

    def _send_ip(self, tcp: bytes) -> None:
        assert self._server_mac is not None
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, _TCP, 0)
        checksum = internet_checksum(head + self._address + self._server)
        head = head[:10] + struct.pack("!H", checksum) + self._address + self._server
        self._raw.send(self._server_mac + _MAC + struct.pack("!H", _IPV4) + head + tcp)

    def _listen(self, until: float) -> None:
        """Takes what comes until then, and at least what has come."""
        while True:
            ready, _, _ = select.select([self._raw], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return
            for _ in range(256):
                try:
                    frame, address = self._raw.recvfrom(65535)
                except BlockingIOError:
                    break
                if address[2] != _OUTGOING:
                    self._take(frame)
            if time.monotonic() >= until:
                return

    def _take(self, frame: bytes) -> None:
        kind = int.from_bytes(frame[12:14], "big")
        if kind == _ARP:
            self._take_arp(frame)
        elif kind == _IPV4 and frame[23] == _TCP and frame[26:34] == self._server + self._address:
            header = 14 + (frame[14] & 0x0F) * 4
            tcp = frame[header : 14 + int.from_bytes(frame[16:18], "big")]
            conversation = self._conversations.get(int.from_bytes(tcp[2:4], "big"))
            if conversation is not None:
                conversation.read(tcp)

    def _take_arp(self, frame: bytes) -> None:
        operation = int.from_bytes(frame[20:22], "big")
        sender, sender_address, asked = frame[22:28], frame[28:32], frame[38:42]
        if sender_address == self._server:
            self._server_mac = sender
        if operation == 1 and asked == self._address:
            self._send_arp(2, sender, sender_address)

    def _send_arp(self, operation: int, target: bytes, target_address: bytes) -> None:
        head = (target if operation == 2 else b"\xff" * 6) + _MAC + struct.pack("!H", _ARP)
        body = struct.pack("!HHBBH", 1, _IPV4, 6, 4, operation) + _MAC + self._address
        self._raw.send(head + body + target + target_address)

    def _find_server(self) -> None:
        for _ in range(20):
            if self._server_mac is not None:
                return
            self._send_arp(1, bytes(6), self._server)
            self._listen(time.monotonic() + 0.1)
        raise TestbedError(f"{socket.inet_ntoa(self._server)} does not answer ARP")
