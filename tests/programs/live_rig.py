"""A live `rig watch` as a process of its own, and an ear that stands where the horn does."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rig.core.datagrams import Edge, Message, Order, PoseFall, Word
from rig.core.lane import Site
from rig.devices.datagram_link import Inbox, Outbox
from rig.devices.run_folder import RunFolder
from rig.devices.video import boottime_ns
from rig.records import Picture
from rig.sim.drills import mount_a
from rig.sim.figures import random_look
from rig.sim.light import LIGHTS
from rig.sim.motion import stand
from rig.sim.render import Renderer
from rig.sim.scenes import Actor, Scene
from tests.programs.processes import ROOT, command, write_clip

HANGS_S = 60.0
"""A test that waits longer than this has failed; nothing is judged by it."""
WIDTH_PX, HEIGHT_PX = 640, 360
"""The shipped model sees a person at the far end of this: it has to pass its self-test."""
BOX_M = 1.5
"""The middle of the start box."""
MODELS = ROOT / "models"


def live_site() -> Site:
    """A lane of 14 m."""
    return mount_a(14.0, WIDTH_PX, HEIGHT_PX)


def draw_waiting(count: int) -> tuple[Picture, list[Picture]]:
    """The empty lane, and pictures at 30 Hz of somebody who stands in the start box."""
    somebody = Actor("waiting", stand(BOX_M, 0.0, 0.0), look=random_look(21, "stand"))
    empty = Scene("waiting", live_site(), (), None, light=LIGHTS["overcast"], seed=3)
    renderer = Renderer(replace(empty, actors=(somebody,)))
    pictures = [renderer.picture(round(number * 1e9 / 30)) for number in range(count)]
    return Renderer(empty).picture(0), pictures


@dataclass
class LiveRig:
    """One `rig watch --live`, its folder, and all the words that the horn would have heard."""

    folder: Path
    argv: list[str]
    process: subprocess.Popen[bytes] | None = None
    words: list[Word] = field(default_factory=list)
    has_ear: bool = True
    """False: a real horn listens instead."""
    horn: subprocess.Popen[bytes] | None = None
    _sound: tuple[str, int] = ("silent", 0)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.ear = Inbox(self.folder / ("horn.sock" if self.has_ear else "nobody.sock"))
        self.mouth = Outbox(self.folder / "watch.sock")

    def start(self) -> LiveRig:
        """Start the program, and wait until it judges pictures."""
        with self._paper.open("a") as paper:
            self.process = subprocess.Popen(
                command(*self.argv), cwd=ROOT, stdout=paper, stderr=subprocess.STDOUT
            )
        begun_ns = boottime_ns()
        self.wait_for_state(lambda state: state.get("t_ns", 0) > begun_ns)
        return self

    def wait(self, until: Callable[[], Any]) -> Any:
        """Listen until something is so; gives it."""
        deadline_s = time.monotonic() + HANGS_S
        while time.monotonic() < deadline_s:
            self.listen()
            if found := until():
                return found
        ended = self.process.poll() if self.process else None
        raise AssertionError(f"it never came; last word {self.words[-1:]}, exit code {ended}")

    def listen(self) -> None:
        """Hear what there is, and answer a new sound as the horn does."""
        for word in self.ear.receive(0.02):
            if not isinstance(word, Word):
                continue
            self.words.append(word)
            sound = (word.pattern, word.since_ns)
            if sound != self._sound and word.pattern != "silent":
                now_ns = boottime_ns()
                self.mouth.send(Edge(*sound_of(word), now_ns, True))
            self._sound = sound

    def wait_for_word(self, is_it: Callable[[Word], bool]) -> Word:
        """The next word that is so."""
        self.words.clear()
        found: Word = self.wait(lambda: next(filter(is_it, self.words), None))
        return found

    def state(self) -> dict[str, Any]:
        return RunFolder(self.folder).read_state()

    def wait_for_state(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        found: dict[str, Any] = self.wait(lambda: (s := self.state()) and is_it(s) and s)
        return found

    def tell(self, message: Message) -> None:
        assert self.mouth.send(message)

    def order(self, name: str, empty: bool = True, heard: bool = True, token: str = "") -> Any:
        """Give an order and get its answer."""
        asked_ns = boottime_ns()
        self.tell(Order(name, token or RunFolder(self.folder).read_token(), empty, heard))
        return self.wait(lambda: self._answer(name, asked_ns))

    def _answer(self, name: str, asked_ns: int) -> Any:
        answers = self.state().get("answers", [])
        return next((a for a in answers if a["asked"] == name and a["t_ns"] >= asked_ns), None)

    def arm(self) -> None:
        """Arm as soon as the rig is ready."""
        self.wait_for_state(lambda s: all("horn" in reason for reason in s["not_ready"]))
        answer = self.order("arm")
        assert answer["is_done"], answer
        self.wait_for_state(lambda s: s["stage"] == "armed")

    def fall(self) -> None:
        """The locked runner falls, by the word of the gait program."""
        self.wait_for_state(lambda s: s["phase"] == "in_box")
        self.tell(PoseFall(boottime_ns(), True))

    def start_horn(self) -> LiveRig:
        """The real one, on mock pins."""
        argv = command("horn", "--pins", "mock", "--set", f"links.folder={self.folder}")
        with self.folder.with_suffix(".heard").open("a") as paper:
            self.horn = subprocess.Popen(argv, cwd=ROOT, stdout=paper, stderr=paper)
        self.wait(lambda: (self.folder / "horn.sock").exists())
        return self

    def kill(self, number: signal.Signals) -> int:
        """End the program; gives its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(HANGS_S)

    @property
    def said(self) -> str:
        """All that the program said, in all its starts."""
        return self._paper.read_text()

    @property
    def _paper(self) -> Path:
        return self.folder.with_suffix(".said")

    def close(self) -> None:
        for process in (self.process, self.horn):
            if process is not None:
                process.kill()
                process.wait(HANGS_S)
        self.ear.close()
        self.mouth.close()


def sound_of(word: Word) -> tuple[Any, ...]:
    return (word.sequence, word.since_ns, word.cause, word.pattern)


def write_live_clip(path: Path, pictures: list[Picture]) -> Path:
    """A clip at 30 Hz."""
    return write_clip(path, pictures, 30.0)


def mark_full(picture: Picture) -> Picture:
    """A square of full blue, which a failing model trips over."""
    marked = picture.copy()
    marked[64:128, 64:128] = (255, 0, 0)
    return marked


def read_events(session: Path) -> list[dict[str, Any]]:
    """The event lines of all segments."""
    lines = [p.read_text().splitlines() for p in sorted(session.glob("events.*.jsonl"))]
    return [json.loads(line) for segment in lines for line in segment]
