"""Small true things, made once: each test spoils the one that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.records import Picture
from tests.programs.processes import rendered, write_card, write_clip, write_lane


@dataclass(frozen=True)
class Given:
    """A lane file, a tiny model's card and a clip of two seconds that fit each other."""

    lane: Path
    card: Path
    clip: Path
    pictures: list[Picture]

    def watch(self, sessions: Path, **other: Path) -> tuple[str, ...]:
        """The arguments of a run that works, with one thing replaced by another."""
        clip, lane, card = (other.get(n, getattr(self, n)) for n in ("clip", "lane", "card"))
        return (
            *("watch", "--video", str(clip), "--lane", str(lane)),
            *("--set", f"detector.card={card}", "--set", "detector.threads=1"),
            *("--set", f"log.sessions={sessions}", "--set", "log.free_least_mb=1"),
        )


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    folder = tmp_path_factory.mktemp("given")
    pictures = rendered(40)
    return Given(
        write_lane(folder / "small.lane.toml"),
        write_card(folder / "beacons.toml"),
        write_clip(folder / "empty.mp4", pictures[:20]),
        pictures,
    )
