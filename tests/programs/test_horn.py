"""The horn as a real process: judged by its own clock, in the edges that it reports."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.causes import Cause
from rig.core.datagrams import Restarted, Silence
from rig.programs.horn import now_ns
from tests.programs.horn_process import HornProcess, another_watch, flood, resident_mb
from tests.programs.processes import ROOT, command
from tests.unit.horn_words import OPTIONS, SLOW_S, word

MS = 1_000_000
SLACK_MS = 50
"""What the issue allows over each limit."""
FLOODED = 3000


@pytest.fixture
def horn(tmp_path: Path) -> Iterator[HornProcess]:
    process = HornProcess(tmp_path)
    yield process
    process.close()


def over_ms(limit_s: float, since_ns: int, edge_ns: int) -> float:
    """How long after its limit an edge came."""
    return (edge_ns - since_ns) / MS - limit_s * 1e3


def test_a_word_is_on_the_pin_within_twenty_milliseconds(horn: HornProcess) -> None:
    horn.say(Cause.GUARD, 0.3)
    late = []
    for cause in (Cause.COLLISION, Cause.CAMERA_BLIND, Cause.FALL):
        sent_ns = horn.say(cause, 0.2)
        late.append((horn.edge(cause).edge_ns - sent_ns) / MS)
        horn.say(Cause.GUARD, 0.1)
        assert horn.edge(cause, is_on=False).edge_ns > sent_ns
    print("word to pin, ms:", [round(one, 2) for one in late])
    assert min(late) >= 0
    assert sorted(late)[1] < 20


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_watch_that_is_killed_or_frozen_is_heard(horn: HornProcess, how: signal.Signals) -> None:
    watch = another_watch(horn.folder, Cause.COLLISION)
    try:
        horn.edge(Cause.COLLISION)
        watch.send_signal(how)
        done_ns = now_ns()
        told = horn.edge(Cause.DECIDER_SILENT)
    finally:
        watch.kill()
        watch.wait()
    assert -25 < over_ms(OPTIONS.alive_limit_s, done_ns, told.edge_ns) < SLACK_MS


def test_a_watch_that_judges_nothing_is_heard(horn: HornProcess) -> None:
    horn.say(Cause.GUARD, 0.2)
    judged_ns = now_ns()
    horn.say(Cause.GUARD, 0.8, judged_ns=judged_ns)
    told = horn.edge(Cause.DECIDER_SILENT)
    assert 0 < over_ms(SLOW_S, judged_ns, told.edge_ns) < SLACK_MS


def test_rubbish_does_not_delay_a_word(horn: HornProcess) -> None:
    horn.say(Cause.GUARD, 0.1)
    flood(horn.folder, FLOODED)
    sent_ns = horn.say(Cause.COLLISION, 0.2)
    assert (horn.edge(Cause.COLLISION).edge_ns - sent_ns) / MS < SLACK_MS
    assert horn.process.poll() is None


def test_a_removed_socket_is_bound_anew(horn: HornProcess) -> None:
    horn.say(Cause.GUARD, 0.1)
    (horn.folder / "horn.sock").unlink()
    horn.wait(lambda: (horn.folder / "horn.sock").exists())
    horn.say(Cause.COLLISION, 0.2)
    horn.edge(Cause.COLLISION)


def test_a_watch_that_comes_back_is_told(horn: HornProcess) -> None:
    (horn.folder / "armed").touch()
    horn.say(Cause.GUARD, 0.1)
    horn.edge(Cause.DECIDER_SILENT)
    horn.say(None, 0.5, is_armed=False)
    told = [m for m in horn.said if isinstance(m, Silence)]
    assert told
    assert told[0].until_ns > told[0].from_ns
    horn.say(Cause.DECIDER_SILENT, 2.0, is_armed=False)
    (horn.folder / "armed").unlink()
    horn.say(None, 0.3, is_armed=False)
    horn.edge(Cause.DECIDER_SILENT, is_on=False)


def test_a_horn_that_comes_back_while_armed_sounds_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "armed").touch()
    horn = HornProcess(tmp_path)
    try:
        horn.edge(Cause.DECIDER_SILENT)
        horn.say(Cause.GUARD, 0.4)
        assert any(isinstance(m, Restarted) for m in horn.said)
    finally:
        horn.close()


def test_disarmed_it_is_silent(horn: HornProcess) -> None:
    horn.say(None, 0.2, is_armed=False)
    time.sleep(2 * OPTIONS.alive_limit_s)
    horn.said += horn.inbox.receive(0.1)
    assert list(horn.edges()) == []


def test_nobody_reads_the_terminal_and_nobody_the_tidings(tmp_path: Path) -> None:
    """A full pipe and a full socket: the edges still come in time once somebody listens."""
    reader, writer = os.pipe()
    horn = HornProcess(tmp_path, stdout=writer)
    os.close(writer)
    try:
        for number in range(300):
            cause = Cause.COLLISION if number % 2 else Cause.CONFLICT_SOON
            horn.outbox.send(word(now_ns(), cause))
            time.sleep(0.003)
        horn.inbox.receive(0.1)
        sent_ns = horn.say(Cause.FALL, 0.2)
        assert (horn.edge(Cause.FALL).edge_ns - sent_ns) / MS < SLACK_MS
    finally:
        horn.close()
        os.close(reader)


def test_it_is_small_and_loads_nothing_heavy(horn: HornProcess) -> None:
    horn.say(Cause.COLLISION, 0.3)
    maps = Path(f"/proc/{horn.process.pid}/maps").read_text()
    assert not [name for name in ("numpy", "cv2", "onnxruntime", "/av/") if name in maps]
    held_mb = resident_mb(horn.process)
    print("horn holds", round(held_mb, 1), "MB")
    assert held_mb < 40


def test_it_ends_when_told_and_leaves_no_socket(horn: HornProcess) -> None:
    horn.say(Cause.GUARD, 0.1)
    assert horn.end() == 0
    assert not (horn.folder / "horn.sock").exists()


@pytest.mark.parametrize(("argv", "words"), [
    (("--pins", "mock", "--set", "links.folder=/nowhere/run"), "links.folder"),
    (("--pins", "real",), "--pins mock"),
])  # fmt: skip
def test_what_is_missing_is_refused(tmp_path: Path, argv: tuple[str, ...], words: str) -> None:
    settings = () if "links.folder" in words else ("--set", f"links.folder={tmp_path}")
    ended = subprocess.run(
        command("horn", *argv, *settings), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("is_armed", [True, False])
def test_the_guard_switches_the_siren_on_when_armed(tmp_path: Path, is_armed: bool) -> None:
    told = tmp_path / "told"
    tool = tmp_path / "pinctrl"
    tool.write_text(f"#!/bin/sh\necho \"$@\" > '{told}'\n")
    tool.chmod(0o755)
    if is_armed:
        (tmp_path / "armed").touch()
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run([ROOT / "scripts" / "horn-guard", tmp_path, "27"], env=env, check=True)
    assert (told.read_text().split() if told.exists() else []) == (
        ["set", "27", "op", "dh"] if is_armed else []
    )
