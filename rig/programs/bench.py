"""`rig bench`: what one turn of the loop costs on this board, and what follows from that.

Measures inference alone at every input size, then the whole loop part by part, then the parts that
grow with the number of things in the picture. From that it chooses tiles and rate, and states
period, latency and the speed that the demo's mount can guard. Processor time is of the deciding
thread (OpenCV on one thread), so that a busy neighbour does not count; periods are wall time.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.config import Config
from rig.core.card import Card
from rig.core.lane import Site
from rig.core.range_card import guarded_speed_mps
from rig.core.tiles import TilePlanner
from rig.devices.detector import Detector
from rig.errors import LogError
from rig.programs.bench_measure import CROWD_PARTS, PARTS, Loop, Measured
from rig.programs.bench_scene import Drill, render_drill
from rig.programs.judging import load_named_card

THINGS = 10
"""Things in the picture while the bar is measured: a runner and a busy track."""

FRAMES_LEAST = 100
"""Turns to measure at least."""

COUNTS = (1, 2, 5, 10, 20, 50, 100, 200)
"""Numbers of things for the growth of cost."""

SWEEP_FRAMES = 60
"""Frames for each of them."""

MEDIAN_BAR_MS, P99_BAR_MS = 5.0, 10.0
"""The bar for one turn beside inference: a sixth and a third of a frame at 30 Hz."""

EXPONENT_BAR = 1.2
"""Cost grows as things ** exponent; up to here it counts as near linear."""

CAMERA_S = 0.021
"""From light to the frame in this program, the slower end of what picamera2#787 states."""

PIN_S = 0.020
"""From decision to pin at most (design section 6)."""

HEADROOM = 0.8
"""Share of a period that a turn's p99 may fill; the rest is capture and the operating system's."""

TILES_MOST = 4
"""More inferences a frame are not considered."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a number of tiles a frame would mean on this board.

    `latency_s`: light to pin for a thing that is followed already. `found_s`: until a new far
    thing is confirmed, after the full rotation of tiles. `guarded_mps` uses both.
    """

    tiles: int
    rate_hz: float
    period_s: float
    work_p99_s: float
    latency_s: float
    found_s: float
    seen_m: float
    guarded_mps: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how long to measure and where to write it."""
    parser.add_argument(
        "--frames", type=_frames, default=300, metavar="N", help="turns for the bar (300)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")


def _frames(text: str) -> int:
    """A number of turns that a p99 can be taken of."""
    frames = int(text)
    if frames < FRAMES_LEAST:
        raise argparse.ArgumentTypeError(f"{frames} turns give no p99; take {FRAMES_LEAST} or more")
    return frames


def run(args: argparse.Namespace, config: Config) -> int:
    """Measure and print; 0 when the bar is met, 1 when not."""
    if args.json is not None:
        _require_folder(args.json)
    card = load_named_card(config)
    detector = Detector(card, config.detector)
    drill = render_drill()
    planner = TilePlanner(drill.site, card.facts, TILES_MOST)
    print(f"board      {platform.machine()}, {platform.system()} {platform.release()}")
    print(f"model      {card.name}, {detector.threads} thread(s) for inference")
    sizes = measure_sizes(detector, planner, drill)
    loop = Loop(drill, config, card, detector, THINGS).measure(args.frames)
    is_met = print_parts(loop, config.detector.tiles)
    sweep = {n: Loop(drill, config, card, detector, n).measure(SWEEP_FRAMES) for n in COUNTS}
    growth = print_growth(sweep)
    plans = [
        make_plan(tiles, sizes, loop, config, card, drill.site)
        for tiles in range(1, TILES_MOST + 1)
    ]
    chosen = choose(plans)
    print_plans(plans, chosen, config)
    if args.json is not None:
        report = make_report(card, detector, sizes, loop, growth, plans, chosen, is_met)
        write_report(args.json, report)
    return 0 if is_met and growth["exponent"] <= EXPONENT_BAR else 1


def measure_sizes(
    detector: Detector, planner: TilePlanner, drill: Drill, rounds: int = 60
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Wall milliseconds of single inferences at each input size; prints them."""
    detector.warm_up(planner.tiles)
    times: dict[tuple[int, int], list[float]] = {}
    for tile in {(t.input_width_px, t.input_height_px): t for t in planner.tiles}.values():
        rows = times.setdefault((tile.input_width_px, tile.input_height_px), [])
        for number in range(rounds):
            laid = detector.lay(drill.pictures[number % len(drill.pictures)], tile)
            begun = time.perf_counter_ns()
            detector.infer(laid)
            rows.append((time.perf_counter_ns() - begun) / 1e6)
    print("\ninference alone, wall ms      median      p99")
    for (width, height), rows in times.items():
        print(f"  {width:4d} x {height:<4d}              {_pair(np.array(rows))}")
    return {size: np.array(rows) for size, rows in times.items()}


