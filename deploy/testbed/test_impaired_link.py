"""Sluice's TCP against a kernel's over links with faults, in every role: the bytes are right, and
the throughput is that of two kernels over the same link.

Kernel against kernel is the base line, measured in turn with Sluice. `--long` moves more, three
times, with the release, and asks for a throughput within a factor of 1.5; without it only bytes
count, and the figures are of a build with sanitizers.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import FAR_HTTP, HTTP, Client
from testbed.frames import mac_address
from testbed.impaired_link import PROFILES, ImpairedLink, Profile
from testbed.layout import FAR, FAR_CLIENT, FAR_SERVER, NEAR, NEAR_SERVER, WAN, FarmHost
from testbed.load_tester import LoadTester
from testbed.namespace import Namespace
from testbed.origins import SPECIAL_PORT, NginxOrigin, SpecialOrigin
from testbed.sluice import Sluice

SEED = 20261122
# A kernel's throughput is at most this multiple of Sluice's.
FACTOR = 1.5
ROUNDS = 3
KIB = 1 << 10
MIB = 1 << 20
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


@dataclass(frozen=True)
class Role:
    """A transfer over the link, to the far host or from it, with a kernel at the far end."""

    name: str
    to_far: bool
    # The interface that leads to the other end.
    end: str
    # Moves so many bytes, within so many seconds; returns how long it took.
    move: Callable[[Testbed, int, float], float]


def download(client: Client, url: str, size: int, timeout: float, address: str = WAN) -> float:
    transfer = client.download(url, address=address, timeout=timeout)
    assert (transfer.exit_code, transfer.length) == (0, size), f"{url}: {transfer}"
    assert transfer.sha256 == payload.sha256(size)
    return transfer.seconds


def upload(
    client: Client, url: str, file: Path, size: int, timeout: float, address: str = WAN
) -> float:
    response = client.curl(
        f"{url}/special/sha256", "-X", "POST", "-T", file, "-H", "Expect:",
        address=address, timeout=timeout,
    )  # fmt: skip
    assert (response.exit_code, response.status) == (0, 200), f"{url}: {response}"
    assert json.loads(response.body)["sha256"] == payload.sha256(size)
    return response.seconds


def file_of(testbed: Testbed, size: int) -> Path:
    return testbed.files / testbed.payload(size).rpartition("/")[2]


def kernel_sends(testbed: Testbed, size: int, timeout: float) -> float:
    url = f"http://{NEAR}{testbed.payload(size)}"
    return download(testbed.far_client, url, size, timeout)


def kernel_receives(testbed: Testbed, size: int, timeout: float) -> float:
    url = f"http://{NEAR}:{SPECIAL_PORT}"
    return upload(testbed.far_client, url, file_of(testbed, size), size, timeout)


def server_sends(testbed: Testbed, size: int, timeout: float) -> float:
    return download(testbed.far_client, f"{HTTP}{testbed.payload(size)}", size, timeout, FAR)


def server_receives(testbed: Testbed, size: int, timeout: float) -> float:
    return upload(testbed.far_client, HTTP, file_of(testbed, size), size, timeout, FAR)


def client_sends(testbed: Testbed, size: int, timeout: float) -> float:
    return upload(testbed.client, FAR_HTTP, file_of(testbed, size), size, timeout)


def client_receives(testbed: Testbed, size: int, timeout: float) -> float:
    return download(testbed.client, f"{FAR_HTTP}{testbed.payload(size)}", size, timeout)


# The kernel's come first: the others are compared with the one of the same direction.
KERNEL = (
    Role("kernel sends", True, "near", kernel_sends),
    Role("kernel receives", False, "near", kernel_receives),
)
SLUICE = (
    Role("server sends", True, "right", server_sends),
    Role("client sends", True, "right", client_sends),
    Role("server receives", False, "right", server_receives),
    Role("client receives", False, "right", client_receives),
)


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


def serve(host: FarmHost, namespace: Namespace, testbed: Testbed) -> None:
    certificate = testbed.certificates[0]
    NginxOrigin(host, namespace, testbed.directory, testbed.files, certificate).start()
    SpecialOrigin(host, namespace, testbed.directory).start()


def know(host: Namespace, neighbours: dict[str, bytes]) -> None:
    for address, mac in neighbours.items():
        entry = [address, "lladdr", mac.hex(":"), "dev", "eth0", "nud", "permanent"]
        host.run(["ip", "neigh", "replace", *entry])


@pytest.fixture(scope="module", autouse=True)
def kernels(testbed: Testbed) -> Iterator[None]:
    """Both kernels on the wire serve, and know their neighbours: what a lost ARP costs is not
    measured."""
    layout = testbed.layout
    know(layout.far, {NEAR: mac_address(layout.near, "eth0"), FAR: mac_address(layout.edge, "far")})
    know(layout.near, {FAR_CLIENT: mac_address(layout.far, "eth0")})
    serve(FAR_SERVER, layout.far, testbed)
    serve(NEAR_SERVER, layout.near, testbed)
    yield
    for namespace in (layout.far, layout.near):
        for pid in namespace.pids():
            namespace.run(["kill", pid], check=False)


@pytest.fixture(scope="module")
def sluice(
    testbed: Testbed, checked_program: Path, fast_program: Path, long_form: bool
) -> Iterator[None]:
    # Each transfer has a connection of its own; one that got stuck is not waited for at the end.
    overlay = {"backend": {"timeout.keep_alive": "10ms"}, "sluice": {"drain_timeout": "1s"}}
    program = fast_program if long_form else checked_program
    testbed.start_sluice(program, far=True, overlay=overlay)
    yield
    testbed.stop_sluice()


def forget_paths(testbed: Testbed) -> None:
    """What the kernels learnt of a path's MTU."""
    for namespace in (testbed.layout.far, testbed.layout.near):
        namespace.run(["ip", "route", "flush", "cache"])


