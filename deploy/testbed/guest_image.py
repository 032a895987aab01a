"""What a guest boots: a kernel and an initramfs, unpacked from Debian packages into a directory.

Nothing is installed: the kernel's package would change this machine's boot, and busybox-static
would replace its busybox.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from testbed.process import TestbedError, run

_KERNEL = "linux-image-cloud-amd64"
_MODULES = (
    "failover",
    "net_failover",
    "virtio",
    "virtio_ring",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_net",
)
_COMMANDS = ("sh", "mount", "insmod", "ip", "httpd", "seq", "cat", "sleep", "echo", "poweroff")

_INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
# Which module needs which differs between kernels: what fails at first is tried again.
for pass in 1 2 3 4; do
  for module in {modules}; do insmod /modules/$module.ko 2>/dev/null; done
done
for word in $(cat /proc/cmdline); do
  case $word in guest.*) eval "${{word#guest.}}" ;; esac
done
ip link set lo up
ip link set eth0 up
ip address add $ipv4 dev eth0
ip address add $ipv6 dev eth0
ip route add default via $gateway
echo "This page comes from $name." >/www/index.html
seq 1 1000000 >/www/numbers
echo "guest $name is up"
while :; do httpd -f -p 80 -h /www; sleep 1; done
"""


@dataclass(frozen=True)
class GuestImage:
    """The files that QEMU is given."""

    kernel: Path
    initramfs: Path


def guest_image(cache: Path) -> GuestImage:
    """Makes the image in the cache directory; uses the one that is there."""
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    image = GuestImage(cache / f"vmlinuz-{recipe}", cache / f"initramfs-{recipe}.gz")
    if image.kernel.exists() and image.initramfs.exists():
        return image
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch_name:
        scratch = Path(scratch_name)
        kernel = _unpack(_versioned_kernel(), scratch, "./boot/vmlinuz-*", "./lib/modules/*")
        busybox = _unpack("busybox-static", scratch, "./bin/busybox")
        root = scratch / "root"
        _fill_root(root, kernel / "lib/modules", busybox / "bin/busybox")
        packed = scratch / "initramfs.gz"
        _pack(root, packed)
        packed.rename(image.initramfs)
        shutil.move(next((kernel / "boot").glob("vmlinuz-*")), image.kernel)
    return image


def _versioned_kernel() -> str:
    """The package that the newest-kernel package stands for."""
    for line in run(["apt-cache", "depends", _KERNEL]).stdout.splitlines():
        word, _, package = line.strip().partition(": ")
        if word == "Depends" and package.startswith("linux-image-"):
            return package
    raise TestbedError(f"apt knows no package {_KERNEL}; run apt-get update")


def _unpack(package: str, scratch: Path, *patterns: str) -> Path:
    """Downloads a package with apt and unpacks what matches; returns where to."""
    target = scratch / package
    target.mkdir()
    # apt drops root's rights to download and needs a directory that it may enter.
    scratch.chmod(0o755)
    done = subprocess.run(
        ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package],
        cwd=scratch,
        capture_output=True,
        text=True,
        timeout=600,
    )
    archives = list(scratch.glob(f"{package}_*.deb"))
    if done.returncode != 0 or len(archives) != 1:
        raise TestbedError(f"cannot download {package} (is apt-get update needed?)\n{done.stderr}")
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", archives[0]], stdout=subprocess.PIPE
    ) as files:
        subprocess.run(
            ["tar", "-x", "-C", target, "--wildcards", *patterns], stdin=files.stdout, check=True
        )
    archives[0].unlink()
    return target


def _fill_root(root: Path, modules: Path, busybox: Path) -> None:
    for name in ("bin", "proc", "sys", "dev", "modules", "www"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    for command in _COMMANDS:
        (root / "bin" / command).symlink_to("busybox")
    present = []
    for module in _MODULES:
        # A kernel may have some of them built in.
        if found := next(modules.rglob(f"{module}.ko"), None):
            shutil.copy(found, root / "modules")
            present.append(module)
    if "virtio_net" not in present:
        raise TestbedError("the kernel's package has no virtio_net.ko")
    init = root / "init"
    init.write_text(_INIT.format(modules=" ".join(present)))
    init.chmod(0o755)


def _pack(root: Path, target: Path) -> None:
    names = "\0".join(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
    done = subprocess.run(
        ["cpio", "--null", "--create", "--format=newc", "--quiet", "--owner=0:0"],
        input=names.encode(),
        cwd=root,
        capture_output=True,
        timeout=60,
    )
    if done.returncode != 0:
        raise TestbedError(f"cpio: {done.stderr.decode(errors='replace')}")
    with gzip.open(target, "wb") as output:
        output.write(done.stdout)
    os.chmod(target, 0o644)
