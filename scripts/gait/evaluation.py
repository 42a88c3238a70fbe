"""`scripts/evaluate-gait`: the gait code against force plates, through made-up cameras.

Shows marker recordings (.trc), forward and reversed in time, to cameras from the side, oblique and
along the lane, with errors, dropped frames and a hole in the keypoints, and prints each measure
with its count, its limit, and whether it is held. `--keypoints` prints what a clip's own
keypoints say, `--pictures` measures drawn and real pictures through detector and pose model.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from gait.bars import Score, scores
from gait.cameras import Errors
from gait.drawn import drawn_runners
from gait.markers import Recording, read_recording
from gait.measuring import Truth, measure
from gait.picture_report import tell_pictures
from rig.core.gait.plane import picture_plane
from rig.core.gait.reading import NOTHING, read_gait
from rig.core.gait.speed import WALK_DUTY, Direction, Gait
from rig.devices.keypoints_file import read_keypoints
from rig.errors import RigError

ROOT = Path(__file__).parents[2]
RECORDINGS = (
    ("opensim_rajagopal/motion_capture_run.trc", "opensim_rajagopal/grf_run.mot", 3.71, False),
    ("opensim_rajagopal/motion_capture_walk.trc", "opensim_rajagopal/grf_walk.mot", 0.0, True),
    ("bmc_run/motion_capture_run.trc", "bmc_run/grf_run.mot", 0.0, True),
)
"""Markers, forces, treadmill speed, and whether its contacts are few or noisy."""
VIEWS = ("side", "oblique 60", "oblique 45", "oblique 30", "along")
EXTRA_VIEW = "oblique 30"
"""At the edge of what contacts can be timed in: measured, not held against a limit."""


def main() -> int:
    """0: every limit held; 1: one or more short; 2: refused."""
    args = _parse()
    try:
        if args.keypoints is not None:
            return _tell_keypoints(args)
        if args.pictures:
            return tell_pictures(args.seeds, args.folder.parent / "video")
        recordings = list(_recordings(args))
    except (OSError, ValueError, RigError) as error:
        print(f"evaluate-gait: {error}", file=sys.stderr)
        return 2
    errors = Errors(rate_hz=args.rate, noise=args.noise / 100, dropped=args.dropped / 100)
    rows: list[tuple[str, str, str, Score]] = []
    for recording, is_noisy in recordings:
        for truth in (_truth(recording, Direction.FORWARD), _reversed(recording)):
            rows += _rows(truth, errors, args.seeds, is_noisy=is_noisy)
    if args.markers is None:
        for recording in drawn_runners():
            truth = Truth(recording, Direction.BACKWARD, Gait.RUN)
            rows += _rows(truth, errors, args.seeds, is_noisy=False)
    return _tell(rows)


def _parse() -> Namespace:
    parser = ArgumentParser(prog="scripts/evaluate-gait", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared/data/gait")
    parser.add_argument("--markers", type=Path, help="one .trc file instead of the folder")
    parser.add_argument("--forces", type=Path, help="its .mot file")
    parser.add_argument("--belt", type=float, default=0.0, help="treadmill speed, m/s")
    parser.add_argument("--seeds", type=int, default=10, help="drawings of the errors (10)")
    parser.add_argument("--noise", type=float, default=1.0, help="SD in %% of body height (1)")
    parser.add_argument("--dropped", type=float, default=10.0, help="frames in %% (10)")
    parser.add_argument("--rate", type=float, default=30.0, help="pictures a second (30)")
    parser.add_argument("--keypoints", type=Path, help="a .npy or .npz of keypoints instead")
    parser.add_argument(
        "--pictures", action="store_true", help="through detector and pose model instead: slow"
    )
    parser.add_argument("--height", type=float, default=1.75, help="of its runner, m (1.75)")
    return parser.parse_args()


def _recordings(args: Namespace) -> Iterator[tuple[Recording, bool]]:
    if args.markers is not None:
        if args.forces is None:
            raise ValueError("--markers wants its force file: --forces FILE.mot")
        yield read_recording(args.markers, args.forces, args.belt), False
        return
    for markers, forces, belt_mps, is_noisy in RECORDINGS:
        yield read_recording(args.folder / markers, args.folder / forces, belt_mps), is_noisy


def _truth(recording: Recording, direction: Direction) -> Truth:
    """By the plates: a walker's foot is down for more than half of a stride."""
    duties = [
        (off - on) / (after - on)
        for spans in recording.contacts.values()
        for (on, off), (after, _) in pairwise(spans)
    ]
    is_walk = bool(duties) and max(duties) > WALK_DUTY
    return Truth(recording, direction, Gait.WALK if is_walk else Gait.RUN)


def _reversed(recording: Recording) -> Truth:
    return _truth(recording.reversed(), Direction.BACKWARD)


def _rows(
    truth: Truth, errors: Errors, seeds: int, *, is_noisy: bool
) -> Iterator[tuple[str, str, str, Score]]:
    for has_feet in (True, False):
        for view in VIEWS:
            found = measure(truth, view, replace(errors, has_feet=has_feet), seeds)
            for score in scores(found, view, is_noisy=is_noisy, has_feet=has_feet):
                shown = replace(score, limit=None) if view == EXTRA_VIEW else score
                yield truth.recording.name, view, "feet" if has_feet else "ankles", shown


def _tell(rows: list[tuple[str, str, str, Score]]) -> int:
    last = ("", "", "")
    for name, view, parts, score in rows:
        if (name, view, parts) != last:
            print(f"\n{name}, {view}, {'toes and heels' if parts == 'feet' else 'ankles only'}")
            last = (name, view, parts)
        print(_line(score))
    judged = [row for row in rows if row[3].word != "-"]
    short = [row for row in judged if row[3].word == "short"]
    print(f"\n{len(judged) - len(short)} of {len(judged)} limits held; short:")
    for name, view, parts, score in short:
        print(f"  {name}, {view}, {parts}:{_line(score)}")
    return 1 if short else 0


def _line(score: Score) -> str:
    limit = "" if score.limit is None else f"{score.limit:g}"
    measured = f"n {score.count:4}  {score.value:>7.3g} {score.unit:9}"
    return f"  {score.name:30} {measured} limit {limit:5} {score.word}"


def _tell_keypoints(args: Namespace) -> int:
    keypoints = read_keypoints(args.keypoints, args.rate)
    plane = picture_plane(keypoints, args.height)
    stretches = read_gait(keypoints, plane) if plane is not None else ()
    if not stretches:
        print(NOTHING)
        return 1
    for stretch in stretches:
        missing = f"{stretch.frames_missing} frames missing"
        print(f"{stretch.begin_s:.2f} to {stretch.end_s:.2f} s, {missing}")
        print(f"  {stretch.direction}, {stretch.gait}, {len(stretch.steps)} steps")
        if stretch.speed is not None:
            print(f"  speed {stretch.speed.along_mps:+.2f} +- {stretch.speed.sigma_mps:.2f} m/s")
        for middle, cadence in stretch.cadences:
            spm, sigma = cadence.steps_per_min, cadence.sigma_spm
            print(f"  cadence {spm:.1f} +- {sigma:.1f} steps/min at {middle:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
