"""The matrix as a table: how soon, what, how long silent, what was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from faults.table import Fault
from faults.trial import Result

HEADING = (
    f"{'fault':<30}{'trials':>7}{'median':>8}{'p95':>7}{'max':>7}{'limit':>7}"
    f"{'word':>7}{'quiet':>7}{'events':>8}{'steps':>7}  heard"
)
LEGEND = """times in s, from the fault (or the fall) to the siren's pin, by the horn's clock
word: most from the last word received to the pin; quiet: longest silence of the siren after that
events, steps: alerts missing in the log, and the last judged time before the fault that is in it"""


def report(rows: Sequence[Fault], results: Sequence[Result], machine: str) -> int:
    """Print it; 0 when every trial passed."""
    print(HEADING)
    failed = 0
    for fault in rows:
        mine = [r for r in results if r.fault == fault.name]
        wrong = [r for r in mine if r.wrongs]
        failed += len(wrong)
        print(_line(fault, mine))
        for sentence, count in Counter(w for r in wrong for w in r.wrongs).items():
            print(f"    WRONG, {count} of {len(mine)}: {sentence}")
    print(LEGEND)
    print(machine)
    print(f"{len(results)} trials, {failed} failed")
    return 1 if failed or not results else 0


def _line(fault: Fault, mine: Sequence[Result]) -> str:
    tones = [r.tone_s for r in mine if r.tone_s is not None]
    words = [r.after_word_s for r in mine if r.after_word_s is not None]
    heard = Counter(cause for r in mine for cause in r.heard)
    figures = (
        [f"{v:.3f}" for v in (np.median(tones), np.percentile(tones, 95), max(tones))]
        if tones
        else ["never"] * 3
    )
    said = ", ".join(f"{cause} {count}" for cause, count in heard.most_common())
    return (
        f"{fault.name:<30}{len(mine):>7}{figures[0]:>8}{figures[1]:>7}{figures[2]:>7}"
        f"{fault.limit_s:>7g}{_most(words):>7}{_most([r.quiet_s for r in mine]):>7}"
        f"{sum(r.events_lost for r in mine):>8}{_most([r.steps_lost_s for r in mine]):>7}  {said}"
    )


def _most(values: Sequence[float]) -> str:
    return f"{max(values):.3f}" if values else "-"
