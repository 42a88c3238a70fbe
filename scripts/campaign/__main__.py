"""`python -m campaign`: see `scripts/trials --help`."""

import sys

from campaign.command import main

if __name__ == "__main__":
    sys.exit(main())
