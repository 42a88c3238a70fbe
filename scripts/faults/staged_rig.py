"""The staged rig: real `horn`, `watch` and `record` under supervisors, and hands to work them.

Decides nothing about faults (`table`); starts, arms, tells, listens and puts right again. Called
by `trial`. Nothing here is a stand-in but what `staged_watch` and `tapped_horn` name, and a
`pinctrl` for `scripts/horn-guard` that writes down when it was called.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults import siren
from faults.course import Course
from faults.service import Service
from faults.siren import Change, SirenRecord
from faults.stage import Stage
from rig.core.datagrams import Message, Order, PoseFall
from rig.devices.datagram_link import Outbox
from rig.devices.run_folder import RunFolder
from rig.devices.video import boottime_ns

ROOT = Path(__file__).resolve().parents[2]
HANGS_S = 60.0
"""Who waits for longer has found something; nothing is judged by it."""
LOOK_S = 0.003
SHM = Path("/dev/shm")
"""The siren's record lies in memory: a disk would hold the horn up."""
SIREN_PIN = 17
GUARD_TOLD = "guard.told"
PINCTRL = "#!/bin/sh\nread -r up rest </proc/uptime\necho \"$up $*\" >>'{told}'\n"
"""/proc/uptime is CLOCK_BOOTTIME, in hundredths."""
WATCHDOG_S = {"horn": 1.0, "watch": 3.0, "record": 30.0}
RESTART_S = {"horn": 0.2, "watch": 1.0, "record": 5.0}
"""As in systemd/rig-*.service."""
WATCH_NICE = -10
CLIPS = {"clips.before_s": 1.5, "clips.after_s": 1.0, "clips.free_least_mb": 4}
"""Short clips, and a small disk."""


class Stuck(Exception):
    """The rig did not get to where the matrix wanted it: said, and counted as a failure."""


