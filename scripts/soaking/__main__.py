"""`scripts/soak`: the real programs for minutes, the decision loop for hours; nothing may grow."""

from __future__ import annotations

import argparse
import sys

from latency.figures import Processor
from tqdm import tqdm

from soaking.decisions import HOUR_S, soak_decisions
from soaking.programs import soak_programs


def main() -> int:
    """Soak and print; 0 when every bound held."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="of the real programs (30)")
    parser.add_argument("--drill", type=float, default=60.0, metavar="S", help="armed so long (60)")
    parser.add_argument("--hours", type=float, default=8.0, help="of accelerated drills (8)")
    args = parser.parse_args()
    before, wrongs = Processor.now(), []
    total_s = args.minutes * 60 + args.hours * HOUR_S
    with tqdm(total=round(total_s), unit="s", disable=None) as bar:
        if args.minutes > 0:
            wrongs += soak_programs(args.minutes * 60, args.drill, bar.update)
        if args.hours > 0:
            wrongs += soak_decisions(args.hours, bar.update)
    print(Processor.now().since(before))
    for wrong in wrongs:
        print(f"WRONG: {wrong}")
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
