"""The first line of a log segment: what ran, on what, with which settings.

Decides what a reader must know to decide the same again years later. Written by `watch` and
`log-gait` through `devices.eventlog.new_segment`.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rig import __version__
from rig.core.codec import defaults_of
from rig.core.log_events import AlertLine, CommandLine, NoticeLine, PhaseLine, StepLine

FORMAT = 1
"""Raised when a reader of the old form would misread the new one."""
PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "av")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def describe_run(
    program: str,
    config: Mapping[str, Any],
    lane: str,
    models: Mapping[str, str],
    min_object_px: float,
) -> dict[str, Any]:
    """The header of a segment that begins now.

    `config` is the whole effective configuration as tables, `lane` the text of the lane file,
    `models` the sha256 of each weights file by its name, `min_object_px` the detector card's.
    """
    return {
        "format": FORMAT,
        "program": program,
        "config": {table: dict(options) for table, options in config.items()},
        "lane": lane,
        "models": dict(models),
        "min_object_px": min_object_px,
        "versions": versions(),
        "boottime_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        "wall_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "boot_id": boot_id(),
        "defaults": defaults_of(StepLine, AlertLine, PhaseLine, CommandLine, NoticeLine),
    }


def versions() -> dict[str, str | None]:
    """What computed: Python, packages (None: not installed), the machine, the rig's own code."""
    return {
        "python": platform.python_version(),
        **{package: _version_of(package) for package in PACKAGES},
        "machine": platform.machine(),
        "rig": __version__,
        "rig_code": code_digest(Path(__file__).parents[1]),
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def code_digest(package: Path) -> str:
    """BLAKE2b-128 over the names and texts of all .py files below: which code this is."""
    digest = blake2b(digest_size=16)
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def boot_id() -> str | None:
    """Tells boots apart, since CLOCK_BOOTTIME begins anew in each; None where Linux is not."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
