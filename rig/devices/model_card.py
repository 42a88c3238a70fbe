"""Read a model card from its file. What a card must hold is `rig.core.card`'s part."""

from __future__ import annotations

from pathlib import Path

from rig.core.card import Card, CardInput, parse_card
from rig.core.pose_card import PoseCard, parse_pose_card
from rig.errors import ModelError

__all__ = ["Card", "CardInput", "PoseCard", "load_card", "load_pose_card"]


def load_card(path: Path | str) -> Card:
    """The detector's card in this TOML file. Raises ModelError, one line for each problem."""
    return parse_card(_text_of(Path(path), "[detector] card"), Path(path))


def load_pose_card(path: Path | str) -> PoseCard:
    """The pose model's card in this TOML file. Raises ModelError, one line for each problem."""
    return parse_pose_card(_text_of(Path(path), "[gait] card"), Path(path))


def _text_of(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(
            f"there is no model card {path}: name one in {option}, or restore it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"model card {path} cannot be read ({error}): restore it") from error
