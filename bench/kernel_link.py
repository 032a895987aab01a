"""Pairs of interfaces between network namespaces whose work in the kernel is done by threads of its
own (NAPI), so that each end's is on the CPU of who uses it, and can be counted with it. Without that,
a server's receiving would run on its client's CPU and flatter it. Needs root."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from measuring import Failed


def run(*words: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def run_in(space: str, *words: object) -> str:
    return run("ip", "netns", "exec", space, *words)


def remove_space(name: str) -> None:
    """If it is there; with its interfaces."""
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def join(near_space: str, near: str, far_space: str, far: str, mtu: int = 1500) -> None:
    """The names must be unique on the whole machine: NAPI threads are found by them."""
    peer = ("peer", "name", far, "netns", far_space)
    run("ip", "-n", near_space, "link", "add", near, "type", "veth", *peer)
    for space, name in ((near_space, near), (far_space, far)):
        run("ip", "-n", space, "link", "set", name, "mtu", mtu, "up")


def set_offloads(space: str, name: str, *words: str) -> None:
    run_in(space, "ethtool", "-K", name, *words)


def _thread(name: str) -> int | None:
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if re.fullmatch(name, comm.read_text().strip()):
                return int(comm.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return None


def thread_of(space: str, name: str, cpu: int) -> int:
    """Gives an interface a thread of its own, kept to a CPU; returns it. GRO must be on."""
    run_in(space, "sh", "-c", f"echo 1 >/sys/class/net/{name}/threaded")
    thread = _thread(f"napi/{name}-\\d+")
    if thread is None:
        raise Failed("the kernel has no NAPI threads")
    run("taskset", "-pc", cpu, thread)
    return thread


def softirq_threads(cpu: int) -> list[int]:
    """What works on that CPU for everybody: one thread, or none."""
    thread = _thread(f"ksoftirqd/{cpu}")
    return [] if thread is None else [thread]
