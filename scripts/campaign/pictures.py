"""Picture drills: drawn frames, the shipped detector on its tiles, lane check, registration.

The path from picture to sound is the one of `rig demo` (`Observer`, `Pipeline`); the runner and
the referee are those of the exact drills. Called by `play`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from campaign.camera import Camera
from campaign.tally import Tally
from rig.config import Config
from rig.core.card import Card
from rig.core.pipeline import Pipeline
from rig.programs.demo import RATE_HZ
from rig.programs.judging import load_named_card
from rig.programs.observer import Observer, References
from rig.records import Box, Command, Decision, Frame, Picture, Seen
from rig.sim.families import Drill
from rig.sim.noise import Look
from rig.sim.noise_faults import FAULTS
from rig.sim.scenes import ActorTruth

FAULTS_BEHIND_CAMERA = frozenset({"detector slow", "detector failed"})
"""Faults that no picture shows; they are staged on what was seen, as in the exact drills."""
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PictureTurn:
    """One turn of a picture drill; `picture` is what was judged, None without a frame."""

    look: Look
    decision: Decision
    picture: Picture | None


@cache
def shipped_card() -> Card:
    """The model card that the default configuration names."""
    return load_named_card(Config())


def one_thread() -> Config:
    """The default configuration, with one thread: drills share the cores."""
    config = Config()
    return replace(config, detector=replace(config.detector, threads=1))


def slowed(drill: Drill) -> Drill:
    """The drill at the rate that a small board manages with real pictures, at most."""
    rate_hz = min(drill.conditions.rate_hz, RATE_HZ)
    return replace(drill, conditions=replace(drill.conditions, rate_hz=rate_hz))


class PictureEye:
    """Looks at one drill through camera, detector and lane check, and decides with the law."""

    def __init__(self, drill: Drill) -> None:
        config, card = one_thread(), shipped_card()
        self._drill = drill
        self._camera = Camera(drill)
        self.scene = self._camera.scene
        empty = self._camera.empty_lane()
        site = self.scene.site
        self._observer = Observer(site, config, card, References(empty, empty))
        config = replace(config, hazard=drill.hazard)
        self._pipeline = Pipeline(site, config, card.input.min_object_px)
        self._before: Decision | None = None
        self._rng = drill.noise_rng
        self._now_ns = -1
        self._tally = Tally(self.scene)

    @property
    def tally(self) -> Tally:
        """What was found so far."""
        return self._tally

    def turn(self, number: int) -> PictureTurn | None:
        """Turn `number` (from 0), None where the frame was dropped; the first one arms."""
        conditions, noise = self._drill.conditions, self._drill.conditions.noise
        light_ns = self.scene.start_ns + round(number / conditions.rate_hz * _NS)
        if number > 0 and self._rng.random() < noise.drop_share:
            return None
        delay_s = conditions.delay_s * self._rng.uniform(0.8, 1.2)
        self._now_ns = max(self._now_ns + 1_000_000, light_ns + round(delay_s * _NS))
        picture = self._camera.shoot(light_ns)
        commands = (Command.ARM,) if number == 0 else ()
        if picture is None:
            seen = Seen(None, commands=commands)
        else:
            seen = self._observer.see(Frame(light_ns, number, picture), self._before, commands)
        seen = self._spoil(seen, light_ns)
        truth = self.scene.truth(light_ns)
        self._before = self._pipeline.step(seen, self._now_ns)
        shown = _as_shown(truth, seen)
        self._tally.add(seen, self._before, shown, self._camera.is_spoilt(light_ns))
        return PictureTurn(Look(seen, self._now_ns, truth), self._before, picture)

    def _spoil(self, seen: Seen, light_ns: int) -> Seen:
        t_s = (light_ns - self.scene.start_ns) / _NS
        for fault in self._drill.conditions.faults:
            if fault.kind in FAULTS_BEHIND_CAMERA and fault.from_s <= t_s < fault.to_s:
                seen = FAULTS[fault.kind](seen, None, t_s - fault.from_s)
        return seen


def _as_shown(truth: tuple[ActorTruth, ...], seen: Seen) -> tuple[ActorTruth, ...]:
    """Boxes where this picture shows them: the mast sways by some pixels."""
    view = seen.view
    if view is None or max(abs(view.dx_px), abs(view.dy_px)) < 0.5:
        return truth
    dx, dy = view.dx_px, view.dy_px
    return tuple(
        replace(a, box=_moved(a.box, dx, dy), full_box=_moved(a.full_box, dx, dy)) for a in truth
    )


def _moved(box: Box | None, dx: float, dy: float) -> Box | None:
    return None if box is None else Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)


def picture_turns(drill: Drill, eye: PictureEye) -> Iterator[PictureTurn]:
    """The drill's turns in order; whoever asks makes the runner hear before the next."""
    for number in range(round(drill.scene.duration_s * drill.conditions.rate_hz)):
        turn = eye.turn(number)
        if turn is not None:
            yield turn
