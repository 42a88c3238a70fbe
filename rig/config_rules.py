"""What each option may be, and which options only make sense together.

Turns the tables of `rig.config` into rules: one `Entry` for each option, `judge` for one value,
`CROSS_CHECKS` for values that depend on one another. Each answer is a sentence with key, value,
limit and remedy. Called by `rig.config_file`, which knows where the values come from.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from rig.config import Config, Option


@dataclass(frozen=True, slots=True)
class Entry:
    """One option with its place in the configuration."""

    section: str
    name: str
    kind: type
    default: Any
    about: Option

    @property
    def key(self) -> str:
        """The option as `--set` names it, such as `hazard.reaction_s`."""
        return f"{self.section}.{self.name}"


def _collect_entries() -> dict[str, Entry]:
    entries = {}
    for section in fields(Config):
        table: Any = type(section.default)
        kinds = get_type_hints(table)
        for one in fields(table):
            about = one.metadata["option"]
            entry = Entry(section.name, one.name, kinds[one.name], one.default, about)
            entries[entry.key] = entry
    return entries


OPTIONS: Mapping[str, Entry] = _collect_entries()
"""Every option by its key, in the order of `rig.config`."""

SECTIONS: tuple[str, ...] = tuple(section.name for section in fields(Config))


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """Options that only make sense together."""

    keys: tuple[str, ...]
    holds: Callable[[Config], bool]
    reason: str


CROSS_CHECKS: tuple[CrossCheck, ...] = (
    CrossCheck(
        ("runner.still_mps", "runner.moving_mps"),
        lambda c: c.runner.still_mps < c.runner.moving_mps,
        "standing must be slower than moving, or one speed is both",
    ),
    CrossCheck(
        ("runner.lost_s", "tracker.keep_s"),
        lambda c: c.runner.lost_s < c.tracker.keep_s,
        "the runner's track must outlive RUNNER_LOST's delay, or the runner is forgotten unheard",
    ),
    CrossCheck(
        ("tracker.confirm_s", "tracker.keep_s"),
        lambda c: c.tracker.confirm_s < c.tracker.keep_s,
        "a track must be kept longer than it needs to be confirmed",
    ),
    CrossCheck(
        ("hazard.horizon_crosser_s", "hazard.horizon_s"),
        lambda c: c.hazard.horizon_crosser_s <= c.hazard.horizon_s,
        "a crosser cannot be predicted farther than everything else",
    ),
    CrossCheck(
        ("hazard.caution_s", "hazard.horizon_s"),
        lambda c: c.hazard.caution_s <= c.hazard.horizon_s,
        "CAUTION cannot begin before the conflict is predicted",
    ),
    CrossCheck(
        ("hazard.stand_hit_s", "hazard.horizon_s"),
        lambda c: c.hazard.stand_hit_s <= c.hazard.horizon_s,
        "a hit on a standing runner cannot sound before it is predicted",
    ),
    CrossCheck(
        ("runner.moving_mps", "hazard.drill_mps"),
        lambda c: c.runner.moving_mps < c.hazard.drill_mps,
        "the drill must be faster than what counts as moving",
    ),
    CrossCheck(
        ("hazard.overspeed_mps", "runner.moving_mps"),
        lambda c: c.hazard.overspeed_mps == 0 or c.hazard.overspeed_mps > c.runner.moving_mps,
        "a speed limit (other than 0: none) must be faster than what counts as moving",
    ),
    CrossCheck(
        ("health.stale_s", "camera.rate_hz"),
        lambda c: c.health.stale_s * c.camera.rate_hz >= 2,
        "two frame times must pass before the camera counts as stale, or it always does",
    ),
    CrossCheck(
        ("lane_check.cell_m", "lane_check.least_m"),
        lambda c: c.lane_check.cell_m < c.lane_check.least_m,
        "the smallest thing to report must be larger than one cell",
    ),
    CrossCheck(
        ("lane_check.hold_s", "lane_check.adapt_s"),
        lambda c: c.lane_check.hold_s < c.lane_check.adapt_s,
        "a strange thing must be reported before it is learnt as part of the lane",
    ),
    CrossCheck(
        ("clips.before_s", "clips.longest_s"),
        lambda c: c.clips.before_s + c.clips.after_s <= c.clips.longest_s,
        "one alert's clip, with clips.after_s, must not be longer than the longest",
    ),
)


def judge(key: str, value: Any) -> str | None:
    """What is wrong with a value for a key, as a sentence, or None."""
    entry = OPTIONS.get(key)
    if entry is None:
        return _suggest(key)
    wanted = describe(entry)
    if not _is_kind(value, entry.kind) or (isinstance(value, str) and not _is_text(value, entry)):
        return f"{key} is {_show(value)}, not {wanted}; change it or leave the option out"
    if isinstance(value, str):
        return None
    least, most = entry.about.least, entry.about.most
    if least is not None and value < least:
        limit, word = least, "below"
    elif most is not None and value > most:
        limit, word = most, "above"
    else:
        return None
    bound = f"{limit:.10g} {entry.about.unit}".rstrip()
    return f"{key} is {_show(value)}, {word} its limit of {bound}; give {wanted}"


def _is_kind(value: Any, kind: type) -> bool:
    """Whether a value may stand for a kind: a whole number for a float, a bool for no number."""
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and not (isinstance(value, float) and not math.isfinite(value))
    return type(value) is kind


def _is_text(value: str, entry: Entry) -> bool:
    """Whether a text fits on one line and is one of the choices, if any; empty only as default."""
    is_given = value != "" or entry.default == ""
    return value.isprintable() and is_given and value in (entry.about.choices or (value,))


KIND_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text of one line that is not empty",
}


def describe(entry: Entry) -> str:
    """What an option may be, such as "a number from 0.2 to 2 s"."""
    if entry.about.choices:
        return "one of " + ", ".join(f'"{choice}"' for choice in entry.about.choices)
    limits = limits_of(entry)
    words = (KIND_WORDS[entry.kind], limits, entry.about.unit if limits else "")
    return " ".join(word for word in words if word)


def limits_of(entry: Entry) -> str:
    """An option's limits, such as "from 0.2 to 2", "" without any."""
    ends = ("from", entry.about.least), ("to", entry.about.most)
    return " ".join(f"{word} {end:.10g}" for word, end in ends if end is not None)


def _show(value: Any) -> str:
    """A value for a message, never longer than a line."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a section"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"
    return _shorten(repr(value))


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _suggest(key: str) -> str:
    """The sentence for a key that is no option, with the nearest known one."""
    section, dot, name = key.partition(".")
    if not dot and section in SECTIONS:
        return f"{key} is a section and takes no value; write [{key}] and its options below"
    same_name = [known for known in OPTIONS if known.endswith("." + (name or section))]
    same_section = [known for known in OPTIONS if known.startswith(section + ".")]
    candidates = same_section or (*SECTIONS, *OPTIONS)
    near = same_name or difflib.get_close_matches(key, candidates, 1, 0.6)
    remedy = f"did you mean {near[0]}?" if near else "`rig config` lists every option"
    return f"there is no option {_shorten(key if key.isprintable() else repr(key))}; {remedy}"


def value_of(config: Config, entry: Entry) -> Any:
    """The value that a configuration has for an option."""
    return getattr(getattr(config, entry.section), entry.name)


def explain(check: CrossCheck, config: Config) -> str:
    """The sentence for a cross check that does not hold."""
    words = [f"{key} is {value_of(config, OPTIONS[key]):.10g}" for key in check.keys]
    return f"{' and '.join(words)}, but {check.reason}; change one of them"
