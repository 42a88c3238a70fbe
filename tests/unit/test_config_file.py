from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config import Config
from rig.config_file import (
    apply_settings,
    config_from_dict,
    config_to_dict,
    format_config,
    load_config,
)
from rig.config_rules import CROSS_CHECKS, OPTIONS, Entry, describe, value_of
from rig.errors import ConfigError

NUMBERS = [entry for entry in OPTIONS.values() if entry.kind in (int, float)]


def write(folder: Path, text: str) -> Path:
    path = folder / "track.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path | None, *settings: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, settings)
    return caught.value.problems


def problems_with(key: str, value: Any) -> tuple[str, ...]:
    """All problems of a configuration where one option has this value."""
    section, name = key.split(".")
    try:
        config_from_dict({section: {name: value}})
    except ConfigError as error:
        return error.problems
    return ()


def own_problems(key: str, value: Any) -> list[str]:
    """Problems of the value itself, without what it means for other options."""
    reasons = [check.reason for check in CROSS_CHECKS]
    problems = problems_with(key, value)
    return [each for each in problems if not any(reason in each for reason in reasons)]


# ------------------------------------------------------------------------- what is accepted


def test_without_file_or_settings_all_options_have_their_default() -> None:
    assert load_config(None) == Config()


def test_settings_win_over_the_file_and_the_last_setting_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "[hazard]\nreaction_s = 0.8\nmargin_m = 2\n")
    config = load_config(path, ["hazard.reaction_s=0.9", "hazard.reaction_s = 1.1"])
    assert config.hazard.reaction_s == 1.1
    assert config.hazard.margin_m == 2.0
    assert isinstance(config.hazard.margin_m, float)
    assert dataclasses.replace(config, hazard=Config().hazard) == Config()


def test_settings_change_only_what_they_name() -> None:
    base = apply_settings(Config(), ["tracker.keep_s=2"])
    assert apply_settings(base, ["hazard.margin_m=0"]).tracker.keep_s == 2.0


@pytest.mark.parametrize("text", ["session 7", "'session 7'", '"session 7"', "2026", "true"])
def test_a_text_needs_no_quotes_in_a_setting(text: str) -> None:
    assert apply_settings(Config(), [f"log.sessions={text}"]).log.sessions == text.strip("'\"")


def test_a_file_from_another_system_is_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[hazard]\r\nreaction_s = 1.0\r\n")
    assert load_config(path).hazard.reaction_s == 1.0


@pytest.mark.parametrize("entry", NUMBERS, ids=lambda entry: entry.key)
def test_both_limits_are_allowed_and_the_next_number_is_not(entry: Entry) -> None:
    least, most = entry.about.least, entry.about.most
    assert least is not None
    assert most is not None
    if entry.kind is int:
        inside, outside = [int(least), int(most)], [int(least) - 1, int(most) + 1]
    else:
        inside = [float(least), float(most)]
        outside = [math.nextafter(least, -math.inf), math.nextafter(most, math.inf)]
    for value in inside:
        assert own_problems(entry.key, value) == []
    for value in outside:
        (problem,) = own_problems(entry.key, value)
        assert "its limit of" in problem
        assert entry.about.unit in problem
        assert describe(entry) in problem


# -------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "3", [3], {}, None])
@pytest.mark.parametrize("entry", NUMBERS, ids=lambda entry: entry.key)
def test_what_is_no_finite_number_is_refused(entry: Entry, value: Any) -> None:
    (problem,) = own_problems(entry.key, value)
    assert describe(entry) in problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("camera.width_px", 1280.0),
        ("hazard.has_drift_cue", 1),
        ("hazard.has_drift_cue", "true"),
        ("detector.card", ""),
        ("detector.card", "two\nlines"),
        ("detector.card", 3),
        pytest.param("detector.tiles", 10**5000, id="huge whole number"),
        pytest.param("hazard.margin_m", -(10**400), id="huge number"),
    ],
)
def test_wrong_kinds_are_refused_in_one_line(key: str, value: Any) -> None:
    (problem,) = problems_with(key, value)
    assert problem.startswith(f"{key} is ")
    assert "\n" not in problem
    assert len(problem) < 200


def test_all_problems_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "hazrd = 1\nlog = 2\n\n[hazard]\nreacton_s = 1\nlatency_s = 9\n# lost\n"
        "brake_mps2 = nan\n[tracker]\nlost_s = 1\n[runner]\nsettle_s = '2'\n",
    )
    assert problems_of(path, "x", "camera.rate_hz=61", "a.b=1") == (
        "--set x has no value; write --set section.option=value",
        "track.toml line 1: there is no option hazrd; did you mean hazard?",
        "track.toml line 2: log is a section and takes no value; write [log] and its options below",
        "track.toml line 5: there is no option hazard.reacton_s; did you mean hazard.reaction_s?",
        "track.toml line 6: hazard.latency_s is 9, above its limit of 2 s; "
        "give a number from 0.05 to 2 s",
        "track.toml line 8: hazard.brake_mps2 is nan, not a number from 0.5 to 6 m/s2; "
        "change it or leave the option out",
        "track.toml line 10: there is no option tracker.lost_s; did you mean runner.lost_s?",
        "track.toml line 12: runner.settle_s is '2', not a number from 0.3 to 10 s; "
        "change it or leave the option out",
        "--set: camera.rate_hz is 61, above its limit of 60 Hz; give a number from 5 to 60 Hz",
        "--set: there is no option a.b; `rig config` lists every option",
    )


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"[hazard", "not TOML"), (b"\xff\xfe", "not TOML"), (b"a = " + b"[" * 5000, "not TOML"),
     (b"a = 1\na = 2\n", "not TOML"), (b"a = " + b"9" * 5000, "not TOML")],
)  # fmt: skip
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    (problem,) = problems_of(path)
    assert str(path) in problem
    assert word in problem


