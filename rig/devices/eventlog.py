"""Log segments: made, written, synced and read.

Decides where lines lie and when they are on disk. The folder is `devices.session`, the lines'
form `core.log_lines`, their meaning `core.log_events`, the thread that writes them
`programs.log_thread`.

What holds, and docs/log-format.md explains:

1. One writer a file; a new run of a program makes a new segment and never appends to an old one.
2. A line is written whole or cut off again: after an error the file ends with its last good line.
3. What `sync` returned for survives the loss of power.
4. A segment that cannot be begun leaves no file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rig.core.disk_errors import disk_refusal
from rig.core.log_lines import (
    BEGIN,
    END,
    LINE_MOST_BYTES,
    UNCHAINED,
    Line,
    LineReader,
    SegmentReport,
    Verdict,
    last_hash,
    seal,
)
from rig.errors import LogError

SEGMENT_NAME = "{stream}.{number:04d}.jsonl"
SEGMENT = re.compile(r"[a-z_]+\.\d{4,}\.jsonl")


# --------------------------------------------------------------------------- writing


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, raw: bytes, offset: int) -> None:
    done = 0
    while done < len(raw):
        done += os.pwrite(descriptor, raw[done:], offset + done)


class SegmentWriter:
    """One new segment file, begun with `header` and closed with an END line.

    After a LogError the file ends with its last good line and the same line may be tried again.
    For one thread. `lines` is how many were written, the first one included.
    """

    def __init__(
        self, path: Path, header: Mapping[str, Any], t_ns: int, previous: str = UNCHAINED
    ) -> None:
        self.path = path
        self.lines = 0
        self._previous = previous
        self._end_byte = 0
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise disk_refusal("cannot make the log segment", path, error) from error
        try:
            self.write(BEGIN, t_ns, dict(header))
            self.sync()
            _sync_folder(path.parent)
            _sync_folder(path.parent.parent)
        except OSError as error:  # LogError is one
            os.close(self._descriptor)
            path.unlink()
            if isinstance(error, LogError):
                raise
            raise disk_refusal("cannot begin the log segment", path, error) from error

    def write(self, kind: str, t_ns: int | None, value: object) -> None:
        """Adds a line; `value` is plain JSON. Raises LogError and then has added nothing."""
        self.append(self.sealed(kind, t_ns, value))

    def sealed(self, kind: str, t_ns: int | None, value: object) -> bytes:
        """The next line's bytes, for `append`; a LogError here is the value's fault."""
        return seal(self.lines + 1, kind, t_ns, value, self._previous)

    def append(self, raw: bytes) -> None:
        """Adds what `sealed` made last; a LogError here is the disk's, and nothing is added."""
        try:
            _write_all(self._descriptor, raw, self._end_byte)
        except OSError as error:
            with suppress(OSError):  # what is left over, the next try writes over
                os.ftruncate(self._descriptor, self._end_byte)
            raise disk_refusal("cannot write the log segment", self.path, error) from error
        self._end_byte += len(raw)
        self._previous = last_hash(raw)
        self.lines += 1

    def sync(self) -> None:
        """Returns when all lines are on disk. After a LogError nobody knows what is."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise disk_refusal("cannot sync the log segment", self.path, error) from error

    def close(self, t_ns: int | None) -> None:
        """Writes the END line, syncs and closes the file, the last also after a LogError."""
        try:
            self.write(END, t_ns, {"lines": self.lines + 1})
            self.sync()
        finally:
            os.close(self._descriptor)


def new_segment(session: Path, stream: str, header: Mapping[str, Any], t_ns: int) -> SegmentWriter:
    """Begins the next segment of a stream, chained to the last line of the one before."""
    before = segment_paths(session, stream)
    number = _number_of(before[-1]) + 1 if before else 1
    path = session / SEGMENT_NAME.format(stream=stream, number=number)
    return SegmentWriter(path, header, t_ns, _last_hash_of(before[-1]) if before else UNCHAINED)


# --------------------------------------------------------------------------- reading


def segment_paths(session: Path, stream: str) -> list[Path]:
    """The segments of a stream ("events", "steps" ...), oldest first."""
    found = [path for path in _segments_in(session) if _stream_of(path) == stream]
    return sorted(found, key=_number_of)


def stream_names(session: Path) -> list[str]:
    """The streams of which the session holds segments."""
    return sorted({_stream_of(path) for path in _segments_in(session)})


def _segments_in(session: Path) -> list[Path]:
    try:
        return [path for path in session.iterdir() if SEGMENT.fullmatch(path.name)]
    except OSError as error:
        remedy = "give the folder of one session"
        raise LogError(f"cannot read the session {session}: {error.strerror}; {remedy}") from error


def _stream_of(path: Path) -> str:
    return path.name.split(".")[0]


def _number_of(path: Path) -> int:
    return int(path.name.split(".")[1])


def read_segment(path: Path) -> LineReader:
    """Yields the segment's good lines; its `.report` says afterwards where and why they end."""
    return LineReader(path.name, _raw_lines(path))


def _raw_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while raw := file.readline(LINE_MOST_BYTES + 1):
                yield raw
    except OSError as error:
        raise LogError(
            f"cannot read the log segment {path}: {error.strerror}; copy the session elsewhere and "
            "check the card"
        ) from error


def _last_hash_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2 * LINE_MOST_BYTES))
            return last_hash(file.read())
    except OSError as error:
        raise disk_refusal("cannot read the log segment", path, error) from error


def verify_segment(path: Path) -> SegmentReport:
    """Reads a whole segment for its report alone."""
    return _read_through(path)[1]


def verify_stream(session: Path, stream: str) -> list[SegmentReport]:
    """A report for each segment, also finding lines or segments cut off before a later one."""
    reports: list[SegmentReport] = []
    last, before = UNCHAINED, "the session's beginning"
    for path in segment_paths(session, stream):
        first, report = _read_through(path)
        if first is not None and first.previous != last:
            reports.append(_cut(reports, path, before))
        reports.append(report)
        last, before = _last_hash_of(path), path.name
    return reports


def _read_through(path: Path) -> tuple[Line | None, SegmentReport]:
    reader, first = read_segment(path), None
    for line in reader:
        first = first or line
    if reader.report is None:
        raise AssertionError("a reader that has ended has a report")
    return first, reader.report


def _cut(reports: list[SegmentReport], path: Path, before: str) -> SegmentReport:
    lost = f"lines at its end, or segments between it and {path.name}, were removed"
    if not reports:
        return SegmentReport(before, Verdict.CUT, 0, 0, lost)
    last = reports.pop()
    reason = f"{last.reason}; {lost}" if last.reason else lost
    return SegmentReport(last.name, Verdict.CUT, last.lines, last.good_bytes, reason)
