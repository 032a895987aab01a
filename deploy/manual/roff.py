"""Markdown, as far as this project's manual uses it, as source of manual pages (man(7))."""

from __future__ import annotations

import re
from collections.abc import Iterator

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>[^*]+)\*\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<target>[^)]+)\)"
)
_ITEM = re.compile(r"(?:[-*]|\d+\.) +")


class ManualError(Exception):
    """Markdown that this does not know."""


def escaped(text: str) -> str:
    """Text as it is to be seen."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    return text.replace("^", r"\(ha").replace("~", r"\(ti").replace("→", r"\(->")


def line(text: str) -> str:
    """A line of roff that is no request, whatever it begins with."""
    return r"\&" + text if text.startswith((".", "'")) else text


def inline(text: str) -> str:
    """Text with marks in it. A link into the manual itself leaves its words."""
    parts = []
    at = 0
    for match in _INLINE.finditer(text):
        parts.append(escaped(text[at : match.start()]))
        at = match.end()
        if match["code"] or match["bold"]:
            parts.append(rf"\fB{escaped(match['code'] or match['bold'])}\fR")
        else:
            parts.append(inline(match["text"]))
            if match["target"].startswith("http"):
                parts.append(f" ({escaped(match['target'])})")
    return "".join([*parts, escaped(text[at:])])


def paragraph(lines: list[str]) -> list[str]:
    # Marks may go on over the end of a line.
    return [line(piece) for piece in inline("\n".join(lines)).split("\n")]


def page(title: str, section: int, date: str, version: str, body: list[str]) -> str:
    head = f'.TH "{title}" "{section}" "{date}" "Sluice {version}" "Sluice"'
    # Neither hyphens nor stretched lines: much here is to be typed as it stands.
    return "\n".join([head, ".nh", ".ad l", *body]) + "\n"


def convert(markdown: str) -> list[str]:
    """The lines of a page's body. Headings of the second level are its sections."""
    return list(_blocks(markdown.split("\n")))


def _blocks(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        text = lines[at]
        end = at + 1
        if text.startswith("```"):
            end = _end(lines, at + 1, lambda each: not each.startswith("```")) + 1
            yield from _example(lines[at + 1 : end - 1])
        elif text.startswith("#"):
            yield from _heading(text)
        elif text.startswith("|"):
            end = _end(lines, at, lambda each: each.startswith("|"))
            yield from _table([_cells(row) for row in lines[at:end]])
        elif text.startswith("    "):
            end = _end(lines, at, lambda each: each.startswith("    ") or not each.strip())
            yield from _example([each[4:] for each in lines[at:end]])
        elif _ITEM.match(text):
            end = _end(lines, at + 1, lambda each: each.startswith("  "))
            yield r".IP \(bu 2"
            yield from paragraph([_ITEM.sub("", text, count=1), *map(str.strip, lines[at + 1 : end])])
        elif text.strip():
            end = _end(lines, at, _is_text)
            yield ".PP"
            yield from paragraph(lines[at:end])
        at = end


def _end(lines: list[str], at: int, belongs) -> int:  # type: ignore[no-untyped-def]
    while at < len(lines) and belongs(lines[at]):
        at += 1
    return at


def _is_text(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(("#", "|", "```")) and not _ITEM.match(text)


def _heading(text: str) -> Iterator[str]:
    marks, _, words = text.partition(" ")
    words = words.replace("`", "")
    if len(marks) == 2:
        yield f'.SH "{escaped(words.upper())}"'
    elif len(marks) in (3, 4):
        yield f'.SS "{escaped(words)}"'
    else:
        raise ManualError(f"a heading of level {len(marks)}: {text}")


def _example(lines: list[str]) -> Iterator[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    yield from [".PP", ".RS 4", ".EX"]
    yield from (line(escaped(each)) for each in lines)
    yield from [".EE", ".RE"]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split(" | ")]


def _table(rows: list[list[str]]) -> Iterator[str]:
    """A list of the first column's cells: what is behind each is its paragraph."""
    head, _, *body = rows
    for first, *rest in body:
        yield ".TP"
        yield line(inline(first if "`" in first else f"**{first}**"))
        yield from paragraph([_description(head, rest)])


def _description(head: list[str], rest: list[str]) -> str:
    if len(rest) != len(head) - 1:
        raise ManualError(f"a row of {len(rest) + 1} cells below {head}")
    if head[0] == "key":
        kind, default, values, meaning = rest
        limits = "" if values == "any" else f" Values: {values}."
        needed = "Required." if default == "required" else f"Default: {default}."
        return f"({kind}) {meaning} {needed}{limits}"
    named = [f"{name}: {cell}" for name, cell in zip(head[1:-1], rest[:-1]) if cell]
    return "; ".join([*named, rest[-1]])
