"""On a path that loses or reorders, Sluice's TCP brings at least the goodput of Linux with CUBIC over
the same link.

The other end is the same kernel in both cases, and the transfers take turns, each round with its
own seed: it decides which frames are hit by their number, so that all roles meet the same losses.
Sluice passes on what a host on its other side, without faults, sends or takes, so that its own
sending (recovery) or receiving (acknowledgments, windows) is what counts. The link has a rate, as
real ones have: without one the goodput would be this machine's. Medians are compared.

`--long` moves more, with the release, and asks for Linux's goodput but for what chance leaves
between medians of a few rounds; the short form, with sanitizers, for a good part of it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.impaired_link import ImpairedLink, Profile
from testbed.link_transfers import (
    KERNEL,
    MIB,
    SEED,
    SLUICE,
    kernels_serving,
    run_role,
    sluice_between,
)


@dataclass(frozen=True)
class Link:
    """A link, and how much is moved over it."""

    name: str
    faults: str
    size: int
    long_size: int
    rounds: int = 3
    long_rounds: int = 5

    @property
    def profile(self) -> Profile:
        faults = f"{self.faults},rate=100M,queue=256K"
        return Profile(self.name, faults, faults)


LINKS = (
    Link("loss-1%-20ms", "delay=10ms,loss=0.01", MIB, 6 * MIB),
    Link("reorder-5%", "delay=5ms,reorder=0.05,reorder-by=4,reorder-time=4ms", 2 * MIB, 24 * MIB),
)
LEAST = 0.5
LONG_LEAST = 0.9


@pytest.fixture(scope="module")
def sluice(
    testbed: Testbed, checked_program: Path, fast_program: Path, long_form: bool
) -> Iterator[None]:
    program = fast_program if long_form else checked_program
    with kernels_serving(testbed), sluice_between(testbed, program):
        yield


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_goodput_is_linux_s_at_least_over(
    testbed: Testbed,
    sluice: None,
    impaired_link: ImpairedLink,
    figure: Callable[[str], None],
    long_form: bool,
    link: Link,
) -> None:
    size = link.long_size if long_form else link.size
    rates: dict[str, list[float]] = {role.name: [] for role in (*KERNEL, *SLUICE)}
    for number in range(link.long_rounds if long_form else link.rounds):
        for role in (*KERNEL, *SLUICE):
            seed = SEED + number
            rate = run_role(testbed, impaired_link, link.profile, role, size, 100, seed=seed)
            rates[role.name].append(rate)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    shares = {
        role.name: medians[role.name] / medians[KERNEL[0 if role.to_far else 1].name]
        for role in SLUICE
    }
    figure(
        f"goodput over {link.name}: Linux {medians[KERNEL[0].name] / 1e6:.1f} Mbit/s sending and "
        f"{medians[KERNEL[1].name] / 1e6:.1f} receiving; of that Sluice's "
        + ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    )
    least = LONG_LEAST if long_form else LEAST
    assert min(shares.values()) >= least, f"{shares} of Linux's, in Mbit/s {rates}"
