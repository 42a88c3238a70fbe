"""Faults of camera, mast and detector that a drill stages: what each makes of a turn.

A table of small functions from a good turn to a spoilt one. Applied by `noise.Eye`; the causes
that must be heard stand in `families_faults`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.records import Box, Seen, ViewShift, Vitals


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with camera or detector from `from_s` to `to_s` of the drill.

    `kind` is a name of `FAULTS`. "unseen" takes the actor `actor_id` out of the detections.
    """

    kind: str
    from_s: float
    to_s: float
    actor_id: str = ""


def _no_frames(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    return Seen(None, commands=seen.commands)


def _frozen(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    old = seen if kept is None else kept
    return replace(seen, detections=old.detections, vitals=Vitals(same_picture_s=since_s))


def _blind(vitals: Vitals) -> Callable[[Seen, Seen | None, float], Seen]:
    def spoil(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
        return replace(seen, detections=(), view=None, vitals=vitals)

    return spoil


def _moved(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    """The mast was knocked: everything is seen 70 px aside, and registration says so."""
    moved = tuple(
        replace(d, box=Box(d.box.x0 + 70, d.box.y0, d.box.x1 + 70, d.box.y1))
        for d in seen.detections
    )
    return replace(seen, detections=moved, view=ViewShift(70.0, 0.0))


def _view_lost(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    return replace(seen, view=None)


def _slow(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    return replace(seen, vitals=Vitals(inference_s=0.7))


def _failed(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    return replace(seen, detections=(), vitals=Vitals(detector_error="the model gave no output"))


def _as_it_is(seen: Seen, kept: Seen | None, since_s: float) -> Seen:
    return seen


FAULTS: dict[str, Callable[[Seen, Seen | None, float], Seen]] = {
    "no frames": _no_frames,
    "frozen picture": _frozen,
    "dark": _blind(Vitals(luma_mean=5.0)),
    "covered": _blind(Vitals(luma_sd=2.0)),
    "blurred": _blind(Vitals(sharpness=1.0)),
    "camera moved": _moved,
    "view lost": _view_lost,
    "detector slow": _slow,
    "detector failed": _failed,
    "unseen": _as_it_is,
}
"""What each fault makes of a turn, given the last good one and the seconds since it began."""