def test_a_file_that_cannot_be_read_is_named_beside_wrong_settings(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        file_problem, setting_problem = problems_of(path, "hazard.margin_m=6")
        assert f"{path} cannot be read" in file_problem
        assert "hazard.margin_m is 6" in setting_problem


# ------------------------------------------------------------------------ options together

NONSENSE = {
    ("runner.still_mps", "runner.moving_mps"): ["runner.still_mps=0.5"],
    ("runner.lost_s", "tracker.keep_s"): ["runner.lost_s=1.2"],
    ("tracker.confirm_s", "tracker.keep_s"): [
        "tracker.confirm_s=0.9", "tracker.keep_s=0.9", "runner.lost_s=0.2"
    ],
    ("hazard.horizon_crosser_s", "hazard.horizon_s"): ["hazard.horizon_crosser_s=6.1"],
    ("hazard.caution_s", "hazard.horizon_s"): ["hazard.caution_s=6.1"],
    ("hazard.stand_hit_s", "hazard.horizon_s"): [
        "hazard.stand_hit_s=3.5", "hazard.horizon_s=3.4", "hazard.caution_s=2"
    ],
    ("runner.moving_mps", "hazard.drill_mps"): ["hazard.drill_mps=0.5"],
    ("hazard.overspeed_mps", "runner.moving_mps"): ["hazard.overspeed_mps=0.5"],
    ("health.stale_s", "camera.rate_hz"): ["camera.rate_hz=9.9"],
    ("lane_check.cell_m", "lane_check.least_m"): ["lane_check.least_m=0.1"],
    ("lane_check.hold_s", "lane_check.adapt_s"): [
        "lane_check.hold_s=2", "lane_check.adapt_s=2"
    ],
    ("clips.before_s", "clips.longest_s"): ["clips.before_s=9", "clips.longest_s=12"],
}  # fmt: skip


def test_every_cross_check_has_an_example_here() -> None:
    assert [check.keys for check in CROSS_CHECKS] == list(NONSENSE)


@pytest.mark.parametrize("check", CROSS_CHECKS, ids=lambda check: check.keys[0])
def test_options_that_make_no_sense_together_are_refused(check: Any) -> None:
    (problem,) = problems_of(None, *NONSENSE[check.keys])
    assert problem.endswith(f"but {check.reason}; change one of them")
    for key in check.keys:
        assert key in problem


def test_a_wrong_value_is_not_judged_a_second_time_beside_others() -> None:
    (problem,) = problems_of(None, "runner.still_mps=7")
    assert "above its limit" in problem


def test_no_speed_limit_is_sound() -> None:
    assert load_config(None, ["hazard.overspeed_mps=0"]).hazard.overspeed_mps == 0


# ------------------------------------------------------------------------- there and back


def values_of(entry: Entry) -> st.SearchStrategy[Any]:
    if entry.kind is bool:
        return st.booleans()
    if entry.kind is str:
        return st.text(min_size=1).filter(str.isprintable)
    numbers = st.integers if entry.kind is int else st.floats
    return numbers(entry.about.least, entry.about.most)  # type: ignore[operator]  # both take two limits


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Sound configurations: any values, less those that make no sense together."""
    keys = draw(st.lists(st.sampled_from(list(OPTIONS)), unique=True, max_size=6))
    values: dict[str, dict[str, Any]] = {}
    for key in keys:
        entry = OPTIONS[key]
        values.setdefault(entry.section, {})[entry.name] = draw(values_of(entry))
    try:
        return config_from_dict(values)
    except ConfigError:
        return Config()


@given(configs())
def test_what_is_printed_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, config: Config
) -> None:
    path = write(tmp_path_factory.getbasetemp(), format_config(config))
    assert load_config(path) == config


@given(configs())
def test_plain_values_survive_json(config: Config) -> None:
    assert config_from_dict(json.loads(json.dumps(config_to_dict(config)))) == config


def test_the_printed_configuration_tells_what_was_changed_and_why() -> None:
    text = format_config(apply_settings(Config(), ["hazard.reaction_s=0.8"]))
    (changed,) = [line for line in text.splitlines() if "CHANGED" in line]
    assert changed.split("#")[0].split() == ["reaction_s", "=", "0.8"]
    reason = OPTIONS["hazard.reaction_s"].about.reason
    assert changed.endswith(f"# CHANGED from 0.9; from 0.2 to 2 s | {reason}")


def test_every_option_is_printed_once_with_its_reason() -> None:
    text = format_config(Config())
    for entry in OPTIONS.values():
        shown = [line for line in text.splitlines() if line.startswith(f"{entry.name} ")]
        assert any(line.endswith(entry.about.reason) for line in shown), entry.key
        assert value_of(Config(), entry) == entry.default
