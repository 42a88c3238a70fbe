"""The run-time folder: the flag `armed`, the token for orders, the state for people.

Decides how these small files are written: whole or not at all, by a rename. Sockets in the folder
are `devices.datagram_link`'s. Called by the programs; the folder lies in memory (/run), so nothing
here outlives a boot.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.errors import HardwareError

FLAG, TOKEN, STATE = "armed", "token", "state.json"


class RunFolder:
    """The folder's small files. Raises HardwareError where it is missing or cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
            raise HardwareError(
                f"the run-time folder {path} is not there or cannot be written; `rig up` makes one "
                "of its own, on the Pi scripts/install-pi does, or set links.folder"
            )

    # ------------------------------------------------------------------ armed

    def set_flag(self, t_ns: int, boot_id: str | None, session: Path) -> None:
        """Say that the rig guards, with the session that tells of it. Raises OSError."""
        about = {"t_ns": t_ns, "boot_id": boot_id, "session": str(session)}
        self._write(FLAG, json.dumps(about), 0o644)

    def clear_flag(self) -> None:
        """Say that it does not any more. Raises OSError."""
        (self.path / FLAG).unlink(missing_ok=True)

    @property
    def has_flag(self) -> bool:
        """Whether the rig guards, or was left so."""
        return (self.path / FLAG).exists()

    def flagged_session(self) -> Path | None:
        """The session of the run that left the flag; None where the flag does not tell."""
        try:
            session = json.loads((self.path / FLAG).read_text(encoding="utf-8"))["session"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Path(session) if isinstance(session, str) and Path(session).is_dir() else None

    # ------------------------------------------------------------------ token, state

    def make_token(self) -> str:
        """The word that orders must carry, kept from an earlier run. Raises HardwareError."""
        path = self.path / TOKEN
        try:
            if not path.exists():
                self._write(TOKEN, secrets.token_hex(16), 0o600)
            return path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareError(f"{path} cannot be used ({error}); remove it") from error

    def read_token(self) -> str:
        """The word for an order. Raises HardwareError where nobody runs who would take one."""
        path = self.path / TOKEN
        try:
            return path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareError(
                f"{path} cannot be read ({error}); start the rig, or name its folder with "
                "--set links.folder=FOLDER (`rig up` prints it)"
            ) from error

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Say how the rig is. Raises OSError."""
        self._write(STATE, json.dumps(state), 0o644)

    def read_state(self) -> dict[str, Any]:
        """What was said last; empty where nothing was, or not whole."""
        try:
            state = json.loads((self.path / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write(self, name: str, text: str, mode: int) -> None:
        part = self.path / f".{name}.{os.getpid()}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, self.path / name)
