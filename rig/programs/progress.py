"""`rig progress`: what each runner did over sessions and weeks, against the coach's limits.

Decides which sessions are read and on which day each was; a session whose gait was not read yet,
or has grown since, is read now. What it says is decided in `core.gait.progress`. One session that
cannot be read is named and does not hide the others.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from rig.config import Config
from rig.core.gait.lines import STREAM
from rig.core.gait.progress import NO_LABEL, Session, session_of, tell_progress
from rig.core.gait.progress_page import (
    SESSION_COLUMNS,
    WEEK_COLUMNS,
    progress_csv,
    progress_lines,
    progress_page,
)
from rig.core.gait.summary import SUMMARY_FORMAT
from rig.devices.eventlog import segment_paths
from rig.errors import LogError, RigError
from rig.programs.gait_session import (
    FOLDER,
    SUMMARY,
    noted_runner,
    read_session,
    write_results,
    write_whole,
)

DONE, NOTHING_READ = 0, 1
"""Exit codes; what cannot be used raises a RigError (2)."""
FOLDER_OUT: Final = "progress"
_DAYS: Final = 7


def add_arguments(parser: ArgumentParser) -> None:
    """The command line of `rig progress`."""
    parser.add_argument(
        "folder", type=Path, nargs="?", help="the folder of all sessions; else log.sessions"
    )
    parser.add_argument("--runner", metavar="LABEL", help="only this one")
    parser.add_argument("--out", type=Path, help="folder to write into; else beside the sessions")


def run(args: Namespace, config: Config) -> int:
    """0: written; 1: no session with a gait log. Raises RigError."""
    folder = args.folder or Path(config.log.sessions)
    if not folder.is_dir():
        raise LogError(f"{folder} is no folder; name the one that holds the sessions")
    sessions, unread = read_all(folder)
    if args.runner is not None:
        sessions = [session for session in sessions if session.runner == args.runner]
    for row in unread:
        print(f"not read: {row['session_id']}: {row['reason']}")
    if not sessions:
        whose = "" if args.runner is None else f" of {args.runner}"
        print(f"no session{whose} with a gait log in {folder}")
        return NOTHING_READ
    progress = tell_progress(sessions, config.coach, week_of(date.today())[0])
    progress["unread"] = unread
    out = args.out or folder.absolute().parent / FOLDER_OUT
    write_whole(out / "sessions.csv", progress_csv(progress, "sessions", SESSION_COLUMNS))
    write_whole(out / "weeks.csv", progress_csv(progress, "weeks", WEEK_COLUMNS))
    write_whole(out / "progress.html", progress_page(progress))
    write_whole(out / "progress.json", json.dumps(progress, indent=1, allow_nan=False) + "\n")
    for line in progress_lines(progress):
        print(line)
    if any(session.runner == NO_LABEL for session in sessions):
        print("name who ran: rig gait SESSION --runner LABEL, or gait.runner before the drill")
    print(f"wrote sessions.csv, weeks.csv, progress.json and progress.html to {out}")
    return DONE


def read_all(folder: Path) -> tuple[list[Session], list[dict[str, str]]]:
    """Every session below the folder, and those that cannot be read with the reason."""
    sessions: list[Session] = []
    unread: list[dict[str, str]] = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            if segment_paths(path, STREAM):
                sessions.append(read_one(path))
        except RigError as error:
            unread.append({"session_id": path.name, "reason": str(error)})
    return sessions, unread


def read_one(path: Path) -> Session:
    """One session's record, from its `session.json` if that is still true. Raises RigError."""
    summary = _kept(path)
    if summary is None:
        found, about = read_session(path)
        summary = write_results(path / FOLDER, found, about)
    day = _day_of(summary.get("wall_time"))
    label = noted_runner(path) or str(summary.get("runner", ""))
    week, name = week_of(day) if day is not None else (None, "")
    return session_of(summary, label, day.isoformat() if day else None, week, name)


def _kept(path: Path) -> dict[str, Any] | None:
    """The `session.json` that was written after the log's last line, by this version."""
    kept = path / FOLDER / SUMMARY
    try:
        written = kept.stat().st_mtime_ns
        newest = max(segment.stat().st_mtime_ns for segment in segment_paths(path, STREAM))
        summary = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_ours = isinstance(summary, dict) and summary.get("summary_format") == SUMMARY_FORMAT
    return summary if is_ours and newest < written else None


def _day_of(wall_time: object) -> date | None:
    """The day at the track; None where the log holds no time."""
    try:
        return datetime.fromisoformat(str(wall_time)).astimezone().date()
    except (ValueError, OverflowError):
        return None


def week_of(day: date) -> tuple[int, str]:
    """A number that grows by one a week (Monday is its first day), and the week's ISO name."""
    year, week, _ = day.isocalendar()
    return (day.toordinal() - 1) // _DAYS, f"{year}-W{week:02d}"
