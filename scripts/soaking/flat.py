"""What "does not grow" means: a table of measures over time, each with its bound.

Decides from samples alone. Called by `programs` and `decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WARM_SHARE = 0.25
"""The first quarter fills caches and the log's windows; the second is compared with the last."""
MB = 1024.0 * 1024.0


@dataclass(frozen=True, slots=True)
class Bound:
    """One measure: the most that it may be, and the most that its median may grow."""

    unit: str
    most: float
    growth: float


@dataclass(frozen=True, slots=True)
class Course:
    """A measure over the whole run."""

    first: float
    last: float
    most: float

    @property
    def growth(self) -> float:
        """From the second quarter's median to the last one's."""
        return self.last - self.first


def course_of(values: Sequence[float]) -> Course:
    """Medians of the second and the last quarter, and the most after the first."""
    count = len(values)
    begin, half, rest = (round(count * share) for share in (WARM_SHARE, 0.5, 0.75))
    warm = np.array(values[begin:] or values)
    first = float(np.median(values[begin:half] or values))
    return Course(first, float(np.median(values[rest:] or values)), float(warm.max()))


def judge(samples: Sequence[Mapping[str, float]], bounds: Mapping[str, Bound]) -> list[str]:
    """Print a line for each bound; gives the sentences of those that are broken."""
    wrongs = []
    print(f"{'':<26}{'2nd quarter':>12}{'last':>10}{'growth':>9}{'most':>10}   bound")
    for name, bound in bounds.items():
        course = course_of([sample[name] for sample in samples])
        print(
            f"{name:<26}{course.first:>12.2f}{course.last:>10.2f}{course.growth:>+9.2f}"
            f"{course.most:>10.2f}   most {bound.most:g}, growth {bound.growth:g} {bound.unit}"
        )
        if course.most > bound.most or course.growth > bound.growth:
            wrongs.append(f"{name} broke its bound")
    return wrongs


def memory_mb(pid: int | str) -> float:
    """Memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def held(pid: int) -> dict[str, float]:
    """Memory, open files and threads of a process."""
    process = Path(f"/proc/{pid}")
    return {
        "memory": memory_mb(pid),
        "files": float(len(list((process / "fd").iterdir()))),
        "threads": float(len(list((process / "task").iterdir()))),
    }
