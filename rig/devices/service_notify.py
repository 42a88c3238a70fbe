"""Tells systemd that a service is ready, alive, or stopping; says nothing where there is none.

Called by the programs from their own loops, so that a hung loop is noticed. No numpy here.
"""

from __future__ import annotations

import os
import socket


class ServiceNotifier:
    """Speaks to the socket that systemd names in NOTIFY_SOCKET."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)

    def ready(self, status: str = "") -> None:
        """The program can do its work."""
        self._say(f"READY=1\nSTATUS={status}" if status else "READY=1")

    def alive(self) -> None:
        """The loop turns."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """The program ends as it was told to."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(words.encode(), self._address)
        except (BlockingIOError, ConnectionRefusedError, FileNotFoundError):
            return  # systemd is busy or restarting; the next word goes out
