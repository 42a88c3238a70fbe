"""Reads a configuration (TOML file, `--set` values, logged values) and refuses what cannot be.

Decides which value wins (default, file, `--set`, in this order) and reports every problem of all
of them at once, each with its place. `rig.config_rules` judges the single value.
`rig.cli` calls `load_config`; `rig replay` calls `config_from_dict` with a session's first line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rig.config import Config
from rig.config_rules import (
    CROSS_CHECKS,
    OPTIONS,
    SECTIONS,
    Entry,
    explain,
    judge,
    limits_of,
    value_of,
)
from rig.errors import ConfigError


@dataclass(frozen=True, slots=True)
class _Setting:
    """A value that somebody gave, and where: "track.toml line 3", "--set" or ""."""

    key: str
    value: Any
    place: str = ""

    def complain(self, words: str) -> str:
        return f"{self.place}: {words}" if self.place else words


def load_config(path: Path | None, settings: Sequence[str] = ()) -> Config:
    """The defaults, changed by a TOML file and then by `section.option=value` settings.

    Raises ConfigError with every problem of file and settings.
    """
    given: list[_Setting] = []
    problems: list[str] = []
    if path is not None:
        try:
            given += _read_file(path)
        except ConfigError as error:
            problems += error.problems
    return _change(Config(), [*given, *_read_settings(settings, problems)], problems)


def apply_settings(config: Config, settings: Sequence[str]) -> Config:
    """`config` changed by settings such as `hazard.reaction_s=0.9`; raises ConfigError."""
    problems: list[str] = []
    return _change(config, _read_settings(settings, problems), problems)


def config_to_dict(config: Config) -> dict[str, dict[str, Any]]:
    """Plain values by section and option, ready for JSON."""
    return asdict(config)


def config_from_dict(values: Mapping[str, Any]) -> Config:
    """The opposite of `config_to_dict`; options left out have their default.

    Raises ConfigError, as for a file: the values may come from another version's log.
    """
    return _change(Config(), _flatten(values, lambda key: ""), [])


# ------------------------------------------------------------------------------- reading


def _read_file(path: Path) -> list[_Setting]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ConfigError(
            [f"the configuration file {path} cannot be read ({reason}); check --config"]
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            [f"the configuration file {path} is not TOML ({error}); mend it there"]
        ) from error
    lines = _find_lines(text)

    def place(key: str) -> str:
        return f"{path.name} line {lines[key]}" if key in lines else path.name

    return _flatten(values, place)


def _flatten(values: Mapping[str, Any], place: Callable[[str], str]) -> list[_Setting]:
    """Settings of a nested table; a section that is no table stays one setting without a dot."""
    given = []
    for section, table in values.items():
        if isinstance(table, Mapping) and section in SECTIONS:
            keys = [(f"{section}.{name}", value) for name, value in table.items()]
            given += [_Setting(key, value, place(key)) for key, value in keys]
        else:
            given.append(_Setting(section, table, place(section)))
    return given


def _find_lines(text: str) -> dict[str, int]:
    """Line of each section and option, as far as one can tell line by line."""
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            section = header[1]
            lines.setdefault(section, number)
        elif name := re.match(r"\s*([\w.-]+)\s*=", line):
            lines.setdefault(f"{section}.{name[1]}" if section else name[1], number)
    return lines


def _read_settings(settings: Iterable[str], problems: list[str]) -> list[_Setting]:
    given = []
    for words in settings:
        key, equals, text = (part.strip() for part in words.partition("="))
        if not equals:
            problems.append(f"--set {words} has no value; write --set section.option=value")
            continue
        given.append(_Setting(key, _read_value(key, text), "--set"))
    return given


def _read_value(key: str, text: str) -> Any:
    """A value as TOML would read it; text where the option is one or TOML cannot read it."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    is_text = key in OPTIONS and OPTIONS[key].kind is str
    return text if is_text and not isinstance(value, str) else value


# ------------------------------------------------------------------------------ checking


def _change(config: Config, given: Sequence[_Setting], problems: list[str]) -> Config:
    """`config` with all given values, the last one of a key winning; raises ConfigError."""
    changes: dict[str, dict[str, Any]] = {}
    wrong: set[str] = set()
    for setting in given:
        problem = judge(setting.key, setting.value)
        if problem is not None:
            problems.append(setting.complain(problem))
            wrong.add(setting.key)
            continue
        entry = OPTIONS[setting.key]
        changes.setdefault(entry.section, {})[entry.name] = entry.kind(setting.value)
    sections = {name: replace(getattr(config, name), **change) for name, change in changes.items()}
    config = replace(config, **sections)
    sound_checks = [check for check in CROSS_CHECKS if wrong.isdisjoint(check.keys)]
    problems += [explain(check, config) for check in sound_checks if not check.holds(config)]
    if problems:
        raise ConfigError(problems)
    return config


# ------------------------------------------------------------------------------- writing


def format_config(config: Config) -> str:
    """The configuration as TOML that `load_config` reads back.

    Beside each value stand its unit, limits and reason; one that is not the default says so.
    """
    return "\n".join(_format_section(name, config) for name in SECTIONS)


def _format_section(section: str, config: Config) -> str:
    entries = [entry for entry in OPTIONS.values() if entry.section == section]
    pairs = [f"{entry.name} = {_format_value(value_of(config, entry))}" for entry in entries]
    width = max(len(pair) for pair in pairs)
    lines = [
        f"{pair:{width}}  # {_format_comment(entry, value_of(config, entry))}"
        for pair, entry in zip(pairs, entries, strict=True)
    ]
    return "\n".join([f"[{section}]", *lines, ""])


def _format_value(value: Any) -> str:
    """A value as TOML; JSON writes texts, numbers and truth values alike."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _format_comment(entry: Entry, value: Any) -> str:
    change = f"CHANGED from {_format_value(entry.default)}" if value != entry.default else ""
    about = " ".join(part for part in (limits_of(entry), entry.about.unit) if part)
    heading = "; ".join(part for part in (change, about) if part)
    return f"{heading} | {entry.about.reason}" if heading else entry.about.reason
