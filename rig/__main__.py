"""Lets `python -m rig` do what `scripts/rig` does in an environment that is already set up."""

from __future__ import annotations

import sys

from rig.cli import main

if __name__ == "__main__":
    sys.exit(main())
