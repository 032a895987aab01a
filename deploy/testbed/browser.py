"""Chromium without a window, without a network, and with a profile of its own."""

from __future__ import annotations

import html.parser
from pathlib import Path

from testbed.process import run

# In a network namespace of its own, where not even the loopback is up.
_BROWSER = ["unshare", "--net", "chromium", "--headless", "--no-sandbox", "--disable-gpu"]


class Elements(html.parser.HTMLParser):
    """Of a document: the text of elements that have an id, and how often each element occurs."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.text: dict[str, str] = {}
        self.count: dict[str, int] = {}
        self._open: str | None = None
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self._open = dict(attrs).get("id")

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.text[self._open] = self.text.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = None


class Browser:
    """Opens pages from files."""

    def __init__(self, directory: Path) -> None:
        self._profile = f"--user-data-dir={directory / 'chromium'}"
        self._picture = directory / "page.png"

    def elements(self, page: Path) -> Elements:
        """The page's elements after its script has run."""
        dumped = run([*_BROWSER, self._profile, "--dump-dom", page.as_uri()], timeout=60)
        return Elements(dumped.stdout)

    def picture(self, page: Path, size: tuple[int, int]) -> Path:
        """A PNG file of what one sees."""
        self._picture.unlink(missing_ok=True)
        options = [f"--screenshot={self._picture}", "--window-size={},{}".format(*size)]
        run([*_BROWSER, self._profile, "--hide-scrollbars", *options, page.as_uri()], timeout=60)
        return self._picture
