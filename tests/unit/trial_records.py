"""Made-up records of the campaign's drills, for its tests."""

from __future__ import annotations

from typing import Any


def record(**changes: Any) -> dict[str, Any]:
    plain = {
        "family": "empty lane", "seed": 1, "decider": "law", "rate_hz": 15.0, "speed_mps": 3.0,
        "margins": [], "false_alerts": 0, "false_stops": 0, "clear_s": 10.0, "lost_alarms": 0,
        "releases_s": [], "failures": [], "eye": "boxes", "own": "", "lens": "pinhole-66",
        "late": [], "shown": [], "code": "c0de",
        "delays": [], "phases": ["in_box", "running"], "wanted_phases": ["in_box", "running"],
    }  # fmt: skip
    return {**plain, **changes}


def picture_record(**changes: Any) -> dict[str, Any]:
    plain = {
        "eye": "pictures", "light": "dusk", "touched": [], "unseen_touched": [], "actors": {},
        "false_causes": [], "alerts": [],
        "false_boxes": {"frames": 100, "with": 1, "kinds": {"object": 1}, "examples": []},
    }  # fmt: skip
    return record(**{**plain, **changes})
