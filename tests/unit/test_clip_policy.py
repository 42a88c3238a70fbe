"""Which clips go: the oldest first, a star never, and no more than room needs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rig.core.clip_policy import DAY_S, StoredClip, dropped_for_room, expired

NOW_S = 2e9
CLIPS = st.lists(
    st.builds(
        StoredClip,
        st.integers(0, 99).map(lambda n: Path(f"s/clips/{n}.mp4")),
        st.integers(1, 60_000_000),
        st.floats(NOW_S - 40 * DAY_S, NOW_S + DAY_S),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda clip: clip.path,
)


def clip(age_days: float, is_starred: bool = False) -> StoredClip:
    return StoredClip(Path(f"{age_days}.mp4"), 1_000_000, NOW_S - age_days * DAY_S, is_starred)


def test_fourteen_days_unless_starred() -> None:
    clips = [clip(13.99), clip(14.01), clip(30, is_starred=True), clip(-300)]
    assert expired(clips, NOW_S, 14) == [clip(14.01)]


def test_as_many_as_room_needs() -> None:
    clips = [clip(1), clip(5, is_starred=True), clip(3), clip(2)]
    assert dropped_for_room(clips, 200.0, 200.0) == []
    assert dropped_for_room(clips, 199.5, 200.0) == [clip(3)]
    assert dropped_for_room(clips, 198.5, 200.0) == [clip(3), clip(2)]
    assert dropped_for_room(clips, 0.0, 200.0) == [clip(3), clip(2), clip(1)]


@given(CLIPS, st.floats(0, 500), st.floats(1, 500))
def test_the_oldest_go_and_none_too_many(
    clips: list[StoredClip], free_mb: float, least_mb: float
) -> None:
    gone = dropped_for_room(clips, free_mb, least_mb)
    left = [one for one in clips if one not in gone]
    assert not any(one.is_starred for one in gone)
    assert [one.written_s for one in gone] == sorted(one.written_s for one in gone)
    stayed = [one.written_s for one in left if not one.is_starred]
    assert not gone or not stayed or gone[-1].written_s <= min(stayed)
    freed_mb = free_mb + sum(one.size_bytes for one in gone) / 1e6
    assert freed_mb >= least_mb or not stayed
    assert not gone or freed_mb - gone[-1].size_bytes / 1e6 < least_mb
    assert not any(one.is_starred for one in expired(clips, NOW_S, 14))
