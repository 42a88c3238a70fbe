"""Changes of name in a judged clip: which ones another person's passing explains."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from clips.changes import BEYOND_S, changes  # noqa: E402
from clips.judged import Judged, Step  # noqa: E402
from clips.truth import LANES, Moment, Person, Truth  # noqa: E402

from rig.programs.judging import load_mount  # noqa: E402
from rig.records import (  # noqa: E402
    Alert,
    Box,
    Decision,
    Kind,
    Level,
    Phase,
    Runner,
    Seen,
    Track,
)

LANE = LANES / "street_static.lane.toml"
SITE = load_mount(LANE).site
FOOT_PX, HEAD_PX = 300.0, 200.0


def moment(time_s: float, x_px: float) -> Moment:
    return Moment(time_s, x_px, FOOT_PX, HEAD_PX)


def box_at(x_px: float) -> Box:
    return moment(0.0, x_px).box(SITE.pose.lens.width_px, SITE.pose.lens.height_px)


def track(number: int, time_s: float, x_px: float) -> Track:
    t_ns = round(time_s * 1e9)
    return Track(
        number, Kind.PERSON, t_ns, 0, t_ns,
        5.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.5, 1.7, 0.9,
        box_at(x_px), is_confirmed=True,
    )  # fmt: skip


def step(time_s: float, *tracks: Track) -> Step:
    t_ns = round(time_s * 1e9)
    silent = Alert(Level.SILENT, None, 0)
    decision = Decision(t_ns, t_ns, silent, Runner(Phase.RUNNING, None), tracks, ())
    return Step(time_s, Seen(t_ns), decision)


def judged(people: tuple[Person, ...], *steps: Step, is_reversed: bool = False) -> Judged:
    truth = Truth("made.mp4", LANE, (), None, people)
    return Judged(truth, is_reversed, SITE, 12.0, steps)


STANDING = Person("stands", ((moment(0.0, 300.0), moment(1.0, 300.0)),))
RENAMED = (step(0.0, track(1, 0.0, 300.0)), step(1.0, track(2, 1.0, 300.0)))


def walker(x0_px: float, x1_px: float) -> Person:
    return Person("walks", ((moment(0.0, x0_px), moment(1.0, x1_px)),))


def test_a_name_that_stays_is_no_change() -> None:
    steps = (step(0.0, track(1, 0.0, 300.0)), step(1.0, track(1, 1.0, 300.0)))
    assert changes(judged((STANDING,), *steps)) == []


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_new_name_with_nobody_near_is_the_rigs_own_fault(is_reversed: bool) -> None:
    people = (STANDING, walker(600.0, 700.0))
    (change,) = changes(judged(people, *RENAMED, is_reversed=is_reversed))
    assert (change.name, change.track_ids, change.passed) == ("stands", (1, 2), None)


def test_somebody_who_walks_past_between_the_labels_explains_it() -> None:
    """At both labels they are far apart: only their ways between cross."""
    (change,) = changes(judged((STANDING, walker(150.0, 450.0)), *RENAMED))
    assert change.passed == "walks"


@pytest.mark.parametrize(
    ("gap_px", "is_passing"), [(0, True), (15, True), (25, False), (60, False)]
)
def test_half_of_the_box_is_the_limit(gap_px: float, is_passing: bool) -> None:
    """Boxes of 100 px height are about 40 px wide: the half is at about 20 px of distance."""
    found = changes(judged((STANDING, walker(300.0 + gap_px, 300.0 + gap_px)), *RENAMED))
    change = next(one for one in found if one.name == "stands")
    assert (change.passed is not None) == is_passing


@pytest.mark.parametrize(("away_s", "is_passing"), [(0.1, True), (BEYOND_S + 0.1, False)])
def test_who_vanishes_behind_them_is_drawn_on_for_a_short_while(
    away_s: float, is_passing: bool
) -> None:
    """The labels of a hidden person end; their way at that time goes on behind the other."""
    far_px = 100.0  # at 250 px/s they would be level `away_s` after their last label
    last_px = 300.0 - 250.0 * away_s
    hidden = Person("hidden", ((moment(-0.4, last_px - far_px), moment(0.0, last_px)),))
    late = (step(0.0, track(1, 0.0, 300.0)), step(1.0, track(2, 1.0, 300.0)))
    (change,) = changes(judged((STANDING, hidden), *late))
    assert (change.passed is not None) == is_passing


def test_a_second_name_beside_the_first_takes_nothing_from_it() -> None:
    both = step(1.0, track(2, 1.0, 300.0), track(1, 1.0, 306.0))
    assert changes(judged((STANDING,), step(0.0, track(1, 0.0, 300.0)), both)) == []


def test_a_name_lost_and_found_again_is_kept() -> None:
    person = Person("stands", (tuple(moment(t, 300.0) for t in (0.0, 0.5, 1.0)),))
    steps = (step(0.0, track(1, 0.0, 300.0)), step(0.5), step(1.0, track(1, 1.0, 300.0)))
    assert changes(judged((person,), *steps)) == []


def test_spells_in_view_are_judged_apart() -> None:
    """Out of view between two spells, somebody may come back under another name."""
    person = Person("comes back", ((moment(0.0, 300.0),), (moment(1.0, 300.0),)))
    assert changes(judged((person,), *RENAMED)) == []
