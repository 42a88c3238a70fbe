"""Hours of drills through one decision loop, as fast as it decides.

Decides which drills are played; the pipeline is one and the same to the end, so that whatever it
keeps shows. Called by the command and the tests.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle

from rig.config import Config
from rig.core.pipeline import Pipeline
from rig.records import Cause, Command, Decision, Phase, Seen
from rig.sim.drills import DRILLS, mount_a
from rig.sim.noise import Conditions, Eye, Look
from rig.sim.scenes import Scene
from soaking.flat import Bound, judge, memory_mb

BOUNDS = {
    "memory": Bound("MB", 300, 4),
    "step, p50": Bound("ms", 50, 1.0),
    "tracks": Bound("", 60, 4),
}
SAMPLES = 96
"""Of the whole run."""
CONDITIONS = Conditions(rate_hz=10.0)
REST_S = 3.0
"""Between two drills the rig is disarmed, and sees nobody."""
HOUR_S = 3600.0


def soak_decisions(hours: float, tell: Callable[[float], object]) -> list[str]:
    """Play so many hours and print what was measured; gives what is wrong."""
    pipeline = Pipeline(mount_a(), Config())
    samples: list[dict[str, float]] = []
    steps_ms: list[float] = []
    heard: dict[Cause | None, int] = {}
    begun_s, count, drilled_s, sampled_s = time.monotonic(), 0, 0.0, 0.0
    for decision, took_s, now_s in _hours(pipeline, hours):
        count += 1
        steps_ms.append(1e3 * took_s)
        heard[decision.alert.cause] = heard.get(decision.alert.cause, 0) + 1
        if now_s - sampled_s > hours * HOUR_S / SAMPLES:
            samples.append(_sample(decision, steps_ms))
            tell(now_s - sampled_s)
            steps_ms, sampled_s = [], now_s
        drilled_s = now_s
    lasted_s = time.monotonic() - begun_s
    return _report(samples, heard, count, drilled_s, lasted_s)


def _hours(pipeline: Pipeline, hours: float) -> Iterator[tuple[Decision, float, float]]:
    """Each decision, what it took, and the time that has gone by in the drills."""
    shift_ns = 0
    for number, name in enumerate(cycle(sorted(DRILLS))):
        scene = DRILLS[name]()
        for seen, now_ns in _drill(scene, random.Random(number), shift_ns):
            before_s = time.perf_counter()
            decision = pipeline.step(seen, now_ns)
            took_s = time.perf_counter() - before_s
            if scene.runner is not None:
                scene.runner.hears(decision.alert.level, now_ns - shift_ns)
            yield decision, took_s, (now_ns - scene.start_ns) / 1e9
        shift_ns += round((scene.duration_s + REST_S) * 1e9)
        if shift_ns > hours * HOUR_S * 1e9:
            return


def _drill(scene: Scene, dice: random.Random, shift_ns: int) -> Iterator[tuple[Seen, int]]:
    """One drill from arming to disarming, moved to its place in the day."""
    eye, last = Eye(scene, CONDITIONS, dice), round(scene.duration_s * CONDITIONS.rate_hz) - 1
    for number in range(last + 1):
        look: Look | None = eye.look(number)
        if look is None:
            continue
        seen = look.seen
        t_ns = None if seen.t_ns is None else seen.t_ns + shift_ns
        yield replace(seen, t_ns=t_ns), look.now_ns + shift_ns
    end_ns, commands = scene.start_ns + shift_ns + round(scene.duration_s * 1e9), (Command.DISARM,)
    for number in range(round(REST_S * CONDITIONS.rate_hz)):
        t_ns = end_ns + round(number / CONDITIONS.rate_hz * 1e9)
        yield Seen(t_ns, commands=commands), t_ns + round(CONDITIONS.delay_s * 1e9)
        commands = ()


def _sample(decision: Decision, steps_ms: list[float]) -> dict[str, float]:
    middle = sorted(steps_ms)[len(steps_ms) // 2]
    return {
        "memory": memory_mb("self"),
        "step, p50": middle,
        "tracks": float(len(decision.tracks)),
    }


def _report(
    samples: list[dict[str, float]],
    heard: dict[Cause | None, int],
    count: int,
    drilled_s: float,
    lasted_s: float,
) -> list[str]:
    speed = drilled_s / lasted_s
    print(
        f"\n{drilled_s / HOUR_S:.2f} hours of drills, {count} decisions, {speed:.0f} times as fast"
    )
    print("decisions by cause:", ", ".join(f"{c or Phase.DISARMED} {n}" for c, n in heard.items()))
    wrongs = judge(samples, BOUNDS)
    if not {Cause.COLLISION, Cause.LANE_END_NOW, Cause.FALL} <= set(heard):
        wrongs.append("a drill's STOP was not heard: nothing was tried")
    return wrongs