class StagedRig:
    """One rig, its folder and its siren."""

    def __init__(self, course: Course, sessions: Path, memory: Path = SHM) -> None:
        place = SHM if SHM.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="rig-faults-", dir=place))
        (self.folder / "run").mkdir()
        self.course, self.sessions, self.memory = course, sessions, memory
        self.run = RunFolder(self.folder / "run")
        self.stage = Stage(course.folder / "stage")
        self.stage.reset()
        self._mouth = Outbox(self.run.path / "watch.sock")
        self.horn, self.watch, self.record = (
            self._make_horn(), self._make_watch(), self._make_record()
        )  # fmt: skip
        self.programs = (self.horn, self.watch, self.record)
        self._siren = SirenRecord(self.folder)

    # ------------------------------------------------------------------ programs

    def _make_horn(self) -> Service:
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "pinctrl").write_text(PINCTRL.format(told=self.folder / GUARD_TOLD))
        (tools / "pinctrl").chmod(0o755)
        argv = ["horn", "--pins", "mock", "--set", f"links.folder={self.run.path}"]
        guard = [str(ROOT / "scripts/horn-guard"), str(self.run.path), str(SIREN_PIN)]
        path = {"PATH": f"{tools}:/usr/bin:/bin"}
        argv = ["faults.tapped_horn", str(self.folder), *argv]
        return self._service("horn", argv, 0, guard, path)

    def _make_watch(self) -> Service:
        settings = {
            "detector.card": self.course.card, "detector.threads": 1,
            "log.free_least_mb": 1, "runner.settle_s": 0.3, **self._shared(),
        }  # fmt: skip
        argv = ["faults.staged_watch", str(self.course.folder)]
        argv += ["watch", "--live", "--lane", str(self.course.lane), *_as_words(settings)]
        return self._service("watch", argv, WATCH_NICE, [], {})

    def _make_record(self) -> Service:
        argv = ["rig", "record", *_as_words({**CLIPS, **self._shared()})]
        return self._service("record", argv, 0, [], {})

    def _shared(self) -> dict[str, Any]:
        return {
            "log.sessions": self.sessions, "links.folder": self.run.path,
            "links.memory": self.memory,
        }  # fmt: skip

    def _service(
        self, name: str, argv: list[str], nice: int, stop_post: list[str], env: dict[str, str]
    ) -> Service:
        command = [sys.executable, "-P", "-m", *argv]
        return Service(
            name, command, self.folder, WATCHDOG_S[name], RESTART_S[name], nice, stop_post, env
        )

    def start(self) -> None:
        """All programs up, pictures judged."""
        for one in self.programs:
            one.is_wanted = True
        self.wait("all programs are up", self._is_up)

    def _is_up(self) -> bool:
        return all(one.is_ready for one in self.programs)

    def close(self) -> None:
        """End all and remove the folder."""
        for one in reversed(self.programs):
            one.close()
        self._mouth.close()
        shutil.rmtree(self.folder)

    def cut(self) -> None:
        """All die in one instant; nobody is told."""
        processes = [one.process for one in self.programs if one.process is not None]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(HANGS_S)

    # ------------------------------------------------------------------ time

    def wait(self, what: str, until: Callable[[], Any], most_s: float = HANGS_S) -> Any:
        """Look after the programs until something is so. Raises Stuck."""
        deadline_s = time.monotonic() + most_s
        while time.monotonic() < deadline_s:
            self.look()
            if found := until():
                return found
            time.sleep(LOOK_S)
        raise Stuck(f"waited {most_s:g} s in vain: {what}; {self.describe()}")

    def rest(self, seconds: float) -> None:
        """Let so long go by."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self.look()
            time.sleep(LOOK_S)

    def look(self) -> None:
        """Look after the programs."""
        for one in self.programs:
            one.look()

    def describe(self) -> str:
        """Where it stands, for a sentence."""
        state = self.state()
        shown = {k: state.get(k) for k in ("stage", "phase", "level", "cause", "not_ready")}
        return f"{shown}; last line: {(self.watch.said.splitlines() or ['none'])[-1]}"

    # ------------------------------------------------------------------ hands

    def state(self) -> dict[str, Any]:
        """What `watch` says of itself."""
        return self.run.read_state()

    def tell(self, message: Message) -> None:
        """To `watch`, as horn, gait or a person do."""
        self._mouth.send(message)

    def order(self, name: str) -> dict[str, Any]:
        """Ask, and get the answer; asked again while nobody takes it."""
        asked_ns, told_s = boottime_ns(), 0.0

        def answer() -> dict[str, Any] | None:
            nonlocal told_s
            if time.monotonic() - told_s > 1.0:
                told_s = time.monotonic()
                self.tell(Order(name, self.run.read_token(), True, True))
            for one in self.state().get("answers", []):
                if one["asked"] == name and asked_ns <= one["t_ns"] < asked_ns + HANGS_S * 1e9:
                    return dict(one)
            return None

        found: dict[str, Any] = self.wait(f"an answer to {name}", answer)
        return found

    def arm(self) -> None:
        """Arm, and wait until the runner in the start box is locked."""

        def is_ready() -> bool:
            return all("horn" in reason for reason in self.state().get("not_ready", ["no state"]))

        for _ in range(3):
            self.wait("ready to arm", is_ready)
            if self.order("arm")["is_done"]:
                break
        self.wait("somebody locked", lambda: self.state().get("phase") == "in_box")

    def fall(self) -> None:
        """The runner falls, by the word of the gait program."""
        self.tell(PoseFall(boottime_ns(), True))

    def put_right(self) -> None:
        """After a fault: everything well, acknowledged and disarmed."""
        self.stage.reset()
        self.wait("all programs are back", self._is_up)

        def is_disarmed() -> bool:
            return self.state().get("stage") == "disarmed" and not self.run.has_flag

        for name in ("acknowledge", "disarm", "acknowledge", "disarm"):
            if not is_disarmed():
                self.order(name)
                self.rest(0.1)
        self.wait("disarmed", is_disarmed)

    # ------------------------------------------------------------------ the siren

    def changes(self) -> list[Change]:
        """All that its pin did."""
        deaths = [siren.died(t_ns) for t_ns in self.horn.ended_ns]
        guard = siren.read_guard(self.folder / GUARD_TOLD)
        return sorted([*self._siren.read(), *guard, *deaths])


def _as_words(settings: dict[str, Any]) -> list[str]:
    """Settings as a person types them."""
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
