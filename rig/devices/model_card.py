"""Read a model card from its file. What a card must hold is `rig.core.card`'s part."""

from __future__ import annotations

from pathlib import Path

from rig.core.card import Card, CardInput, parse_card
from rig.errors import ModelError

__all__ = ["Card", "CardInput", "load_card"]


def load_card(path: Path | str) -> Card:
    """The card in this TOML file. Raises ModelError with one line for each problem."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelError(
            f"there is no model card {path}: name one in [detector] card, or restore it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"model card {path} cannot be read ({error}): restore it") from error
    return parse_card(text, path)
