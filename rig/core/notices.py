"""What should be mended and endangers nobody: warm board, low voltage, little room, turned mast.

Decides what stands on the page and in the log. Never sounds: a person who hears alarms for these
stops obeying alarms. What endangers is a fault (`core.health`). Called by `core.pipeline`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rig.config import HealthLimits
from rig.records import Board, Concern, Notice, Seen, ViewShift


class NoticeKeeper:
    """Remembers the board's last word and since when the view lies aside."""

    def __init__(self, limits: HealthLimits, focal_px: float) -> None:
        self._limits = limits
        self._focal_px = focal_px
        self._board = Board()
        self._aside_ns: int | None = None

    def note(self, seen: Seen) -> tuple[Notice, ...]:
        """Every notice that holds now."""
        if seen.board is not None:
            self._board = seen.board
        return (*self._of_board(self._board), *self._of_view(seen))

    def _of_board(self, board: Board) -> Iterator[Notice]:
        limits = self._limits
        if board.temperature_c is not None and board.temperature_c > limits.warm_c:
            said = f"the board is at {board.temperature_c:.0f} degrees; give it shade and air"
            yield Notice(Concern.HEAT, said)
        if board.is_slowed:
            yield Notice(Concern.SLOWED, "the board's clock is lowered; cool it, check its power")
        if board.is_undervolted:
            said = "the board's supply is below 4.63 V; change the battery or the cable"
            yield Notice(Concern.UNDERVOLTAGE, said)
        if board.free_mb is not None and board.free_mb < limits.room_least_mb:
            said = f"{board.free_mb:.0f} MB are left for sessions; delete or copy old ones"
            yield Notice(Concern.DISK, said)

    def _of_view(self, seen: Seen) -> Iterator[Notice]:
        """A mast that was turned a little is followed; it should still be set right."""
        if seen.t_ns is None or seen.view is None:
            return
        turned = turned_deg(seen.view, self._focal_px)
        if turned <= self._limits.aside_deg:
            self._aside_ns = None
            return
        if self._aside_ns is None:
            self._aside_ns = seen.t_ns
        if (seen.t_ns - self._aside_ns) / 1e9 > self._limits.aside_s:
            said = f"the camera is turned by {turned:.1f} degrees since calibration; calibrate anew"
            yield Notice(Concern.VIEW_SHIFTED, said)


def turned_deg(view: ViewShift, focal_px: float) -> float:
    """By how much the camera was turned to shift its view so."""
    return math.degrees(math.atan2(math.hypot(view.dx_px, view.dy_px), focal_px))
