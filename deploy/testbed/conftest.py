"""What the system tests share: one testbed for all, one Sluice at a time."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from testbed.bed import ROOT, Testbed
from testbed.client import Client
from testbed.impaired_link import ImpairedLink
from testbed.process import TestbedError
from testbed.sluice import Sluice
from testbed.variant import ONE_WORKER, OPENSSL_RECORDS, VARIANTS, Variant

_FIGURES: list[str] = []
# Fixtures with a program of the release build.
_OF_THE_RELEASE = {"fast_program", "impaired_link", "flooder"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long forms of the tests")
    parser.addoption(
        "--checked-program", default=str(ROOT / "build-test/sluice"), help="built with sanitizers"
    )
    parser.addoption("--fast-program", default=str(ROOT / "build/sluice"), help="the release")
    parser.addoption(
        "--impaired-link", default=str(ROOT / "build/impaired-link"), help="the link with faults"
    )
    parser.addoption(
        "--syn-flood", default=str(ROOT / "build/syn-flood"), help="floods from random sources"
    )


def pytest_configure(config: pytest.Config) -> None:
    if os.geteuid() != 0:
        pytest.exit("the system tests need root: they make network namespaces", returncode=2)
    config.addinivalue_line("markers", "release: needs what deploy/build makes as the release")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _OF_THE_RELEASE.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("release")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    for line in _FIGURES:
        terminalreporter.write_line(line)


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Shows the end of Sluice's log beside a failure."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    testbed = item.funcargs.get("testbed") if hasattr(item, "funcargs") else None
    if report.failed and isinstance(testbed, Testbed) and testbed.sluice is not None:
        process = testbed.sluice.process
        if process is not None:
            tail = "\n".join(process.log_text().splitlines()[-60:])
            report.sections.append((f"Sluice's log ({process.log})", tail))


@pytest.fixture(scope="session")
def figure() -> Callable[[str], None]:
    """Keeps a measured figure for the end of the run's output."""
    return _FIGURES.append


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def checked_program(request: pytest.FixtureRequest) -> Path:
    return _program(request, "--checked-program")


@pytest.fixture(scope="session")
def fast_program(request: pytest.FixtureRequest) -> Path:
    return _program(request, "--fast-program")


def _program(request: pytest.FixtureRequest, option: str) -> Path:
    program = Path(request.config.getoption(option)).resolve()
    if not program.exists():
        pytest.fail(f"{program} is not there: build it with deploy/build", pytrace=False)
    return program


@pytest.fixture(scope="session")
def testbed() -> Iterator[Testbed]:
    bed = Testbed("slt")
    try:
        bed.create()
        bed.start_origins()
        bed.start_special()
        yield bed
    finally:
        bed.destroy()


@pytest.fixture(scope="session")
def impaired_link(request: pytest.FixtureRequest, testbed: Testbed) -> ImpairedLink:
    """Joins the far host to the edge or to the near host."""
    program = _program(request, "--impaired-link")
    return ImpairedLink(program, testbed.layout.wire, testbed.directory)


@pytest.fixture
def client(testbed: Testbed) -> Client:
    return testbed.client


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Has the tests that need a variant run with each that is meant for their module; in the short
    form not with one worker, which does what two do but for the hand-off."""
    if "variant" not in metafunc.fixturenames:
        return
    both = getattr(metafunc.module, "WITH_BOTH_RECORD_LAYERS", False)
    variants = {**VARIANTS, **(OPENSSL_RECORDS if both else {})}
    if not metafunc.config.getoption("--long"):
        variants.pop(ONE_WORKER)
    metafunc.parametrize(
        "variant", list(variants.values()), ids=list(variants), indirect=True, scope="module"
    )


@pytest.fixture(scope="module")
def variant(request: pytest.FixtureRequest) -> Variant:
    assert isinstance(request.param, Variant)
    return request.param


@pytest.fixture(scope="module")
def workers(variant: Variant) -> int:
    return variant.workers


@pytest.fixture(scope="module")
def shared_sluice(testbed: Testbed, checked_program: Path, variant: Variant) -> Iterator[Sluice]:
    yield testbed.start_sluice(
        checked_program, workers=variant.workers, tls_records=variant.tls_records
    )
    testbed.stop_sluice()


@pytest.fixture
def sluice(testbed: Testbed, shared_sluice: Sluice) -> Iterator[Sluice]:
    """A Sluice with sanitizers, which this module's tests share; each must leave it running."""
    if not shared_sluice.running:
        shared_sluice.start()
    yield shared_sluice
    if not shared_sluice.running:
        raise TestbedError(f"Sluice ended during the test: {shared_sluice.findings()}")
