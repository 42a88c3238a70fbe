"""From a frame to what was seen: every part is asked with what the others found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rig.config import Config
from rig.core.card import Card
from rig.core.codec import decode, encode
from rig.core.pipeline import Pipeline
from rig.core.placing import Placer
from rig.core.tiles import TilePlanner
from rig.programs.observer import INTEREST_M, Observer, References
from rig.records import (
    Alert,
    Box,
    Command,
    Decision,
    Frame,
    Kind,
    Level,
    Phase,
    Picture,
    Runner,
    Seen,
    Tile,
    Track,
    ViewShift,
)
from rig.sim.drills import mount_a
from rig.sim.light import LIGHTS
from rig.sim.render import Renderer
from rig.sim.scenes import Scene
from tests.unit.beacon_model import card_for, paint, save_beacon_model

SITE = mount_a(40.0)
PERIOD_NS = 100_000_000
PLACE_M = 34.0
GREEN = (40, 200, 40)
CONFIG = replace(Config(), detector=replace(Config().detector, threads=1))
PLACER = Placer(SITE, CONFIG.placing)
NOTHING = References(None, None)
WHOLE_ONLY = replace(CONFIG, detector=replace(CONFIG.detector, tiles=1))
"""A beacon's reach is in model pixels, so only one tile gives it one box."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    """Blue above 0.95 makes a person: nothing on a rendered lane is so blue."""
    path = tmp_path_factory.mktemp("models") / "beacons.onnx"
    people = (Kind.PERSON, Kind.OBJECT)
    return card_for(path, save_beacon_model(path), classes=people, scores=(0.95, 0.95))


@pytest.fixture(scope="module")
def lane() -> Renderer:
    return Renderer(Scene("empty", SITE, light=LIGHTS["overcast"], seed=3))


def frame_of(picture: Picture, number: int = 0) -> Frame:
    return Frame(number * PERIOD_NS, number, picture)


def box_on_lane(along_m: float, size_m: float = 0.6) -> Box:
    box = PLACER.box_of(along_m, 0.0, size_m, size_m)
    assert box is not None
    return box


def lay_something(picture: Picture) -> Picture:
    """A green thing of 60 cm on the lane."""
    box, painted = box_on_lane(PLACE_M), picture.copy()
    painted[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)] = GREEN
    return painted


def track_at(box: Box, along_m: float, is_confirmed: bool = True) -> Track:
    return Track(
        track_id=1,
        kind=Kind.PERSON,
        t_ns=0,
        first_t_ns=0,
        seen_t_ns=0,
        along_m=along_m,
        across_m=0.0,
        along_mps=0.0,
        across_mps=0.0,
        along_sigma_m=0.1,
        across_sigma_m=0.1,
        along_sigma_mps=0.1,
        across_sigma_mps=0.1,
        width_m=0.5,
        height_m=1.7,
        score=0.9,
        box=box,
        is_confirmed=is_confirmed,
    )


def decision_with(track: Track, is_runner: bool = False) -> Decision:
    runner = Runner(Phase.RUNNING if is_runner else Phase.WAITING, track if is_runner else None)
    return Decision(0, 0, Alert(Level.SILENT, None, 0), runner, (track,), ())


def watch(
    observer: Observer, pictures: list[Picture], before: Decision | None = None
) -> list[Seen]:
    return [observer.see(frame_of(p, n), before) for n, p in enumerate(pictures)]


# ------------------------------------------------------------------------------- where to look


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_the_whole_view_is_looked_at_in_every_frame_within_the_budget(
    card: Card, budget: int
) -> None:
    config = replace(CONFIG, detector=replace(CONFIG.detector, tiles=budget))
    observer = Observer(SITE, config, card, NOTHING)
    seen = watch(observer, [np.zeros((720, 1280, 3), np.uint8)] * 8)
    whole = Tile(0, 0, 1280, 720, 320, 192)
    assert all(one.looked_at[0] == whole for one in seen)
    planned = set(TilePlanner(SITE, card.facts, budget).tiles)
    assert all(len(one.looked_at) == min(budget, len(planned)) for one in seen)
    assert {tile for one in seen for tile in one.looked_at} == planned  # the far ones take turns
    assert len(planned) > 1 or budget == 1


def test_the_tile_that_the_runner_runs_into_comes_round_more_often(card: Card) -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    me = PLACER.box_of(12.0, 0.0, 0.6, 1.7)
    into = PLACER.box_of(12.0 + INTEREST_M, 0.0, 1.0, 1.7)
    assert me is not None
    assert into is not None
    before = decision_with(track_at(me, 12.0), is_runner=True)

    def looks(decision: Decision | None) -> int:
        seen = watch(Observer(SITE, CONFIG, card, NOTHING), [picture] * 30, decision)
        middle = me.centre_px
        return sum(any(tile.holds(*middle) for tile in one.looked_at[1:]) for one in seen)

    assert looks(before) >= looks(None)
    assert looks(before) >= 15


