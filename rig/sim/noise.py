"""The drills' noise model: what a camera, a mast and a detector add to a simulated truth.

Decides how a perfect picture of the scene is spoilt before the deciding code sees it: misses by
size and hiding, scattered boxes, hidden feet, false boxes, a swaying mast with an imperfect
registration, jittering timestamps, dropped frames, processing delay, and the faults that a drill
stages (`noise_faults`). The numbers were fixed before anything was tuned on them and are judged [J]
until the detector's own accuracy is measured. Places and boxes come from `detections.outlines`.
Called by whoever plays drawn drills; judges nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rig.core.boxes import find_hidden_feet
from rig.records import Box, Command, Detection, Kind, Seen, Tile, ViewShift
from rig.sim.detections import BODY_SHARE, EDGE_PX, outlines
from rig.sim.noise_faults import FAULTS, Fault
from rig.sim.scenes import ActorTruth, Scene

_NS = 1_000_000_000
_KINDS = (Kind.PERSON, Kind.OBJECT, Kind.ANIMAL, Kind.STRANGE)
_SWAY_DOWN = 0.6
"""A mast sways in both directions of the picture; up and down by this share of sideways [J]."""


@dataclass(frozen=True, slots=True)
class EyeNoise:
    """The numbers of the noise model. All zeros and ones (`CLEAN_EYE`) is a perfect eye.

    Boxes: edges scatter by max(`edge_sigma_px`, `edge_sigma_share` of the height); sideways by
    half of that. A box is missed with `miss_share`, and more often where it is small (never found
    below `blind_px` of height, as often as any from `sure_px` on) or hidden (never below
    `blind_visible`, as any from `sure_visible` on). `false_per_frame` new false boxes appear
    anywhere below the horizon; each stays for one more frame with `false_again`.
    """

    edge_sigma_px: float = 1.5
    edge_sigma_share: float = 0.03
    miss_share: float = 0.2
    blind_px: float = 7.0
    sure_px: float = 20.0
    blind_visible: float = 0.25
    sure_visible: float = 0.7
    false_per_frame: float = 0.01
    false_again: float = 0.3
    sway_sigma_px: float = 0.4
    """Error of the registration that is told with a view."""
    stamp_sigma_s: float = 0.002
    drop_share: float = 0.02
    delay_sigma_share: float = 0.15


CLEAN_EYE = EyeNoise(0.0, 0.0, 0.0, 4.0, 4.001, 0.04, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Everything in view is seen exactly."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How one drill is seen: frame rate, delay from light to decision, sway of the mast."""

    rate_hz: float = 15.0
    delay_s: float = 0.1
    sway_px: float = 0.0
    sway_hz: float = 0.7
    noise: EyeNoise = EyeNoise()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One turn of the loop: what is seen, when the decision is made, and the truth behind it."""

    seen: Seen
    now_ns: int
    truth: tuple[ActorTruth, ...]


class Eye:
    """Looks at one scene, turn by turn, with errors drawn from one seed.

    The order of turns matters (false boxes flicker, a frozen picture stays), so one eye belongs
    to one drill.
    """

    def __init__(self, scene: Scene, conditions: Conditions, rng: random.Random) -> None:
        self._scene = scene
        self._conditions = conditions
        self._rng = rng
        self._false: list[Detection] = []
        self._now_ns = -1
        self._kept: Seen | None = None
        self._phase = rng.uniform(0.0, 2 * math.pi)

    def look(self, number: int) -> Look | None:
        """Turn `number` (from 0), or None where the frame was dropped; the first one arms."""
        conditions, noise = self._conditions, self._conditions.noise
        light_ns = self._scene.start_ns + round(number / conditions.rate_hz * _NS)
        delay_s = conditions.delay_s * (1 + self._rng.gauss(0.0, noise.delay_sigma_share))
        delay_s = min(max(delay_s, 0.5 * conditions.delay_s), 1.5 * conditions.delay_s)
        if number > 0 and self._rng.random() < noise.drop_share:
            return None
        self._now_ns = max(self._now_ns + 1_000_000, light_ns + round(delay_s * _NS))
        truth = outlines(self._scene, light_ns)
        seen = self._see(truth, light_ns, (Command.ARM,) if number == 0 else ())
        return Look(self._spoil(seen, light_ns), self._now_ns, truth)

    # ------------------------------------------------------------------ a good camera's picture

    def _see(
        self, truth: Sequence[ActorTruth], light_ns: int, commands: tuple[Command, ...]
    ) -> Seen:
        noise, lens = self._conditions.noise, self._scene.site.pose.lens
        shift = self._sway(light_ns)
        unseen = self._unseen(light_ns)
        bottoms = _visible_bottoms(truth)
        found = [
            self._detect(actor, bottom, shift)
            for actor, bottom in zip(truth, bottoms, strict=True)
            if actor.actor_id not in unseen
        ]
        self._flicker()
        detections = _flag_feet([*(one for one in found if one), *self._false])
        jitter = max(-0.4 / self._conditions.rate_hz, self._rng.gauss(0.0, noise.stamp_sigma_s))
        whole = Tile(0, 0, lens.width_px, lens.height_px, lens.width_px, lens.height_px)
        return Seen(
            max(0, light_ns + round(jitter * _NS)),
            detections,
            looked_at=(whole,),
            view=self._registered(shift),
            commands=commands,
        )

    def _detect(
        self, actor: ActorTruth, bottom_px: float | None, shift: tuple[float, float]
    ) -> Detection | None:
        box, noise, rng = actor.box, self._conditions.noise, self._rng
        if box is None or rng.random() > found_share(box.height_px, actor.visible, noise):
            return None
        lens = self._scene.site.pose.lens
        sigma = max(noise.edge_sigma_px, noise.edge_sigma_share * box.height_px)
        left, right = (rng.gauss(0.0, sigma / 2) if sigma else 0.0 for _ in range(2))
        top, low = (rng.gauss(0.0, sigma) if sigma else 0.0 for _ in range(2))
        x0, x1 = box.x0 + left + shift[0], box.x1 + right + shift[0]
        y0, y1 = box.y0 + top + shift[1], (bottom_px or box.y1) + low + shift[1]
        x0, x1 = max(x0, 0.0), min(x1, float(lens.width_px))
        y0, y1 = max(y0, 0.0), min(y1, float(lens.height_px))
        if x1 - x0 < 1.0 or y1 - y0 < 1.0:
            return None
        is_cut = y1 > lens.height_px - EDGE_PX or bottom_px is not None
        return Detection(actor.kind, rng.uniform(0.5, 0.95), Box(x0, y0, x1, y1), is_cut, y0 < 2.0)

    def _unseen(self, light_ns: int) -> set[str]:
        return {f.actor_id for f in self._faults(light_ns) if f.kind == "unseen"}

    def _flicker(self) -> None:
        """False boxes go or stay, and a new one may come, anywhere below the horizon."""
        noise, rng, lens = self._conditions.noise, self._rng, self._scene.site.pose.lens
        self._false = [one for one in self._false if rng.random() < noise.false_again]
        if rng.random() >= noise.false_per_frame:
            return
        tall = math.exp(rng.uniform(math.log(12.0), math.log(90.0)))
        wide = tall * rng.uniform(0.3, 1.2)
        x, foot = rng.uniform(0, lens.width_px - wide), rng.uniform(0.3, 1.0) * lens.height_px
        kind, score = rng.choice(_KINDS), rng.uniform(0.3, 0.6)
        self._false.append(
            Detection(kind, score, Box(x, max(foot - tall, 0.0), x + wide, max(foot, 2.0)))
        )

    # ------------------------------------------------------------------ mast

    def _sway(self, light_ns: int) -> tuple[float, float]:
        conditions = self._conditions
        turn = 2 * math.pi * conditions.sway_hz * light_ns / _NS + self._phase
        return (
            conditions.sway_px * math.sin(turn),
            _SWAY_DOWN * conditions.sway_px * math.sin(1.31 * turn + 1.0),
        )

    def _registered(self, shift: tuple[float, float]) -> ViewShift:
        sigma = self._conditions.noise.sway_sigma_px
        dx, dy = (s + (self._rng.gauss(0.0, sigma) if sigma else 0.0) for s in shift)
        return ViewShift(dx, dy, sigma_px=max(sigma, 0.1))

    # ------------------------------------------------------------------ staged faults

    def _faults(self, light_ns: int) -> list[Fault]:
        t_s = (light_ns - self._scene.start_ns) / _NS
        return [f for f in self._conditions.faults if f.from_s <= t_s < f.to_s]

    def _spoil(self, seen: Seen, light_ns: int) -> Seen:
        faults = self._faults(light_ns)
        for fault in faults:
            since_s = (light_ns - self._scene.start_ns) / _NS - fault.from_s
            seen = FAULTS[fault.kind](seen, self._kept, since_s)
        if not faults:
            self._kept = seen
        return seen


def found_share(height_px: float, visible: float, noise: EyeNoise) -> float:
    """How often a box of this height and visible share is found, 0 to 1 - `miss_share`.

    Rises in straight lines from the blind to the sure value of each.
    """
    size = (height_px - noise.blind_px) / (noise.sure_px - noise.blind_px)
    shown = (visible - noise.blind_visible) / (noise.sure_visible - noise.blind_visible)
    return (1 - noise.miss_share) * min(max(size, 0.0), 1.0) * min(max(shown, 0.0), 1.0)


def _visible_bottoms(truth: Sequence[ActorTruth]) -> list[float | None]:
    """For each actor, farthest first, where the lowest visible row is; None: the feet show."""
    found: list[float | None] = []
    for index, actor in enumerate(truth):
        tops = [
            near.box.y0
            for near in truth[index + 1 :]
            if actor.box and near.box and _hides_feet(near.box, actor.box)
        ]
        found.append(min(tops, default=None))
    return found


def _hides_feet(near: Box, far: Box) -> bool:
    """The far box's foot lies beyond the near body, its head above it.

    As in `detections`, a body fills the middle half of its box.
    """
    x, _ = far.centre_px
    thin = (1 - BODY_SHARE) / 2 * near.width_px
    return near.x0 + thin < x < near.x1 - thin and far.y0 + 2 < near.y0 < far.y1 < near.y1


def _flag_feet(found: Sequence[Detection]) -> tuple[Detection, ...]:
    """Marks hidden feet as the detector's own merge does: by the boxes, not by the truth."""
    if not found:
        return ()
    boxes = np.array([d.box.sides_px for d in found])
    hidden = find_hidden_feet(boxes)
    return tuple(
        replace(d, is_bottom_cut=d.is_bottom_cut or bool(is_hidden))
        for d, is_hidden in zip(found, hidden, strict=True)
    )
