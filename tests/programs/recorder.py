"""A `rig record` as a process of its own, somebody to blur, and what a clip shows."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from rig.records import Picture
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS
from rig.sim.motion import stand
from rig.sim.render import Renderer
from rig.sim.scenes import Actor, Scene
from tests.programs.live_rig import BOX_M, LiveRig, live_site
from tests.programs.processes import ROOT, command

HANGS_S = 60.0


def draw_coach(count: int) -> tuple[Picture, list[Picture]]:
    """The empty lane, and pictures of a runner in the start box and a coach beside the lane."""
    runner = Actor("waiting", stand(BOX_M, 0.0, 0.0), look=random_look(21, "stand"))
    coach = Actor("coach", stand(10.0, -2.0, 0.3), look=random_look(11, "stand"))
    empty = Scene("coached", live_site(), (), None, light=LIGHTS["overcast"], seed=3)
    renderer = Renderer(replace(empty, actors=(runner, coach)))
    pictures = [renderer.picture(round(number * 1e9 / 30)) for number in range(count)]
    return Renderer(empty).picture(0), pictures


@dataclass
class RecordRig:
    """One `rig record`; its clips are those of `sessions`."""

    folder: Path
    sessions: Path
    settings: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> RecordRig:
        """Start it, and wait until it listens."""
        self.folder.mkdir(exist_ok=True)
        settings = (f"links.folder={self.folder}", f"log.sessions={self.sessions}")
        settings += ("clips.free_least_mb=1", *self.settings)
        words = [word for one in settings for word in ("--set", one)]
        readies = self.said.count("ready")
        with self._paper.open("a") as paper:
            self.process = subprocess.Popen(
                command("record", *words), cwd=ROOT, stdout=paper, stderr=subprocess.STDOUT
            )
        self.wait(lambda: self.said.count("ready") > readies)
        return self

    def wait(self, until: Callable[[], Any]) -> Any:
        deadline_s = time.monotonic() + HANGS_S
        while time.monotonic() < deadline_s:
            if found := until():
                return found
            time.sleep(0.02)
        raise AssertionError(f"it never came: {self.said}")

    def wait_for(self, part: str) -> str:
        """The first line with this part."""
        lines = lambda: [line for line in self.said.splitlines() if part in line]  # noqa: E731
        found: str = self.wait(lambda: lines() and lines()[0])
        return found

    def rest(self, seconds: float, rig: LiveRig) -> None:
        """Let so long go by, the rig being listened to."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            rig.listen()

    def clips(self) -> list[Path]:
        return sorted(self.sessions.glob("*/clips/*.mp4"))

    @property
    def said(self) -> str:
        return self._paper.read_text() if self._paper.exists() else ""

    @property
    def _paper(self) -> Path:
        return self.folder.with_suffix(".recorded")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(HANGS_S)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(HANGS_S)


def read_clip(path: Path) -> list[tuple[float, Picture]]:
    """Times from the clip's beginning, and the pictures; raises where one cannot be decoded."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return [
            (float(f.pts * stream.time_base), np.asarray(f.to_ndarray(format="bgr24"), np.uint8))
            for f in container.decode(stream)
            if f.pts is not None
        ]


def clip_lines(session: Path, kind: str) -> list[dict[str, Any]]:
    """The values of one kind of line in the recorder's segments."""
    text = "".join(path.read_text() for path in sorted(session.glob("clips.*.jsonl")))
    lines = [json.loads(line) for line in text.splitlines()]
    return [line["value"] for line in lines if line["kind"] == kind]
