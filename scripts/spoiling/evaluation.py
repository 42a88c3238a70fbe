"""`scripts/evaluate-health`: spoil clips and drawn drills, and print what was noticed when.

Exit 0 when all was judged, 2 when the folder of clips is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import cv2
from tqdm import tqdm

from spoiling.judged import Provoked, Suspected, freeze, provoke, silence, suspect
from spoiling.report import report
from spoiling.sources import Footage, clips, drills
from spoiling.spoilers import ORDINARY, SPOILT

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"
QUIET = len(ORDINARY)


def main(argv: Sequence[str] | None = None) -> int:
    """Judge what the arguments say; gives the exit code."""
    args = _arguments(argv)
    if not args.folder.is_dir():
        print(f"{args.folder} is no folder; give the folder of the clips", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    provoked: list[Provoked] = []
    suspected: list[Suspected] = []
    for footage, is_spoilt in _footage(args):
        rows = ORDINARY if is_spoilt else ORDINARY[:1]
        suspected += [suspect(footage, row) for row in _progress(rows, footage)]
        if is_spoilt:
            provoked += [provoke(footage, row) for row in _progress(SPOILT, footage)]
            provoked += [freeze(footage, "frozen picture"), silence(footage, "no frames")]
    print("\n".join(report(provoked, suspected)))
    return 0


def _footage(args: argparse.Namespace) -> Iterator[tuple[Footage, bool]]:
    """Each piece, and whether it is spoilt too: of the drills only the first ones are."""
    drawn = enumerate(drills(args.drills, args.seconds))
    return chain(
        ((piece, True) for piece in clips(args.folder, args.seconds)),
        ((piece, number < args.spoilt_drills) for number, piece in drawn),
    )


def _progress(rows: Sequence, footage: Footage) -> tqdm:  # type: ignore[type-arg]
    return tqdm(rows, desc=footage.name, unit="row", leave=False, disable=None)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate-health",
        description="Spoils real clips and drawn drills as a camera can be spoilt, and prints how "
        "soon each fault sounded, and how often an ordinary picture was taken for a fault.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=CLIPS, help="where the clips lie")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each piece, at most")
    parser.add_argument("--drills", type=int, default=40, help="drawn drills")
    parser.add_argument("--spoilt-drills", type=int, default=6, help="how many are spoilt, too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