def print_parts(loop: Measured, tiles: int) -> bool:
    """The table of parts; whether the bar is met."""
    frames = len(loop.wall)
    print(f"\none turn, {THINGS} things, {tiles} tiles, {frames} frames, this thread's ms")
    print("                              median      p99")
    for name in PARTS:
        print(f"  {name:<26}{_pair(loop.parts[name])}")
    total = loop.total()
    median, p99 = _median(total), _p99(total)
    is_met = median <= MEDIAN_BAR_MS and p99 <= P99_BAR_MS
    print(f"  {'all but inference':<26}{_pair(total)}")
    print(f"  {'bar':<26}{MEDIAN_BAR_MS:8.2f} {P99_BAR_MS:8.2f}   {'met' if is_met else 'MISSED'}")
    print(f"  {'inference, wall':<26}{_pair(loop.inference_wall)}")
    print(f"  {'whole turn, wall':<26}{_pair(loop.wall)}")
    ratio = _median(total) / _median(loop.inference_wall)
    print(f"  all but inference is {ratio:.2f} of inference, measured in the same turns")
    return is_met


def print_growth(sweep: dict[int, Measured]) -> dict[str, Any]:
    """The cost by number of things; its slope, exponent and rows."""
    rows = {n: _median(measured.total(CROWD_PARTS)) for n, measured in sweep.items()}
    slope = float(np.polyfit(list(rows), list(rows.values()), 1)[0])
    many = [n for n in rows if n >= 20]
    exponent = float(np.polyfit(np.log(many), np.log([rows[n] for n in many]), 1)[0])
    last, half = max(rows), max(n for n in rows if n <= max(rows) / 2)
    ratio = rows[last] / rows[half]
    print(f"\ngrowth, this thread's ms for {', '.join(CROWD_PARTS)}")
    print("  things   tracks   median   all but inference")
    for n, measured in sweep.items():
        tracks, total = _median(measured.tracks.astype(np.float64)), _median(measured.total())
        print(f"  {n:6d}   {tracks:6.0f}   {rows[n]:6.2f}   {total:8.2f}")
    judged = "near linear" if exponent <= EXPONENT_BAR else "NOT near linear"
    print(
        f"  {slope * 1e3:.1f} us a thing; {last} things cost {ratio:.2f} times {half}; "
        f"cost ~ things^{exponent:.2f} from {many[0]} on: {judged} (limit {EXPONENT_BAR})"
    )
    return {"median_ms": rows, "slope_us": slope * 1e3, "ratio": ratio, "exponent": exponent}


