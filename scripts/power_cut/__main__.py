"""`scripts/check-power-cut`: the power goes at a random instant, again and again.

Each cut goes on with the card that the one before left. Exit code 0 when nothing that has to be
there was lost, 1 when something was, 2 where no card can be simulated.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from faults.course import write_course
from faults.staged_rig import ROOT, SHM
from tqdm import tqdm

from power_cut.disk import CutDisk, NoDisk
from power_cut.trial import SYNCED_S, Result, cut_once

SEED = 4


def main() -> int:
    """Cut, count and print."""
    parser = argparse.ArgumentParser(prog="check-power-cut", description=__doc__)
    parser.add_argument("--cuts", type=int, default=200, help="how often (200)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the instants (4)")
    args = parser.parse_args()
    place = SHM if SHM.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="rig-power-cut-", dir=place) as name:
        try:
            disk = CutDisk(Path(name))
        except NoDisk as no:
            print(f"check-power-cut: {no}", file=sys.stderr)
            return 2
        try:
            results = cut_again_and_again(disk, Path(name), args.cuts, args.seed)
        finally:
            disk.close()
    return report(results)


def cut_again_and_again(disk: CutDisk, folder: Path, cuts: int, seed: int) -> list[Result]:
    """Every second cut loses the drive's cache too. Ctrl-C ends it early."""
    rng = random.Random(seed)
    course = write_course(folder, ROOT / "models")
    (disk.card / "sessions").mkdir()
    subprocess.run(["sync", "-f", str(disk.card)], check=True)
    results: list[Result] = []
    try:
        for number in tqdm(range(cuts), unit="cut", disable=None):
            results.append(cut_once(disk, course, rng, keeps_cache=number % 2 == 1))
            for wrong in results[-1].wrongs:
                tqdm.write(f"cut {number + 1}, after {results[-1].cut_s:.2f} s: {wrong}",
                           file=sys.stderr)  # fmt: skip
    except KeyboardInterrupt:
        print(f"ended early, after {len(results)} of {cuts} cuts")
    return results


def report(results: Sequence[Result]) -> int:
    """The table; 0 when nothing is wrong."""
    print(f"{'drive cache':<12}{'cuts':>5}{'alerts':>8}{'older':>7}{'lost':>6}{'young':>7}"
          f"{'lost':>6}{'oldest':>8}{'clips':>7}{'parts':>7}{'kept':>6}{'wrong':>7}")  # fmt: skip
    for keeps_cache, name in ((False, "lost"), (True, "kept")):
        print(_line(name, [r for r in results if r.keeps_cache == keeps_cache]))
    print(f"alerts: sounded by the armed rig; older: more than {SYNCED_S:g} s before the cut, and "
          "how many of them are lost;\nyoung: the others, how many of them are lost, and the age "
          "of the oldest one lost, s; clips: whole, all decoded;\nparts: found by the next start, "
          "and how many it could keep")  # fmt: skip
    verdicts = Counter(verdict for r in results for verdict in r.verdicts)
    print("log segments:", ", ".join(f"{name} {count}" for name, count in verdicts.most_common()))
    wrongs = sum(bool(r.wrongs) for r in results)
    print(f"{len(results)} cuts, {wrongs} with something wrong")
    return 1 if wrongs or not results else 0


def _line(name: str, mine: Sequence[Result]) -> str:
    lost_s = [age_s for r in mine for age_s in r.lost_ages_s]
    older = sum(r.sounded_before for r in mine)
    sounded = sum(r.sounded for r in mine)
    young_s = [age_s for age_s in lost_s if age_s <= SYNCED_S]
    oldest = f"{max(young_s):.2f}" if young_s else "-"
    return (
        f"{name:<12}{len(mine):>5}{sounded:>8}{older:>7}{len(lost_s) - len(young_s):>6}"
        f"{sounded - older:>7}{len(young_s):>6}{oldest:>8}{sum(r.clips for r in mine):>7}"
        f"{sum(r.parts for r in mine):>7}{sum(r.recovered for r in mine):>6}"
        f"{sum(bool(r.wrongs) for r in mine):>7}"
    )


if __name__ == "__main__":
    sys.exit(main())
