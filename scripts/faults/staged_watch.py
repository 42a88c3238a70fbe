"""`rig watch --live` with a camera, a detector and a clock that fail when they are told to.

    python -m faults.staged_watch FOLDER watch --live ...

All else is the program itself: loop, links, log, arming. The camera plays pictures at 30 Hz on
CLOCK_BOOTTIME; the detector's session is the real one, held up or with its answer spoilt; the
clock is the real one, or a year on.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

import rig.devices.detector as detector
import rig.programs.watch as watch
from faults.course import RATE_HZ, read_pictures
from faults.stage import YEAR_NS, Stage
from rig import cli
from rig.config import Config
from rig.records import Frame

SLOW_S = 0.8
"""What one inference takes longer when the detector is slow."""
PERIOD_NS = round(1e9 / RATE_HZ)
_true_clock_ns = time.clock_gettime_ns


class StagedCamera:
    """Plays what the stage says; see `programs.live_source.LiveSource`."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self._stage, self._pictures = stage, read_pictures(folder)
        self._begun_ns = _true_clock_ns(time.CLOCK_BOOTTIME)
        self._sequence = -1
        good = self._pictures["good"][0]
        self._last = good
        self.size_px = (good.shape[1], good.shape[0])

    def newest(self, wait_s: float) -> Frame | None:
        """The newest picture that is due."""
        wanted = max(self._sequence + 1, (self._now_ns() - self._begun_ns) // PERIOD_NS)
        due_ns = self._begun_ns + wanted * PERIOD_NS
        wait_ns = due_ns - self._now_ns()
        mode = self._stage.get("camera")
        if mode == "none" or wait_ns > wait_s * 1e9:
            time.sleep(wait_s)
            return None
        time.sleep(max(0.0, wait_ns / 1e9))
        self._sequence = wanted
        mode = self._stage.get("camera")
        if mode != "frozen":
            shown = self._pictures.get(mode, self._pictures["good"])
            self._last = shown[wanted % len(shown)]
        return Frame(due_ns + YEAR_NS * (mode == "stamps"), wanted, self._last)

    def close(self) -> None:
        """Nothing to give back."""

    def _now_ns(self) -> int:
        return _true_clock_ns(time.CLOCK_BOOTTIME)


class StagedSession:
    """The real inference session, late or with an answer that is no number."""

    def __init__(self, session: Any, stage: Stage) -> None:
        self._session, self._stage = session, stage

    def run(self, *args: Any) -> Any:
        """Infer, and then what the stage says."""
        maps = self._session.run(*args)
        mode = self._stage.get("detector")
        if mode == "slow":
            time.sleep(SLOW_S)
        return [np.full_like(one, np.nan) for one in maps] if mode == "no number" else maps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def main() -> int:
    """Put the parts in, and become the program."""
    folder = Path(sys.argv[1])
    stage = Stage(folder / "stage")

    def open_live(_: Namespace, __: Config) -> StagedCamera:
        return StagedCamera(folder, stage)

    def clock_ns(which: int) -> int:
        return _true_clock_ns(which) + YEAR_NS * (stage.get("clock") == "a year on")

    load = detector.load_session
    detector.load_session = lambda card, threads: StagedSession(load(card, threads), stage)
    watch._open_live = open_live
    time.clock_gettime_ns = clock_ns
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