def make_plan(
    tiles: int,
    sizes: dict[tuple[int, int], NDArray[np.float64]],
    loop: Measured,
    config: Config,
    card: Card,
    site: Site,
) -> Plan:
    """What this many tiles a frame mean, with the sizes that the planner would use."""
    planner = TilePlanner(site, card.facts, tiles)
    costs = [_p99(sizes[t.input_width_px, t.input_height_px]) for t in planner.tiles]
    far = sorted(costs[1:], reverse=True)[: tiles - 1]
    work_s = (costs[0] + sum(far) + _p99(loop.total())) / 1e3
    rate = min(config.camera.rate_hz, HEADROOM / work_s)
    period, rotation = 1 / rate, planner.rotation_s(rate)
    confirm = max(config.tracker.confirm_s, (config.tracker.confirm_sightings - 1) * rotation)
    latency, found = CAMERA_S + period + work_s + PIN_S, rotation + confirm
    least = card.input.min_object_px
    seen_m = float(sum(row.person_px >= least for row in planner.coverage()))
    limits = replace(config.hazard, latency_s=latency)
    speed = guarded_speed_mps(seen_m, limits, found)
    return Plan(tiles, rate, period, work_s, latency, found, seen_m, speed)


def choose(plans: list[Plan]) -> Plan:
    """The plan that guards the fastest runner; of nearly equal ones that with fewest tiles."""
    best = max(plan.guarded_mps for plan in plans)
    return next(plan for plan in plans if plan.guarded_mps >= 0.98 * best)


def print_plans(plans: list[Plan], chosen: Plan, config: Config) -> None:
    """What each number of tiles would mean, the choice, and the options that set it."""
    print("\ntiles   rate   period   work p99   latency   found    people on   guards")
    for plan in plans:
        print(
            f"  {plan.tiles}   {plan.rate_hz:5.1f} Hz {plan.period_s * 1e3:5.0f} ms "
            f"{plan.work_p99_s * 1e3:7.1f} ms {plan.latency_s:7.3f} s {plan.found_s:6.3f} s "
            f"{plan.seen_m:8.0f} m {plan.guarded_mps:6.1f} m/s"
            f"{'   <- chosen' if plan is chosen else ''}"
        )
    print("  (people only, on the demo's mount; your own mount's range is in `rig calibrate`)")
    needed = chosen.latency_s + chosen.found_s
    print(f"  set detector.tiles={chosen.tiles} camera.rate_hz={chosen.rate_hz:.0f}", end=" ")
    print(f"hazard.latency_s={needed:.2f} (now {config.hazard.latency_s:.2f})")


def make_report(
    card: Card,
    detector: Detector,
    sizes: dict[tuple[int, int], NDArray[np.float64]],
    loop: Measured,
    growth: dict[str, Any],
    plans: list[Plan],
    chosen: Plan,
    is_met: bool,
) -> dict[str, Any]:
    """Everything that was measured, as plain values."""
    series = {**loop.parts, "all but inference": loop.total()}
    series |= {"inference": loop.inference_wall, "inference, this thread": loop.inference_cpu}
    series["whole turn, wall"] = loop.wall
    return {
        "machine": platform.machine(),
        "model": card.name,
        "sha256": card.sha256,
        "threads": detector.threads,
        "frames": len(loop.wall),
        "things": THINGS,
        "inference_ms": {f"{w}x{h}": _both(times) for (w, h), times in sizes.items()},
        "turn_ms": {name: _both(values) for name, values in series.items()},
        "bar_ms": {"median": MEDIAN_BAR_MS, "p99": P99_BAR_MS, "is_met": is_met},
        "growth": growth,
        "plans": [asdict(plan) for plan in plans],
        "chosen": asdict(chosen),
    }


def _require_folder(path: Path) -> None:
    """Refuse before half a minute's measuring, not after."""
    if not path.parent.is_dir():
        raise LogError(f"{path} cannot be written: there is no folder {path.parent}; make it first")


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write the JSON file. Raises LogError."""
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise LogError(
            f"{path} cannot be written ({error}); name a file in a folder of yours"
        ) from error


def _both(values: NDArray[np.float64]) -> dict[str, float]:
    return {"median": round(_median(values), 4), "p99": round(_p99(values), 4)}


def _pair(values: NDArray[np.float64]) -> str:
    return f"{_median(values):8.2f} {_p99(values):8.2f}"


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values))


def _p99(values: NDArray[np.float64]) -> float:
    return float(np.percentile(values, 99))
