"""`rig config`: what the options are after file and `--set`, and whether they are sound.

Prints TOML that `--config` reads back. Wrong options never get here: `rig.config_file` refuses
them, all at once, before any program starts. Called by `rig.cli`.
"""

from __future__ import annotations

import argparse

from rig.config import Config
from rig.config_file import format_config
from rig.config_rules import OPTIONS, value_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--check`."""
    parser.add_argument(
        "--check", action="store_true", help="only say whether the configuration is sound"
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Print the configuration, or with `--check` one sentence about it."""
    if args.check:
        changed = [key for key, one in OPTIONS.items() if value_of(config, one) != one.default]
        names = f": {', '.join(changed)}" if changed else ""
        print(f"configuration is sound, {len(changed)} of {len(OPTIONS)} options changed{names}")
    else:
        print(format_config(config), end="")
    return 0
