"""Whether camera, detector and power can be trusted now.

Decides the FAULT causes of the deciding program from the times of the frames, the view's shift,
the vitals that the edge measured and the board's word. Measures nothing itself. The thresholds
and their reasons stand in docs/health.md. Called by `core.pipeline`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from rig.config import HealthLimits
from rig.core.exposure import ExposureWatch
from rig.core.notices import turned_deg
from rig.records import Cause, Hazard, Seen, ViewShift, Vitals

FOCAL_PX = 985.0
"""Of Camera Module 3 at 1280 px of width (FACTS), where no calibrated lens is given."""
DETAIL_S = 10.0
"""Detail is learnt this slowly: a crowd comes in seconds, the light changes in minutes."""


class Health:
    """Remembers the last frame, view and detail, and when each was last good."""

    def __init__(self, limits: HealthLimits, focal_px: float = FOCAL_PX) -> None:
        self._limits = limits
        self._focal_px = focal_px
        self._exposure = ExposureWatch(limits)
        self._frame_ns: int | None = None
        self._view: ViewShift | None = None
        self._lost_s = 0.0
        self._detail = 1.0
        self._clear_ns: int | None = None
        self._powered_ns: int | None = None
        self._is_undervolted = False
        self._gap_s = 0.0
        self._hunts = False

    def check(self, seen: Seen, now_ns: int) -> tuple[Hazard, ...]:
        """Every fault that holds now."""
        if seen.board is not None:
            self._is_undervolted = bool(seen.board.is_undervolted)
        if not self._is_undervolted or self._powered_ns is None:
            self._powered_ns = now_ns
        if (wrong := self._wrong_clock(seen, now_ns)) is not None:
            return (Hazard(Cause.CAMERA_STALE, detail=wrong), *self._of_power(now_ns))
        is_new = seen.t_ns is not None and (self._frame_ns is None or seen.t_ns > self._frame_ns)
        if seen.t_ns is not None and is_new:
            self._remember(seen, seen.t_ns)
        return (*self._faults(seen, now_ns, is_new), *self._of_power(now_ns))

    def trusted(self, seen: Seen, now_ns: int) -> Seen:
        """What was seen, without a frame whose time stamp cannot be: it would move the tracks."""
        if self._wrong_clock(seen, now_ns) is None:
            return seen
        return replace(seen, t_ns=None, detections=(), strange_things=(), looked_at=())

    def _wrong_clock(self, seen: Seen, now_ns: int) -> str | None:
        if seen.t_ns is None:
            return None
        age_s = (now_ns - seen.t_ns) / 1e9
        if -self._limits.early_most_s <= age_s <= self._limits.age_most_s:
            return None
        return f"a frame is stamped {abs(age_s):.2f} s {'in the past' if age_s > 0 else 'to come'}"

    def _remember(self, seen: Seen, t_ns: int) -> None:
        vitals = seen.vitals
        self._gap_s = 0.0 if self._frame_ns is None else (t_ns - self._frame_ns) / 1e9
        self._frame_ns = t_ns
        self._follow_view(seen.view)
        if not self._is_hidden(vitals) or self._clear_ns is None:
            self._clear_ns = t_ns
            self._learn_detail(seen)
        self._hunts = self._exposure.hunts(vitals.luma_mean, t_ns)

    def _follow_view(self, view: ViewShift | None) -> None:
        """A view found by chance for one frame takes back only that frame's time."""
        if view is not None:
            self._view = view
        step_s = self._gap_s if view is None else -self._gap_s
        self._lost_s = max(0.0, self._lost_s + step_s)

    def _learn_detail(self, seen: Seen) -> None:
        """The detail of today's light and people, while the view lies where it should."""
        if seen.view is not None and self._shifted(seen.view) is None:
            share = min(1.0, self._gap_s / DETAIL_S)
            self._detail += share * (seen.vitals.detail_share - self._detail)

    def _detail_left(self, vitals: Vitals) -> float:
        """Of the still's detail or of that of the last seconds, whichever has more to lose."""
        return vitals.detail_share / max(1.0, self._detail)

    def _faults(self, seen: Seen, now_ns: int, is_new: bool) -> Iterator[Hazard]:
        limits, vitals = self._limits, seen.vitals
        if vitals.detector_error is not None:
            yield Hazard(Cause.DETECTOR_FAILED, detail=vitals.detector_error)
        if not is_new:
            yield from self._no_frame(now_ns)
            return
        slow_s = max(self._gap_s, vitals.inference_s)
        if slow_s > limits.slow_s:
            yield Hazard(Cause.DETECTOR_SLOW, detail=f"one turn took {slow_s:.2f} s")
        if vitals.same_picture_s > limits.frozen_s:
            said = f"same picture for {vitals.same_picture_s:.1f} s"
            yield Hazard(Cause.CAMERA_STALE, detail=said)
        if (reason := self._blind(seen)) is not None:
            yield Hazard(Cause.CAMERA_BLIND, detail=reason)
        elif (moved := self._moved(seen)) is not None:
            yield Hazard(Cause.CAMERA_MOVED, detail=moved)

    def _no_frame(self, now_ns: int) -> Iterator[Hazard]:
        if self._frame_ns is None:
            return  # arming refuses without a first frame; there is nothing to guard yet
        age_s = (now_ns - self._frame_ns) / 1e9
        if age_s > self._limits.stale_s:
            yield Hazard(Cause.CAMERA_STALE, detail=f"no new frame for {age_s:.2f} s")

    def _blind(self, seen: Seen) -> str | None:
        limits, vitals = self._limits, seen.vitals
        if vitals.luma_mean < limits.dark_luma:
            return f"picture is dark: mean {vitals.luma_mean:.0f} of 255"
        if vitals.luma_mean > limits.bright_luma:
            return f"picture is blown out: mean {vitals.luma_mean:.0f} of 255"
        if vitals.luma_sd < limits.flat_luma_sd:
            return f"picture is flat: spread {vitals.luma_sd:.1f} of 255"
        if vitals.sharpness < limits.blurred_sharpness:
            return f"picture is blurred: sharpness {vitals.sharpness:.1f}"
        if self._hunts:
            return "the exposure swings to and fro; shade the lens from the sun"
        return self._hidden(seen)

    def _hidden(self, seen: Seen) -> str | None:
        """Something on the lens, once it stays there; a view that lies elsewhere is no cover."""
        vitals, hidden_s = seen.vitals, ((seen.t_ns or 0) - (self._clear_ns or 0)) / 1e9
        is_much = vitals.hidden_share > self._limits.covered_share
        if not (is_much or hidden_s > self._limits.hidden_s) or self._is_elsewhere(seen):
            return None
        if vitals.hidden_share > self._limits.hidden_share:
            return f"{100 * vitals.hidden_share:.0f} % of the view is hidden; clear the lens"
        left = 100 * self._detail_left(vitals)
        return f"only {left:.0f} % of the detail is left; wipe and focus"

    def _is_hidden(self, vitals: Vitals) -> bool:
        limits = self._limits
        is_covered = vitals.hidden_share > limits.hidden_share
        return is_covered or self._detail_left(vitals) < limits.detail_share

    def _is_elsewhere(self, seen: Seen) -> bool:
        """A turned camera shows other things in each place, but as much detail as ever."""
        if seen.view is not None:
            return self._shifted(seen.view) is not None
        return seen.vitals.detail_share >= self._limits.elsewhere_share * self._detail

    def _moved(self, seen: Seen) -> str | None:
        if seen.view is None and self._lost_s > self._limits.unregistered_s:
            lost = f"the view matches the calibration nowhere for {self._lost_s:.1f} s"
            return f"{lost}: moved, or something is on the lens"
        return None if self._view is None else self._shifted(self._view)

    def _shifted(self, view: ViewShift) -> str | None:
        turned, rolled = turned_deg(view, self._focal_px), abs(math.degrees(view.roll_rad))
        if turned > self._limits.turned_deg or rolled > self._limits.rolled_deg:
            return f"the camera was turned by {turned:.1f} and rolled by {rolled:.1f} degrees"
        return None

    def _of_power(self, now_ns: int) -> Iterator[Hazard]:
        """A flat battery is silent: it must be heard before."""
        low_s = (now_ns - (self._powered_ns or now_ns)) / 1e9
        if low_s > self._limits.undervolted_s:
            yield Hazard(Cause.POWER_LOW, detail=f"the supply is too low for {low_s:.0f} s")