def run_role(
    testbed: Testbed,
    link: ImpairedLink,
    profile: Profile,
    role: Role,
    size: int,
    timeout: float,
    seed: int = SEED,
) -> float:
    """Bits a second."""
    forget_paths(testbed)
    ways = (profile.acks, profile.data) if role.to_far else (profile.data, profile.acks)
    with link.joined("left", role.end, *ways, seed):
        return size * 8 / role.move(testbed, size, timeout)


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
    if long_form:
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


# Room for slow start, and a window that a mark leaves large enough to fill the link.
MARKING_LINK = "delay=5ms,rate=20M,queue=4M"
MARKS = "mark=0.003"


def kernel_counters(host: Namespace) -> dict[str, int]:
    counters = json.loads(host.run(["nstat", "-asz", "--json"]).stdout)["kernel"]
    assert isinstance(counters, dict)
    return counters


def watched(host: Namespace, work: Callable[[], float]) -> tuple[float, str]:
    """What some work returns, and what `ss` has told meanwhile of the host's connections."""
    told = ""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        while not future.done():
            told += host.run(["ss", "-toin"]).stdout
            time.sleep(0.05)
        return future.result(), told


@pytest.fixture
def with_ecn(testbed: Testbed, checked_program: Path) -> Iterator[Sluice]:
    """Both sides ask for ECN in the connections that they open."""
    testbed.layout.far.sysctl("net.ipv4.tcp_ecn", "1")
    overlay = {"tcp": {"ecn": "request"}, "sluice": {"drain_timeout": "1s"}}
    yield testbed.start_sluice(checked_program, far=True, overlay=overlay)
    testbed.stop_sluice()
    testbed.layout.far.sysctl("net.ipv4.tcp_ecn", "2")


@pytest.mark.parametrize("role", SLUICE, ids=lambda role: role.name)
def test_routers_that_mark_rather_than_drop(
    testbed: Testbed,
    with_ecn: Sluice,
    impaired_link: ImpairedLink,
    figure: Callable[[str], None],
    role: Role,
) -> None:
    """Nothing is lost, the rate is the link's but for what a smaller window costs, and both sides
    have counted the same marks."""
    size = 4 * MIB
    far = testbed.layout.far

    def move() -> float:
        return role.move(testbed, size, 60)

    with impaired_link.joined("left", role.end, MARKING_LINK, MARKING_LINK, SEED):
        plain = move()
    assert with_ecn.counter("tcp.ecn_reductions") == 0
    before = kernel_counters(far)
    faults = f"{MARKING_LINK},{MARKS}"
    with impaired_link.joined("left", role.end, faults, faults, SEED) as counted:
        marked, told = watched(far, move)
    after = kernel_counters(far)
    way = counted.to_left if role.to_far else counted.to_right
    figure(
        f"{role.name} over a link that marks: {plain:.2f} s without marks, {marked:.2f} s with"
        f" {way['marked']}; Sluice reduced its window {with_ecn.counter('tcp.ecn_reductions')} times"
    )

    assert way["marked"] >= 3
    assert all(w["lost"] == w["queue_dropped"] == 0 for w in (counted.to_left, counted.to_right))
    assert with_ecn.counter("tcp.ecn_connections") >= 1
    assert with_ecn.counter("tcp.fast_retransmits") == 0
    used = " ecn " in told
    assert used, "ss shows no connection with ECN"
    if role.to_far:
        assert after["IpExtInCEPkts"] - before["IpExtInCEPkts"] == way["marked"]
        assert 1 <= with_ecn.counter("tcp.ecn_reductions") <= way["marked"]
    else:
        assert with_ecn.counter("tcp.ecn_marks_received") == way["marked"]
        assert after["TcpExtTCPDeliveredCE"] > before["TcpExtTCPDeliveredCE"]
    assert plain > 0.7 * marked
