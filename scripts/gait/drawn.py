"""Recordings of made-up runners, whose contacts are exact: what no force plate has, backwards fast.

Bodies are those that the drills are drawn with (`rig.sim.bodies`); feet follow marker tables, so
that they do not slide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from gait.markers import Recording
from rig.core.gait.keypoints import JOINTS
from rig.sim.bodies import Posture, place_joints
from rig.sim.gaits import GAITS

HEIGHT_M: Final = 1.75
RATE_HZ: Final = 200.0
LASTS_S: Final = 5.0
SPEEDS_MPS: Final = (2.0, 3.0, 4.0, 5.0)
STRIDE_S: Final = {2.0: 0.70, 3.0: 0.66, 4.0: 0.62, 5.0: 0.58}
"""Backward, steps are short and many: 170 to 207 a minute here."""


def drawn_runners() -> Iterator[Recording]:
    """Backward runners at 2, 3, 4 and 5 m/s."""
    for speed_mps in SPEEDS_MPS:
        yield _run(speed_mps, STRIDE_S[speed_mps])


def _run(speed_mps: float, stride_s: float) -> Recording:
    times = np.arange(0.0, LASTS_S, 1 / RATE_HZ)
    joints = np.full((len(times), len(JOINTS), 3), np.nan)
    for row, time_s in enumerate(times):
        posture = Posture("run", -time_s / stride_s, speed_mps * stride_s, still=0.0)
        body = place_joints(HEIGHT_M, posture)
        for number, name in enumerate(JOINTS):
            place = body.get(name.replace("_", " "))
            if place is not None:
                joints[row, number] = (speed_mps * time_s - place[0], -place[1], place[2])
    duty_s = GAITS["run"].duty * stride_s
    spans = {
        side: [
            (begin, begin + duty_s)
            for begin in _begins(stride_s, late)
            if begin > 0 and begin + duty_s < LASTS_S
        ]
        for side, late in (("left", 0.0), ("right", 0.5))
    }
    return Recording(f"drawn run {speed_mps:g} m/s, backward", times, joints, spans)


def _begins(stride_s: float, late: float) -> list[float]:
    """Touch-downs of a foot whose stride runs in reverse: it lands where it would take off."""
    first = (late - GAITS["run"].duty) * stride_s
    return [first + k * stride_s for k in range(int(LASTS_S / stride_s) + 2)]
