"""In the container of scripts/check-systemd: do the installed services survive a hung program.

Decides what must hold and prints a line for each. Camera and pins are stood in for by drop-ins; all
else is what scripts/install-pi installed. Writes 0 to /root/outcome when all is right.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from service_check.empty_lane import write_empty_lane
from service_check.machine import guarded, memory_mb, now_s, run, said, show, wait

UNITS = Path("/etc/systemd/system")
STATE, ARMED = Path("/var/lib/rig"), Path("/run/rig/armed")
HORN, WATCH, RECORD = "rig-horn.service", "rig-watch.service", "rig-record.service"
EXPOSURE_MOST = 2.0
FAULT_MOST_S = 0.3 + 0.35
"""The horn's limit, a word's age when the program was stopped, and a busy machine's journal."""
BACK_MOST_S = 12.0
PIN_MOST_S = 1.5
"""The horn is dead and the siren is on."""
ARM_MOST_S = 40.0
START = "/opt/rearguard/.venv/bin/python -P -m rig --config /etc/rearguard/rig.toml"

wrongs: list[str] = []


def judge(is_right: bool, name: str, found: str) -> bool:
    """Print a line of the report."""
    print(f"{'right' if is_right else 'WRONG'}  {name:34} {found}", flush=True)
    if not is_right:
        wrongs.append(name)
    return is_right


def check_files() -> None:
    """Every unit verifies without a word, and is shut in well enough."""
    units = [*sorted(UNITS.glob("rig*.service")), UNITS / "rig.target"]
    units = [unit for unit in units if unit.name != "rig-check.service"]
    words = run("systemd-analyze", "verify", "--man=no", *map(str, units))
    text = (words.stdout + words.stderr).strip()
    judge(not text, "units verify without a word", text or f"{len(units)} units")
    for unit in units[:-1]:
        told = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)).stdout
        score = float(re.findall(r"exposure level for \S+: ([\d.]+)", told)[0])
        judge(score <= EXPOSURE_MOST, f"exposure of {unit.stem}", f"{score} (most {EXPOSURE_MOST})")


def stand_in() -> None:
    """Drop-ins for what a container lacks: a video as the camera, printed pins."""
    lane, video = write_empty_lane(STATE)
    run("chown", "-R", "rig:rig", str(STATE))
    watch = f"watch --lane {lane} --live --video {video} --repeat"
    for unit, command in ((WATCH, watch), (HORN, "horn --pins mock")):
        folder = UNITS / f"{unit}.d"
        folder.mkdir(exist_ok=True)
        (folder / "container.conf").write_text(
            f"[Service]\nExecStart=\nExecStart={START} {command}\n"
        )
    run("systemctl", "daemon-reload")


def check_start() -> bool:
    """The target brings all of it up."""
    units = [HORN, WATCH]
    if run("rig", "record", "--help").returncode == 0:
        units.append(RECORD)
    else:
        print(f"-      {RECORD:34} not there yet: only verified", flush=True)
        run("systemctl", "mask", "--runtime", RECORD)
    run("systemctl", "start", "rig.target")
    is_up = wait(lambda: all(show(unit, "ActiveState") == "active" for unit in units), 60.0)
    for unit in units:
        name = f"{unit.split('.')[0]} is up"
        judge(is_up is not None, name, f"{show(unit, 'ActiveState')}, {memory_mb(unit):.0f} MB")
    scheduler = os.sched_getscheduler(int(show(HORN, "MainPID")))
    policy = {os.SCHED_FIFO: "first in, first out", os.SCHED_OTHER: "ordinary"}
    is_first = scheduler & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
    judge(is_first, "the horn has real-time priority", policy.get(scheduler, str(scheduler)))
    return is_up is not None


def arm() -> bool:
    """Arm as a coach would; waits until the rig is ready."""
    answers = [""]

    def is_done() -> bool:
        told = run("rig", "tell", "arm", "--lane-is-empty", "--tick-is-heard")
        answers.append((told.stdout + told.stderr).strip().replace("\n", "; "))
        return told.returncode == 0

    took_s = wait(is_done, ARM_MOST_S)
    return judge(took_s is not None and ARMED.exists(), "armed", answers[-1])


def is_fault(line: str) -> bool:
    """A line of the printed horn that sounds FAULT."""
    return line.startswith("horn: FAULT")


