"""Hugepages for as long as a test needs them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from testbed.process import TestbedError

_COUNT = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


@contextlib.contextmanager
def reserved_hugepages(count: int) -> Iterator[None]:
    """At least `count` pages of 2 MiB are there; as many as before afterwards."""
    before = int(_COUNT.read_text())
    if before < count:
        _COUNT.write_text(f"{count}\n")
    try:
        if int(_COUNT.read_text()) < count:
            raise TestbedError(f"the kernel has no room for {count} hugepages")
        yield
    finally:
        if before < count:
            _COUNT.write_text(f"{before}\n")
