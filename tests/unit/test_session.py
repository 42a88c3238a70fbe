"""A session folder is made whole, private and with room, or refused without a trace."""

import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from rig.devices.session import create_session
from rig.errors import LogError

WALL_TIME = datetime(2026, 5, 2, 18, 30, 5)


def test_a_session_is_a_private_folder_named_after_the_wall_time(tmp_path: Path) -> None:
    session = create_session(tmp_path / "new" / "sessions", WALL_TIME, 0.001)
    assert session == tmp_path / "new" / "sessions" / "2026-05-02_18-30-05"
    assert stat.S_IMODE(session.stat().st_mode) == 0o700
    assert list(session.iterdir()) == []


def test_a_clock_that_repeats_itself_gets_another_folder(tmp_path: Path) -> None:
    names = [create_session(tmp_path, WALL_TIME, 0.001).name for _ in range(3)]
    assert names == [f"2026-05-02_18-30-05{end}" for end in ("", "-2", "-3")]


def test_too_little_room_is_refused_with_the_numbers(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"MB of room, less than log\.free_least_mb = 1e\+15; dele"):
        create_session(tmp_path, WALL_TIME, 1e15)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("")
    with pytest.raises(LogError, match=r"a file stands where the folder belongs"):
        create_session(tmp_path / "sessions", WALL_TIME, 1)
    with pytest.raises(LogError, match=r"a file stands where the folder belongs"):
        create_session(tmp_path / "sessions" / "below", WALL_TIME, 1)


def test_a_folder_that_nobody_can_write_is_refused() -> None:
    with pytest.raises(LogError, match=r"no session folder can be made in .*; \w+") as caught:
        create_session(Path("/proc/self/sessions"), WALL_TIME, 1)
    assert caught.value.exit_code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LogError, match="give the rig's user the right to write there"):
        create_session(tmp_path, WALL_TIME, 0.001)