def stop_hard(unit: str, number: signal.Signals) -> tuple[float, int]:
    """Signal a unit's program; gives the time and its number."""
    process = int(show(unit, "MainPID"))
    begun_s = now_s()
    os.kill(process, number)
    return begun_s, process


def is_back(unit: str, process: int) -> bool:
    """Another process is ready."""
    return show(unit, "ActiveState") == "active" and show(unit, "MainPID") not in (
        "0",
        str(process),
    )


def check_hung_watch() -> None:
    """Killed by its watchdog and started again, and the horn sounds all the while."""
    begun_s, process = stop_hard(WATCH, signal.SIGSTOP)
    took_s = wait(lambda: is_back(WATCH, process), BACK_MOST_S)
    judge(
        took_s is not None, "hung watch: killed, started again",
        f"after {took_s or BACK_MOST_S:.1f} s, {show(WATCH, 'NRestarts')} restarts",
    )  # fmt: skip
    time.sleep(1.0)
    lines = said(HORN, begun_s)
    faults = [at_s - begun_s for at_s, line in lines if is_fault(line)]
    first_s = min(faults, default=float("inf"))
    judge(first_s <= FAULT_MOST_S, "hung watch: FAULT sounds", f"{first_s:.2f} s after the stop")
    quiet = [line for at_s, line in lines if at_s > begun_s + first_s and not is_fault(line)]
    judge(
        not quiet and bool(faults),
        "hung watch: it never falls silent",
        "; ".join(quiet) or "FAULT until acknowledged",
    )
    check_acknowledged()


def check_acknowledged() -> None:
    """A person ends the sound, which disarms."""
    told = run("rig", "tell", "acknowledge")
    wait(lambda: not ARMED.exists(), 5.0)
    time.sleep(0.5)
    last = said(HORN, 0.0)[-1][1]
    is_right = told.returncode == 0 and not ARMED.exists() and not is_fault(last)
    judge(is_right, "acknowledged: silent, disarmed", last)


def check_dead_horn(number: signal.Signals) -> None:
    """The guard switches the siren on, the horn comes back and sounds."""
    name = f"horn {number.name}"
    begun_s, process = stop_hard(HORN, number)
    took_s = wait(lambda: is_back(HORN, process), BACK_MOST_S)
    pins = guarded(begun_s)
    pin_s = pins[0][0] - begun_s if pins else float("inf")
    is_right = pin_s <= PIN_MOST_S and pins[0][1] == "set 17 op dh"
    judge(
        is_right,
        f"{name}: guard drives the siren",
        f"{pin_s:.2f} s after, pinctrl {pins[:1] and pins[0][1]}",
    )
    judge(took_s is not None, f"{name}: back", f"after {took_s or BACK_MOST_S:.2f} s")
    heard = wait(lambda: any(is_fault(line) for _, line in said(HORN, begun_s)), 3.0)
    judge(heard is not None, f"{name}: it sounds FAULT", said(HORN, begun_s)[-1][1])
    check_acknowledged()


def check_end() -> None:
    """A stop of the disarmed rig is clean and quiet."""
    begun_s = now_s()
    run("systemctl", "stop", "rig.target")
    ended = wait(lambda: {show(u, "ActiveState") for u in (HORN, WATCH)} == {"inactive"}, 10.0)
    took_s = 10.0 if ended is None else now_s() - begun_s
    results = [(show(u, "ActiveState"), show(u, "Result")) for u in (HORN, WATCH)]
    is_right = results == [("inactive", "success")] * 2 and not guarded(begun_s)
    judge(is_right, "clean stop, siren off", f"{took_s:.1f} s, {results}")


STEPS: tuple[Callable[[], object], ...] = (
    check_hung_watch,
    lambda: arm() and check_dead_horn(signal.SIGSTOP),
    lambda: arm() and check_dead_horn(signal.SIGKILL),
    check_end,
)


def main() -> None:
    """All checks, in order; what follows a rig that does not arm would say nothing."""
    check_files()
    stand_in()
    if check_start() and arm():
        for step in STEPS:
            step()
    if wrongs:
        for unit in (HORN, WATCH):
            print(run("journalctl", "-b", "--no-pager", "-n", "15", "-u", unit).stdout)
    Path("/root/outcome").write_text(str(int(bool(wrongs))))


if __name__ == "__main__":
    main()
