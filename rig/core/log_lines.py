"""The lines of a log segment: sealed with hashes, and judged when read back.

Decides the bytes of a line and whether a run of lines is whole, torn, changed or cut. Does not
open files (`devices.eventlog`) and does not know what the lines mean. The format is told in
docs/log-format.md.

A line is one JSON object in ASCII whose last member is the hash of all bytes before it:

    {"n":7,"kind":"alert","t_ns":81,"value":{...},"previous":"<32 hex>","hash":"<32 hex>"}

so that checking needs no second way to write the same JSON. The hashes find accidents and
careless edits; whoever can rewrite the rest of the file can also forge them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from rig.errors import LogError

BEGIN = "begin"
"""Kind of a segment's first line: what ran, with which settings."""
END = "end"
"""Kind of the line that closes a segment."""
HASH_BYTES = 16
UNCHAINED = "0" * (2 * HASH_BYTES)
"""Stands for the line before the very first one."""
LINE_MOST_BYTES = 1 << 20
"""A longer line is refused when written, so that a reader never has to hold more."""

_HASH_MEMBER = b',"hash":"'
_SEAL_BYTES = len(_HASH_MEMBER) + 2 * HASH_BYTES + len(b'"}')
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a segment; `number` counts from 1, `value` is plain JSON."""

    number: int
    kind: str
    t_ns: int | None
    value: Any
    previous: str
    """Hash of the line before."""


class Verdict(StrEnum):
    """What reading a segment found."""

    WHOLE = "whole"
    NO_END = "no_end"
    TORN = "torn"
    CHANGED = "changed"
    MISPLACED = "misplaced"
    CUT = "cut"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """How far a segment is good: `lines` lines, `good_bytes` bytes from its beginning.

    `reason` says for CHANGED and MISPLACED what is wrong with the line after them.
    """

    name: str
    verdict: Verdict
    lines: int
    good_bytes: int
    reason: str = ""

    @property
    def sentence(self) -> str:
        """For people: what was found, where, and what that means."""
        return SENTENCES[self.verdict].format(
            name=self.name,
            lines=f"{self.lines} line{'' if self.lines == 1 else 's'}",
            bad=self.lines + 1,
            byte=self.good_bytes,
            reason=self.reason,
        )


SENTENCES = {
    Verdict.WHOLE: "{name}: whole, {lines}, closed by its END line",
    Verdict.NO_END: "{name}: {lines} are good, then no END line: the writer was stopped "
    "(or still writes) at byte {byte}",
    Verdict.TORN: "{name}: {lines} are good, then it is torn in the middle of line {bad}, "
    "which begins at byte {byte}: the power or the writer went while writing",
    Verdict.CHANGED: "{name}: {lines} are good, then line {bad} at byte {byte} was changed: "
    "{reason}",
    Verdict.MISPLACED: "{name}: {lines} are good, then at byte {byte} lines were removed, added "
    "or reordered: {reason}",
    Verdict.CUT: "{name}: {lines} are good up to byte {byte}, but {reason}",
    Verdict.EMPTY: "{name}: empty: the writer was stopped before its first line",
}


def seal(number: int, kind: str, t_ns: int | None, value: object, previous: str) -> bytes:
    """The bytes of a line, newline included.

    Raises LogError when the value is no plain JSON (NaN too) or the line is too long.
    """
    members = {"n": number, "kind": kind, "t_ns": t_ns, "value": value, "previous": previous}
    try:
        body = _JSON.encode(members)[:-1].encode("ascii")
    except (TypeError, ValueError) as error:
        raise LogError(f"log line {number} ({kind}) is no plain JSON: {error}") from None
    if len(body) + _SEAL_BYTES >= LINE_MOST_BYTES:
        raise LogError(
            f"log line {number} ({kind}) has {len(body)} bytes, more than the "
            f"{LINE_MOST_BYTES} that a reader takes; log less in one line"
        )
    return body + _seal_of(body) + b"\n"


def hash_in(raw: bytes) -> str | None:
    """The hash that a line (without its newline) says it has; None when it is no sealed line."""
    seal_bytes = raw[-_SEAL_BYTES:]
    if not (seal_bytes.startswith(_HASH_MEMBER) and seal_bytes.endswith(b'"}')):
        return None
    return seal_bytes[len(_HASH_MEMBER) : -2].decode("ascii", "replace")


def last_hash(tail: bytes) -> str:
    """The hash that the last finished line among a file's last bytes says it has."""
    finished = tail.rpartition(b"\n")[0]
    return hash_in(finished.rpartition(b"\n")[2]) or UNCHAINED


