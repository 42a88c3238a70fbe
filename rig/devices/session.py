"""Session folders: one for each time the rig watches.

Decides the folder's name, mode, and whether there is room to begin. The log segments in it are
`devices.eventlog`. Called by the programs that start a session.
"""

from __future__ import annotations

import errno
import os
import shutil
from datetime import datetime
from pathlib import Path

from rig.core.disk_errors import REMEDIES, disk_refusal
from rig.errors import LogError

PROBE_BYTES = 64 * 1024
"""Written once to a new session folder: quotas and worn cards show only when written to."""
SAME_NAME_MOST = 100


def create_session(sessions: Path, wall_time: datetime, free_least_mb: float) -> Path:
    """Makes and returns a new folder (mode 0700) below `sessions`, named after the wall time.

    Raises LogError, leaving no folder, when there is less than `free_least_mb` room or a trial
    write fails. Two sessions of one second (a board without a clock battery) get "-2", "-3" ...
    """
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        _demand_room(sessions, free_least_mb)
        session = _make_folder(sessions, wall_time.strftime("%Y-%m-%d_%H-%M-%S"))
    except LogError:
        raise  # it is an OSError, and already says what to do
    except OSError as error:
        raise disk_refusal("no session folder can be made in", sessions, error) from error
    try:
        _try_writing(session)
    except OSError as error:
        shutil.rmtree(session)
        raise disk_refusal("no session can be written in", sessions, error) from error
    return session


def writing_refusal(sessions: Path, free_least_mb: float) -> str | None:
    """Why no session could be made below `sessions` now; None when it could. Writes nothing."""
    folder = sessions
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        _demand_room(folder, free_least_mb)
    except LogError as error:
        return str(error)
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        return f"{folder} cannot be written; mend its rights, or set log.sessions to another folder"
    return None


def _demand_room(folder: Path, free_least_mb: float) -> None:
    found = os.statvfs(folder)
    free_mb = found.f_bavail * found.f_frsize / 1e6
    if free_mb < free_least_mb:
        raise LogError(
            f"{folder} has {free_mb:.1f} MB of room, less than log.free_least_mb = "
            f"{free_least_mb:g}; {REMEDIES[errno.ENOSPC]}"
        )


def _make_folder(sessions: Path, name: str) -> Path:
    for count in range(1, SAME_NAME_MOST + 1):
        session = sessions / (name if count == 1 else f"{name}-{count}")
        try:
            session.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return session
    raise LogError(
        f"{sessions} already holds {SAME_NAME_MOST} sessions named {name}; set the board's clock"
    )


def _try_writing(session: Path) -> None:
    probe = session / ".probe"
    with probe.open("xb") as file:
        file.write(b"\0" * PROBE_BYTES)
        file.flush()
        os.fsync(file.fileno())
    probe.unlink()
