"""The command that a newcomer tries first."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import ROOT
from testbed.process import Process, run, wait_for

pytestmark = pytest.mark.release

QUICKSTART = ROOT / "deploy/quickstart"


def leftovers() -> list[str]:
    """Namespaces of the quickstart that are there."""
    names = [line.split()[0] for line in run(["ip", "netns", "list"]).stdout.splitlines()]
    return [name for name in names if name.startswith("sl-")]


@pytest.fixture
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A quickstart that waits for its user."""
    log: Path = tmp_path_factory.mktemp("quickstart") / "log"
    process = Process("quickstart", [QUICKSTART], log)
    wait_for(
        lambda: "Stop with Ctrl-C" in process.log_text() or not process.running,
        "the quickstart is ready",
        600,
    )
    yield process
    if process.running:
        process.stop(60)


def once(*words: str) -> str:
    done = run([QUICKSTART, "--once", *words], timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert leftovers() == []
    return done.stdout


def test_once_performs_the_requests_and_cleans_up() -> None:
    output = once()
    assert "WRONG" not in output
    assert "all was right" in output


def test_once_with_guests() -> None:
    assert "This page comes from guest2." in once("--guests")


def test_shown_commands_work_and_ctrl_c_removes_all(by_hand: Process) -> None:
    shown = [line.strip() for line in by_hand.log_text().splitlines() if line.startswith("  ip netns")]
    commands = [line for line in shown if "wrk" not in line]
    assert len(commands) >= 4
    for command in commands:
        subprocess.run(["bash", "-c", f"{command} --silent --show-error --fail"], check=True, timeout=30)
    os.kill(by_hand.pid, signal.SIGINT)
    assert by_hand.wait(60) == 0
    assert leftovers() == []


def test_second_quickstart_says_that_one_runs(by_hand: Process) -> None:
    done = run([QUICKSTART, "--once"], timeout=120, check=False)
    assert done.returncode == 1
    assert f"process {by_hand.pid}" in done.stderr


def test_once_works_after_a_kill(by_hand: Process) -> None:
    by_hand.kill()
    assert leftovers() != []
    once()


def test_without_root_it_says_so() -> None:
    done = run(["setpriv", "--reuid=65534", "--clear-groups", QUICKSTART], check=False)
    assert done.returncode == 1
    assert "root is missing" in done.stderr