def _seal_of(body: bytes) -> bytes:
    own = blake2b(body, digest_size=HASH_BYTES).hexdigest()
    return b'%b%b"}' % (_HASH_MEMBER, own.encode("ascii"))


def _is_sealed(raw: bytes) -> bool:
    return len(raw) > _SEAL_BYTES and raw[-_SEAL_BYTES:] == _seal_of(raw[:-_SEAL_BYTES])


class LineReader:
    """Iterates once over the good lines of a segment; `report` is there when that has ended.

    `raws` are the file's lines as bytes with their newlines, the last one perhaps without.
    """

    def __init__(self, name: str, raws: Iterable[bytes]) -> None:
        self._raws = raws
        self._good = SegmentReport(name, Verdict.EMPTY, 0, 0)
        self.report: SegmentReport | None = None

    def __iter__(self) -> Iterator[Line]:
        expected, kind = None, ""
        for raw in self._raws:
            verdict, reason = _judge_bytes(raw)
            if verdict:
                return self._stop(verdict, reason)
            line = _parse(raw)
            if line is None:
                return self._stop(Verdict.CHANGED, "its hash fits, but it is no line of a log")
            reason = self._misplaced(line, expected, kind)
            if reason:
                return self._stop(Verdict.MISPLACED, reason)
            expected, kind = hash_in(raw[:-1]), line.kind
            self._good = replace(
                self._good, lines=line.number, good_bytes=self._good.good_bytes + len(raw)
            )
            yield line
        if self._good.lines:
            return self._stop(Verdict.WHOLE if kind == END else Verdict.NO_END)
        return self._stop(Verdict.EMPTY)

    def _misplaced(self, line: Line, expected: str | None, last_kind: str) -> str:
        wanted = self._good.lines + 1
        if last_kind == END:
            return f"line {line.number} follows the END line"
        if line.number != wanted:
            return f"line {line.number} stands where line {wanted} belongs"
        if expected is not None and line.previous != expected:
            return f"line {line.number} does not carry the hash of the line above it"
        if (line.kind == BEGIN) != (wanted == 1):
            return f"line {line.number} is of kind '{line.kind}'; the first begins, no other does"
        return ""

    def _stop(self, verdict: Verdict, reason: str = "") -> None:
        self.report = replace(self._good, verdict=verdict, reason=reason)


def _judge_bytes(raw: bytes) -> tuple[Verdict | None, str]:
    """What is wrong with a line's bytes; no verdict when its hash fits."""
    if len(raw) > LINE_MOST_BYTES:
        return Verdict.CHANGED, f"it is longer than the {LINE_MOST_BYTES} bytes of any line"
    if _is_sealed(raw[:-1]):
        is_ended = raw.endswith(b"\n")
        return (None, "") if is_ended else (Verdict.CHANGED, "its line break is another byte")
    if raw.endswith(b"\n"):
        return Verdict.CHANGED, "it does not match its own hash"
    return Verdict.TORN, ""


def _parse(raw: bytes) -> Line | None:
    try:
        plain = json.loads(raw)
        return Line(plain["n"], plain["kind"], plain["t_ns"], plain["value"], plain["previous"])
    except (ValueError, KeyError, TypeError):
        return None
