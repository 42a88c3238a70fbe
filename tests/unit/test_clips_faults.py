"""Clips on a full disk, in a wrong folder, killed in the middle."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from rig.core.patterns import PATTERNS
from rig.devices.clips import ClipWriter
from rig.errors import LogError
from tests.unit.tiny_clips import (
    SILENCE,
    SIZE,
    picture,
    read_pictures,
    write,
)


def test_the_name_is_taken_only_when_whole_and_belongs_to_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with ClipWriter(path, SIZE) as clip:
        clip.add(picture(0), 0, SILENCE, PATTERNS["silent"])
        assert not path.exists()
        assert clip.part.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_what_a_kill_leaves_still_plays(tmp_path: Path) -> None:
    """The part file as it lies on disk in mid-recording, without any ending."""
    with ClipWriter(tmp_path / "a.mp4", SIZE, rate_hz=25) as clip:
        for number in range(300):
            clip.add(picture(number), number * 40_000_000, SILENCE, PATTERNS["stop"])
        shutil.copy(clip.part, tmp_path / "left.mp4")
    left = read_pictures(tmp_path / "left.mp4")
    assert 200 <= len(left) < 300  # fragments of 2 s, and the coder looks ahead


def test_an_error_elsewhere_keeps_what_was_filmed(tmp_path: Path) -> None:
    def film() -> None:
        with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
            for number in range(5):
                clip.add(picture(number), number * 40_000_000, SILENCE, PATTERNS["silent"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film()
    assert len(read_pictures(tmp_path / "a.mp4")) == 5


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Writes past this size fail with EFBIG, as they would with ENOSPC on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size_bytes", [0, 10, 1000, 20_000])
def test_a_full_disk_is_one_sentence_and_leaves_no_part(tmp_path: Path, size_bytes: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)

    def film() -> None:
        with ClipWriter(tmp_path / "a.mp4", SIZE, rate_hz=25) as clip:
            for number in range(200):
                clip.add(noise, number * 40_000_000, SILENCE, PATTERNS["stop"])

    with (
        room_for(size_bytes),
        pytest.raises(LogError, match=r"a\.mp4 cannot be written: File too large; check"),
    ):
        film()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, reason in (("missing", "No such file"), ("file", "Not a directory")):
        with pytest.raises(LogError, match=reason):
            ClipWriter(tmp_path / folder / "a.mp4", SIZE)
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_is_taken_by_a_folder_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(LogError, match="directory"):
        write(tmp_path / "a.mp4", [0], [])
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_clip_without_pictures_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="got no picture"), ClipWriter(tmp_path / "a.mp4", SIZE):
        pass
    assert os.listdir(tmp_path) == []


def test_a_picture_of_another_size_or_an_older_one_is_refused(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "a.mp4", SIZE) as clip:
        clip.add(picture(0), 100, SILENCE, PATTERNS["silent"])
        with pytest.raises(ValueError, match="48x64"):
            clip.add(picture(0, (48, 64)), 200, SILENCE, PATTERNS["silent"])
        for t_ns in (100, 99):
            with pytest.raises(ValueError, match="not after"):
                clip.add(picture(0), t_ns, SILENCE, PATTERNS["silent"])
    assert len(read_pictures(tmp_path / "a.mp4")) == 1
