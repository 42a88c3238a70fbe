"""A card whose power can be cut: two ext4 file systems, one in a file on the other.

The inner one is the card that the rig writes to. What its programs have not synced, and the kernel
not yet written, lies in the kernel's memory and is lost. What was written but not flushed lies in
the outer one's memory, as in a drive's own cache: lost too, or kept, as asked. Both are extremes
of what drives do; a drive that keeps some of its cache and loses the rest, out of order, is not
simulated. Both file systems lie in memory (`/dev/shm`), so that the real disk plays no part.

Needs root and loop devices. Called by `trial`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

DRIVE_MB, CARD_MB = 160, 112
TRIES_MOST = 20
MKFS = (
    "mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0",
)  # fmt: skip


class NoDisk(Exception):
    """Neither this user nor this machine may mount one: said, and nothing is tried."""


class CutDisk:
    """The card, mounted at `card`. Raises NoDisk."""

    def __init__(self, folder: Path) -> None:
        self.card = folder / "card"
        self._drive = folder / "drive"
        self._image = folder / "drive.img"
        self._copy = folder / "copy.img"
        self._card_image = self._drive / "card.img"
        if os.geteuid() != 0:
            raise NoDisk("only root may mount the simulated card")
        for place in (self.card, self._drive):
            place.mkdir()
        try:
            self._make()
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            self.close()
            raise NoDisk(f"no file system can be made and mounted here: {error}") from error

    def cut(self, keeps_cache: bool) -> None:
        """Lose what is not on the card, and mount what is. All programs have to be dead."""
        if keeps_cache:
            _run("sync", "-f", str(self._drive))
        self._take_copy()
        self._unmount()  # writes what is lost into the old image, which goes
        os.replace(self._copy, self._image)
        self._mount()

    def close(self) -> None:
        """Give the mounts back; the folder is the caller's."""
        with suppress(subprocess.CalledProcessError):
            self._unmount()

    def _make(self) -> None:
        with self._image.open("wb") as file:
            file.truncate(DRIVE_MB << 20)
        _run(*MKFS, str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self._drive))
        with self._card_image.open("wb") as file:  # written, so that no write moves a block later
            for _ in range(CARD_MB):
                file.write(bytes(1 << 20))
        _run(*MKFS, str(self._card_image))
        _run("sync", "-f", str(self._drive))
        _run("mount", "-o", "loop", str(self._card_image), str(self.card))

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self._drive))
        _run("mount", "-o", "loop", str(self._card_image), str(self.card))

    def _unmount(self) -> None:
        for place in (self.card, self._drive):
            if os.path.ismount(place):
                _run("umount", str(place))

    def _take_copy(self) -> None:
        """A copy of one moment: taken again where the kernel wrote meanwhile."""
        for _ in range(TRIES_MOST):
            before = self._written()
            shutil.copyfile(self._image, self._copy)
            if self._written() == before:
                return
        raise NoDisk("the kernel writes all the time; no moment can be copied")

    def _written(self) -> str:
        """The outer device's count of writes."""
        device = os.stat(self._drive).st_dev
        path = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        return path.read_text().split()[4]


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
