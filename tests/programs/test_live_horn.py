"""`rig watch` and `rig horn` as processes: what is heard when one of them is ended or frozen.

Times are the horn's own: each edge of its pin carries CLOCK_BOOTTIME.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from rig.core.codec import decode
from rig.core.datagrams import Edge
from rig.devices.datagram_link import Inbox
from rig.devices.run_folder import RunFolder
from rig.devices.video import boottime_ns
from rig.records import Cause
from tests.programs.conftest import Make
from tests.programs.live_rig import LiveRig, read_events

SILENT_MOST_S = 0.35
"""horn.alive_limit_s, and 50 ms (issue 4)."""


def guarding(make: Make) -> LiveRig:
    rig = make(has_ear=False).start_horn().start()
    rig.arm()
    return rig


def logged_edge(rig: LiveRig, cause: Cause) -> Edge:
    """The first edge of a cause that the horn told of and watch logged."""
    session = Path(rig.state()["session"])

    def found() -> Edge | None:
        lines = [line for line in read_events(session) if line["kind"] == "edge"]
        edges = [decode(Edge, line["value"]) for line in lines]
        return next((e for e in edges if e.cause is cause and e.is_on), None)

    edge: Edge = rig.wait(found)
    return edge


@pytest.mark.slow
def test_a_stop_reaches_the_pin(make: Make) -> None:
    rig = guarding(make)
    told_ns = boottime_ns()
    rig.fall()
    edge = logged_edge(rig, Cause.FALL)
    assert edge.edge_ns > told_ns
    assert rig.order("disarm")["is_done"]


@pytest.mark.slow
def test_a_killed_watch_is_heard_and_stays_heard_until_acknowledged(make: Make) -> None:
    rig = guarding(make)
    rig.kill(signal.SIGKILL)
    dead_ns = boottime_ns()
    ear = Inbox(rig.folder / "watch.sock")
    edges: list[Edge] = []

    def heard() -> bool:
        edges.extend(m for m in ear.receive(0.02) if isinstance(m, Edge))
        return any(e.is_on and e.cause is Cause.DECIDER_SILENT for e in edges)

    rig.wait(heard)
    (edge,) = [e for e in edges if e.is_on and e.cause is Cause.DECIDER_SILENT]
    assert (edge.edge_ns - dead_ns) / 1e9 < SILENT_MOST_S
    ear.close()
    rig.start()
    assert rig.state()["stage"] == "left armed"
    assert "acknowledge that first" in rig.order("arm")["sentence"]
    assert rig.order("acknowledge")["is_done"]
    assert not RunFolder(rig.folder).has_flag
    rig.arm()


@pytest.mark.slow
def test_a_frozen_watch_is_heard_and_takes_the_fault_over(make: Make) -> None:
    rig = guarding(make)
    assert rig.process is not None
    rig.process.send_signal(signal.SIGSTOP)
    frozen_ns = boottime_ns()
    rig.wait(lambda: boottime_ns() - frozen_ns > 10**9)
    rig.process.send_signal(signal.SIGCONT)
    edge = logged_edge(rig, Cause.DECIDER_SILENT)
    assert (edge.edge_ns - frozen_ns) / 1e9 < SILENT_MOST_S
    rig.wait_for_state(lambda s: (s["level"], s["cause"]) == ("FAULT", "decider_silent"))
    assert rig.order("acknowledge")["is_done"]
    rig.wait_for_state(lambda s: s["stage"] == "disarmed")


@pytest.mark.slow
def test_a_killed_horn_comes_back_sounding(make: Make) -> None:
    rig = guarding(make)
    assert rig.horn is not None
    rig.horn.kill()
    rig.horn.wait()
    rig.start_horn()
    rig.wait_for_state(lambda s: (s["level"], s["cause"]) == ("FAULT", "horn_restarted"))
    assert logged_edge(rig, Cause.HORN_RESTARTED).pattern == "fault"


@pytest.mark.slow
def test_a_horn_whose_socket_was_removed_is_heard_again(make: Make) -> None:
    """It binds anew before it would have to sound for silence, or sounds for it."""
    rig = guarding(make)
    (rig.folder / "horn.sock").unlink()
    rig.wait(lambda: (rig.folder / "horn.sock").exists())
    rig.fall()
    assert logged_edge(rig, Cause.FALL).is_on
