"""The staged rig: real `watch` and `horn` processes under supervisors, and hands to work them.

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
WATCHDOG_S, RESTART_S = {"horn": 1.0, "watch": 3.0}, {"horn": 0.2, "watch": 1.0}
"""As in systemd/rig-horn.service and rig-watch.service."""
WATCH_NICE = -10


class Stuck(Exception):
    """The rig did not get to where the matrix wanted it: said, and counted as a failure."""


class StagedRig:
    """One rig, its folder and its siren."""

    def __init__(self, course: Course, sessions: Path) -> None:
        memory = SHM if SHM.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="rig-faults-", dir=memory))
        (self.folder / "run").mkdir()
        self.course, self.sessions = course, sessions
        self.run = RunFolder(self.folder / "run")
        self.stage = Stage(course.folder / "stage")
        self.stage.reset()
        self._mouth = Outbox(self.run.path / "watch.sock")
        self.horn, self.watch = self._make_horn(), self._make_watch()
        self._record = SirenRecord(self.folder)

    # ------------------------------------------------------------------ programs

    def _make_horn(self) -> Service:
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "pinctrl").write_text(PINCTRL.format(told=self.folder / GUARD_TOLD))
        (tools / "pinctrl").chmod(0o755)
        argv = ["horn", "--pins", "mock", "--set", f"links.folder={self.run.path}"]
        guard = [str(ROOT / "scripts/horn-guard"), str(self.run.path), str(SIREN_PIN)]
        path = {"PATH": f"{tools}:/usr/bin:/bin"}
        return self._service("horn", "faults.tapped_horn", self.folder, argv, 0, guard, path)

    def _make_watch(self) -> Service:
        settings = {
            "detector.card": self.course.card, "detector.threads": 1,
            "log.sessions": self.sessions, "log.free_least_mb": 1,
            "runner.settle_s": 0.3, "links.folder": self.run.path,
        }  # fmt: skip
        argv = ["watch", "--live", "--lane", str(self.course.lane)]
        for name, value in settings.items():
            argv += ["--set", f"{name}={value}"]
        module = "faults.staged_watch"
        return self._service("watch", module, self.course.folder, argv, WATCH_NICE, [], {})

    def _service(
        self,
        name: str,
        module: str,
        about: Path,
        argv: list[str],
        nice: int,
        stop_post: list[str],
        env: dict[str, str],
    ) -> Service:
        command = [sys.executable, "-P", "-m", module, str(about), *argv]
        return Service(
            name, command, self.folder, WATCHDOG_S[name], RESTART_S[name], nice, stop_post, env
        )

    def start(self) -> None:
        """Both programs up, pictures judged."""
        self.horn.is_wanted = self.watch.is_wanted = True
        self.wait("both programs are up", lambda: self.horn.is_ready and self.watch.is_ready)

    def close(self) -> None:
        """End both and remove the folder."""
        for one in (self.watch, self.horn):
            one.close()
        self._mouth.close()
        shutil.rmtree(self.folder)

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
        """Look after both programs."""
        for one in (self.horn, self.watch):
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
        self.wait("both programs are back", lambda: self.horn.is_ready and self.watch.is_ready)

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
        return sorted([*self._record.read(), *guard, *deaths])
