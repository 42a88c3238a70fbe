"""The newest pictures in shared memory: written by `watch`, copied by whoever wants them.

Decides where pictures lie and how a reader knows that its copy is whole. Which slot to read is
announced by a datagram (`core.datagrams.Slot`). The writer never waits: a slot that a reader is
still copying is written over, and the reader finds out by the slot's sequence number, which is
odd while the slot is written and another one afterwards.

Read and written by system calls rather than through mapped memory: they keep the order of what is
written on every processor, and a full or shortened file is an error instead of a dead process.
The room is taken at the beginning. A ring left by a killed writer goes with the next start: a
living one holds its file's lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from rig.core.datagrams import Slot
from rig.errors import HardwareError
from rig.records import Frame, Picture

PREFIX: Final = "rig-frames-"
SLOTS: Final = 8
"""A reader has eight periods, a quarter of a second at 30 Hz, to fetch what was announced."""
MAGIC: Final = b"rigring1"
PAGE: Final = 4096
RING: Final = struct.Struct("<8sII")
"""Beginning of the file: magic, number of slots, bytes from one slot to the next."""
HEAD: Final = struct.Struct("<QqII")
"""Beginning of a slot: sequence, t_ns, width, height."""
SIDE_MOST_PX: Final = 8192
SIDE_BYTES: Final = 3


def ring_path(links: Path, shared: Path) -> Path:
    """The ring, in shared memory, of the programs that share this run-time folder."""
    return shared / f"{PREFIX}{blake2b(os.fsencode(links.absolute()), digest_size=6).hexdigest()}"


class FrameRing:
    """The writer's end. Raises HardwareError where the shared memory has no room or no right.

    `lost` counts pictures that could not be laid down: another size, or a file spoilt by others.
    """

    def __init__(self, path: Path, size_px: tuple[int, int]) -> None:
        self.path = path
        self.lost = 0
        width_px, height_px = size_px
        self._most_bytes = width_px * height_px * SIDE_BYTES
        self._stride = _whole_pages(HEAD.size + self._most_bytes)
        # Even, and never that of an earlier run: a reader of the old file cannot mistake it.
        self._sequence = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 2 * 2
        remove_dead_rings(path.parent)
        self._descriptor = self._make()

    def put(self, frame: Frame) -> Slot | None:
        """Lay a copy of the picture down; where it lies, None where it could not be."""
        height_px, width_px = frame.picture.shape[:2]
        if frame.picture.nbytes > self._most_bytes or frame.picture.dtype != np.uint8:
            self.lost += 1
            return None
        self._sequence += 2
        slot = (self._sequence // 2) % SLOTS
        at = PAGE + slot * self._stride
        picture = np.ascontiguousarray(frame.picture)
        head = HEAD.pack(self._sequence, frame.t_ns, width_px, height_px)
        try:
            os.pwrite(self._descriptor, HEAD.pack(self._sequence - 1, 0, 0, 0), at)
            os.pwrite(self._descriptor, picture.data.cast("B"), at + HEAD.size)
            os.pwrite(self._descriptor, head, at)
        except OSError:  # somebody cut the file, and the memory is full: guard on without pictures
            self.lost += 1
            return None
        return Slot(slot, self._sequence, frame.t_ns, width_px, height_px)

    def close(self) -> None:
        """Give the memory back; the name goes too, if it is still ours."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_ino == os.fstat(self._descriptor).st_ino:
                self.path.unlink()
        os.close(self._descriptor)

    def _make(self) -> int:
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        total = PAGE + SLOTS * self._stride
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.posix_fallocate(descriptor, 0, total)
                os.pwrite(descriptor, RING.pack(MAGIC, SLOTS, self._stride), 0)
                os.replace(part, self.path)
            except OSError:
                os.close(descriptor)
                part.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _refusal(self.path, total, error) from error
        return descriptor


class RingReader:
    """A reader's end; opens the ring when something is announced, and anew after a restart.

    `lost` counts announced pictures that were gone or half written over before they were copied.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        self._descriptor: int | None = None
        self._stride = 0
        self._slots = 0

    def read(self, slot: Slot) -> Frame | None:
        """A copy of the announced picture; None when it is not there any more."""
        picture = self._copy(slot)
        if picture is None and self._reopen():
            picture = self._copy(slot)
        if picture is None:
            self.lost += 1
            return None
        return Frame(slot.t_ns, slot.sequence, picture)

    def close(self) -> None:
        """Let go of the memory."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _copy(self, slot: Slot) -> Picture | None:
        if self._descriptor is None or slot.slot >= self._slots or not _is_possible(slot):
            return None
        shape = (slot.height_px, slot.width_px, SIDE_BYTES)
        size = slot.height_px * slot.width_px * SIDE_BYTES
        if HEAD.size + size > self._stride:
            return None
        at = PAGE + slot.slot * self._stride
        wanted = HEAD.pack(slot.sequence, slot.t_ns, slot.width_px, slot.height_px)
        if os.pread(self._descriptor, HEAD.size, at) != wanted:
            return None
        picture = np.empty(shape, np.uint8)
        copied = os.preadv(self._descriptor, [picture.data.cast("B")], at + HEAD.size)
        is_whole = copied == size and os.pread(self._descriptor, HEAD.size, at) == wanted
        return picture if is_whole else None

    def _reopen(self) -> bool:
        """Whether there is a ring, and another one than before."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except OSError:
            return False
        if self._descriptor is not None:
            if os.fstat(descriptor).st_ino == os.fstat(self._descriptor).st_ino:
                os.close(descriptor)
                return False
            self.close()
        begin = os.pread(descriptor, RING.size, 0)
        magic, slots, stride = RING.unpack(begin) if len(begin) == RING.size else (b"", 0, 0)
        if magic != MAGIC or not 0 < slots <= 64 or not PAGE <= stride < 2**31:
            os.close(descriptor)
            return False
        self._descriptor, self._slots, self._stride = descriptor, slots, stride
        return True


def remove_dead_rings(shared: Path) -> int:
    """Remove the rings whose writers are gone; how many there were."""
    removed = 0
    for path in sorted(shared.glob(f"{PREFIX}*")):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or gone just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            removed += 1
        except OSError:
            pass  # its writer lives
        finally:
            os.close(descriptor)
    return removed


def _is_possible(slot: Slot) -> bool:
    return 0 < slot.width_px <= SIDE_MOST_PX and 0 < slot.height_px <= SIDE_MOST_PX


def _whole_pages(count: int) -> int:
    return -(-count // PAGE) * PAGE


def _refusal(path: Path, total: int, error: OSError) -> HardwareError:
    is_full = error.errno in (errno.ENOSPC, errno.ENOMEM, errno.EDQUOT)
    remedy = (
        f"remove what fills {path.parent}, or restart the board"
        if is_full
        else f"see that {path.parent} is there and may be written"
    )
    return HardwareError(
        f"no room for {SLOTS} shared pictures ({total / 1e6:.0f} MB) at {path} "
        f"({error.strerror}); {remedy}"
    )
