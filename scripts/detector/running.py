"""Runs exported detectors: our own and the public ones they are measured against.

A model here is a function from a BGR picture to detections of our classes, plus what it costs.
Called by `evaluation` and `export`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read by the library while it is imported

import onnxruntime

from detector.accuracy import FloatArray, Found, decode_maps, pick
from detector.pictures import UInt8Array
from detector.validation import letterbox


@dataclass(frozen=True, slots=True)
class Model:
    """A detector to measure: its name, input side in px, session, and its way of looking."""

    name: str
    size_px: int
    session: onnxruntime.InferenceSession
    look: Callable[[UInt8Array], Found]


def open_session(path: Path | str | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on the CPU with a fixed number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = path if isinstance(path, bytes) else str(path)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def as_input(tile: UInt8Array) -> FloatArray:
    """BGR uint8 [H, W, 3] to float32 [1, 3, H, W]."""
    return np.ascontiguousarray(tile.transpose(2, 0, 1)[None], dtype=np.float32)


def open_ours(path: Path | bytes, size_px: int = 320, floor: float = 0.02) -> Model:
    """Our detector as exported (decoder `ltrb_maps`)."""
    session = open_session(path)

    def look(picture: UInt8Array) -> Found:
        tile, scale = letterbox(picture, size_px)
        maps = session.run(["p8", "p16", "p32"], {"images": as_input(tile)})
        boxes, scores = decode_maps([level[0] for level in maps])
        return pick(boxes / np.float32(scale), scores, floor)

    return Model("rearguard-detector", size_px, session, look)


def time_interleaved(models: list[Model], rounds: int) -> dict[str, float]:
    """Median time of one inference in ms, one thread, the models taking turns.

    Processor time of the process, so that other programs on the machine count less.
    """
    feeds = []
    for model in models:
        noise = np.random.default_rng(0).uniform(0, 255, (1, 3, model.size_px, model.size_px))
        feeds.append({model.session.get_inputs()[0].name: noise.astype(np.float32)})
    times: list[list[float]] = [[] for _ in models]
    for turn in range(rounds + 5):
        for i, (model, feed) in enumerate(zip(models, feeds, strict=True)):
            start = time.process_time()
            model.session.run(None, feed)
            if turn >= 5:
                times[i].append(time.process_time() - start)
    return {m.name: float(np.median(t)) * 1000 for m, t in zip(models, times, strict=True)}
