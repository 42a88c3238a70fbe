"""Look at a picture through tiles with an ONNX model: cut, shrink, infer, decode, merge.

Decides whether the weights are the ones that the card names and whether the graph has the shape
that the card claims; a doubt is a ModelError before the first picture. In the loop a failed
inference or a value that is no number is a ModelError too and ends the process: a blind detector
must never look like an empty lane. Does not know metres or time. Called by `rig.programs`.

ONNX Runtime is imported with its telemetry off and used on the CPU; the pictures stay here.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read by the library while it is imported

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from rig.config import DetectorOptions
from rig.core.card import Card, Weights
from rig.core.decode import KIND_NUMBERS, STRIDES, Candidates, decode
from rig.core.strength import merge_by_strength, thresholds_of_kinds
from rig.core.tile_lie import lie_of
from rig.errors import ModelError
from rig.records import Detection, Picture, Tile

OUTPUTS = ("p8", "p16", "p32")
"""The graph's outputs for decoder ltrb_maps, finest first."""

SCORE_MOST = 0.99
"""No scaling of thresholds goes above this: a detector that can say nothing is no detector."""

RUNTIME_ERRORS = (
    runtime.EPFail,
    runtime.EngineError,
    runtime.Fail,
    runtime.InvalidArgument,
    runtime.InvalidGraph,
    runtime.InvalidProtobuf,
    runtime.NoModel,
    runtime.NotImplemented,
    runtime.RuntimeException,
)
"""What ONNX Runtime raises for a bad file or a failed inference; it has no common base class."""

Values = NDArray[np.float32]
Maps = list[NDArray[np.float32]]


def _do_nothing() -> None:
    """Where nobody waits for a sign of life."""


class Detector:
    """One loaded model. Raises ModelError where weights, graph and card do not agree.

    `last_inference_s`, `last_inference_cpu_s`: wall time and this thread's processor time that the
    last `look` spent in the model, all tiles together.
    """

    def __init__(self, card: Card, options: DetectorOptions) -> None:
        self.card = card
        self.threads = options.threads or max(1, (os.cpu_count() or 1) - 1)
        self.last_inference_s = 0.0
        self.last_inference_cpu_s = 0.0
        scores = np.array(card.scores, np.float32) * options.score_scale
        scores = np.minimum(scores, SCORE_MOST)
        self._kinds = np.array([KIND_NUMBERS[kind] for kind in card.classes], np.intp)
        self._strong = thresholds_of_kinds(self._kinds, scores)
        self._thresholds = (scores * options.weak_share).astype(np.float32)
        self._laid: dict[tuple[int, int], _Input] = {}
        self._session = load_session(card, self.threads)
        _check_graph(card, self._session)
        self._try_size(card.input.width_px, card.input.height_px)

    def warm_up(self, tiles: Iterable[Tile]) -> None:
        """Infer once at each input size of these tiles, so that the first look is not slow.

        Raises ModelError where the graph refuses a size or answers with another shape.
        """
        for size in {(tile.input_width_px, tile.input_height_px) for tile in tiles}:
            self._try_size(*size)

    def look(
        self, picture: Picture, tiles: tuple[Tile, ...], beat: Callable[[], None] = _do_nothing
    ) -> tuple[Detection, ...]:
        """Everything found through these tiles, in picture pixels, each thing once.

        `picture` is uint8 [height, width, 3] in blue green red; `beat` is called before and after
        every inference. Raises ModelError when a tile does not lie in the picture or the model
        fails.
        """
        self.last_inference_s = self.last_inference_cpu_s = 0.0
        height, width = picture.shape[:2]
        found = []
        for tile in tiles:
            beat()
            found.append((tile, self.find(self.infer(self.lay(picture, tile)), tile)))
        beat()
        return self.merge(found, width, height)

    def merge(
        self, found: Sequence[tuple[Tile, Candidates]], width_px: int, height_px: int
    ) -> tuple[Detection, ...]:
        """The tiles' candidates as things of a picture of this size; weak ones are marked."""
        return merge_by_strength(found, self._strong, self.card.nms_iou, width_px, height_px)

    def lay(self, picture: Picture, tile: Tile) -> Values:
        """The tile as the model's input [1, 3, height, width].

        The array is used again by the next tile of this input size.
        """
        height, width = picture.shape[:2]
        if not (0 <= tile.x0 < tile.x1 <= width and 0 <= tile.y0 < tile.y1 <= height):
            raise ModelError(
                f"{tile} does not lie in the picture of {width} x {height} px: "
                "calibrate with pictures of the size that the camera gives"
            )
        laid = self._input(tile.input_width_px, tile.input_height_px)
        laid.lay(picture, tile)
        return laid.values

    def find(self, maps: Maps, tile: Tile) -> Candidates:
        """The maps' candidates in picture pixels, weak ones and doubles still in it."""
        seen, lie = decode(maps, self._thresholds, self._kinds), lie_of(tile)
        return Candidates(seen.boxes * lie.pixel_px + lie.origin_px, seen.scores, seen.kinds)

    def infer(self, values: Values) -> Maps:
        """The three maps of an input [1, 3, height, width]; adds to the `last_` times."""
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        try:
            maps: Maps = self._session.run(list(OUTPUTS), {self.card.input.name: values})
        except RUNTIME_ERRORS as error:
            raise ModelError(
                f"{self.card.weights} failed on an input of {values.shape[3]} x {values.shape[2]} "
                f"px ({_first_line(error)}): another model's card, or damaged memory; restart"
            ) from error
        self.last_inference_cpu_s += (time.thread_time_ns() - cpu) / 1e9
        self.last_inference_s += (time.perf_counter_ns() - wall) / 1e9
        return maps

    def _input(self, width: int, height: int) -> _Input:
        """The input of this size, made once."""
        if (width, height) not in self._laid:
            self._laid[width, height] = _Input(self.card, width, height)
        return self._laid[width, height]

    def _try_size(self, width: int, height: int) -> None:
        """Infer on a grey picture and compare the maps' shapes with the card's claim."""
        values = self._input(width, height).values
        maps = self.infer(values)
        channels = 4 + len(self.card.classes)
        for name, stride, found in zip(OUTPUTS, STRIDES, maps, strict=True):
            wanted = (1, channels, height // stride, width // stride)
            if found.shape != wanted or found.dtype != np.float32:
                raise _shape_error(
                    self.card,
                    f"{name} is {found.dtype} {list(found.shape)} for an input of {width} x "
                    f"{height} px, the card's {len(self.card.classes)} classes need float32 "
                    f"{list(wanted)}",
                )
        decode(maps, self._thresholds, self._kinds)


class _Input:
    """The model's input of one size: allocated once, padded once, overwritten by each tile."""

    def __init__(self, card: Card, width: int, height: int) -> None:
        about = card.input
        self.values = np.empty((1, 3, height, width), np.float32)
        mean, scale = np.array(about.mean, np.float32), np.array(about.scale, np.float32)
        self._scale, self._shift = scale, -mean * scale
        self._is_plain = bool((scale == 1).all() and (mean == 0).all())
        self._channels = (0, 1, 2) if about.colour == "bgr" else (2, 1, 0)
        self._pad = about.pad_value * scale + self._shift
        self._content = (0, 0)
        self._fill(0, 0)

    def lay(self, picture: Picture, tile: Tile) -> None:
        """Lay the tile into `values`."""
        cut = picture[tile.y0 : tile.y1, tile.x0 : tile.x1]
        size = lie_of(tile).size
        if size != self._content:
            self._fill(*size)
        planes = cv2.split(shrink(cut, *size))
        for number, channel in enumerate(self._channels):
            target = self.values[0, number, : size[1], : size[0]]
            if self._is_plain:
                target[...] = planes[channel]
            else:
                np.multiply(planes[channel], self._scale[number], out=target)
                target += self._shift[number]

    def _fill(self, width: int, height: int) -> None:
        """Pad everything but the content of this size."""
        self._content = (width, height)
        for number in range(3):
            self.values[0, number, height:, :] = self._pad[number]
            self.values[0, number, :height, width:] = self._pad[number]


def shrink(picture: Picture, width: int, height: int) -> Picture:
    """The picture averaged down to this size; itself where it already has it.

    Halves as long as it can, because OpenCV's exact halving is fifteen times faster than its
    general area average (0.1 against 0.7 ms for 1280 x 720 to 320 x 180) and means the same.
    """
    high, wide = picture.shape[:2]
    while wide >= 2 * width and high >= 2 * height and wide % 2 == high % 2 == 0:
        wide, high = wide // 2, high // 2
        picture = _resize(picture, wide, high)
    if (wide, high) != (width, height):
        picture = _resize(picture, width, height)
    return picture


def _resize(picture: Picture, width: int, height: int) -> Picture:
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)


