"""Annotated clips with sound of single drills: what the rig saw, thought and sounded.

Plays a drill again (a task is one drill for ever), draws the decision over each picture as the
demo's clip does, the truth as thin white outlines, and writes MP4. Drills of boxes are rendered
beside the boxes that were judged. Called by `command`.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from campaign.camera import Camera, move
from campaign.pictures import PictureEye, picture_turns
from campaign.play import DECIDERS, PICTURES, Ears, Task, drill_of, turns
from campaign.rows import OwnRow
from rig.core.alerts import pattern_of
from rig.devices.annotate import draw
from rig.devices.clips import ClipWriter
from rig.records import Decision, Picture
from rig.sim.families import Drill
from rig.sim.noise import Look
from rig.sim.scenes import ActorTruth

CLIP_HZ = 10.0
"""More pictures a second of drills that decide faster only cost time; a new alert is shown."""
_TRUTH = (255, 255, 255)
_Shown = tuple[Look, Decision, Picture]


def write_clips(
    records: Iterable[dict[str, Any]], folder: Path, rows: dict[str, OwnRow], jobs: int
) -> Iterator[tuple[dict[str, Any], Path]]:
    """A clip for each record, in their order; yields each when it is whole.

    `rows` are one's own rows by digest; a record whose row is not among them is passed over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = [r for r in records if not r["own"] or r["own"] in rows]
    calls = [_call(r, folder, n, rows) for n, r in enumerate(known, 1)]
    if jobs == 1 or len(calls) < 2:
        yield from zip(known, map(_write, calls), strict=True)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from zip(known, pool.imap(_write, calls), strict=True)


def _call(
    record: dict[str, Any], folder: Path, number: int, rows: dict[str, OwnRow]
) -> tuple[Task, Path]:
    own = rows[record["own"]] if record["own"] else None
    task = Task(record["family"], record["seed"], record["decider"], record["eye"], own)
    words = re.sub(r"[^a-z0-9]+", "-", f"{task.eye} {number:03d} {task.family}".lower())
    return task, folder / f"{words.strip('-')}-seed-{task.seed}.mp4"


def _write(call: tuple[Task, Path]) -> Path:
    return write_clip(*call)


def write_clip(task: Task, path: Path) -> Path:
    """One drill as a clip. Raises LogError where it cannot be written."""
    drill = drill_of(task)
    site, lens = drill.scene.site, drill.scene.site.pose.lens
    shown = _with_pictures(drill) if task.eye == PICTURES else _with_boxes(drill, task.decider)
    with ClipWriter(path, (lens.width_px, lens.height_px), CLIP_HZ) as clip:
        for look, decision, picture in shown:
            canvas = draw(picture, decision, site, drill.scene.start_ns)
            _draw_truth(canvas, look)
            clip.add(canvas, decision.now_ns, decision.alert, pattern_of(decision.alert))
    return path


def _with_pictures(drill: Drill) -> Iterator[_Shown]:
    """The pictures that were judged; where none came, the last one stays."""
    ears, last = Ears(drill), None
    for turn in picture_turns(drill, PictureEye(drill)):
        ears.hear(turn.decision)
        last = last if turn.picture is None else turn.picture
        if last is not None:
            yield turn.look, turn.decision, last


def _with_boxes(drill: Drill, decider: str) -> Iterator[_Shown]:
    """Rendered pictures beside the boxes that were judged."""
    camera, shown_ns, before = Camera(drill), -1e18, None
    last: Picture | None = None
    for look, decision in turns(drill, DECIDERS[decider](drill.scene.site, drill.hazard)):
        alert = (decision.alert.level, decision.alert.cause)
        if look.now_ns - shown_ns < 0.95e9 / CLIP_HZ and alert == before:
            continue
        t_ns = look.seen.t_ns
        if t_ns is not None or last is None:
            last = camera.shoot_still(look.now_ns if t_ns is None else t_ns)
        view = look.seen.view
        moved = last if view is None else move(last, view.dx_px, view.dy_px)
        yield look, decision, moved
        shown_ns, before = look.now_ns, alert


def _draw_truth(canvas: Picture, look: Look) -> None:
    view = look.seen.view
    shift = (0.0, 0.0) if view is None else (view.dx_px, view.dy_px)
    for box in _boxes(look.truth):
        ends = (box + np.array([shift, shift])).round().astype(int)
        low, high = (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1]))
        cv2.rectangle(canvas, low, high, _TRUTH, 1, cv2.LINE_AA)


def _boxes(truth: Iterable[ActorTruth]) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    return [np.array([[a.box.x0, a.box.y0], [a.box.x1, a.box.y1]]) for a in truth if a.box]
