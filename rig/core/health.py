"""Whether camera and detector can be trusted now.

Decides the FAULT causes of the deciding program from the time of the last frame, the view's shift
and the vitals that the edge measured. Measures nothing itself. Called by `core.pipeline`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rig.config import HealthLimits
from rig.records import Cause, Hazard, Seen, ViewShift


class Health:
    """Remembers when the last frame and the last registration were."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._frame_ns: int | None = None
        self._registered_ns: int | None = None
        self._gap_s = 0.0

    def check(self, seen: Seen, now_ns: int) -> tuple[Hazard, ...]:
        """Every fault that holds now."""
        if seen.t_ns is not None:
            self._gap_s = 0.0 if self._frame_ns is None else (seen.t_ns - self._frame_ns) / 1e9
            self._frame_ns = seen.t_ns
            if seen.view is not None or self._registered_ns is None:
                self._registered_ns = seen.t_ns
        return tuple(self._faults(seen, now_ns))

    def _faults(self, seen: Seen, now_ns: int) -> Iterator[Hazard]:
        limits, vitals = self._limits, seen.vitals
        if vitals.detector_error is not None:
            yield Hazard(Cause.DETECTOR_FAILED, detail=vitals.detector_error)
        if seen.t_ns is None:
            yield from self._no_frame(now_ns)
            return
        slow_s = max(self._gap_s, vitals.inference_s)
        if slow_s > limits.slow_s:
            yield Hazard(Cause.DETECTOR_SLOW, detail=f"one turn took {slow_s:.2f} s")
        if vitals.same_picture_s > limits.frozen_s:
            yield Hazard(
                Cause.CAMERA_STALE, detail=f"same picture for {vitals.same_picture_s:.1f} s"
            )
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
        if vitals.luma_sd < limits.flat_luma_sd:
            return f"picture is flat: spread {vitals.luma_sd:.1f} of 255"
        if vitals.sharpness < limits.blurred_sharpness:
            return f"picture is blurred: sharpness {vitals.sharpness:.1f}"
        return None

    def _moved(self, seen: Seen) -> str | None:
        if seen.view is None:
            lost_s = ((seen.t_ns or 0) - (self._registered_ns or 0)) / 1e9
            if lost_s > self._limits.unregistered_s:
                return f"the view matches the calibration nowhere for {lost_s:.1f} s"
            return None
        return self._shifted(seen.view)

    def _shifted(self, view: ViewShift) -> str | None:
        shift_px = math.hypot(view.dx_px, view.dy_px)
        roll_deg = abs(math.degrees(view.roll_rad))
        if shift_px > self._limits.moved_px or roll_deg > self._limits.moved_deg:
            return f"the view moved by {shift_px:.0f} px and turned by {roll_deg:.1f} degrees"
        return None
