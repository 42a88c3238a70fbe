"""The heart: one step from what was seen to what sounds.

Live, replay, demo, trials and tests call the same `Pipeline.step`; nothing in here knows whether
it is simulated. Pure: no I/O, no clock, no threads; the same inputs give the same decisions.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.config import Config
from rig.core.alerts import AlertKeeper
from rig.core.hazard import assess
from rig.core.health import Health
from rig.core.lane import Site
from rig.core.notices import NoticeKeeper
from rig.core.placing import Placer
from rig.core.runner import RunnerKeeper
from rig.core.tracker import Tracker
from rig.records import (
    Alert,
    Box,
    Cause,
    Command,
    Decision,
    Hazard,
    Level,
    Phase,
    Runner,
    Seen,
    Track,
)

ALL_CLEAR_UNSEEN_S = 0.5
"""A runner unseen for longer may be before a thing as well as past it (trials: standing person)."""
ALL_CLEAR_SIGMA_M = 2.0
"""Nor does a place say which, when it is less certain than the reach of two bodies and a step. A
stander at 40 m is known to about 1 m; one of whom only the head shows is not [J]."""


class Pipeline:
    """Decides, step by step, for one site and one configuration.

    `min_object_px` is the detector card's: the height in model-input pixels above which a thing
    is found reliably. Starts disarmed: send `Command.ARM`.
    """

    def __init__(self, site: Site, config: Config, min_object_px: float = 12.0) -> None:
        self._lane = site.lane
        self._config = config
        self._placer = Placer(site, config.placing)
        self._tracker = Tracker(config.tracker, self._placer, min_object_px)
        self._keeper = RunnerKeeper(site.lane, config.runner)
        self._health = Health(config.health, site.pose.lens.focal_px)
        self._notices = NoticeKeeper(config.health, site.pose.lens.focal_px)
        self._alerts = AlertKeeper()
        self._runner = Runner(Phase.DISARMED, None)
        self._tracks: tuple[Track, ...] = ()
        self._t_ns = 0

    def step(self, seen: Seen, now_ns: int) -> Decision:
        """One turn of the loop; `now_ns` is when the decision is made, on the frames' clock."""
        faults = self._health.check(seen, now_ns)
        faults += tuple(Hazard(cause, detail="told by the horn") for cause in seen.horn_faults)
        seen = self._health.trusted(seen, now_ns)
        if seen.t_ns is not None:
            self._t_ns = max(self._t_ns, seen.t_ns)
            placed = self._placer.place(
                seen.detections + seen.strange_things,
                seen.view,
                self._runner.height_m,
                runner_box=self._runner_box(),
            )
            self._tracks = self._tracker.update(placed, seen.looked_at, seen.t_ns)
        t_ns = self._t_ns if seen.t_ns is not None else max(self._t_ns, now_ns)
        commands = self._commands(seen)
        is_alarmed = bool(faults) or self._alerts.level >= Level.FAULT
        self._runner, obstacles = self._keeper.split(
            self._tracks, commands, seen.pose_fall, t_ns, is_alarmed
        )
        hazards = assess(self._runner, obstacles, self._lane, self._config.hazard, now_ns)
        hazards = tuple(h for h in hazards if h.cause is not Cause.ALL_CLEAR or self._is_sure(t_ns))
        hazards += tuple(self._standing_causes())
        alert = self._decide(hazards + faults, seen.commands, now_ns)
        causes, notices = hazards + faults, self._notices.note(seen)
        return Decision(seen.t_ns, now_ns, alert, self._runner, self._tracks, causes, notices)

    def _runner_box(self) -> Box | None:
        return self._runner.track.box if self._runner.track is not None else None

    def _is_sure(self, t_ns: int) -> bool:
        """Whether the runner is seen, and where: nobody is told "all clear" on a guess."""
        track = self._runner.track
        if track is None or track.along_sigma_m > ALL_CLEAR_SIGMA_M:
            return False
        return t_ns - track.seen_t_ns <= ALL_CLEAR_UNSEEN_S * 1e9

    def _commands(self, seen: Seen) -> tuple[Command, ...]:
        """Acknowledging a fault disarms: the rig must be looked at before it guards again."""
        is_fault = self._alerts.level is Level.FAULT
        if is_fault and Command.ACKNOWLEDGE in seen.commands:
            return (*seen.commands, Command.DISARM)
        return seen.commands

    def _standing_causes(self) -> Iterator[Hazard]:
        if self._runner.phase is not Phase.DISARMED:
            yield Hazard(Cause.GUARD)
        if self._runner.phase is Phase.IN_BOX:
            yield Hazard(Cause.ARMED)

    def _decide(
        self, hazards: tuple[Hazard, ...], commands: tuple[Command, ...], now_ns: int
    ) -> Alert:
        if self._runner.phase is Phase.DISARMED:
            self._alerts.silence()
            hazards = ()
        return self._alerts.decide(hazards, Command.ACKNOWLEDGE in commands, now_ns)
