"""`scripts/check-faults`: the fault matrix on real processes.

Each row is done to an armed rig again and again; its siren is judged by the horn's own clock, its
log is read back. Printed as a table; exit code 1 when a trial failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from latency.figures import Processor
from tqdm import tqdm

from faults.course import write_course
from faults.report import report
from faults.staged_rig import ROOT, StagedRig
from faults.table import FAULTS, Fault
from faults.trial import Result, try_once

DISK, MEMORY = "size=48m", "size=8m"
"""Small enough to be filled; the shared pictures take 5.5 MB."""


def main() -> int:
    """Play the chosen rows; 0 when every trial passed."""
    parser = argparse.ArgumentParser(prog="check-faults", description=__doc__)
    parser.add_argument("--repeats", type=int, default=20, help="trials of each row (20)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="rows whose name holds it"
    )
    parser.add_argument("--quick", action="store_true", help="only the rows that take seconds")
    args = parser.parse_args()
    chosen = [f for f in FAULTS if _is_chosen(f, args.only, args.quick)]
    if not chosen:
        parser.error(f"no row's name holds {args.only}; they are: {[f.name for f in FAULTS]}")
    before = Processor.now()
    with tempfile.TemporaryDirectory(prefix="rig-faults-") as name, disk(Path(name)) as has_root:
        left_out = [f.name for f in chosen if f.needs_root and not has_root]
        rows = [f for f in chosen if f.name not in left_out]
        results = play(rows, args.repeats, Path(name))
    machine = Processor.now().since(before)
    for one in left_out:
        print(f"left out, no right to mount: {one}")
    return report(rows, results, machine)


def _is_chosen(fault: Fault, only: Sequence[str], is_quick: bool) -> bool:
    is_named = not only or any(text in fault.name for text in only)
    return is_named and (fault.is_quick or not is_quick)


def play(rows: Sequence[Fault], repeats: int, folder: Path) -> list[Result]:
    """All rows in turn, again and again, on one rig that has to survive each.

    After a failed trial a fresh rig goes on. Ctrl-C ends it early; what was found is reported.
    """
    course = write_course(folder, ROOT / "models")
    results: list[Result] = []
    with tqdm(total=len(rows) * repeats, unit="trial", disable=None) as bar, ExitStack() as rigs:
        rig: StagedRig | None = None
        try:
            for fault in (row for _ in range(repeats) for row in rows):
                bar.set_description(fault.name)
                if rig is None:
                    rig = StagedRig(course, folder / "disk" / "sessions", folder / "memory")
                    rigs.enter_context(closing(rig))
                    rig.start()
                results.append(try_once(rig, fault))
                for wrong in results[-1].wrongs:
                    tqdm.write(f"{fault.name}: {wrong}", file=sys.stderr)
                if results[-1].wrongs:
                    rigs.close()
                    rig = None
                bar.update()
        except KeyboardInterrupt:
            print(f"ended early, after {len(results)} of {len(rows) * repeats} trials")
    return results


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """Small disks in memory for sessions and shared pictures, where this user may mount them."""
    mounted = [place for place in (folder / "disk", folder / "memory") if _mount(place)]
    (folder / "disk" / "sessions").mkdir()
    try:
        yield len(mounted) == 2
    finally:
        for place in mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _mount(place: Path) -> bool:
    place.mkdir()
    size = {"disk": DISK, "memory": MEMORY}[place.name]
    mount = ["mount", "-t", "tmpfs", "-o", size, "rig-faults", str(place)]
    return os.geteuid() == 0 and not subprocess.run(mount, capture_output=True).returncode


if __name__ == "__main__":
    sys.exit(main())
