"""A simulated drill: who and what is at the track, and the truth about it at any time.

Decides where everybody is, how they hold themselves and what of them the camera sees. Does not
draw: `render` does. Called by `render`, `source`, `drills` and tests, and by the programs that
judge how well the rig did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from rig.core.camera_pose import CameraPose
from rig.core.lane import Site
from rig.records import Box, Kind
from rig.sim.bodies import STANDING, Posture, contacts
from rig.sim.cutouts import Cutout, Standee, flatten_standee
from rig.sim.effects import PLAIN, Effects
from rig.sim.figures import Look, build_person, place_parts
from rig.sim.ground import SURFACES, Surface
from rig.sim.light import LIGHTS, Colour, Light
from rig.sim.motion import Path, Place
from rig.sim.shutter import Shutter, add_moves, expose
from rig.sim.sim_runner import SimRunner
from rig.sim.strokes import Flat, Part, clip, extent, flatten, silhouette
from rig.sim.things import THINGS, build_thing

_RUN_FROM_MPS = 1.9
_RUNNER_HEIGHT_M = 1.75
RUNNER_ID = "runner"
_PLAIN = Look()
_DRILLING = Look(shirt=(40.0, 150.0, 235.0), sleeve=0.3, trouser=0.22)


@dataclass(frozen=True, slots=True)
class Actor:
    """One person, animal or thing. `name` is "person" or a name of `things.THINGS`.

    `size_m` is a person's height, else the thing's size (None: as usual). `stance` is how a
    person stands, `stride_m` the length of two steps (None: from the speed). A `cutout` is shown
    instead of a drawn body: a photograph, which does not move its limbs.
    """

    actor_id: str
    path: Path
    name: str = "person"
    size_m: float | None = None
    look: Look = _PLAIN
    stance: str = "arms down"
    colour: Colour | None = None
    stride_m: float | None = None
    cutout: Cutout | None = None

    @property
    def kind(self) -> Kind:
        """What the rig should call it."""
        return Kind.PERSON if self.name == "person" else THINGS[self.name].kind

    @property
    def height_m(self) -> float:
        """Height of a person, size of a thing."""
        return self.size_m or (1.75 if self.name == "person" else THINGS[self.name].size_m)


@dataclass(frozen=True, slots=True)
class ActorTruth:
    """What is true of one actor at one time.

    `box` is the exact rectangle of what could be drawn of it, clipped to the picture (None: out
    of view), `full_box` the same unclipped; `visible` the share of its outline that lies in
    the picture and is hidden by nobody nearer. `contacts` says whether the left and right foot
    are down (None for things). `fall` is 0 upright to 1 lying.
    """

    actor_id: str
    name: str
    kind: Kind
    along_m: float
    across_m: float
    along_mps: float
    across_mps: float
    width_m: float
    height_m: float
    box: Box | None
    full_box: Box | None
    visible: float
    contacts: tuple[bool, bool] | None
    fall: float = 0.0

    @property
    def speed_mps(self) -> float:
        """Speed over the ground."""
        return math.hypot(self.along_mps, self.across_mps)


@dataclass(frozen=True, slots=True)
class Figure:
    """One actor at one time: place, posture and parts (or a photograph) in the ground frame."""

    actor: Actor
    place: Place
    posture: Posture | None
    parts: Sequence[Part]
    far_m: float
    standee: Standee | None = None

    def exposures(self, pose: CameraPose, shutter: Shutter) -> list[list[Flat]]:
        """What is drawn of it, at the moments of one exposure."""
        if self.standee is not None:
            return [flatten_standee(self.standee, pose)]
        return expose(flatten(self.parts, pose), shutter, pose.lens.height_px)

    def moved_from(self, before: Figure, seconds: float) -> Figure:
        """The figure with the velocities that brought it here."""
        return replace(self, parts=add_moves(self.parts, before.parts, seconds))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A site, its actors and its look. The same scene with the same alerts is the same drill.

    `runner` is None where nobody drills. `start_ns` is the time of the first frame.
    """

    name: str
    site: Site
    actors: tuple[Actor, ...] = ()
    runner: SimRunner | None = None
    runner_look: Look = _DRILLING
    surface: Surface = SURFACES["red"]
    light: Light = LIGHTS["overcast"]
    seed: int = 1
    start_ns: int = 0
    duration_s: float = 25.0
    effects: Effects = PLAIN

    def figures(self, t_ns: int) -> list[Figure]:
        """Everybody at `t_ns`, farthest from the camera first, moving if the shutter sees it."""
        figures = self._figures(t_ns)
        span_s = self.effects.shutter.span_s
        if span_s > 0.0:
            before = {f.actor.actor_id: f for f in self._figures(t_ns - round(span_s * 1e9))}
            figures = [f.moved_from(before[f.actor.actor_id], span_s) for f in figures]
        return figures

    def _figures(self, t_ns: int) -> list[Figure]:
        found = [self._figure(actor, t_ns) for actor in self.actors]
        if self.runner is not None:
            found.append(self._runner_figure(self.runner, t_ns))
        return sorted(found, key=lambda figure: -figure.far_m)

    def truth(self, t_ns: int) -> tuple[ActorTruth, ...]:
        """What is true of everybody at `t_ns`, farthest from the camera first."""
        figures = self.figures(t_ns)
        pose, shutter = self.site.pose, self.effects.shutter
        flats = [list(chain(*figure.exposures(pose, shutter))) for figure in figures]
        return tuple(
            self._truth(figure, flat, flats[index + 1 :])
            for index, (figure, flat) in enumerate(zip(figures, flats, strict=True))
        )

    def places(self, t_ns: int) -> dict[str, Place]:
        """Where everybody is, by actor id: truth without bodies and boxes, far cheaper."""
        found = {actor.actor_id: self._place(actor, t_ns) for actor in self.actors}
        if self.runner is not None:
            found[RUNNER_ID] = self.runner.advance(t_ns)
        return found

    def is_clear(self, t_ns: int) -> bool:
        """Whether nothing endangers the runner at `t_ns`: any alert but OK would be needless.

        That is: nobody is in the lane between runner and lane end, or walks toward it so as
        to be in it within four seconds, and the lane end is more than 12 m away.
        """
        if self.runner is None:
            return False
        lane = self.site.lane
        run = self.runner.advance(t_ns)
        if run.along_m > lane.length_m - 12.0 or self.runner.fall_share(t_ns) > 0.0:
            return False
        half = lane.width_m / 2 + 0.35
        places = [(a, self._place(a, t_ns)) for a in self.actors]
        return not any(_endangers(a, place, run.along_m, half) for a, place in places)

    # ------------------------------------------------------------------ one actor

    def _place(self, actor: Actor, t_ns: int) -> Place:
        t_s = (t_ns - self.start_ns) / 1e9
        if actor.path.after is None:
            return actor.path.place(t_s)
        since = self.runner.event_s(actor.path.after, t_ns) if self.runner else None
        return actor.path.place(None if since is None else t_s - since)

    def _figure(self, actor: Actor, t_ns: int) -> Figure:
        place = self._place(actor, t_ns)
        if actor.cutout is not None:
            return self._stand(actor, place, STANDING if actor.name == "person" else None, ())
        if actor.name != "person":
            phase = place.walked_m / (actor.stride_m or 1.6 * actor.height_m)
            parts = build_thing(actor.name, actor.size_m, actor.colour, phase)
            return self._stand(actor, place, None, parts)
        speed = place.speed_mps
        gait = "run" if speed > _RUN_FROM_MPS else "walk"
        stride = actor.stride_m or (0.72 * speed if gait == "run" else 0.75 + 0.5 * speed)
        breath = 0.006 * math.sin(2 * math.pi * t_ns / 3.7e9 + len(actor.actor_id))
        posture = Posture(gait, place.walked_m / stride, stride, place.still, actor.stance,
                          sway_rad=breath * place.still)  # fmt: skip
        return self._stand(actor, place, posture, build_person(actor.height_m, actor.look, posture))

    def _runner_figure(self, runner: SimRunner, t_ns: int) -> Figure:
        place = runner.advance(t_ns)
        habits = runner.habits
        is_return = place.along_mps < 0
        stride = 1.35 if is_return else habits.stride_m
        posture = Posture("walk" if is_return else "run", place.walked_m / stride, stride,
                          place.still, "ready" if place.along_m < habits.start_m + 0.5
                          else "arms down", runner.fall_share(t_ns))  # fmt: skip
        actor = Actor(RUNNER_ID, Path(()), "person", _RUNNER_HEIGHT_M, self.runner_look)
        parts = build_person(_RUNNER_HEIGHT_M, self.runner_look, posture)
        return self._stand(actor, place, posture, parts)

    def _stand(
        self, actor: Actor, place: Place, posture: Posture | None, parts: Sequence[Part]
    ) -> Figure:
        """Put parts on the ground; the heading follows the lane."""
        step = 0.01 * math.cos(place.heading_rad), 0.01 * math.sin(place.heading_rad)
        here = (place.along_m, place.across_m)
        ends = self.site.lane.to_ground(np.array([here, (here[0] + step[0], here[1] + step[1])]))
        x, y = float(ends[0, 0]), float(ends[0, 1])
        heading = math.atan2(float(ends[1, 1]) - y, float(ends[1, 0]) - x)
        pose = self.site.pose
        far = math.hypot(x - pose.x_m, y - pose.y_m)
        if actor.cutout is not None:
            return Figure(
                actor, place, posture, (), far, Standee(actor.cutout, x, y, actor.height_m)
            )
        return Figure(actor, place, posture, place_parts(parts, x, y, heading), far)

    def _truth(self, figure: Figure, flats: list[Flat], nearer: list[list[Flat]]) -> ActorTruth:
        lens = self.site.pose.lens
        full = extent(flats)
        actor, place, posture = figure.actor, figure.place, figure.posture
        wide = 0.5 if posture is not None else THINGS[actor.name].width * actor.height_m
        return ActorTruth(
            actor.actor_id,
            actor.name,
            actor.kind,
            place.along_m,
            place.across_m,
            place.along_mps,
            place.across_mps,
            wide,
            actor.height_m,
            clip(full, lens.width_px, lens.height_px),
            full,
            _visible_share(flats, full, nearer, (lens.width_px, lens.height_px)),
            None if posture is None else contacts(posture),
            0.0 if posture is None else posture.fall,
        )


