"""Results on disk, one JSON object a line, so that a campaign can be stopped and resumed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Key = tuple[str, int, str, str, str]


class ResultsError(Exception):
    """A results file that cannot be used, in one sentence with the remedy."""


def default_path() -> Path:
    """A new file in the user's state folder: never in the repository."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return state / "rearguard" / "trials" / f"{stamp}-{os.getpid()}.jsonl"


def load(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a file; a torn last line (an interrupted write) is cut off the file."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    records = []
    for number, line in enumerate(whole.decode().splitlines(), 1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            raise ResultsError(
                f"{path} line {number} is no JSON ({error}); remove it, or start a new file"
            ) from error
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return records


def states_of(records: Iterable[dict[str, Any]]) -> list[str]:
    """The states of the code that made these records; more than one must not be added up."""
    return sorted({str(record.get("code", "unknown")) for record in records})


def require_state(path: Path, records: Iterable[dict[str, Any]], wanted: str) -> None:
    """Raises ResultsError where a record was made by other code than `wanted`."""
    if other := [state for state in states_of(records) if state != wanted]:
        raise ResultsError(
            f"{path} holds results of code {other[0]} and the code here is {wanted}; "
            "give a new file or folder, or check out the commit that began it"
        )


def key_of(record: dict[str, Any]) -> Key:
    """The key of the task that made a record (`play.Task.key`)."""
    return record["family"], record["seed"], record["decider"], record["eye"], record["own"]


def append(path: Path, record: dict[str, Any]) -> None:
    """One more line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
