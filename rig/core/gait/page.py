"""The page of plots of a session: one HTML file that needs nothing else.

Decides what is drawn: contacts over time, cadence and speed against the distance, the lane with
its plants, the hips' height over each stride, and left against right. A plot without data says so.
Called by `rig gait`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10
from typing import Any, Final

import numpy as np

from rig.core.gait.keypoints import SIDES, numbers_of
from rig.core.gait.reading import Stretch
from rig.core.gait.steps import METRICS, Step
from rig.core.gait.svg import Chart

STYLE: Final = """body{font:15px sans-serif;max-width:900px;margin:1em auto;padding:0 1em}
svg{width:100%;font-size:12px;margin:.6em 0}.title{font-size:14px;font-weight:bold}
.grid{stroke:#ddd}.left{fill:#1f6fb2}.right{fill:#d1732b}polyline{fill:none;stroke-width:1.5}
polyline.left{stroke:#1f6fb2;fill:none}polyline.right{stroke:#d1732b;fill:none}
.plain{fill:#444}polyline.plain{stroke:#444;fill:none}.lane{fill:#eee}
table{border-collapse:collapse}
td,th{padding:.15em .7em;border-bottom:1px solid #ddd;text-align:left}
"""
UNITS: Final = {
    "s": "s", "ms": "ms", "m": "m", "cm": "cm", "mps": "m/s", "deg": "degrees",
    "spm": "steps/min", "pct": "%",
}  # fmt: skip
SAME_LEAST: Final = 3
HIP_STRIDES_MOST: Final = 40


def draw_page(title: str, stretches: Sequence[Stretch], summary: Mapping[str, Any]) -> str:
    """The whole file's text."""
    plots = (_contacts, _cadence, _speed, _lane, _hips, _sides)
    drawn = "\n".join(plot(stretches) for plot in plots)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>"
        "<p>Blue is the left foot, orange the right one.</p>"
        f"{_table(summary)}\n{_list_falls(summary)}\n{_list_repetitions(summary)}\n{drawn}\n"
        "</html>\n"
    )


def _table(summary: Mapping[str, Any]) -> str:
    rows = []
    for name in (*METRICS, "cadence_spm", "lane_offset_m", "step_time_cv_pct"):
        shown = _measured(summary.get(name), summary.get(f"{name}_uncertainty"))
        reason = summary.get(f"{name}_withheld_reason") or ""
        label = escape(_label(name))
        rows.append(f"<tr><td>{label}</td><td>{shown}</td><td>{escape(reason)}</td></tr>")
    head = "<tr><th>measure</th><th>mean</th><th>why not</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _list_falls(summary: Mapping[str, Any]) -> str:
    """Each fall of the pose, with who bears it out."""
    falls = summary.get("falls", ())
    if not falls:
        return "<p>No fall was told.</p>"
    rows = "".join(
        f"<tr><td>{fall['fallen_s']:.1f}</td><td>{escape(str(fall['witness']))}</td></tr>"
        for fall in falls
    )
    return (
        "<p>Falls. Those that the pose alone tells are most often false.</p>"
        f"<table><tr><th>at, s</th><th>told by</th></tr>{rows}</table>"
    )


def _list_repetitions(summary: Mapping[str, Any]) -> str:
    """One row each, and what drifts over them."""
    repetitions = summary.get("repetitions", ())
    notes = "".join(f"<p>Drift: {escape(note)}.</p>" for note in summary.get("drift_notes", ()))
    columns = ("lasts_s", "distance_m", "direction", "speed_mps", "cadence_spm")
    rows = "".join(
        f"<tr><td>{number}</td>{''.join(f'<td>{_cell(one[name])}</td>' for name in columns)}</tr>"
        for number, one in enumerate(repetitions, 1)
    )
    heads = "".join(f"<th>{escape(_label(name))}</th>" for name in ("repetition", *columns))
    return f"{notes}<table><tr>{heads}</tr>{rows}</table>" if rows else notes


def _cell(value: Any) -> str:
    return "" if value is None else escape(str(value))


def _label(name: str) -> str:
    """A column's name as a person says it: `step_length_m` is "step length, m"."""
    words, _, unit = name.rpartition("_")
    if unit not in UNITS:
        return name.replace("_", " ")
    return f"{words.replace('_', ' ')}, {UNITS[unit]}"


def _measured(value: float | None, sigma: float | None) -> str:
    """No more digits than are known: the last one is the uncertainty's second."""
    if value is None:
        return ""
    if not sigma:
        return f"{value:.4g}"
    digits = max(0, 1 - floor(log10(sigma)))
    return f"{value:.{digits}f} ± {sigma:.{digits}f}"


def _nothing(title: str) -> str:
    return f"<p><b>{escape(title)}</b>: nothing was measured.</p>"


def _contacts(stretches: Sequence[Stretch]) -> str:
    title = "Feet on the ground, left above right"
    whole = [
        (contact, stretch)
        for stretch in stretches
        for contact in stretch.contacts
        if contact.touchdown_s is not None and contact.takeoff_s is not None
    ]
    if not whole:
        return _nothing(title)
    begin, end = stretches[0].begin_s, stretches[-1].end_s
    chart = Chart(title, "time, s", "", (0.0, end - begin, 0.0, 2.0))
    for contact, _ in whole:
        row = 1.1 if contact.foot == SIDES[0] else 0.1
        down, up = contact.touchdown_s or 0.0, contact.takeoff_s or 0.0
        chart.bar(down - begin, up - begin, row, row + 0.8, contact.foot)
    return chart.svg


def _distances(stretches: Sequence[Stretch]) -> list[tuple[float, Stretch]]:
    """(distance gone before it, stretch)."""
    found, gone_m = [], 0.0
    for stretch in stretches:
        found.append((gone_m, stretch))
        if stretch.speed is not None:
            gone_m += abs(stretch.speed.along_mps) * (stretch.end_s - stretch.begin_s)
    return found


def _against_distance(
    title: str, y_name: str, points: Sequence[tuple[float, float]], kind: str
) -> str:
    if not points:
        return _nothing(title)
    xs, ys = zip(*points, strict=True)
    room = max(0.1 * (max(ys) - min(ys)), 0.02 * max(ys))
    chart = Chart(title, "distance, m", y_name, (0.0, max(xs), min(ys) - room, max(ys) + room))
    chart.line(points, kind)
    chart.dots(points, kind)
    return chart.svg


def _cadence(stretches: Sequence[Stretch]) -> str:
    points = [
        (gone_m + abs(s.speed.along_mps) * (middle_s - s.begin_s), cadence.steps_per_min)
        for gone_m, s in _distances(stretches)
        if s.speed is not None
        for middle_s, cadence in s.cadences
    ]
    return _against_distance("Cadence", "steps/min", points, "plain")


def _speed(stretches: Sequence[Stretch]) -> str:
    points = []
    for gone_m, stretch in _distances(stretches):
        if stretch.speed is None:
            continue
        pace = abs(stretch.speed.along_mps)
        own = [
            (gone_m + pace * (step.touchdown_s - stretch.begin_s), step.values["speed_mps"].value)
            for step in stretch.steps
            if "speed_mps" in step.values
        ]
        length_m = pace * (stretch.end_s - stretch.begin_s)
        points += own or [(gone_m, pace), (gone_m + length_m, pace)]
    return _against_distance("Speed", "m/s", points, "plain")


def _lane(stretches: Sequence[Stretch]) -> str:
    title = "Where the feet stood (left and right drawn 10 cm apart: width is not measured)"
    steps = [(s, step) for s in stretches for step in s.steps]
    if not steps:
        return _nothing(title)
    places = [step.along_m for _, step in steps]
    chart = Chart(title, "along, m", "across, m", (min(places) - 1, max(places) + 1, -1.5, 1.5))
    chart.bar(min(places) - 1, max(places) + 1, -0.61, 0.61, "lane")
    for side, shift_m in zip(SIDES, (0.05, -0.05), strict=True):
        own = [(p.along_m, p.across_m + shift_m) for _, p in steps if p.foot == side]
        chart.dots(own, side)
    return chart.svg


def _hips(stretches: Sequence[Stretch]) -> str:
    title = "Height of the hips over each stride"
    curves = [
        (step.foot, curve)
        for stretch in stretches
        for step in stretch.steps
        if (curve := _hip_curve(stretch, step)) is not None
    ][:HIP_STRIDES_MOST]
    if not curves:
        return _nothing(title)
    most = max(float(np.abs(curve).max()) for _, curve in curves)
    chart = Chart(title, "stride, %", "cm", (0.0, 100.0, -most, most))
    for foot, curve in curves:
        chart.line(list(zip(np.linspace(0, 100, len(curve)), curve, strict=True)), foot)
    return chart.svg


def _hip_curve(stretch: Stretch, step: Step) -> Any:
    """(51,) hip height around its mean in cm, from touch-down to the foot's next; None unseen."""
    if "stride_time_s" not in step.values:
        return None
    motion, span_s = stretch.motion, step.values["stride_time_s"].value
    times = np.linspace(step.touchdown_s, step.touchdown_s + span_s, 51)
    hips = motion.up_m[:, numbers_of("left_hip", "right_hip")].mean(axis=1)
    curve = np.interp(times, motion.times_s, hips)
    return 100.0 * (curve - curve.mean()) if np.isfinite(curve).all() else None


def _sides(stretches: Sequence[Stretch]) -> str:
    title = "Left against right: contact time, step by step"
    steps = [step for s in stretches for step in s.steps if "contact_time_ms" in step.values]
    if len(steps) < SAME_LEAST:
        return _nothing(title)
    values = [step.values["contact_time_ms"].value for step in steps]
    room = max(10.0, 0.1 * (max(values) - min(values)))
    limits = (0.0, float(len(steps)), min(values) - room, max(values) + room)
    chart = Chart(title, "step", "ms", limits)
    for side in SIDES:
        own = [
            (float(k), v)
            for k, (s, v) in enumerate(zip(steps, values, strict=True))
            if s.foot == side
        ]
        chart.dots(own, side)
        if own:
            mean = float(np.mean([v for _, v in own]))
            chart.line([(0.0, mean), (float(len(steps)), mean)], side)
    return chart.svg
