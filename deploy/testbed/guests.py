"""Guest VMs whose network card is a vhost-user port of Sluice."""

from __future__ import annotations

from pathlib import Path

from testbed.guest_image import GuestImage
from testbed.layout import FARM, FarmHost
from testbed.namespace import Namespace
from testbed.process import Process, TestbedError, wait_for

MEMORY_MIB = 256


MEMORY_MIB = 256
# What every guest serves at /numbers: seq 1 1000000.
NUMBERS_PATH = "/numbers"


def numbers() -> bytes:
    return "".join(f"{n}\n" for n in range(1, 1_000_001)).encode()


class Guest:
    """A Linux with a web server in QEMU, under software emulation: booted in some seconds.

    It runs in a namespace only so that it is found and ended with it. `socket` is Sluice's, which
    listens there before the guest starts.
    """

    def __init__(
        self,
        address: FarmHost,
        image: GuestImage,
        socket: Path,
        namespace: Namespace,
        directory: Path,
    ) -> None:
        self.address = address
        self._image = image
        self._socket = socket
        self._namespace = namespace
        self._console = directory / f"{address.name}.console"
        self._log = directory / f"{address.name}.log"
        self.process: Process | None = None

    def start(self) -> None:
        wait_for(self._socket.exists, f"{self._socket} is there")
        self._console.unlink(missing_ok=True)
        self.process = self._namespace.start(self.address.name, self._command(), self._log)

    def wait_until_up(self, timeout: float = 90) -> None:
        """Returns when its web server is about to listen."""
        process = self._started()

        def up() -> bool:
            if not process.running:
                raise TestbedError(f"{process.name} did not start:\n{process.log_text()}")
            return f"guest {self.address.name} is up" in self.console_text()

        wait_for(up, f"{self.address.name} boots", timeout, step=0.1)

    def _started(self) -> Process:
        if self.process is None:
            raise TestbedError(f"{self.address.name} was not started")
        return self.process

    def console_text(self) -> str:
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def _command(self) -> list[object]:
        mac, memory = self.address.mac, MEMORY_MIB
        settings = {
            "name": self.address.name,
            "ipv4": f"{self.address.ipv4}/24",
            "ipv6": f"{self.address.ipv6}/64",
            "gateway": FARM,
        }
        arguments = " ".join(f"guest.{key}={value}" for key, value in settings.items())
        return [
            *("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", f"{memory}"),
            *("-object", f"memory-backend-memfd,id=m0,size={memory}M,share=on"),
            *("-numa", "node,memdev=m0"),
            *("-chardev", f"socket,id=c0,path={self._socket}"),
            *("-netdev", "vhost-user,id=n0,chardev=c0"),
            # QEMU 7.2 crashes setting up MSI-X for vhost-user under TCG: no vectors.
            *("-device", f"virtio-net-pci,netdev=n0,mac={mac},vectors=0,romfile="),
            *("-kernel", self._image.kernel, "-initrd", self._image.initramfs),
            *("-append", f"console=ttyS0 quiet panic=-1 random.trust_cpu=on {arguments}"),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-serial", f"file:{self._console}"),
        ]
