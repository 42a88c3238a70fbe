"""Small charts as SVG text: axes, lines, dots and bars. Called by `core.gait.page`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH, HEIGHT = 860, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 44
TICKS: Final = 6


class Chart:
    """One chart; `limits` are x least, x most, y least, y most."""

    def __init__(
        self, title: str, x_name: str, y_name: str, limits: tuple[float, float, float, float]
    ) -> None:
        x0, x1, y0, y1 = limits
        self._x0, self._x1 = x0, x1 if x1 > x0 else x0 + 1.0
        self._y0, self._y1 = y0, y1 if y1 > y0 else y0 + 1.0
        self._parts: list[str] = []
        self._text(WIDTH / 2, 20, title, "middle", "title")
        self._text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name, "middle")
        self._text(LEFT, TOP - 6, y_name, "middle")
        for value in ticks(self._x0, self._x1):
            self._text(self._x(value), HEIGHT - BOTTOM + 16, f"{value:g}", "middle")
            self._rule(self._x(value), TOP, self._x(value), HEIGHT - BOTTOM, "grid")
        for value in ticks(self._y0, self._y1) if y_name else ():
            self._text(LEFT - 6, self._y(value) + 4, f"{value:g}", "end")
            self._rule(LEFT, self._y(value), WIDTH - RIGHT, self._y(value), "grid")

    def _x(self, value: float) -> float:
        share = (value - self._x0) / (self._x1 - self._x0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        share = (value - self._y0) / (self._y1 - self._y0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def _text(self, x: float, y: float, words: str, anchor: str, kind: str = "") -> None:
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">'
            f"{escape(words)}</text>"
        )

    def _rule(self, x0: float, y0: float, x1: float, y1: float, kind: str) -> None:
        self._parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" class="{kind}"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A polyline through places that are numbers."""
        good = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in good)
        self._parts.append(f'<polyline points="{path}" class="{kind}"/>')

    def dots(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A dot a place."""
        self._parts += [
            f'<circle cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="3.5" class="{kind}"/>'
            for x, y in points
            if math.isfinite(x) and math.isfinite(y)
        ]

    def bar(self, x0: float, x1: float, y0: float, y1: float, kind: str) -> None:
        """A filled box."""
        left, top = self._x(x0), self._y(max(y0, y1))
        width, height = self._x(x1) - left, self._y(min(y0, y1)) - top
        self._parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(width, 1):.1f}" '
            f'height="{height:.1f}" class="{kind}"/>'
        )

    @property
    def svg(self) -> str:
        """The finished chart."""
        body = "\n".join(self._parts)
        return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n{body}\n</svg>'


def ticks(least: float, most: float) -> list[float]:
    """Round numbers from least to most, at most about six."""
    raw = (most - least) / TICKS
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(scale * k for k in (1, 2, 5, 10) if scale * k >= raw)
    first, last = math.ceil(least / step - 1e-9), math.floor(most / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
