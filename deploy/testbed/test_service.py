"""Sluice as a service: what the service manager is told, and as whom it runs."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, Client
from testbed.held_thread import held, threads_named
from testbed.process import wait_for
from testbed.service_manager import service_manager


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


def test_the_service_manager_follows_its_life(
    testbed: Testbed, client: Client, checked_program: Path, directory: Path
) -> None:
    with service_manager(directory) as manager:
        sluice = testbed.start_sluice(checked_program)
        manager.wait_for("READY=1")
        assert client.curl(f"{HTTP}/").status == 200
        wait_for(
            lambda: any(line.startswith("STATUS=Serving: ") for line in manager.told()),
            "a status",
        )

        sluice.ask("reload")
        manager.wait_for("READY=1", count=2)
        told = manager.told()
        reloading = told.index("RELOADING=1")
        assert told[reloading + 1].startswith("MONOTONIC_USEC=")
        assert told[reloading + 2] == "READY=1"

        sluice.config.write_text("nonsense")
        assert sluice.process is not None
        sluice.process.send(signal.SIGHUP)
        manager.wait_for("RELOADING=1", count=2)
        manager.wait_for("READY=1", count=3)

        assert "STOPPING=1" not in manager.told()
        testbed.stop_sluice()
        assert "STOPPING=1" in manager.told()
        assert "WATCHDOG=1" not in manager.told()


def test_signs_of_life_end_while_a_worker_hangs(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    """The admin socket still answers, for the control thread does not hang."""
    patience = 2.0
    with service_manager(directory, patience) as manager:
        sluice = testbed.start_sluice(checked_program, workers=2)
        manager.wait_for("WATCHDOG=1", count=3)
        times = manager.times_of("WATCHDOG=1")
        assert all(later - sooner < patience for sooner, later in zip(times, times[1:]))

        (worker,) = threads_named(sluice.pid, "worker-1")
        with held(worker):
            # One that was on its way, and one for the passes that were made before.
            time.sleep(patience)
            before = len(manager.times_of("WATCHDOG=1"))
            time.sleep(2 * patience)
            assert len(manager.times_of("WATCHDOG=1")) == before
            assert sluice.info()["Pid"] == str(sluice.pid)
        manager.wait_for("WATCHDOG=1", count=before + 2)
        testbed.stop_sluice()
