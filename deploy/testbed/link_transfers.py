"""Transfers over the link between the far host and the edge, or the near host: by two kernels, which
is what others are compared with, and what is common to all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed import payload
from testbed.bed import Testbed
from testbed.client import FAR_HTTP, HTTP, Client
from testbed.frames import mac_address
from testbed.impaired_link import ImpairedLink, Profile
from testbed.layout import FAR, FAR_CLIENT, FAR_SERVER, NEAR, NEAR_SERVER, WAN, FarmHost
from testbed.namespace import Namespace
from testbed.origins import SPECIAL_PORT, NginxOrigin, SpecialOrigin

SEED = 20261122
KIB = 1 << 10
MIB = 1 << 20


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


def _kernel_sends(testbed: Testbed, size: int, timeout: float) -> float:
    url = f"http://{NEAR}{testbed.payload(size)}"
    return download(testbed.far_client, url, size, timeout)


def _kernel_receives(testbed: Testbed, size: int, timeout: float) -> float:
    url = f"http://{NEAR}:{SPECIAL_PORT}"
    return upload(testbed.far_client, url, file_of(testbed, size), size, timeout)


KERNEL = (
    Role("kernel sends", True, "near", _kernel_sends),
    Role("kernel receives", False, "near", _kernel_receives),
)


def _server_sends(testbed: Testbed, size: int, timeout: float) -> float:
    return download(testbed.far_client, f"{HTTP}{testbed.payload(size)}", size, timeout, FAR)


def _server_receives(testbed: Testbed, size: int, timeout: float) -> float:
    return upload(testbed.far_client, HTTP, file_of(testbed, size), size, timeout, FAR)


def _client_sends(testbed: Testbed, size: int, timeout: float) -> float:
    return upload(testbed.client, FAR_HTTP, file_of(testbed, size), size, timeout)


def _client_receives(testbed: Testbed, size: int, timeout: float) -> float:
    return download(testbed.client, f"{FAR_HTTP}{testbed.payload(size)}", size, timeout)


# As a proxy: to and from its clients, and its servers.
SLUICE = (
    Role("server sends", True, "right", _server_sends),
    Role("client sends", True, "right", _client_sends),
    Role("server receives", False, "right", _server_receives),
    Role("client receives", False, "right", _client_receives),
)


def _serve(host: FarmHost, namespace: Namespace, testbed: Testbed) -> None:
    certificate = testbed.certificates[0]
    NginxOrigin(host, namespace, testbed.directory, testbed.files, certificate).start()
    SpecialOrigin(host, namespace, testbed.directory).start()


def _know(host: Namespace, neighbours: dict[str, bytes]) -> None:
    for address, mac in neighbours.items():
        entry = [address, "lladdr", mac.hex(":"), "dev", "eth0", "nud", "permanent"]
        host.run(["ip", "neigh", "replace", *entry])


# How a kernel's window grows depends on when its reader runs between two segments: where CPUs are
# few a whole round trip's arrive at once, and then it does not grow at all.
_RECEIVE_MEMORY = "net.ipv4.tcp_rmem"
_LARGE_WINDOW = "4096 6291456 12582912"


@contextlib.contextmanager
def kernels_serving(testbed: Testbed) -> Iterator[None]:
    """Both kernels on the wire serve, and know their neighbours: what a lost ARP costs is not
    measured."""
    layout = testbed.layout
    hosts = (layout.far, layout.near)
    usual = [host.sysctl(_RECEIVE_MEMORY, _LARGE_WINDOW) for host in hosts]
    _know(layout.far, {NEAR: mac_address(layout.near, "eth0"), FAR: mac_address(layout.edge, "far")})
    _know(layout.near, {FAR_CLIENT: mac_address(layout.far, "eth0")})
    _serve(FAR_SERVER, layout.far, testbed)
    _serve(NEAR_SERVER, layout.near, testbed)
    yield
    for host, value in zip(hosts, usual, strict=True):
        host.sysctl(_RECEIVE_MEMORY, value)
        for pid in host.pids():
            host.run(["kill", pid], check=False)


@contextlib.contextmanager
def sluice_between(testbed: Testbed, program: Path) -> Iterator[None]:
    """A Sluice between the link and the farm, with as much memory as by default."""
    # Each transfer has a connection of its own; one that got stuck is not waited for at the end.
    overlay = {"backend": {"timeout.keep_alive": "10ms"}, "sluice": {"drain_timeout": "1s"}}
    testbed.start_sluice(program, far=True, max_connections=65536, overlay=overlay)
    yield
    testbed.stop_sluice()


def _forget_paths(testbed: Testbed) -> None:
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
    _forget_paths(testbed)
    ways = (profile.acks, profile.data) if role.to_far else (profile.data, profile.acks)
    with link.joined("left", role.end, *ways, seed):
        return size * 8 / role.move(testbed, size, timeout)
