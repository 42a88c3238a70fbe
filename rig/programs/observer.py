"""From one frame to what was seen in it: registration, tiles, detector, lane check, vitals.

The edge's half of a step; the other half is `core.pipeline`. Decides only where to look, from the
last decision: the runner, and the stretch of lane that they run into, come first.
Used by every program that judges pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.config import Config
from rig.core.card import Card
from rig.core.lane import Site
from rig.core.placing import Placer
from rig.core.tiles import TilePlanner
from rig.devices.colours import with_colours
from rig.devices.detector import Detector
from rig.devices.lanecheck import LaneCheck
from rig.devices.registration import Registration
from rig.devices.vitals import VitalsMeter
from rig.programs.model_check import check_detector
from rig.records import Box, Command, Decision, Detection, Frame, Kind, Picture, Seen, ViewShift

INTEREST_M = 8.0
"""Metres of lane before the runner that are looked at first: stop_m at 3.5 m/s."""


@dataclass(frozen=True, slots=True)
class References:
    """The pictures that the coach gave: the calibration still, and the lane confirmed empty.

    None where there is none: then the view counts as unmoved, or the lane check is off.
    """

    still: Picture | None
    empty_lane: Picture | None


def _say_nothing() -> None:
    """Where nobody waits for a sign of life."""


class Observer:
    """Looks at frames for one site with one detector.

    `beat` is called before and after every inference: a sign of life for whoever waits for it.
    """

    def __init__(
        self,
        site: Site,
        config: Config,
        card: Card,
        references: References,
        beat: Callable[[], None] = _say_nothing,
    ) -> None:
        self._site, self._config, self._beat = site, config, beat
        self._placer = Placer(site, config.placing)
        self._detector = Detector(card, config.detector)
        self._planner = TilePlanner(site, card.facts, config.detector.tiles)
        self._detector.warm_up(self._planner.tiles)
        still, empty = references.still, references.empty_lane
        self._registration = Registration(still) if still is not None else None
        self._lane_check = self._make_lane_check(empty)
        self._vitals = VitalsMeter(still)
        self._turn = 0

    def confirm_empty(self, picture: Picture) -> None:
        """The coach says that this picture shows the empty lane: the lane check's reference."""
        self._lane_check = self._make_lane_check(picture)

    def _make_lane_check(self, empty: Picture | None) -> LaneCheck | None:
        if empty is None:
            return None
        return LaneCheck(self._site, self._config.lane_check, empty, self._find_view(empty))

    def _find_view(self, picture: Picture) -> ViewShift | None:
        """Without a still there is nothing to compare with: the view counts as unmoved."""
        return ViewShift() if self._registration is None else self._registration.find(picture)

    def check_detector(self) -> str | None:
        """What the model misses in its test picture (a second, the first time); None: nothing."""
        return check_detector(self._detector)

    def see(self, frame: Frame, before: Decision | None, commands: Sequence[Command] = ()) -> Seen:
        """Everything that one frame shows; `before` is the last decision."""
        view = self._find_view(frame.picture)
        tiles = self._planner.plan(self._turn, self._interest(before))
        self._turn += 1
        found = self._detector.look(frame.picture, tiles, self._beat)
        legible = (one for one in found if self._planner.is_legible(one))
        detections = with_colours(frame.picture, legible)
        strange: tuple[Detection, ...] = ()
        if self._lane_check is not None:
            explained = tuple(d.box for d in detections if not d.is_weak) + _boxes(before)
            strange = self._lane_check.look(frame.picture, view, explained, frame.t_ns)
        inference_s = self._detector.last_inference_s
        return Seen(
            t_ns=frame.t_ns,
            detections=detections,
            strange_things=strange,
            looked_at=tiles,
            view=view,
            commands=tuple(commands),
            vitals=self._vitals.measure(frame.picture, frame.t_ns, inference_s),
        )

    def _interest(self, before: Decision | None) -> tuple[Box, ...]:
        if before is None or before.runner.track is None:
            return ()
        me = before.runner.track
        lane_next = self._placer.box_of(me.along_m + INTEREST_M, 0.0, 1.0, 1.7)
        return (me.box,) if lane_next is None else (me.box, lane_next)


def _boxes(before: Decision | None) -> tuple[Box, ...]:
    """What the tracks of the last decision explain, though a frame may have missed them."""
    if before is None:
        return ()
    return tuple(t.box for t in before.tracks if t.is_confirmed and t.kind is not Kind.STRANGE)