def _endangers(actor: Actor, place: Place, runner_along_m: float, half_m: float) -> bool:
    """Whether an actor is, or within four seconds will be, in the lane beyond the runner."""
    wide = 0.25 if actor.name == "person" else THINGS[actor.name].width * actor.height_m / 2
    reach = half_m + wide
    if place.along_m < runner_along_m - 2.0 and place.along_mps <= 0:
        return False
    soon = place.across_m + 4.0 * place.across_mps
    return min(place.across_m, soon) < reach and max(place.across_m, soon) > -reach


def _visible_share(
    flats: list[Flat], full: Box | None, nearer: list[list[Flat]], size: tuple[int, int]
) -> float:
    """Share of the outline's area inside the picture and not covered by nearer actors."""
    if full is None or full.width_px <= 0 or full.height_px <= 0:
        return 0.0
    hiding = [o for o, box in ((o, extent(o)) for o in nearer) if box and box.overlap(full) > 0.0]
    if not hiding and clip(full, *size) == full:
        return 1.0
    columns = max(8, min(48, round(full.width_px)))
    own = silhouette(flats, full, columns)
    total = int(own.sum())
    if total == 0:
        return 0.0
    seen = own.copy()
    scale = columns / full.width_px
    rows = (np.arange(own.shape[0]) + 0.5) / scale + full.y0
    across = (np.arange(own.shape[1]) + 0.5) / scale + full.x0
    seen &= ((rows >= 0) & (rows < size[1]))[:, None]
    seen &= ((across >= 0) & (across < size[0]))[None, :]
    for other in hiding:
        seen &= ~silhouette(other, full, columns)
    return float(seen.sum()) / total
