"""What one option carries beside its value; part of `rig.config`, which hands it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """What stands beside an option's value: unit, reason and limits (both ends allowed)."""

    unit: str
    reason: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


def option(
    default: Any,
    unit: str,
    reason: str,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that carries its unit, reason and limits (Any, as `field` itself is)."""
    about = Option(unit, reason, least, most, choices)
    return field(default=default, metadata={"option": about})
