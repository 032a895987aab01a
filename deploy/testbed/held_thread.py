"""Holding one thread of a process, as if it hung."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from testbed.process import TestbedError

_PTRACE_DETACH = 17
_PTRACE_SEIZE = 0x4206
_PTRACE_INTERRUPT = 0x4207
_WALL = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def threads_named(pid: int, name: str) -> list[int]:
    """The ids of a process's threads whose names begin so."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().startswith(name)]


@contextlib.contextmanager
def held(thread: int) -> Iterator[None]:
    """The thread does nothing meanwhile; the process's others go on."""
    _ptrace(_PTRACE_SEIZE, thread)
    try:
        _ptrace(_PTRACE_INTERRUPT, thread)
        os.waitpid(thread, _WALL)
        yield
    finally:
        _ptrace(_PTRACE_DETACH, thread)


def _ptrace(request: int, thread: int) -> None:
    if _libc.ptrace(request, thread, None, None) != 0:
        raise TestbedError(f"ptrace {request:#x} of {thread}: {os.strerror(ctypes.get_errno())}")
