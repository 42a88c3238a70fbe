"""Small true things, made once: each test spoils the one that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.records import Picture
from tests.programs.live_rig import MODELS, LiveRig, draw_waiting, live_site, write_live_clip
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


@dataclass(frozen=True)
class LiveSite:
    """A lane with its still, the shipped card, and a second of somebody in the start box."""

    lane: Path
    card: Path
    clip: Path
    pictures: list[Picture]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> LiveSite:
    folder = tmp_path_factory.mktemp("live")
    empty, pictures = draw_waiting(30)
    return LiveSite(
        write_lane(folder / "live.lane.toml", live_site(), empty),
        MODELS / "rearguard-detector.toml",
        write_live_clip(folder / "waiting.mp4", pictures),
        pictures,
    )


Make = Callable[..., LiveRig]


@pytest.fixture
def make(site: LiveSite, tmp_path: Path) -> Iterator[Make]:
    rigs: list[LiveRig] = []

    def making(
        repeat: bool = True, sessions: Path | None = None, has_ear: bool = True, **other: Path
    ) -> LiveRig:
        clip, card = other.get("clip", site.clip), other.get("card", site.card)
        argv = [
            *("watch", "--live", "--video", str(clip), "--lane", str(site.lane)),
            *(["--repeat"] if repeat else []),
            *("--set", f"detector.card={card}", "--set", "detector.threads=1"),
            *("--set", f"log.sessions={sessions or tmp_path / 'sessions'}"),
            *("--set", "log.free_least_mb=1", "--set", "runner.settle_s=0.3"),
            *("--set", f"links.folder={tmp_path / 'run'}"),
            *("--set", f"links.memory={other.get('memory', '/dev/shm')}"),
        ]
        rigs.append(LiveRig(tmp_path / "run", argv, has_ear=has_ear))
        return rigs[-1]

    yield making
    for rig in rigs:
        rig.close()
