"""Sluice as a service: what the service manager is told, and as whom it runs."""

from __future__ import annotations

import pwd
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.configuration import Settings, configuration, to_toml
from testbed.held_thread import held, threads_named
from testbed.layout import HOST, WAN, WAN6
from testbed.process import run, wait_for
from testbed.service_manager import service_manager
from testbed.sluice import Sluice


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


USER = "daemon"


def statuses(pid: int) -> list[dict[str, str]]:
    """What the kernel says of each thread."""
    return [
        dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        for task in Path(f"/proc/{pid}/task").iterdir()
    ]


@pytest.fixture
def certificate(testbed: Testbed) -> Path:
    """One that the user may read, too."""
    path = testbed.authority.issue("service", [HOST], [WAN, WAN6])
    shutil.chown(path, group=USER)
    path.chmod(0o640)
    return path


@pytest.fixture
def sluice_as_user(testbed: Testbed, checked_program: Path, certificate: Path) -> Iterator[Sluice]:
    yield testbed.start_sluice(
        checked_program,
        workers=2,
        secure={"tls.certificate": str(certificate)},
        overlay={"sluice": {"user": USER}},
    )
    testbed.stop_sluice()


def test_all_threads_are_the_users_and_can_do_little(sluice_as_user: Sluice) -> None:
    threads = statuses(sluice_as_user.pid)
    assert len(threads) >= 4
    user = pwd.getpwnam(USER)
    for thread in threads:
        assert set(thread["Uid"].split()) == {str(user.pw_uid)}, thread["Name"]
        assert set(thread["Gid"].split()) == {str(user.pw_gid)}, thread["Name"]
        assert "0" not in thread["Groups"].split(), thread["Name"]
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(thread[capabilities], 16) == 0, (thread["Name"], capabilities)
        assert thread["NoNewPrivs"] == "1", thread["Name"]
        # A filter.
        assert thread["Seccomp"] == "2", thread["Name"]


def test_it_serves_reloads_and_renews_as_the_user(
    sluice_as_user: Sluice, client: Client, testbed: Testbed, certificate: Path
) -> None:
    sluice = sluice_as_user
    assert client.curl(f"{HTTP}/").status == 200
    assert client.curl(f"{HTTPS}/").status == 200

    sluice.config.write_text(
        sluice.config.read_text().replace('log.level = "info"', 'log.level = "debug"')
    )
    assert "log.level" in sluice.ask("reload")

    sluice.ask(f"set ssl cert {certificate} <<\n{certificate.read_text().strip()}\n")
    assert "Success!" in sluice.ask(f"commit ssl cert {certificate}")
    assert "Transaction created" in sluice.ask(f"set ssl cert {certificate}")
    assert "Success!" in sluice.ask(f"commit ssl cert {certificate}")
    assert client.curl(f"{HTTPS}/").status == 200
    assert sluice.settings.admin_socket.owner() == USER


def test_a_key_that_only_root_can_read_is_refused_at_a_reload(
    sluice_as_user: Sluice, client: Client, certificate: Path
) -> None:
    certificate.chmod(0o600)
    certificate.touch()
    answer = sluice_as_user.ask("reload")
    assert str(certificate) in answer
    assert "Permission denied" in answer
    assert client.curl(f"{HTTPS}/").status == 200


def test_without_a_user_it_is_as_it_was_started(testbed: Testbed, checked_program: Path) -> None:
    sluice = testbed.start_sluice(
        checked_program, overlay={"sluice": {"system_call_filter": False}}
    )
    for thread in statuses(sluice.pid):
        assert set(thread["Uid"].split()) == {"0"}
        assert thread["NoNewPrivs"] == "1"
        assert thread["Seccomp"] == "0"
    testbed.stop_sluice()


def test_a_user_that_is_not_there_is_found_before_devices_are(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    tables = configuration(Settings(directory, testbed.certificates))
    tables["sluice"]["user"] = "no-such-user"
    path = directory / "sluice.toml"
    path.write_text(to_toml(tables))
    done = run([checked_program, "check", path], check=False)
    assert done.returncode == 1
    assert "there is no user 'no-such-user'" in done.stderr
