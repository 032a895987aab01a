"""The manual pages, made of the text that the parser's test checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.bed import ROOT
from testbed.process import run

MAKE_PAGE = ROOT / "deploy/manual/make_page"
PAGES = ("sluice.1", "sluice.toml.5")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    directory = tmp_path_factory.mktemp("manual")

    def made(name: str) -> Path:
        texts = (ROOT / "control/COMMANDS.md", ROOT / "control/CONFIG.md")
        release = ("--version", "0.0", "--date", "2026-01-01")
        (directory / name).write_text(run([MAKE_PAGE, name, *texts, *release]).stdout)
        return directory / name

    return made


def shown(page: Path) -> str:
    """As a reader sees it, on a very wide terminal; words only."""
    text = run(["env", "MANWIDTH=2000", "LC_ALL=C.UTF-8", "man", "-l", page]).stdout
    return re.sub(r"\s+", " ", re.sub(r".\x08", "", text))


@pytest.mark.parametrize("name", PAGES)
def test_groff_has_nothing_to_warn_of(page: Callable[[str], Path], name: str) -> None:
    done = run(["env", "LC_ALL=C.UTF-8", "MANWIDTH=80", "man", "--warnings", "-l", "-Tutf8", page(name)])
    assert done.stderr == ""
    assert "Sluice 0.0" in done.stdout


def test_groff_would_warn(tmp_path: Path) -> None:
    bad = tmp_path / "bad.1"
    bad.write_text(".TH bad 1\n.SH NAME\nbad \\- bad\n.nosuchmacro\n")
    done = run(["env", "LC_ALL=C.UTF-8", "man", "--warnings", "-l", "-Tutf8", bad])
    assert "nosuchmacro" in done.stderr


def test_every_key_is_in_the_page(page: Callable[[str], Path], checked_program: Path) -> None:
    text = shown(page("sluice.toml.5"))
    keys = re.findall(r"^\| `([a-z_.]+)` \| (.*?) \|", run([checked_program, "check", "--keys"]).stdout, re.M)
    assert len(keys) > 100
    for key, kind in keys:
        assert f" {key} ({kind}) " in text, key


def test_every_command_and_option_is_in_the_page(
    page: Callable[[str], Path], checked_program: Path
) -> None:
    text = shown(page("sluice.1"))
    commands = re.findall(r"^  ([a-z]+) {2,}", run([checked_program, "--help"]).stdout, re.M)
    assert {"check", "run", "ctl", "top"} <= set(commands)
    for command in commands:
        assert f"sluice {command}" in text
        if command in ("load", "serve"):
            continue  # The page refers to their --help.
        for option in re.findall(r"--[a-z-]+", run([checked_program, command, "--help"]).stdout):
            assert option in text, (command, option)


def test_no_mark_of_markdown_is_left(page: Callable[[str], Path]) -> None:
    for name in PAGES:
        text = shown(page(name))
        assert "**" not in text
        assert "](" not in text
        assert "| ---" not in text
