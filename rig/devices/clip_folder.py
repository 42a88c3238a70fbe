"""The clips on disk: found, starred, removed, and made whole after a stop.

Decides where clips and their stars lie and what is left of a clip whose writing was cut off. Which
ones go is `core.clip_policy`'s part; how one is written, `devices.clips`'. Called by
`programs.clip_keeper`.

A clip is SESSION/clips/NAME.mp4, its star an empty file NAME.mp4.star beside it, and one that is
still being written NAME.mp4.part.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import av

from rig.core.clip_policy import StoredClip
from rig.core.disk_errors import disk_refusal
from rig.errors import LogError

FOLDER: Final = "clips"
CLIP, STAR, PART = ".mp4", ".star", ".part"
SAME_NAME_MOST: Final = 100
HEAD_BYTES: Final = 8
"""Of an MP4 box: its size and its kind (ISO/IEC 14496-12, 4.2)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What is left of a clip: `path` None where nothing of it plays."""

    part: Path
    path: Path | None
    pictures: int
    size_bytes: int


def lock_sessions(sessions: Path) -> int:
    """A lock that goes with this process, so that one recorder tends the clips.

    Raises LogError where another one does, or the folder cannot be made.
    """
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(sessions, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise disk_refusal("no clips can be kept in", sessions, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise LogError(
            f"another `rig record` keeps the clips in {sessions}; stop that one, or set "
            "log.sessions to another folder"
        ) from None
    return descriptor


def name_clip(session: Path, wall_time: datetime, cause: str) -> Path:
    """A path for a new clip, whose folder is made where it is missing. Raises LogError."""
    folder = session / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise disk_refusal("no clips can be kept in", folder, error) from error
    stem = f"{wall_time.strftime('%Y-%m-%d_%H-%M-%S')}_{cause}"
    for count in range(1, SAME_NAME_MOST + 1):
        path = folder / f"{stem}{'' if count == 1 else f'-{count}'}{CLIP}"
        if not (path.exists() or _part_of(path).exists()):
            return path
    raise LogError(f"{folder} already holds {SAME_NAME_MOST} clips named {stem}; set the clock")


def stored_clips(sessions: Path) -> list[StoredClip]:
    """All whole clips below the sessions folder. Raises LogError where it cannot be read."""
    found = []
    for path in _files(sessions, CLIP):
        with suppress(FileNotFoundError):  # somebody else removed it meanwhile
            about = path.lstat()
            is_starred = path.with_name(path.name + STAR).exists()
            found.append(StoredClip(path, about.st_size, about.st_mtime, is_starred))
    return found


def remove_clip(path: Path) -> None:
    """Remove a clip. Raises LogError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_refusal("cannot remove the clip", path, error) from error


def recover_parts(sessions: Path) -> list[Recovered]:
    """Give what was being written when its recorder stopped its name, as far as it is whole.

    Removes those that hold no picture. Raises LogError.
    """
    return [_recover(part) for part in _files(sessions, CLIP + PART)]


def free_mb(folder: Path) -> float:
    """Room left for the rig's user. Raises LogError."""
    try:
        found = os.statvfs(folder)
    except OSError as error:
        raise disk_refusal("cannot look at", folder, error) from error
    return found.f_bavail * found.f_frsize / 1e6


def _files(sessions: Path, ending: str) -> list[Path]:
    """Real files of this ending in the clips folders; links lead elsewhere and are let be."""
    found: list[Path] = []
    try:
        for session in sorted(sessions.iterdir()):
            folder = session / FOLDER
            if session.is_symlink() or folder.is_symlink() or not folder.is_dir():
                continue
            found += sorted(p for p in folder.iterdir() if p.name.endswith(ending))
    except OSError as error:
        raise disk_refusal("cannot look for clips in", sessions, error) from error
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _recover(part: Path) -> Recovered:
    path = part.with_name(part.name.removesuffix(PART))
    try:
        good_bytes = whole_bytes(part)
        os.truncate(part, good_bytes)
        pictures = count_pictures(part) if good_bytes else 0
        if not pictures:
            part.unlink()
            return Recovered(part, None, 0, 0)
        _sync(part)
        os.replace(part, path)
        _sync(path.parent)
    except OSError as error:
        raise disk_refusal("cannot recover the clip", part, error) from error
    return Recovered(part, path, pictures, good_bytes)


def whole_bytes(path: Path) -> int:
    """Up to where a fragmented MP4 is whole: its heading and each finished fragment."""
    good, has_heading = 0, False
    with path.open("rb") as file:
        for kind, end in _boxes(file.fileno(), path.stat().st_size):
            has_heading |= kind == b"moov"
            if has_heading and kind in (b"mdat", b"mfra"):
                good = end
    return good


def _boxes(descriptor: int, size: int) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each outermost box that is there whole."""
    at = 0
    while at + HEAD_BYTES <= size:
        head = os.pread(descriptor, HEAD_BYTES, at)
        length = int.from_bytes(head[:4], "big")
        if length < HEAD_BYTES or at + length > size:
            return
        at += length
        yield head[4:], at


def count_pictures(path: Path) -> int:
    """How many pictures a player can show; 0 where the file is spoilt."""
    try:
        with av.open(str(path), format="mp4") as container:
            return sum(1 for _ in container.decode(video=0))
    except (av.FFmpegError, IndexError, StopIteration):
        return 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