def test_what_is_found_lies_in_pixels_of_the_picture(card: Card) -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    paint(picture, 640, 384, 32, (255, 10, 12))
    (seen,) = watch(Observer(SITE, WHOLE_ONLY, card, NOTHING), [picture])
    (person,) = seen.detections
    assert person.kind is Kind.PERSON
    assert person.box == Box(616.0, 352.0, 696.0, 448.0)
    assert seen.strange_things == ()
    assert seen.view == ViewShift()  # no still: taken as unmoved
    assert seen.vitals.inference_s > 0.0


# ------------------------------------------------------------------------------- the lane check


def test_a_strange_thing_is_reported_and_an_explained_one_is_not(
    card: Card, lane: Renderer
) -> None:
    clear = [lane.picture(n * PERIOD_NS) for n in range(10)]
    references = References(clear[0], clear[0])
    assert not any(
        one.strange_things for one in watch(Observer(SITE, CONFIG, card, references), clear)
    )
    laid = [lay_something(picture) for picture in clear]
    last = watch(Observer(SITE, CONFIG, card, references), laid)[-1]
    (thing,) = last.strange_things
    assert thing.kind is Kind.STRANGE
    assert thing.box.overlap(box_on_lane(PLACE_M)) > 0.3
    assert last.view is not None

    box = box_on_lane(PLACE_M)
    x, y = (round(middle / 32) * 32 for middle in box.centre_px)
    for picture in laid:
        paint(picture, x, y, 32, (255, 60, 60))  # a person all around it
    explained = watch(Observer(SITE, CONFIG, card, references), laid)
    assert all(one.detections for one in explained)
    assert not any(one.strange_things for one in explained)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_track_explains_what_a_frame_missed(
    card: Card, lane: Renderer, is_confirmed: bool
) -> None:
    """Only one that is sure of itself: else a ghost would hide a real thing."""
    clear = lane.picture(0)
    laid = [lay_something(lane.picture(n * PERIOD_NS)) for n in range(10)]
    observer = Observer(SITE, CONFIG, card, References(clear, clear))
    track = track_at(box_on_lane(PLACE_M), PLACE_M, is_confirmed)
    last = watch(observer, laid, decision_with(track))[-1]
    assert (last.strange_things == ()) is is_confirmed


def test_a_strange_track_does_not_explain_itself_away(card: Card, lane: Renderer) -> None:
    clear = lane.picture(0)
    laid = [lay_something(lane.picture(n * PERIOD_NS)) for n in range(10)]
    observer = Observer(SITE, CONFIG, card, References(clear, clear))
    track = replace(track_at(box_on_lane(PLACE_M), PLACE_M), kind=Kind.STRANGE)
    assert watch(observer, laid, decision_with(track))[-1].strange_things != ()


def test_without_a_view_there_is_no_lane_check_and_places_are_less_sure(
    card: Card, lane: Renderer
) -> None:
    clear = lane.picture(0)
    observer = Observer(SITE, WHOLE_ONLY, card, References(clear, clear))
    covered = np.zeros((720, 1280, 3), np.uint8)
    paint(covered, 640, 384, 32, (255, 10, 12))
    seen = watch(observer, [covered] * 8)[-1]
    assert seen.view is None
    assert seen.strange_things == ()
    assert len(seen.detections) == 1
    (unsure,) = PLACER.place(seen.detections, seen.view)
    (sure,) = PLACER.place(seen.detections, ViewShift())
    assert unsure.along_sigma_m > 1.3 * sure.along_sigma_m


# ------------------------------------------------------------------------------- onward


def test_what_was_seen_comes_back_from_the_log_exactly(
    card: Card, lane: Renderer, tmp_path: Path
) -> None:
    clear = lane.picture(0)
    observer = Observer(SITE, CONFIG, card, References(clear, clear))
    pipeline, before, kinds = Pipeline(SITE, CONFIG, card.input.min_object_px), None, set()
    for number in range(10):
        picture = lay_something(lane.picture(number * PERIOD_NS))
        paint(picture, 640, 288, 32, (255, 10, 40))
        commands = (Command.ARM,) if number == 0 else ()
        seen = observer.see(frame_of(picture, number), before, commands)
        assert decode(Seen, json.loads(json.dumps(encode(seen)))) == seen
        before = pipeline.step(seen, number * PERIOD_NS + PERIOD_NS)
        kinds |= {found.kind for found in (*seen.detections, *seen.strange_things)}
    assert kinds == {Kind.PERSON, Kind.STRANGE}
