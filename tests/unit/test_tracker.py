"""Names that last and speeds that are true: the tracker on people made of exact boxes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from rig.config import TrackerLimits
from rig.core.tracker import Tracker
from rig.records import Kind, Tile, Track
from tests.unit.drill_site import PLACER, WHOLE, Stand, place, times

Scene = Callable[[float], list[Stand]]
SKY = Tile(0, 0, 64, 64, 64, 64)


def follow(
    scene: Scene,
    until_s: float,
    rate_hz: float = 15.0,
    noise: random.Random | None = None,
    misses: float = 0.0,
    looked_at: tuple[Tile, ...] = (WHOLE,),
) -> list[tuple[float, tuple[Track, ...]]]:
    tracker = Tracker(TrackerLimits(), PLACER)
    found = []
    for t in times(until_s, rate_hz):
        seen = [s for s in scene(t) if noise is None or noise.random() >= misses]
        found.append((t, tracker.update(place(seen, noise), looked_at, round(t * 1e9))))
    return found


def nearest(tracks: tuple[Track, ...], along: float, across: float) -> Track:
    return min(tracks, key=lambda t: abs(t.along_m - along) + 2 * abs(t.across_m - across))


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
@pytest.mark.parametrize("seed", range(4))
def test_two_people_who_cross_keep_their_names(seed: int, rate_hz: float) -> None:
    def scene(t: float) -> list[Stand]:
        return [Stand(30.0, 2.1 - 1.4 * t), Stand(30.5, -2.1 + 1.2 * t)]

    found = follow(scene, 3.2, rate_hz, random.Random(seed), misses=0.1)
    early, late = found[round(0.8 * rate_hz)][1], found[-1][1]
    first = nearest(early, 30.0, 2.1 - 1.4 * 0.8).track_id
    second = nearest(early, 30.5, -2.1 + 1.2 * 0.8).track_id
    assert first != second
    assert nearest(late, 30.0, 2.1 - 1.4 * 3.2).track_id == first
    assert nearest(late, 30.5, -2.1 + 1.2 * 3.2).track_id == second


@pytest.mark.parametrize("hidden_s", [0.3, 0.8, 1.1])
def test_a_name_survives_an_occlusion(hidden_s: float) -> None:
    def scene(t: float) -> list[Stand]:
        walker = Stand(25.0, -1.5 + 1.0 * t)
        return [] if 1.2 <= t < 1.2 + hidden_s else [walker]

    found = follow(scene, 3.5)
    names = {track.track_id for _, tracks in found for track in tracks if track.is_confirmed}
    assert len(names) == 1


def test_behind_a_nearer_person_a_name_survives_longer() -> None:
    front = Stand(38.0, -0.2, width_m=1.0)

    def scene(t: float) -> list[Stand]:
        return [front, *([] if 1.5 <= t < 3.7 else [Stand(34.0, -0.05)])]

    names = [{t.track_id for t in tracks if t.is_confirmed} for _, tracks in follow(scene, 5.0)]
    assert len(set.union(*names)) == 2


def test_who_is_gone_is_forgotten() -> None:
    found = follow(lambda t: [Stand(25.0)] if t < 1.0 else [], 4.0)
    assert found[15][1]
    gone_s = next(t for t, tracks in found if t > 1.0 and not tracks)
    assert gone_s == pytest.approx(1.0 + TrackerLimits().keep_s, abs=0.2)


def test_what_was_not_looked_at_is_not_missed() -> None:
    tracker = Tracker(TrackerLimits(), PLACER)
    for t in times(1.0, 10.0):
        tracker.update(place([Stand(10.0)]), (WHOLE,), round(t * 1e9))
    for t in times(2.0, 10.0):
        tracks = tracker.update((), (SKY,), round((1.1 + t) * 1e9))
    assert len(tracks) == 1
    small = Tile(0, 0, 1280, 720, 160, 96)  # everything in it is an eighth as tall
    for t in times(2.0, 10.0):
        tracks = tracker.update((), (small,), round((3.2 + t) * 1e9))
    assert len(tracks) == 1, "too small to be found there is as good as not looked at"


@pytest.mark.parametrize("rate_hz", [3.0, 5.0, 8.0])
def test_rotating_tiles_keep_one_name(rate_hz: float) -> None:
    """Seen in every third frame only, because its tile comes round then."""
    tracker = Tracker(TrackerLimits(), PLACER)
    names = set()
    for number, t in enumerate(times(6.0, 3 * rate_hz)):
        is_turn = number % 3 == 0
        things = [Stand(8.0 + 2.0 * t)] if is_turn else []
        tiles = (WHOLE,) if is_turn else (SKY,)
        names |= {x.track_id for x in tracker.update(place(things), tiles, round(t * 1e9))}
    assert len(names) == 1


def test_the_order_of_detections_does_not_matter() -> None:
    rng = random.Random(4)
    straight, mixed = (Tracker(TrackerLimits(), PLACER) for _ in range(2))
    for t in times(2.0, 15.0):
        things = [Stand(20.0 + k, 3.0 - 1.5 * k + 0.4 * t) for k in range(5)]
        placed = place(things)
        shuffled = list(placed)
        rng.shuffle(shuffled)
        now = round(t * 1e9)
        assert straight.update(placed, (WHOLE,), now) == mixed.update(shuffled, (WHOLE,), now)


@pytest.mark.parametrize("rate_hz", [8.0, 15.0, 30.0])
@pytest.mark.parametrize(("along", "speed"), [(12.0, 0.0), (12.0, 3.0), (30.0, 1.4), (38.0, -3.0)])
def test_speed_is_found_whatever_the_frame_rate(along: float, speed: float, rate_hz: float) -> None:
    off = []
    for seed in range(6):
        found = follow(
            lambda t: [Stand(along + speed * t)], 2.5, rate_hz, random.Random(seed), misses=0.2
        )
        off.append(found[-1][1][0].along_mps - speed)
    assert abs(sum(off) / len(off)) < 0.35
    assert max(abs(o) for o in off) < 1.2


def test_claimed_sigmas_cover_the_errors() -> None:
    """Of the errors of a steady walker at least 60 and at most 98 % are within one sigma... of
    a filter that is made for starts and stops as well, and so is a little too careful."""
    inside = []
    for seed in range(30):
        found = follow(lambda t: [Stand(15.0 + 1.5 * t)], 3.0, 15.0, random.Random(seed), 0.1)
        inside += [
            abs(tracks[0].along_m - 15.0 - 1.5 * t) <= tracks[0].along_sigma_m
            for t, tracks in found
            if t > 1.0
        ]
    assert 0.6 <= sum(inside) / len(inside) <= 0.98


def test_one_flicker_is_never_confirmed() -> None:
    found = follow(lambda t: [Stand(25.0)] if abs(t - 1.0) < 0.01 else [], 2.0)
    assert not any(track.is_confirmed for _, tracks in found for track in tracks)


def test_confirmation_takes_the_confirm_time() -> None:
    found = follow(lambda t: [Stand(25.0)], 1.0, 50.0)
    confirmed_s = next(t for t, tracks in found if tracks[0].is_confirmed)
    assert confirmed_s == pytest.approx(TrackerLimits().confirm_s, abs=0.021)


def test_a_kind_that_flickers_keeps_name_and_majority() -> None:
    found = follow(lambda t: [Stand(25.0, kind=Kind.OBJECT if t % 1 < 0.1 else Kind.PERSON)], 3.0)
    assert len({track.track_id for _, tracks in found for track in tracks}) == 1
    assert found[-1][1][0].kind is Kind.PERSON


def test_a_repeated_or_older_frame_changes_nothing() -> None:
    tracker = Tracker(TrackerLimits(), PLACER)
    for t in times(1.0, 10.0):
        before = tracker.update(place([Stand(25.0)]), (WHOLE,), round(t * 1e9))
    assert tracker.update(place([Stand(29.0)]), (WHOLE,), round(1e9)) == before
    assert tracker.update(place([Stand(29.0)]), (WHOLE,), round(0.5e9)) == before
    assert tracker.update((), (), None) == before


def test_cost_grows_no_worse_than_the_number_of_things() -> None:
    """Thread CPU time for 10 and 160 things: at most 1.6 times proportional."""
    cost = {}
    for count in (10, 160):
        things = place([Stand(5.0 + 33.0 * k / count, (k % 7) - 3.0) for k in range(count)])
        best = float("inf")
        for _ in range(7):
            tracker = Tracker(TrackerLimits(), PLACER)
            start = time.thread_time_ns()
            for t in times(0.5, 10.0):
                tracker.update(things, (WHOLE,), round(t * 1e9))
            best = min(best, time.thread_time_ns() - start)
        cost[count] = best
    assert cost[160] < 1.6 * 16 * cost[10]


def test_what_is_seen_only_now_and_then_is_forgotten() -> None:
    """One look in ten is a detector's flicker, not a person: no track lives on it."""

    def scene(t: float) -> list[Stand]:
        return [Stand(20.0, 1.0)] if t < 0.4 or round(t * 15) % 10 == 0 else []

    found = follow(scene, 6.0)
    assert any(track.is_confirmed for track in found[6][1])
    assert not any(track.is_confirmed for track in found[-1][1])


def test_an_unseen_track_does_not_take_a_thing_that_is_far_from_it() -> None:
    def scene(t: float) -> list[Stand]:
        return [Stand(20.0, -1.0)] if t < 0.5 else [Stand(24.0, -1.0)] if t > 1.4 else []

    found = follow(scene, 2.0)
    (gone,) = {track.track_id for track in found[7][1] if track.is_confirmed}
    assert all(track.track_id != gone for track in found[-1][1] if track.along_m > 23.0)
