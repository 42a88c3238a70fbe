"""What to do about each error that a disk gives.

Pure: turns the system's error number into the sentence for the person at the track. Called by
`devices.session` and `devices.eventlog`.
"""

from __future__ import annotations

import errno
from pathlib import Path

from rig.errors import LogError

REMEDIES = {
    errno.ENOSPC: "delete old sessions or clips, or use a larger card",
    errno.EDQUOT: "delete old sessions or clips, or raise the quota",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EROFS: "the card is write-protected or worn: replace it or set log.sessions elsewhere",
    errno.EACCES: "give the rig's user the right to write there, or set log.sessions elsewhere",
    errno.EPERM: "give the rig's user the right to write there, or set log.sessions elsewhere",
    errno.ENOTDIR: "a file stands where the folder belongs: move it, or set log.sessions elsewhere",
    errno.EEXIST: "a file stands where the folder belongs: move it, or set log.sessions elsewhere",
    errno.ENOENT: "set log.sessions to a folder that can be made",
    errno.EIO: "the card fails: replace it, and copy off what it still reads",
}
"""By the system's error number."""


def disk_refusal(what: str, path: Path, error: OSError) -> LogError:
    """The error to raise: what failed, where, why, and the remedy."""
    remedy = REMEDIES.get(error.errno or 0, "check the card and the folder, then start again")
    return LogError(f"{what} {path}: {error.strerror or error}; {remedy}")
