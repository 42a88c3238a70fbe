"""The sockets between the programs: nobody waits, nobody fails, names are taken back."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.core.datagrams import BYTES_MOST, Message, Press, Restarted, pack
from rig.devices import datagram_link
from rig.devices.datagram_link import TAKEN_MOST, Inbox, Outbox
from rig.errors import HardwareError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "watch.sock"


@pytest.fixture
def inbox(place: Path) -> Iterator[Inbox]:
    box = Inbox(place)
    yield box
    box.close()


def take(inbox: Inbox, count: int = 1) -> list[Message]:
    """All that comes until there are so many; a hung test is the time limit's."""
    found: list[Message] = []
    while len(found) < count:
        found += inbox.receive(0.05)
    return found


def test_messages_come_in_order(inbox: Inbox, place: Path) -> None:
    outbox = Outbox(place)
    assert all(outbox.send(Restarted(number)) for number in range(5))
    assert take(inbox, 5) == [Restarted(number) for number in range(5)]
    outbox.close()


def test_nobody_there_is_counted(place: Path) -> None:
    outbox = Outbox(place)
    assert not outbox.send(Restarted(1))
    Inbox(place).close()
    assert not outbox.send(Restarted(1))
    place.write_text("a file")
    assert not outbox.send(Restarted(1))
    assert outbox.dropped == 3
    outbox.close()


def test_a_reader_that_does_not_keep_up_costs_messages_not_time(inbox: Inbox, place: Path) -> None:
    outbox = Outbox(place)
    sent = sum(outbox.send(Restarted(number)) for number in range(2000))
    assert 0 < sent < 2000
    assert outbox.dropped == 2000 - sent
    assert take(inbox)[0] == Restarted(0)
    outbox.close()


def test_rubbish_is_counted_and_the_rest_comes(inbox: Inbox, place: Path) -> None:
    stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for data in (b"", b"{}", b"\xff" * (BYTES_MOST + 9), pack(Press(1, 0.5)) + b" x"):
        stranger.sendto(data, str(place))
    stranger.sendto(pack(Press(1, 0.5)), str(place))
    assert take(inbox) == [Press(1, 0.5)]
    assert inbox.rubbish == 4
    stranger.close()


def test_a_flood_does_not_hold_the_reader(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        def recv(self, _: int) -> bytes:
            return b"rubbish"

        def close(self) -> None:
            pass

    monkeypatch.setattr(inbox, "_socket", Endless())
    assert inbox.receive() == []
    assert inbox.rubbish == TAKEN_MOST


@pytest.mark.parametrize("thief", ["nobody", "another socket", "a file"])
def test_a_name_that_was_taken_is_bound_anew(
    place: Path, thief: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datagram_link, "LOOK_S", 0.0)
    inbox = Inbox(place)
    place.unlink()
    if thief == "a file":
        place.write_text("mine")
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if thief == "another socket":
        other.bind(str(place))
    inbox.receive()
    assert inbox.rebound == 1
    outbox = Outbox(place)
    assert outbox.send(Restarted(3))
    assert take(inbox) == [Restarted(3)]
    for one in (inbox, outbox, other):
        one.close()


def test_while_the_folder_is_gone_the_reader_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datagram_link, "LOOK_S", 0.0)
    folder = tmp_path / "run"
    folder.mkdir()
    inbox = Inbox(folder / "horn.sock")
    (folder / "horn.sock").unlink()
    folder.rmdir()
    assert inbox.receive() == []
    folder.mkdir()
    inbox.receive()
    assert inbox.rebound == 1
    inbox.close()
    assert not (folder / "horn.sock").exists()


def test_closing_leaves_a_successors_name(place: Path) -> None:
    first = Inbox(place)
    second = Inbox(place)
    first.close()
    assert place.exists()
    second.close()
    assert not place.exists()


@pytest.mark.parametrize("place", ["gone/horn.sock", "x" * 120])
def test_where_nothing_can_be_bound_it_says_what_to_do(tmp_path: Path, place: str) -> None:
    with pytest.raises(HardwareError, match=r"links\.folder"):
        Inbox(tmp_path / place)


def test_waiting_ends_with_a_message(inbox: Inbox, place: Path) -> None:
    outbox = Outbox(place)
    outbox.send(Restarted(1))
    begun_s = time.thread_time()
    assert inbox.receive(60.0) == [Restarted(1)]
    assert time.thread_time() - begun_s < 1.0
    outbox.close()
    assert os.path.exists(place)
