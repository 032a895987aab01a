"""Draws what bench/knee has measured, with gnuplot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from measuring import Failed

COLOURS = {"sluice": "#0060a8", "nginx": "#2e8b3d", "haproxy": "#c0504d"}
Curves = list[dict[str, Any]]


def _block(index: int, curve: dict[str, Any]) -> str:
    points = (f"{p['offered']} {p['done']} {p['p99']}" for p in curve["points"])
    return f"$curve{index} << END\n" + "\n".join(points) + "\nEND\n"


def _panel(curves: list[tuple[int, dict[str, Any]]], title: str, column: int, unit: str) -> str:
    lines = [
        f"$curve{index} using ($1/1000):(${column}/1000) with linespoints lw 2 pt 7 ps 0.5 "
        f"lc rgb '{COLOURS[curve['contender']]}' title '{curve['contender']}'"
        for index, curve in curves
    ]
    return f"set title '{title}'\nset ylabel '{unit}'\nplot " + ", \\\n  ".join(lines) + "\n"


def script_of(curves: Curves, file: Path) -> str:
    """For each work its throughput beside its latency; loads by thousands a second."""
    numbered = list(enumerate(curves))
    works = list(dict.fromkeys(curve["work"] for curve in curves))
    text = [
        f"set terminal svg size 960,{400 * len(works)} background 'white' font 'sans,12'",
        f"set output '{file}'",
        *(_block(index, curve) for index, curve in numbered),
        f"set multiplot layout {len(works)},2",
        "set logscale\nset format y '%g'\nset grid lc rgb '#dddddd'\nset key top left",
        "set xlabel 'offered, thousands a second'",
    ]
    for work in works:
        of_work = [(index, curve) for index, curve in numbered if curve["work"] == work]
        text.append(_panel(of_work, f"{work}: throughput", 2, "done, thousands a second"))
        text.append(_panel(of_work, f"{work}: latency", 3, "p99, milliseconds"))
    return "\n".join([*text, "unset multiplot", ""])


def draw(curves: Curves, file: Path) -> None:
    """Overwrites the file. Throws Failed without gnuplot."""
    try:
        subprocess.run(["gnuplot"], input=script_of(curves, file), text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"gnuplot: {error}") from None
