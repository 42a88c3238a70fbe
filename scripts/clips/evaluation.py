"""`scripts/evaluate-clips`: judge each labelled clip both ways and print the tables.

Exit 0 when every clip was judged, 2 when a clip or setting is missing or wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from clips.judged import config_for_clips, judge_clip, play
from clips.report import report
from clips.truth import Truth, all_truths
from rig.config import Config
from rig.config_file import load_config
from rig.devices.annotate import draw
from rig.errors import RigError
from rig.programs.judging import load_mount

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"


def main(argv: Sequence[str] | None = None) -> int:
    """Judge what the arguments say; gives the exit code."""
    args = _arguments(argv)
    truths = [t for t in all_truths() if args.only is None or args.only in t.clip]
    problems = [f"no labelled clip has {args.only} in its name"] if not truths else []
    missing = [t.clip for t in truths if not (args.folder / t.clip).is_file()]
    if missing:
        problems.append(f"{args.folder} lacks {', '.join(missing)}; give the folder of the clips")
    if problems:
        return _refuse("; ".join(problems))
    try:
        config = config_for_clips(load_config(None, args.settings))
        for truth in truths:
            _judge(truth, args, config)
    except RigError as error:
        return _refuse(str(error))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate-clips",
        description="Judges each labelled clip forward and reversed and prints what became of "
        "the people in it.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA, help="where the clips lie")
    parser.add_argument("--only", metavar="WORD", help="clips with WORD in their name")
    parser.add_argument(
        "--stills", type=Path, metavar="FOLDER", help="write annotated pictures, two a second"
    )
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="KEY=VALUE",
        help="change one option of the rig; may be repeated",
    )  # fmt: skip
    return parser.parse_args(argv)


def _judge(truth: Truth, args: argparse.Namespace, config: Config) -> None:
    for is_reversed in (False, True):
        judged = judge_clip(truth, args.folder, is_reversed, config)
        print("\n".join(report(judged)), end="\n\n", flush=True)
        if args.stills is not None:
            _write_stills(truth, args.folder, is_reversed, config, args.stills)


def _write_stills(truth: Truth, folder: Path, is_reversed: bool, config: Config, out: Path) -> None:
    """Every half second of the clip as `rig watch` would show it, as NAME-f-0012.5.png."""
    out.mkdir(parents=True, exist_ok=True)
    site = load_mount(truth.lane_path).site
    way = "r" if is_reversed else "f"
    due_ns = 0
    for turn in play(truth, folder, is_reversed, config):
        if turn.frame.t_ns < due_ns:
            continue
        due_ns = turn.frame.t_ns + 500_000_000
        name = f"{Path(truth.clip).stem}-{way}-{turn.frame.t_ns / 1e9:06.1f}.png"
        picture = draw(turn.frame.picture, turn.decision, site)
        if not cv2.imwrite(str(out / name), picture):
            raise OSError(f"cannot write {out / name}")


def _refuse(sentence: str) -> int:
    print(f"scripts/evaluate-clips: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
