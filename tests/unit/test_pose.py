"""From a picture to joints: the frame, the maps, the graph's shape, the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.gait.keypoints import JOINTS
from rig.core.pose_card import PoseCard, parse_pose_card
from rig.core.pose_maps import CELL_PX, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, frame_of, read_maps
from rig.devices.model_card import load_pose_card
from rig.devices.pose import PoseModel
from rig.errors import ModelError
from rig.records import Box

ROWS, COLUMNS = INPUT_HEIGHT_PX // CELL_PX, INPUT_WIDTH_PX // CELL_PX
CARD = PoseCard(Path("tiny.toml"), "tiny", Path("tiny.onnx"), "0" * 64, "images", "maps", 114)
TEXT = f"""
name = "tiny"
file = "tiny.onnx"
sha256 = "{"0a" * 32}"
decoder = "chance_maps"
joints = {list(JOINTS)}
[input]
name = "images"
width_px = 96
height_px = 128
colour = "bgr"
pad_value = 114
[output]
name = "maps"
[accuracy]
pck = 0.5
""".replace("'", '"')


@dataclass
class _Port:
    name: str
    shape: list[Any] = field(default_factory=lambda: [1, 3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX])


@dataclass
class Lantern:
    """A graph that sees every joint where blue is brightest: chances by brightness."""

    input_name: str = "images"
    output_name: str = "maps"
    rows: int = ROWS
    share: float = 1.0

    def run(self, outputs: Sequence[str], feed: Mapping[str, Any]) -> list[np.ndarray]:
        assert list(outputs) == [self.output_name]
        blue = feed[self.input_name][0, 0]
        assert blue.shape == (INPUT_HEIGHT_PX, INPUT_WIDTH_PX)
        cells = blue.reshape(ROWS, CELL_PX, COLUMNS, CELL_PX).mean((1, 3))[: self.rows]
        cells = np.maximum(cells - 120, 0)
        chances = self.share * cells / max(cells.sum(), 1.0)
        return [np.repeat(chances[None, None], len(JOINTS), 1).astype(np.float32)]

    def get_inputs(self) -> list[_Port]:
        return [_Port(self.input_name)]

    def get_outputs(self) -> list[_Port]:
        return [_Port(self.output_name)]


def lit(x: float, y: float, radius: float, size: tuple[int, int] = (300, 400)) -> np.ndarray:
    """A dark picture with a soft light at (x, y) on continuous pixel coordinates."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    light = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / radius**2)
    return np.repeat(np.rint(110 + 140 * light)[..., None], 3, 2).astype(np.uint8)


@given(st.floats(100, 300), st.floats(80, 220), st.floats(60, 200), st.floats(0.2, 1.2))
def test_a_joint_is_found_where_it_is(x: float, y: float, tall: float, shape: float) -> None:
    box = Box(x - 0.3 * tall, y - 0.4 * tall, x + 0.3 * tall * shape, y + 0.6 * tall)
    cell_px = frame_of(box)[3] / ROWS
    points, sure = PoseModel(CARD, Lantern()).look(lit(x, y, 0.8 * cell_px), box)
    assert points.shape == (len(JOINTS), 2)
    assert np.abs(points - (x, y)).max() < 0.15 * cell_px
    assert sure.min() > 0.8


@pytest.mark.parametrize(("x", "y"), [(3, 3), (397, 296), (2, 150), (200, 298)])
def test_a_person_at_the_edge_is_padded_not_moved(x: float, y: float) -> None:
    box = Box(x - 40, y - 80, x + 40, y + 80)
    points, _ = PoseModel(CARD, Lantern()).look(lit(x, y, 5.0), box)
    assert np.abs(points - (x, y)).max() < 3.0


@pytest.mark.parametrize("box", [Box(500, 10, 540, 90), Box(10, -300, 50, -200)])
def test_a_box_outside_the_picture_has_no_joints(box: Box) -> None:
    points, sure = PoseModel(CARD, Lantern()).look(lit(50, 50, 5), box)
    assert np.isnan(points).all()
    assert not sure.any()


def test_a_tiny_box_is_looked_at_all_the_same() -> None:
    points, _ = PoseModel(CARD, Lantern()).look(lit(50, 50, 2), Box(49.6, 49.6, 50.2, 50.3))
    assert np.abs(points - (50, 50)).max() < 4.0


@given(st.floats(10, 86), st.floats(10, 118), st.floats(0.6, 1.2), st.floats(0.0, 1.0))
def test_maps_are_read_between_their_cells(x: float, y: float, wide: float, share: float) -> None:
    rows, columns = (np.mgrid[:ROWS, :COLUMNS] + 0.5) * CELL_PX
    spread = wide * CELL_PX
    one = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / spread**2)
    maps = (share * one / one.sum())[None].astype(np.float32)
    points, sure = read_maps(maps)
    assert sure[0] <= share + 1e-5
    assert sure[0] >= 0.85 * share - 1e-5
    if share > 0.01:
        assert np.abs(points[0] - (x, y)).max() < 0.12 * CELL_PX


def test_two_places_are_not_mixed_and_doubt_is_told() -> None:
    maps = np.zeros((1, ROWS, COLUMNS), np.float32)
    maps[0, 5, 5], maps[0, 25, 20] = 0.5, 0.4
    points, sure = read_maps(maps)
    assert points[0] == pytest.approx((22, 22))
    assert sure[0] == pytest.approx(0.5)


def test_a_joint_in_the_corner_is_read_without_leaving_the_map() -> None:
    maps = np.zeros((2, ROWS, COLUMNS), np.float32)
    maps[0, 0, 0] = maps[1, ROWS - 1, COLUMNS - 1] = 1.0
    points, sure = read_maps(maps)
    assert points.tolist() == [[2, 2], [INPUT_WIDTH_PX - 2, INPUT_HEIGHT_PX - 2]]
    assert sure.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (Lantern(rows=ROWS - 1), "float32"),
        (Lantern(share=1.4), "no chances"),
        (Lantern(share=-0.5), "no chances"),
        (Lantern(input_name="x"), "it takes"),
        (Lantern(output_name="y"), "it takes"),
    ],
)
def test_a_graph_that_is_not_the_cards_is_refused(graph: Lantern, words: str) -> None:
    class Bright(Lantern):
        """Never dark, so that the trial picture gives something too."""

    graph = Bright(**{name: getattr(graph, name) for name in graph.__dataclass_fields__})
    run = graph.run
    graph.run = lambda o, f: run(o, {k: v + 200 for k, v in f.items()})  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=words):
        PoseModel(CARD, graph)


def test_a_good_card_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(TEXT, encoding="utf-8")
    card = load_pose_card(path)
    assert card.weights == tmp_path / "tiny.onnx"
    assert (card.input_name, card.output_name, card.pad_value) == ("images", "maps", 114)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"left_knee"', '"left_kne"', "joints"),
        ("width_px = 96", "width_px = 97", "input.width_px"),
        ('"chance_maps"', '"ltrb_maps"', "decoder"),
        ('"bgr"', '"rgb"', "input.colour"),
        ("pad_value", "pad_valu", "did you mean pad_value"),
        ('[output]\nname = "maps"', "", "output.name is missing"),
    ],
)
def test_a_bad_card_is_refused_by_name(before: str, after: str, words: str) -> None:
    assert before in TEXT
    with pytest.raises(ModelError, match=words):
        parse_pose_card(TEXT.replace(before, after), Path("tiny.toml"))
