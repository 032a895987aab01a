"""Sluice's TCP and a kernel's answer the same scripts of segments, in and out of order."""

from __future__ import annotations

import contextlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from testbed.bed import ROOT, Testbed
from testbed.layout import WAN, WEB1, WEB2, FarmHost
from testbed.process import wait_for
from testbed.segment_differences import Difference, differences
from testbed.segment_player import Conversation, Player
from testbed.segment_scripts import script_of
from testbed.sluice import SANITIZERS

SEEDS = range(1, 81)
LONG_SEEDS = range(1, 1001)
# Played side by side.
TOGETHER = 50
SIZE = 3000
PORT = 81
# Where the reasons stand, by class: it says how to write them.
REASONS = ROOT / "dataplane/tcp/DIFFERENCES.md"
UNKNOWN = "NOT EXPLAINED"
ERRORS = "To be mended"


def reasons() -> list[tuple[re.Pattern[str], str]]:
    """Classes and the heading that they stand under."""
    found = []
    for chapter in REASONS.read_text().split("\n## ")[1:]:
        heading, _, entries = chapter.partition("\n")
        listed = re.findall(r"^- `([^`]*)`(?:\s+and\s+`([^`]*)`)?", entries, re.MULTILINE)
        found += [(re.compile(kind), heading) for kinds in listed for kind in kinds if kind]
    return found


def verdict(kind: str) -> str:
    return next((heading for known, heading in reasons() if known.fullmatch(kind)), UNKNOWN)


def play(player: Player, seeds: Sequence[int]) -> list[Conversation]:
    conversations = []
    for start in range(0, len(seeds), TOGETHER):
        conversations += player.play([script_of(seed) for seed in seeds[start : start + TOGETHER]])
    return conversations


@pytest.fixture(scope="module")
def responses(testbed: Testbed, checked_program: Path) -> Iterator[list[Path]]:
    """`sluice serve` at the edge, and what it answers to a request and to a last one, for a kernel
    to answer the same."""
    testbed.stop_sluice()
    log = testbed.directory / "segments-serve.log"
    log.unlink(missing_ok=True)
    words = [checked_program, "serve", "--device", "af_packet:wan", "--address", f"{WAN}/24"]
    words += ["--size", SIZE, "--adaptive", "--quiet"]
    process = testbed.layout.edge.start("sluice serve", words, log, SANITIZERS)
    try:
        ways = ("keep-alive", "close")
        files = [testbed.directory / f"segments-response-{way}" for way in ways]
        for file in files:
            wait_for(lambda: _fetch(testbed, file), f"sluice serve answers ({log})", timeout=30)
        yield files
    finally:
        code = process.stop(timeout=30)
    assert code == 0, process.log_text()


def _fetch(testbed: Testbed, file: Path) -> bool:
    try:
        with testbed.layout.client.connect(WAN, 80, timeout=1) as connection:
            way = file.name.rpartition("response-")[2]
            fields = f"Host: segments.sluice.test\r\nConnection: {way}\r\n"
            connection.sendall(f"GET / HTTP/1.1\r\n{fields}\r\n".encode())
            answer = b""
            while len(answer) < SIZE or len(answer.partition(b"\r\n\r\n")[2]) < SIZE:
                answer += connection.recv(65536)
    except OSError:
        return False
    file.write_bytes(answer)
    return True


@contextlib.contextmanager
def kernel(testbed: Testbed, host: FarmHost, responses: list[Path]) -> Iterator[Player]:
    """A player at the edge against the kernel of a host of the farm."""
    namespace = testbed.layout.farm[host.name]
    # Every challenge is answered here: that a kernel rations them is no difference.
    namespace.sysctl("net.ipv4.tcp_invalid_ratelimit", "0")
    namespace.sysctl("net.ipv4.tcp_challenge_ack_limit", "1000000")
    words = [sys.executable, "-m", "testbed.segment_server", "--port", PORT]
    words += ["--response", responses[0], "--last-response", responses[1]]
    log = testbed.directory / f"segments-{host.name}.log"
    server = namespace.start(
        f"segment server on {host.name}", words, log, {"PYTHONPATH": str(ROOT / "deploy")}
    )
    try:
        wait_for(lambda: _listens(testbed, host), f"{host.name} listens on port {PORT} ({log})")
        with contextlib.closing(
            Player(testbed.layout.edge, host.name, "198.18.1.77", (host.ipv4, PORT))
        ) as player:
            yield player
    finally:
        server.kill()


def _listens(testbed: Testbed, host: FarmHost) -> bool:
    try:
        testbed.layout.farm[host.name].connect(host.ipv4, PORT, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def seeds(long_form: bool) -> range:
    return LONG_SEEDS if long_form else SEEDS


@pytest.fixture(scope="module")
def reference(testbed: Testbed, responses: list[Path]) -> Iterator[Player]:
    """Against a kernel."""
    with kernel(testbed, WEB1, responses) as player:
        yield player


def compare(one: Player, other: Player, seeds: Sequence[int]) -> list[Difference]:
    """What differs, and differs in the same way when it is played again: servers share the machine
    with whatever else runs on it, and now and then one is late."""
    first = _compare_once(one, other, seeds)
    suspects = sorted({found.seed for found in first})
    again = {(found.seed, found.kind) for found in _compare_once(one, other, suspects)}
    return [found for found in first if (found.seed, found.kind) in again]


def _compare_once(one: Player, other: Player, seeds: Sequence[int]) -> list[Difference]:
    pairs = zip(play(one, seeds), play(other, seeds))
    return [found for left, right in pairs for found in differences(left, right)]


def by_kind(found: list[Difference]) -> dict[str, list[Difference]]:
    kinds = defaultdict(list)
    for difference in found:
        kinds[difference.kind].append(difference)
    return dict(sorted(kinds.items(), key=lambda item: -len(item[1])))


def test_two_kernels_answer_alike(
    testbed: Testbed, responses: list[Path], seeds: range, reference: Player
) -> None:
    """The scripts and the comparison themselves make no differences."""
    with kernel(testbed, WEB2, responses) as other:
        found = compare(reference, other, seeds)
    assert not found, "\n".join(map(str, found[:20]))


def test_sluice_answers_as_a_kernel_does(
    testbed: Testbed, seeds: range, reference: Player, figure: Callable[[str], None]
) -> None:
    with contextlib.closing(
        Player(testbed.layout.client, "eth0", "198.18.0.77", (WAN, 80))
    ) as player:
        found = compare(reference, player, seeds)
    figure(f"{len(seeds)} scripts of segments: where a kernel (left) and Sluice (right) differ")
    kinds = by_kind(found)
    verdicts = {kind: verdict(kind) for kind in kinds}
    for kind, ones in kinds.items():
        figure(f"  {len(ones):4}  {verdicts[kind]:14}  {kind}")
    unknown = [str(ones[0]) for kind, ones in kinds.items() if verdicts[kind] == UNKNOWN]
    assert not unknown, "\n".join(unknown)
    errors = [kind for kind in kinds if verdicts[kind] == ERRORS]
    if errors:
        pytest.xfail(f"to be mended: {'; '.join(errors)}")
