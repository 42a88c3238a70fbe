"""The limits that hold on force-plate recordings; scripts/evaluate-gait prints all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

from gait.bars import scores  # noqa: E402
from gait.cameras import Errors  # noqa: E402
from gait.evaluation import RECORDINGS  # noqa: E402
from gait.markers import read_contacts, read_recording, read_trc  # noqa: E402
from gait.measuring import Truth, measure  # noqa: E402

from rig.core.gait.speed import Direction, Gait  # noqa: E402

RUN, WALK, _ = RECORDINGS


@pytest.mark.parametrize("view", ["side", "oblique 60", "along"])
@pytest.mark.parametrize("is_reversed", [False, True], ids=["forward", "backward"])
def test_a_runner_on_force_plates_is_read_within_the_limits(
    view: str, is_reversed: bool, shared: Path
) -> None:
    markers, forces, belt_mps, _ = RUN
    folder = shared / "data" / "gait"
    if not (folder / markers).exists():
        pytest.skip(f"no recording {folder / markers}")
    recording = read_recording(folder / markers, folder / forces, belt_mps)
    truth = Truth(recording, Direction.FORWARD, Gait.RUN)
    if is_reversed:
        truth = Truth(recording.reversed(), Direction.BACKWARD, Gait.RUN)
    found = scores(measure(truth, view, Errors(), 6), view, is_noisy=False, has_feet=True)
    short = [s for s in found if s.word == "short" and not s.name.startswith("cadence")]
    assert short == []
    cadence = next(s for s in found if s.name.startswith("cadence"))
    assert cadence.value < 0.45


TRC = """PathFileType\t4\t(X/Y/Z)\tx.trc
DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits
100\t100\t2\t2\tmm
Frame#\tTime\tLTOE\t\t\tLCAL\t\t
\t\tX1\tY1\tZ1\tX2\tY2\tZ2

1\t0.00\t1000\t2000\t3000\t1\t2\t3
2\t0.01\t1010\t2000\t3000\t\t\t
"""
MOT = """name x
endheader
time\tground_force_r_vy\tground_force_l_vy
0.0\t0\t500
0.1\t100\t500
0.2\t100\t0
0.3\t0\t0
0.4\t0\t300
"""


def test_marker_and_force_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.trc").write_text(TRC)
    (tmp_path / "a.mot").write_text(MOT)
    names, times, places = read_trc(tmp_path / "a.trc")
    assert names == ["LTOE", "LCAL"]
    assert times.tolist() == [0.0, 0.01]
    assert places[0, 0].tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(places[1, 1]).all()
    assert read_contacts(tmp_path / "a.mot") == {"left": [], "right": [(0.1, 0.3)]}


@pytest.mark.parametrize("text", ["", "nothing\n" * 9, TRC.replace("mm", "furlong")])
def test_other_marker_files_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.trc").write_text(text)
    with pytest.raises(ValueError, match=r"a\.trc"):
        read_trc(tmp_path / "a.trc")
