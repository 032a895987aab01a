"""Network namespaces as hosts, and the links between them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from socket import socket as Socket

from testbed.process import Process, TestbedError, run, wait_for

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One host: a network namespace of the kernel, known by its name to `ip netns`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = Path("/run/netns") / name

    def create(self) -> None:
        run(["ip", "netns", "add", self.name])
        self.run(["ip", "link", "set", "lo", "up"])

    def exists(self) -> bool:
        return self._path.exists()

    def destroy(self) -> None:
        """Kills what runs in it and removes it, its links with it. Does nothing if it is not there."""
        if not self.exists():
            return
        deadline = time.monotonic() + 10
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise TestbedError(f"processes of {self.name} do not end: {pids}")
            time.sleep(0.05)
        run(["ip", "netns", "del", self.name])

    def pids(self) -> list[int]:
        done = run(["ip", "netns", "pids", self.name], check=False)
        return [int(word) for word in done.stdout.split() if int(word) != os.getpid()]

    def command(self, words: Sequence[object]) -> list[str]:
        """The command that runs `words` in this host; it replaces itself by it, so pids hold."""
        return ["ip", "netns", "exec", self.name, *(str(word) for word in words)]

    def run(
        self,
        words: Sequence[object],
        *,
        timeout: float = 60,
        check: bool = True,
        input_text: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return run(self.command(words), timeout=timeout, check=check, input_text=input_text)

    def start(
        self,
        name: str,
        words: Sequence[object],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        return Process(name, self.command(words), log, environment)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Moves the calling thread into this host; sockets made there stay there."""
        with open("/proc/thread-self/ns/net") as home, self._path.open() as there:
            _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())

    def socket(
        self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM, protocol: int = 0
    ) -> Socket:
        """A socket of this host, used from here."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    def connect(self, address: str, port: int, timeout: float = 10) -> Socket:
        """A TCP connection from this host."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = self.socket(family)
        connection.settimeout(timeout)
        try:
            connection.connect((address, port))
        except OSError:
            connection.close()
            raise
        return connection

    def sysctl(self, key: str, value: str) -> str:
        """Sets a kernel's parameter; returns what it was."""
        with self.entered():
            file = Path("/proc/sys", *key.split("."))
            before = file.read_text().strip()
            file.write_text(value)
        return before

    def add_addresses(self, interface: str, addresses: Sequence[str]) -> None:
        """Gives an interface addresses with prefix lengths, IPv6 ones usable at once."""
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            self.run(["ip", "address", "add", address, "dev", interface, *nodad])

    def drop(self, interface: str, percent: int) -> None:
        """Loses a share of an interface's frames at random, in both directions."""
        chains = "".join(
            f"""
              chain {direction} {{
                type filter hook {direction} device "{interface}" priority 0;
                numgen random mod 100 < {percent} drop
              }}"""
            for direction in ("ingress", "egress")
        )
        self.run(["nft", "-f", "-"], input_text=f"table netdev loss {{{chains}\n}}\n")

    def drop_nothing(self) -> None:
        self.run(["nft", "delete", "table", "netdev", "loss"], check=False)


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise TestbedError(f"setns: {os.strerror(number)}")


def link(left: Namespace, left_interface: str, right: Namespace, right_interface: str) -> None:
    """A cable between two hosts: a veth pair, up, whose frames are as on a wire."""
    run(
        ["ip", "link", "add", left_interface, "netns", left.name, "type", "veth"]
        + ["peer", "name", right_interface, "netns", right.name]
    )
    for host, interface in ((left, left_interface), (right, right_interface)):
        # Else the kernel leaves checksums unfinished and segments over-long: veth carries both.
        host.run(["ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off"])
        host.run(["ip", "link", "set", interface, "up"])
    wait_for(
        lambda: "LOWER_UP" in left.run(["ip", "link", "show", left_interface]).stdout,
        f"link {left_interface} of {left.name} comes up",
    )
