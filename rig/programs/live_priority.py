"""What keeps other programs, and Python itself, from holding up the live loop.

Decides nothing about the rig. Measured on a machine whose processors strangers took: of the time
from light to word, all but 8 ms (p99) was waiting for a processor. So the program asks for more of
them, as systemd's unit does; and what was loaded at the start is taken out of the garbage
collector's rounds, one of which held the loop up for ten milliseconds. Called by `programs.live`.
"""

from __future__ import annotations

import gc
import os
import sys

NICE = -10
"""As in systemd/rig-watch.service. Threads that begin later have it too."""


def go_first() -> None:
    """Ask for processor time before others; said once where this user may not have it."""
    gc.collect()
    gc.freeze()
    if os.getpriority(os.PRIO_PROCESS, 0) <= NICE:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        print("rig: no raised priority (systemd gives it); a busy board may delay an alert",
              file=sys.stderr)  # fmt: skip