def load_session(card: Weights, threads: int) -> onnxruntime.InferenceSession:
    """The session over exactly the bytes whose sha256 the card names."""
    try:
        weights = card.weights.read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"the weights {card.weights} that card {card.path} names are not there: "
            "copy them beside the card, or name another card in [detector] card"
        ) from None
    except OSError as error:
        raise ModelError(
            f"the weights {card.weights} cannot be read ({error}): mend the file's rights or copy "
            "it again"
        ) from error
    digest = hashlib.sha256(weights).hexdigest()
    if digest != card.sha256:
        raise ModelError(
            f"the weights {card.weights} ({len(weights)} bytes) have sha256 {digest[:12]}..., card "
            f"{card.path} names {card.sha256[:12]}...: altered or copied in part; copy both again"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning thread would steal the core that capture and deciding need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except RUNTIME_ERRORS as error:
        raise ModelError(
            f"the weights {card.weights} are as the card says, but are no ONNX model that this "
            f"ONNX Runtime {onnxruntime.__version__} can load ({_first_line(error)}): export again"
        ) from error


def _check_graph(card: Card, session: onnxruntime.InferenceSession) -> None:
    """Names, ranks and channels of the graph against the card; sizes are tried by inference."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    names = [i.name for i in inputs]
    if names != [card.input.name]:
        raise _shape_error(card, f"its inputs are {names}, the card says ['{card.input.name}']")
    if inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        raise _shape_error(
            card,
            f"its input is {inputs[0].type} {inputs[0].shape}, wanted is a float tensor "
            "[1, 3, height, width]",
        )
    if sorted(o.name for o in outputs) != sorted(OUTPUTS):
        raise _shape_error(
            card, f"its outputs are {[o.name for o in outputs]}, wanted are {list(OUTPUTS)}"
        )


def _shape_error(card: Card, what: str) -> ModelError:
    """The sentence for a model that is not the one the card describes."""
    return ModelError(
        f"{card.weights} is a model of another shape than card {card.path} says: {what}; "
        "use the card that was written with these weights"
    )


def _first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return (str(error).splitlines() or ["no reason given"])[0]
