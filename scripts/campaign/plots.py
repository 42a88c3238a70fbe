"""The report's plots as PNG, drawn with OpenCV alone: no further library for four pictures.

Called by `command`. Decides nothing; each plot says in its own words what it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from campaign.play import LAW
from campaign.statistics import quantile

Canvas = NDArray[np.uint8]
_SCALE = 2
"""Drawn this much larger than the sizes below say, so that lines stay fine on dense screens."""
_WIDTH, _HEIGHT = 760, 400
_LEFT, _TOP, _RIGHT, _LOW = 64, 52, 20, 52
_INK, _PALE, _GRID = (50, 50, 50), (130, 130, 130), (228, 228, 228)
_BLUE, _RED, _GREEN, _AMBER = (176, 104, 30), (52, 52, 208), (92, 150, 40), (20, 140, 225)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_Records = Sequence[dict[str, Any]]


class Panel:
    """One plot with axes: places in data units, words in pixels."""

    def __init__(
        self, title: str, x: tuple[float, float], y: tuple[float, float], height: int = _HEIGHT
    ) -> None:
        self.canvas: Canvas = np.full((height * _SCALE, _WIDTH * _SCALE, 3), 255, np.uint8)
        self._x, self._y, self._height = x, y, height
        self.write(title, (_LEFT, 26), 0.56, _INK)

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Pixels of a place, kept within the axes."""
        share_x = min(max((x - self._x[0]) / (self._x[1] - self._x[0]), 0.0), 1.0)
        share_y = min(max((y - self._y[0]) / (self._y[1] - self._y[0]), 0.0), 1.0)
        wide, tall = _WIDTH - _LEFT - _RIGHT, self._height - _TOP - _LOW
        return (
            round((_LEFT + share_x * wide) * _SCALE),
            round((_TOP + (1 - share_y) * tall) * _SCALE),
        )

    def write(
        self, words: str, at: tuple[int, int], size: float = 0.42,
        colour: tuple[int, int, int] = _PALE, is_right: bool = False,
    ) -> None:  # fmt: skip
        """Words at an unscaled pixel; `is_right`: they end there."""
        scale = size * _SCALE
        wide = cv2.getTextSize(words, _FONT, scale, _SCALE)[0][0] if is_right else 0
        place = (at[0] * _SCALE - wide, at[1] * _SCALE)
        cv2.putText(self.canvas, words, place, _FONT, scale, colour, _SCALE, cv2.LINE_AA)

    def axes(self, x_name: str, y_name: str, x_step: float, y_step: float) -> None:
        """Grid, numbers and names."""
        for x in np.arange(np.ceil(self._x[0] / x_step) * x_step, self._x[1] + 1e-9, x_step):
            top, low = self.at(x, self._y[1]), self.at(x, self._y[0])
            cv2.line(self.canvas, top, low, _GRID, _SCALE)
            self.write(f"{x:g}", (low[0] // _SCALE - 8, self._height - _LOW + 18))
        for y in np.arange(np.ceil(self._y[0] / y_step) * y_step, self._y[1] + 1e-9, y_step):
            left, right = self.at(self._x[0], y), self.at(self._x[1], y)
            cv2.line(self.canvas, left, right, _GRID, _SCALE)
            self.write(f"{y:g}", (_LEFT - 8, left[1] // _SCALE + 4), is_right=True)
        self.write(x_name, (_LEFT, self._height - 12))
        self.write(y_name, (_LEFT, _TOP - 8))

    def dot(self, x: float, y: float, colour: tuple[int, int, int]) -> None:
        """One point."""
        cv2.circle(self.canvas, self.at(x, y), 2 * _SCALE + 1, colour, cv2.FILLED, cv2.LINE_AA)

    def line(self, points: Sequence[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        """A line through points."""
        pixels = np.array([self.at(*point) for point in points], np.int32)
        cv2.polylines(self.canvas, [pixels], False, colour, 2 * _SCALE, cv2.LINE_AA)

    def bar(self, x0: float, x1: float, y: float, colour: tuple[int, int, int]) -> None:
        """An upright bar from the axis to y."""
        (left, top), (right, low) = self.at(x0, y), self.at(x1, self._y[0])
        cv2.rectangle(self.canvas, (left + _SCALE, top), (right - _SCALE, low), colour, cv2.FILLED)


def plot_margins(records: _Records) -> Canvas:
    """Metres left after each STOP against the runner's speed."""
    points = [(r["speed_mps"], m) for r in records if r["speed_mps"] for _, m, _ in r["margins"]]
    panel = Panel("Stop margin against speed, each STOP",
                  (1.5, 6.0), (-6.0, 12.0))  # fmt: skip
    panel.axes("runner's speed, m/s", "metres left after the stop (below 0: too late)", 0.5, 2.0)
    for x, y in points:
        panel.dot(x, y, _BLUE if y >= 0 else _RED)
    panel.line([(1.5, 0.0), (6.0, 0.0)], _INK)
    late = sum(y < 0 for _, y in points)
    panel.write(
        f"{len(points)} STOPs, {late} too late (red)", (_WIDTH - 20, _TOP - 8), is_right=True
    )
    return panel.canvas


def plot_delays(records: _Records) -> Canvas:
    """Seconds from when a STOP was due by the exact places to the STOP."""
    values = [s for r in records for _, s in r["delays"]]
    return _histogram(values, "Time to the alert: STOP after it was due by the exact places",
                      "seconds (below 0: earlier than due)", (-3.0, 3.0), 0.25, 0.0)  # fmt: skip


def plot_releases(records: _Records) -> Canvas:
    """Seconds from the end of a STOP's reason to its own end."""
    values = [s for r in records for s in r["releases_s"]]
    return _histogram(values, "Time to release: from the end of the reason to the STOP's end",
                      "seconds (wanted: 2 at most)", (0.0, 6.0), 0.25, 2.0)  # fmt: skip


def _histogram(
    values: Sequence[float], title: str, x_name: str, span: tuple[float, float], step: float,
    limit: float,
) -> Canvas:  # fmt: skip
    edges = np.arange(span[0], span[1] + step / 2, step)
    clipped = np.clip(np.array(values, np.float64), span[0], span[1] - 1e-6)
    counts = np.histogram(clipped, edges)[0]
    most = max(4, int(counts.max(initial=0)))
    panel = Panel(title, span, (0.0, most * 1.08))
    panel.axes(x_name, "STOPs", 1.0, _nice(most / 5))
    for left, count in zip(edges, counts, strict=False):
        if count:
            colour = _BLUE if left < limit else _RED
            panel.bar(float(left), float(left) + step, float(count), colour)
    middle, most_s = quantile(values, 0.5), quantile(values, 0.95)
    if middle is not None:
        words = f"{len(values)} STOPs, median {middle:.2f} s, 95 % below {most_s:.2f} s"
        panel.write(words, (_WIDTH - 20, _TOP - 8), is_right=True)
    return panel.canvas


def plot_failures(records: _Records) -> Canvas:
    """Failed drills by family, the gravest failure coloured apart."""
    families: dict[str, Counter[str]] = {}
    for r in records:
        families.setdefault(r["family"], Counter())[_grade(r["failures"])] += 1
    rows = sorted(families.items(), key=lambda item: (_bad(item[1]), item[0]), reverse=True)
    rows = [row for row in rows if _bad(row[1]) > 0][:30]
    tall = _TOP + _LOW + 20 * max(2, len(rows))
    panel = Panel("Failed drills by family, share of all its drills", (0.0, 1.0), (0.0, 1.0), tall)
    for n, (colour, word) in enumerate(_GRADES.values()):
        panel.write(word, (_LEFT + 150 * n, 44), colour=colour)
    left, wide = 250, _WIDTH - 250 - 70
    for n, (family, counts) in enumerate(rows):
        y, total, x = _TOP + 14 + 20 * n, sum(counts.values()), float(left)
        panel.write(family, (left - 8, y + 4), is_right=True, colour=_INK)
        for grade, (colour, _) in _GRADES.items():
            to = x + wide * counts[grade] / total
            ends = (round(x * _SCALE), (y - 7) * _SCALE), (round(to * _SCALE), (y + 5) * _SCALE)
            if counts[grade]:
                cv2.rectangle(panel.canvas, *ends, colour, cv2.FILLED)
            x = to
        panel.write(f"{_bad(counts)} of {total}", (round(x) + 6, y + 4))
    return panel.canvas


_GRADES: dict[str, tuple[tuple[int, int, int], str]] = {
    "touch": (_RED, "touched"),
    "near": (_AMBER, "near or overrun"),
    "false": (_GREEN, "false alert"),
    "other": (_PALE, "other"),
}


def _grade(failures: Sequence[str]) -> str:
    kinds = (("touch", ("missed", "too late")), ("near", ("near miss", "lane end overrun")),
             ("false", ("false stop", "false caution")))  # fmt: skip
    grave = next((name for name, words in kinds if set(words) & set(failures)), "other")
    return grave if failures else "none"


def _bad(counts: Counter[str]) -> int:
    return sum(count for grade, count in counts.items() if grade != "none")


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least `step`."""
    power = 10.0 ** np.floor(np.log10(max(step, 1.0)))
    return float(next(power * n for n in (1, 2, 5, 10) if power * n >= step))


PLOTS: dict[str, tuple[str, Callable[[_Records], Canvas]]] = {
    "margins": ("Stop margin against speed", plot_margins),
    "delays": ("Time to the alert", plot_delays),
    "releases": ("Time to release", plot_releases),
    "failures": ("Failures by family", plot_failures),
}
"""Name of the file's end, words, and what draws it."""


def write_plots(records: _Records, report: Path) -> list[str]:
    """Draws the law's plots beside the report; the Markdown lines that show them."""
    exact = [r for r in records if r["decider"] == LAW and r["eye"] == "boxes"]
    lines = ["## Plots", "", "All of the law on exact places plus noise.", ""]
    for name, (words, draw) in PLOTS.items():
        path = report.with_name(f"{report.stem}-{name}.png")
        part = path.with_name(path.stem + ".part.png")
        cv2.imwrite(str(part), draw(exact), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        part.replace(path)
        lines += [f"![{words}]({path.name})", ""]
    return lines
