"""The Unix datagram sockets between the programs.

A sender never waits and never fails: what cannot go out is dropped and counted, since every
message that matters is said again. A reader binds its own name, takes over a stale one, and binds
anew when somebody removed it. What the datagrams mean is `core.datagrams`' part. No numpy here:
the horn uses this.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from pathlib import Path
from typing import Final

from rig.core.datagrams import BYTES_MOST, Message, pack, unpack
from rig.errors import HardwareError

LOOK_S: Final = 0.05
"""How often a reader looks whether its name is still its own: words are lost meanwhile."""
TAKEN_MOST: Final = 256
"""Datagrams taken in one go: a flood must not keep the reader from its own work."""
PATH_MOST: Final = 107
"""Bytes that a Unix socket's name may have."""


class Inbox:
    """Receives messages at a path. Raises HardwareError where nothing can be bound there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rubbish = 0
        """Datagrams that were no message."""
        self.rebound = 0
        """How often the name was gone or taken and was bound anew."""
        self._looked_s = time.monotonic()
        self._socket = self._bind()
        self._inode = _inode(path)

    def receive(self, timeout_s: float = 0.0) -> list[Message]:
        """Every message that has come, after waiting at most `timeout_s` for the first."""
        self._look_after()
        if timeout_s > 0:
            select.select([self._socket], [], [], timeout_s)
        messages: list[Message] = []
        for _ in range(TAKEN_MOST):
            try:
                data = self._socket.recv(BYTES_MOST + 1)
            except (BlockingIOError, InterruptedError):
                break
            message = unpack(data)
            if message is None:
                self.rubbish += 1
            else:
                messages.append(message)
        return messages

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening; the name goes too, if it is still ours."""
        self._socket.close()
        if _inode(self.path) == self._inode:
            self.path.unlink(missing_ok=True)

    def _bind(self) -> socket.socket:
        if len(os.fsencode(self.path)) > PATH_MOST:
            raise HardwareError(
                f"{self.path} is {len(os.fsencode(self.path))} bytes long, a socket's name may "
                f"have {PATH_MOST}; give links.folder a shorter path"
            )
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.setblocking(False)
        try:
            self.path.unlink(missing_ok=True)
            listener.bind(str(self.path))
        except OSError as error:
            listener.close()
            raise HardwareError(
                f"no socket can be made at {self.path} ({error.strerror}); see that links.folder "
                "is there and may be written"
            ) from error
        return listener

    def _look_after(self) -> None:
        """Bind anew where the name is gone; the old socket stays where that fails."""
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        if _inode(self.path) == self._inode:
            return
        try:
            fresh = self._bind()
        except HardwareError:
            return  # the folder is gone as well; tried again, and the horn's timer sounds
        self._socket.close()
        self._socket, self._inode = fresh, _inode(self.path)
        self.rebound += 1


class Outbox:
    """Sends messages to a path, whoever listens there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        """Messages that nobody took: no reader, or one that does not keep up."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, message: Message) -> bool:
        """Whether it went out. Raises ValueError only for a message that cannot be."""
        try:
            self._socket.sendto(pack(message), str(self.path))
        except OSError as error:
            if error.errno not in _NOBODY:
                raise
            self.dropped += 1
            return False
        return True

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


_NOBODY: Final = {
    errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ENOBUFS, errno.ENOTDIR, errno.EACCES,
    errno.ECONNRESET, errno.EPROTOTYPE, errno.ENOTSOCK, errno.EPIPE, errno.EINTR,
}  # fmt: skip
"""All the ways in which a reader can be missing, stuck or replaced."""


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except OSError:
        return None
