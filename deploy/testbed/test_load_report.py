"""The load tester's page: it opens without a network, and shows what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from testbed.bed import Testbed
from testbed.browser import Browser
from testbed.load_tester import Pair

# The colours of the first plots' lines in report_page.html.
_LINES = ((0x1F, 0x6F, 0xB2), (0xD9, 0x82, 0x2B), (0xA0, 0x3C, 0x9B), (0xC2, 0x3B, 0x3B))
_SIZE = (1200, 2400)


@pytest.fixture(scope="module")
def pair(testbed: Testbed, checked_program: Path) -> Pair:
    testbed.stop_sluice()
    return Pair(checked_program, testbed.layout.edge, testbed.directory)


@pytest.fixture(scope="module")
def browser(testbed: Testbed) -> Browser:
    return Browser(testbed.directory)


def colours_of(picture: Path) -> dict[tuple[int, ...], int]:
    """How many pixels have each colour."""
    with Image.open(picture) as image:
        assert image.size == _SIZE
        colours = image.convert("RGB").getcolors(_SIZE[0] * _SIZE[1])
    return {colour: pixels for pixels, colour in colours}


def grouped(number: float) -> str:
    # As JavaScript rounds: halves go up.
    return f"{int(number + 0.5):,}"


def test_the_page_of_a_load_shows_its_figures_and_plots(
    testbed: Testbed, pair: Pair, browser: Browser
) -> None:
    page = testbed.directory / "load.html"
    options = ("--mode", "request", "--rate", 400, "-d", "4s", "--report", page)
    with pair.serving("--size", "1-5000", "--status", "200:9,404:1", "--delay", "1ms"):
        load = pair.load(*options, "--header", "X-Note: </script><b>")
    results = load.results
    assert load.failures == {"wrong_status": results["statuses"]["404"]}
    assert len(results["timeline"]) >= 3
    elements = browser.elements(page)
    assert elements.text["rate"] == grouped(results["rate"])
    assert elements.text["done"] == grouped(results["responses"])
    assert elements.text["failed"] == grouped(results["failed"])
    assert elements.text["p99"].endswith(("µs", "ms", " s"))
    # Rate, latency, failures, connections, own load, percentiles, distribution.
    assert elements.count["svg"] >= 7
    colours = colours_of(browser.picture(page, _SIZE))
    blank = max(colours.values())
    assert blank < 0.97 * _SIZE[0] * _SIZE[1]
    for line in _LINES:
        assert colours.get(line, 0) > 150, line


def test_the_page_of_a_search_shows_its_curve(
    testbed: Testbed, pair: Pair, browser: Browser
) -> None:
    page = testbed.directory / "search.html"
    with pair.serving("--delay", "20ms"):
        load = pair.load(
            *("--mode", "keepalive", "-c", 16, "--find-max", "100-10k", "--trial", "500ms"),
            *("--max-latency", "p99=200ms", "--report", page),
        )
    elements = browser.elements(page)
    assert elements.text["best"] == grouped(load.results["best_rate"])
    assert elements.text["trials"] == grouped(len(load.results["trials"]))
    assert elements.count["svg"] == 3
    assert elements.count["tr"] > len(load.results["trials"])
    colours = colours_of(browser.picture(page, _SIZE))
    for line in _LINES[:2]:
        assert colours.get(line, 0) > 150, line
