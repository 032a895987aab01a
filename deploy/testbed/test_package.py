"""The Debian package, made of the release build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testbed.bed import ROOT
from testbed.process import run


@pytest.fixture(scope="module")
def package(fast_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("package")
    build = fast_program.parent
    run(["ninja", "-C", build, "deploy/manual/sluice.1", "deploy/manual/sluice.toml.5"])
    done = run([ROOT / "deploy/package", "--build", build, directory], timeout=120)
    path = Path(done.stdout.strip())
    assert path.parent == directory
    return path


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("unpacked")
    run(["dpkg-deb", "-R", package, directory])
    return directory


def field(package: Path, name: str) -> str:
    return run(["dpkg-deb", "-f", package, name]).stdout.strip()


def test_has_what_a_service_needs(package: Path) -> None:
    listed = run(["dpkg-deb", "-c", package]).stdout
    rows = {line.split()[-1]: line.split()[:2] for line in listed.splitlines()}
    for path, mode in {
        "./usr/bin/sluice": "-rwxr-xr-x",
        "./lib/systemd/system/sluice.service": "-rw-r--r--",
        "./etc/sluice/sluice.toml": "-rw-r-----",
        "./usr/share/man/man1/sluice.1.gz": "-rw-r--r--",
        "./usr/share/man/man5/sluice.toml.5.gz": "-rw-r--r--",
        "./usr/share/doc/sluice/copyright": "-rw-r--r--",
    }.items():
        assert rows[path] == [mode, "root/root"], path


def test_depends_on_the_libraries_and_the_drivers(package: Path) -> None:
    depends = field(package, "Depends")
    for name in ("libc6", "libssl3", "librte-eal", "libseccomp2", "librte-meta-net", "adduser"):
        assert re.search(rf"(^|, ){name}", depends), (name, depends)


def test_a_build_for_this_machine_alone_says_so(package: Path, fast_program: Path) -> None:
    options = (fast_program.parent / "meson-info/intro-buildoptions.json").read_text()
    native = bool(re.search(r'"name": "march", "value": "native"', options))
    assert field(package, "Version").endswith("+native") == native
    assert ("built it, and runs on no lesser one" in field(package, "Description")) == native


def test_the_configuration_is_the_operators(unpacked: Path) -> None:
    assert (unpacked / "DEBIAN/conffiles").read_text().split() == ["/etc/sluice/sluice.toml"]


def test_the_example_is_good_but_for_the_user_that_comes_with_it(unpacked: Path, tmp_path: Path) -> None:
    example = (unpacked / "etc/sluice/sluice.toml").read_text()
    assert 'user = "sluice"' in example
    path = tmp_path / "sluice.toml"
    path.write_text(example.replace('user = "sluice"', 'user = "daemon"'))
    run([unpacked / "usr/bin/sluice", "check", path])


def test_systemd_finds_nothing_wrong_with_the_unit(unpacked: Path, tmp_path: Path) -> None:
    unit = (unpacked / "lib/systemd/system/sluice.service").read_text()
    # The programs have to be there.
    (tmp_path / "sluice.service").write_text(unit.replace("/usr/bin/sluice", "/bin/true"))
    verify = ["systemd-analyze", "verify", "--man=no", tmp_path / "sluice.service"]
    done = run(verify)
    assert "sluice.service" not in done.stdout + done.stderr
    (tmp_path / "sluice.service").write_text(unit.replace("Type=notify", "Type=nonsense"))
    assert "sluice.service" in run(verify, check=False).stderr


def test_installs_makes_its_user_and_goes_again(package: Path, long_form: bool) -> None:
    """On this machine, which need not have systemd running."""
    if not long_form:
        pytest.skip("a long form: it installs the package")
    if run(["dpkg-query", "-W", "sluice"], check=False).returncode == 0:
        pytest.skip("the package is installed here already")
    try:
        run(["apt-get", "install", "-y", "--no-install-recommends", package], timeout=300)
        run(["sluice", "check", "/etc/sluice/sluice.toml"])
        assert Path("/etc/sluice/sluice.toml").group() == "sluice"
        assert "NAME" in run(["env", "GROFF_NO_SGR=1", "man", "-P", "col -b", "sluice"]).stdout
    finally:
        run(["apt-get", "purge", "-y", "sluice"], timeout=300)
    assert not Path("/usr/bin/sluice").exists()
    assert not Path("/etc/sluice").exists()
