"""Who is where in the testbed: names, links and addresses."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from testbed.namespace import Namespace, link
from testbed.process import TestbedError

# The names that certificates and routes know.
HOST = "www.sluice.test"
OTHER_HOST = "shop.sluice.test"
ORIGIN_HOST = "origin.sluice.test"
FAR_HOST = "far.sluice.test"

CLIENT = "198.18.0.2"
CLIENT6 = "2001:db8:0:1::2"
WAN = "198.18.0.10"
WAN6 = "2001:db8:0:1::10"
FAR_CLIENT = "198.18.2.2"
FAR = "198.18.2.10"
NEAR = "198.18.2.20"
FARM = "198.18.1.1"
FARM6 = "2001:db8:0:2::1"
# An address of the farm's network that no host has.
NOBODY = "198.18.1.99"


@dataclass(frozen=True)
class FarmHost:
    """One host of the farm."""

    name: str
    ipv4: str
    ipv6: str
    # Only a guest's is chosen here.
    mac: str = ""


WEB1 = FarmHost("web1", "198.18.1.11", "2001:db8:0:2::11")
WEB2 = FarmHost("web2", "198.18.1.12", "2001:db8:0:2::12")
FARM_HOSTS = (WEB1, WEB2)

GUEST1 = FarmHost("guest1", "198.18.1.21", "2001:db8:0:2::21", "02:00:00:00:00:21")
GUEST2 = FarmHost("guest2", "198.18.1.22", "2001:db8:0:2::22", "02:00:00:00:00:22")
GUESTS = (GUEST1, GUEST2)

# The two kernels on the wire, as servers.
FAR_SERVER = FarmHost("far", FAR_CLIENT, "")
NEAR_SERVER = FarmHost("near", NEAR, "")


class Layout:
    """The hosts and cables of one testbed:

        client ---------- wan [ edge: Sluice ] web1 ---- web1
        far ---- wire --- far [              ] web2 ---- web2
                   `----- near

    The edge is only where Sluice's ports are: its kernel has no address there. The wire joins the
    far host to the edge or, to compare Sluice with a kernel, to the near host: by the program of
    impaired_link.py, without which it carries nothing. Several testbeds stand side by side when
    their prefixes differ.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.client = Namespace(f"{prefix}-client")
        self.edge = Namespace(f"{prefix}-edge")
        self.far = Namespace(f"{prefix}-far")
        self.wire = Namespace(f"{prefix}-wire")
        self.near = Namespace(f"{prefix}-near")
        self.farm = {host.name: Namespace(f"{prefix}-{host.name}") for host in FARM_HOSTS}
        self._lock: IO[str] | None = None

    @property
    def namespaces(self) -> list[Namespace]:
        return [self.client, self.edge, self.far, self.wire, self.near, *self.farm.values()]

    def claim(self) -> None:
        """Makes sure that nobody else uses this prefix; held until this process ends."""
        lock = Path(f"/run/sluice-testbed-{self.prefix}.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise TestbedError(
                f"another testbed '{self.prefix}' is running (process {owner}); stop it first"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def create(self) -> None:
        """Builds it afresh; what a killed run left behind goes first."""
        self.destroy()
        for namespace in self.namespaces:
            namespace.create()
        for namespace in (self.edge, self.wire):
            namespace.sysctl("net.ipv6.conf.all.disable_ipv6", "1")
            namespace.sysctl("net.ipv6.conf.default.disable_ipv6", "1")
        link(self.client, "eth0", self.edge, "wan")
        self.client.add_addresses("eth0", [f"{CLIENT}/24", f"{CLIENT6}/64"])
        # Room for many connections to one address and port.
        self.client.sysctl("net.ipv4.ip_local_port_range", "1024 65535")
        self._create_wire()
        for host in FARM_HOSTS:
            namespace = self.farm[host.name]
            link(namespace, "eth0", self.edge, host.name)
            namespace.add_addresses("eth0", [f"{host.ipv4}/24", f"{host.ipv6}/64"])
            namespace.sysctl("net.core.somaxconn", "16384")

    def _create_wire(self) -> None:
        link(self.far, "eth0", self.wire, "left")
        link(self.wire, "right", self.edge, "far")
        link(self.near, "eth0", self.wire, "near")
        for host, address in ((self.far, FAR_CLIENT), (self.near, NEAR)):
            host.add_addresses("eth0", [f"{address}/24"])
            # To measure Sluice's TCP by: CUBIC (RFC 9438), whatever this machine's default; black
            # holes found (RFC 4821) in about a second; nothing remembered for the next connection.
            network = f"{address.rpartition('.')[0]}.0/24"
            host.run(["ip", "route", "replace", network, "dev", "eth0", "proto", "kernel"]
                     + ["scope", "link", "src", address, "congctl", "cubic"])  # fmt: skip
            host.sysctl("net.ipv4.tcp_mtu_probing", "1")
            host.sysctl("net.ipv4.tcp_retries1", "1")
            host.sysctl("net.ipv4.tcp_no_metrics_save", "1")

    def destroy(self) -> None:
        """Does nothing while it is another's."""
        if self._lock is None:
            return
        for namespace in self.namespaces:
            namespace.destroy()

    def release(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._lock.truncate(0)
            self._lock.close()
            self._lock = None
