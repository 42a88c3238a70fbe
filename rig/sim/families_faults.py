"""Families in which camera, mast or detector fail in mid-run: a table, and how rows are drawn."""

from __future__ import annotations

from rig.records import Cause
from rig.sim.families_course import Dice, Expect, Family, Staged
from rig.sim.noise_faults import Fault

_ROWS: tuple[tuple[str, Cause, str, float], ...] = (
    ("no frames", Cause.CAMERA_STALE, "the camera delivers nothing more", 0.8),
    ("frozen picture", Cause.CAMERA_STALE, "the same picture again and again", 1.2),
    ("dark", Cause.CAMERA_BLIND, "the light goes out", 1.2),
    ("covered", Cause.CAMERA_BLIND, "something hangs over the lens", 1.2),
    ("blurred", Cause.CAMERA_BLIND, "the lens fogs", 1.2),
    ("camera moved", Cause.CAMERA_MOVED, "the mast is knocked by 70 px and stays so", 1.2),
    ("view lost", Cause.CAMERA_MOVED, "the view matches the calibration nowhere", 2.2),
    ("detector slow", Cause.DETECTOR_SLOW, "an inference takes 0.7 s", 0.8),
    ("detector failed", Cause.DETECTOR_FAILED, "the detector reports an error", 0.8),
)
"""Kind, cause that must be heard, in words, and within how many seconds: the alert table's
confirm time, the health limits' own, two frames at 8 Hz and 0.2 s of processing."""


def _fail(dice: Dice, kind: str) -> Staged:
    """From mid-run to the end of the drill."""
    from_s = dice.arrival_s(dice.between(6.0, dice.length_m * 0.6))
    return Staged(faults=(Fault(kind, from_s, 99.0),), duration_s=from_s + 7.0)


FAULT_ROWS: tuple[Family, ...] = tuple(
    Family(
        f"fault: {kind}",
        what,
        lambda dice, kind=kind: _fail(dice, kind),  # type: ignore[misc]  # defaults bind the row
        Expect((frozenset({cause}),), frozenset({Cause.RUNNER_LOST}), True, fault_s=within_s),
    )
    for kind, cause, what, within_s in _ROWS
)
"""One row for each way to fail."""
