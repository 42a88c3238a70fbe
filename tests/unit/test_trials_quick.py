"""The quick set of the campaign: its verdict, and the stored reference."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from campaign import quick  # noqa: E402

from tests.unit.trial_records import record  # noqa: E402


def test_quick_fails_on_any_worse_score_and_only_then(tmp_path: Path) -> None:
    found = quick.judge([record(), record(failures=["missed"])])
    quick.store(found, tmp_path / "reference.toml")
    wanted = quick.load_reference(tmp_path / "reference.toml")
    assert wanted == found
    assert quick.compare(found, wanted) == []
    for name in quick.SCORES[1:]:
        more = replace(found, scores={**found.scores, name: found.scores[name] + 1})
        assert quick.compare(more, wanted), name
        assert quick.compare(found, more) == [], name
    assert quick.compare(replace(found, scores={**found.scores, "drills": 3}), wanted)


def test_a_worse_quick_run_names_drill_and_remedy() -> None:
    before = quick.judge([record(failures=["slow release"]), record(family="fall")])
    after = quick.judge([
        record(failures=["slow release"]), record(family="fall", failures=["missed"]),
    ])  # fmt: skip
    said = "\n".join(quick.compare(after, before))
    assert "WORSE: missed is 1, the reference 0" in said
    assert 'fall, seed 1: missed: scripts/trials --show "fall" --seed 1' in said
    assert "empty lane" not in said
    assert said.endswith(quick.REMEDY)
    assert quick.mended(before, after) == ["fall/1"]
    assert quick.mended(after, before) == []


def test_the_stored_reference_is_of_todays_quick_set() -> None:
    wanted = quick.load_reference()
    assert set(wanted.scores) == set(quick.SCORES)
    assert wanted.scores["drills"] == len(quick.quick_tasks())
    assert len(wanted.failures) == wanted.scores["failed"]
