"""Sluice's TCP against a kernel's over links with faults, in every role: the bytes are right, and
the throughput is that of two kernels over the same link.

Kernel against kernel is the base line, measured in turn with Sluice, which passes on what a host on
its other side sends or takes. `--long` moves more, three times, with the release, and asks for a
throughput within a factor of 1.5; without it only bytes count, and the figures are of a build with
sanitizers.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.impaired_link import PROFILES, ImpairedLink, Profile
from testbed.layout import FAR, FAR_CLIENT
from testbed.link_transfers import (
    KERNEL,
    KIB,
    MIB,
    SEED,
    SLUICE,
    Role,
    file_of,
    kernels_serving,
    run_role,
    sluice_between,
)
from testbed.load_tester import LoadTester

# A kernel's throughput is at most this multiple of Sluice's.
FACTOR = 1.5
# Here it is not the network that decides but what a packet costs, and a proxy receives and sends
# each: test_fast_links.py compares Sluice where it is the end of the connection itself.
FAST = {"perfect", "lan"}
ROUNDS = 3
# What two kernels move in some tenths of a second.
SIZES = defaultdict(
    lambda: 512 * KIB,
    {
        "perfect": 8 * MIB,
        "lan": 8 * MIB,
        "wan-20ms": 2 * MIB,
        "loss-0.1%": 2 * MIB,
        "10mbit-short-queue": 256 * KIB,
        "100mbit-bufferbloat": 2 * MIB,
        "small-mtu": 4 * MIB,
        "intercontinental-150ms": 192 * KIB,
        "loss-5%": 128 * KIB,
        "ack-loss": 256 * KIB,
    },
)
LONGER = 8


@dataclass
class Table:
    """Throughput by profile and role: of each the median."""

    rows: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, profile: str, role: str, bits_a_second: float) -> None:
        self.rows.setdefault(profile, {}).setdefault(role, []).append(bits_a_second)

    def ratio(self, profile: str, role: Role) -> float | None:
        """How many times as fast as Sluice two kernels are."""
        row = self.rows[profile]
        base = KERNEL[0] if role.to_far else KERNEL[1]
        if role.name not in row or base.name not in row:
            return None
        return statistics.median(row[base.name]) / statistics.median(row[role.name])

    def lines(self) -> list[str]:
        lines = [_line("", [role.name for role in (*KERNEL, *SLUICE)])]
        for profile, row in self.rows.items():
            rates = [statistics.median(row.get(role.name, [0])) for role in KERNEL]
            ratios = [self.ratio(profile, role) for role in SLUICE]
            cells = [f"{rate / 1e6:.1f} Mbit/s" if rate else "failed" for rate in rates]
            cells += ["failed" if ratio is None else f"x {ratio:.2f}" for ratio in ratios]
            lines.append(_line(profile, cells))
        return lines


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:22}{''.join(f'{cell:>17}' for cell in cells)}"


@pytest.fixture(scope="module")
def table(figure: Callable[[str], None], long_form: bool) -> Iterator[Table]:
    table = Table()
    yield table
    figure(
        "Throughput over impaired links: two kernels, and how many times Sluice's it is"
        + ("" if long_form else " (short transfers, with sanitizers)")
    )
    for line in table.lines():
        figure(line)


@pytest.fixture(scope="module", autouse=True)
def kernels(testbed: Testbed) -> Iterator[None]:
    with kernels_serving(testbed):
        yield


@pytest.fixture(scope="module")
def sluice(
    testbed: Testbed, checked_program: Path, fast_program: Path, long_form: bool
) -> Iterator[None]:
    with sluice_between(testbed, fast_program if long_form else checked_program):
        yield


def measure(
    testbed: Testbed, link: ImpairedLink, profile: Profile, table: Table, size: int, patience: float
) -> list[str]:
    """Each role once; returns what went wrong."""
    failures = []
    for role in (*KERNEL, *SLUICE):
        try:
            rate = run_role(testbed, link, profile, role, size, patience)
        except AssertionError as failure:
            failures.append(f"{role.name}: {failure}")
        else:
            table.add(profile.name, role.name, rate)
    return failures


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_transfers_over(
    testbed: Testbed,
    sluice: None,
    impaired_link: ImpairedLink,
    table: Table,
    long_form: bool,
    profile: Profile,
) -> None:
    size = SIZES[profile.name] * (LONGER if long_form else 1)
    failures = []
    for _ in range(ROUNDS if long_form else 1):
        failures += measure(testbed, impaired_link, profile, table, size, 100 if long_form else 15)
    if long_form and profile.name not in FAST:
        ratios = [(role.name, table.ratio(profile.name, role)) for role in SLUICE]
        failures += [
            f"{name}: two kernels are {ratio:.2f} times as fast"
            for name, ratio in ratios
            if ratio is not None and ratio > FACTOR
        ]
    assert not failures, "\n".join(failures)


# Those with a fault that a reader of bodies could be misled by.
@pytest.mark.parametrize("name", ["reorder-and-loss", "duplicate-5%", "corrupt-1%"])
def test_the_load_tester_reads_bodies_over(
    testbed: Testbed, checked_program: Path, impaired_link: ImpairedLink, name: str
) -> None:
    profile = next(profile for profile in PROFILES if profile.name == name)
    testbed.stop_sluice()
    file = file_of(testbed, 128 * KIB)
    tester = LoadTester(checked_program, testbed.layout.edge, testbed.directory)
    with impaired_link.joined("left", "right", profile.data, profile.data, SEED) as counted:
        load = tester.run(
            f"http://{FAR_CLIENT}{testbed.payload(128 * KIB)}", "--count", 8, "-c", 4,
            "--expect-body", file, device="af_packet:far", address=f"{FAR}/24",
        )  # fmt: skip
    assert (load.code, load.failures) == (0, {}), load.text
    assert load.results["responses"] == 8
    assert sum(counted.to_right[fault] for fault in ("lost", "duplicated", "corrupted")) > 0
