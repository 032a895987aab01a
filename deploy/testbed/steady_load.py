"""Load in the background from the client host, of which nothing may fail."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from testbed.layout import HOST, WAN
from testbed.load_tester import Load, LoadTester
from testbed.namespace import Namespace

# Of the client's network, and not its kernel's.
_SOURCES = ("198.18.0.51/24", "198.18.0.52/24")


class SteadyLoad:
    """Clients that keep their connections, and clients that open one for each request: two runs of
    `sluice load`, each for `seconds`, begun with the block and waited for by results()."""

    def __init__(
        self,
        program: Path,
        client: Namespace,
        directory: Path,
        *,
        seconds: int,
        kept: int,
        requests: int,
        opened: int,
    ) -> None:
        """`kept` connections with `requests` a second over all, and `opened` new ones a second."""
        shapes: Sequence[tuple[object, ...]] = (
            ("--mode", "keepalive", "--concurrency", kept, "--rate", requests),
            ("--mode", "request", "--rate", opened),
        )
        self._results: list[Load] = []
        self._threads = [
            threading.Thread(
                target=self._run,
                args=(LoadTester(program, client, directory / f"load-{number}"), source, shape, seconds),
            )
            for number, (source, shape) in enumerate(zip(_SOURCES, shapes, strict=True))
        ]
        for number in range(len(_SOURCES)):
            (directory / f"load-{number}").mkdir(exist_ok=True)

    def _run(
        self, tester: LoadTester, source: str, shape: Sequence[object], seconds: int
    ) -> None:
        options = (*shape, "--duration", f"{seconds}s", "--connect", f"{WAN}:80")
        load = tester.run(f"http://{HOST}/", *options, device="af_packet:eth0", address=source)
        self._results.append(load)

    def __enter__(self) -> SteadyLoad:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def results(self) -> list[Load]:
        """After their end."""
        for thread in self._threads:
            thread.join()
        return self._results
