"""What a host's kernel knows of one of its TCP connections, as `ss -ti` tells it."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.namespace import Namespace
from testbed.process import TestbedError


@dataclass(frozen=True)
class KernelConnection:
    """`figures` are ss's words with a colon, `flags` those without."""

    figures: dict[str, str]
    flags: frozenset[str]

    def number(self, name: str) -> int:
        """A figure; one that ss leaves out is zero."""
        return int(self.figures.get(name, "0"))

    def milliseconds(self, name: str) -> float:
        return float(self.figures[name].partition("/")[0])

    @property
    def window_shifts(self) -> tuple[int, int]:
        """The peer's, and the kernel's own."""
        peer, own = self.figures["wscale"].split(",")
        return int(peer), int(own)


def kernel_connection(host: Namespace, local_port: int) -> KernelConnection:
    """The one connection of a host with this local port."""
    output = host.run(["ss", "-tinoHO", "sport", "=", f":{local_port}"]).stdout
    lines = output.splitlines()
    if len(lines) != 1:
        raise TestbedError(f"{len(lines)} connections have the local port {local_port}:\n{output}")
    # State, two queues and two addresses stand before.
    words = lines[0].split()[5:]
    pairs = [word.partition(":") for word in words if ":" in word]
    return KernelConnection(
        {name: value for name, _, value in pairs},
        frozenset(word for word in words if ":" not in word),
    )
