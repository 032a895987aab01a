"""On links without loss, and with next to no delay, what decides is the cost of a packet. Sluice is
the end of the connection here, as a kernel is: `sluice serve` sends and takes bodies, and
`sluice load`.

`--long` moves more, several times, with the release, and asks for a throughput within a factor of
1.5 of two kernels', measured in turn.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.impaired_link import PROFILES, ImpairedLink
from testbed.layout import FAR, FAR_CLIENT
from testbed.link_transfers import KERNEL, MIB, Role, file_of, kernels_serving, run_role
from testbed.load_tester import LoadTester, serving
from testbed.namespace import Namespace
from testbed.origins import SPECIAL_PORT

FACTOR = 1.5
ROUNDS = 5
SIZE = 8 * MIB
LONG_SIZE = 128 * MIB
DEVICE = "af_xdp:far"
ADDRESS = f"{FAR}/24"
WHERE = ("--device", DEVICE, "--address", ADDRESS)
# A body to send lies in packet buffers as a whole.
BUFFERS = 131072


@pytest.fixture(scope="module", autouse=True)
def kernels(testbed: Testbed) -> Iterator[None]:
    testbed.stop_sluice()
    with kernels_serving(testbed):
        yield


def answers(far: Namespace) -> bool:
    try:
        far.connect(FAR, 80, timeout=0.2).close()
    except OSError:
        return False
    return True


def ends(program: Path) -> tuple[Role, ...]:
    """What each program does over the link."""

    def served(testbed: Testbed, *options: object) -> contextlib.AbstractContextManager[None]:
        layout = testbed.layout
        return serving(
            program, layout.edge, testbed.directory, *WHERE, *options,
            ready=lambda: answers(layout.far),
        )  # fmt: skip

    def serve_sends(testbed: Testbed, size: int, timeout: float) -> float:
        with served(testbed, "--size", size):
            transfer = testbed.far_client.download(f"http://{FAR}/", address=FAR, timeout=timeout)
        assert (transfer.exit_code, transfer.length) == (0, size), transfer
        return transfer.seconds

    def serve_receives(testbed: Testbed, size: int, timeout: float) -> float:
        body = ("-X", "POST", "-T", file_of(testbed, size), "-H", "Expect:")
        with served(testbed):
            response = testbed.far_client.curl(f"http://{FAR}/", *body, address=FAR, timeout=timeout)
        assert (response.exit_code, response.status) == (0, 200), response
        return response.seconds

    def load(testbed: Testbed, url: str, *options: object) -> float:
        tester = LoadTester(program, testbed.layout.edge, testbed.directory)
        options = ("--mode", "request", "-c", 1, "--count", 1, *options)
        load = tester.run(url, *options, device=DEVICE, address=ADDRESS)
        assert (load.code, load.failures) == (0, {}), load.text
        return float(load.results["latency"]["total"]["max_us"]) / 1e6

    def load_sends(testbed: Testbed, size: int, timeout: float) -> float:
        url = f"http://{FAR_CLIENT}:{SPECIAL_PORT}/special/sha256"
        body = f"@{file_of(testbed, size)}"
        return load(testbed, url, "--method", "POST", "--body", body, "--buffers", BUFFERS)

    def load_receives(testbed: Testbed, size: int, timeout: float) -> float:
        url = f"http://{FAR_CLIENT}{testbed.payload(size)}"
        return load(testbed, url, "--expect-size", size)

    return (
        Role("serve sends", True, "right", serve_sends),
        Role("load sends", True, "right", load_sends),
        Role("serve receives", False, "right", serve_receives),
        Role("load receives", False, "right", load_receives),
    )


@pytest.mark.parametrize("name", ["perfect", "lan"])
def test_as_the_end_of_a_connection_over(
    testbed: Testbed,
    checked_program: Path,
    fast_program: Path,
    impaired_link: ImpairedLink,
    figure: Callable[[str], None],
    long_form: bool,
    name: str,
) -> None:
    profile = next(profile for profile in PROFILES if profile.name == name)
    roles = ends(fast_program if long_form else checked_program)
    size = LONG_SIZE if long_form else SIZE
    rates: dict[str, list[float]] = {role.name: [] for role in (*KERNEL, *roles)}
    for _ in range(ROUNDS if long_form else 1):
        for role in (*KERNEL, *roles):
            rates[role.name].append(run_role(testbed, impaired_link, profile, role, size, 60))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    factors = {
        role.name: medians[KERNEL[0 if role.to_far else 1].name] / medians[role.name]
        for role in roles
    }
    figure(
        f"{name}: two kernels {medians[KERNEL[0].name] / 1e6:.0f} Mbit/s sending and "
        f"{medians[KERNEL[1].name] / 1e6:.0f} receiving, Sluice as the end of the connection's "
        + ", ".join(f"{name} x {factor:.2f}" for name, factor in factors.items())
    )
    if long_form:
        assert max(factors.values()) <= FACTOR, f"{factors} in Mbit/s {rates}"
