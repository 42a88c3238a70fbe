"""Folders of pictures as a source."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rig.devices.pictures import PictureFolder, _is_whole
from rig.errors import SourceError
from tests.unit.tiny_videos import SIZE, looks, picture


def save(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(number))


def test_a_folder_is_read_in_natural_order_at_an_even_rate(tmp_path: Path) -> None:
    save(tmp_path, ["1.png", "2.PNG", "9.jpg", "10.jpeg", "a2.webp", "a10.png"])
    (tmp_path / "notes.txt").write_text("not a picture")
    source = PictureFolder(tmp_path, rate_hz=30, base_ns=7)
    frames = list(source)
    greys = np.array(looks(frames)) - [int(picture(n)[40, 40, 0]) for n in range(6)]
    assert np.abs(greys).max() <= 3
    assert [frame.t_ns for frame in frames] == [7 + round(k * 1e9 / 30) for k in range(6)]
    assert (source.size_px, source.total, source.ended_by) == (SIZE, 6, None)
    source.close()
    assert list(source) == []


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_picture_cut_off_ends_the_folder_there(tmp_path: Path, suffix: str, kept: float) -> None:
    save(tmp_path, [f"{n}{suffix}" for n in range(4)])
    data = (tmp_path / f"2{suffix}").read_bytes()
    (tmp_path / f"2{suffix}").write_bytes(data[: int(len(data) * kept)])
    source = PictureFolder(tmp_path, rate_hz=10)
    assert [frame.sequence for frame in source] == [0, 1]
    assert f"2{suffix} is damaged or cut off; 2 good pictures" in str(source.ended_by)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_pictures_own_end_is_looked_for(suffix: str) -> None:
    """Some versions of OpenCV fill what is missing with grey and say nothing."""
    data = cv2.imencode(suffix, picture(3))[1].tobytes()
    assert _is_whole(data)
    assert _is_whole(data + bytes(8))
    assert not any(_is_whole(data[:size]) for size in range(len(data) - 1))
    assert not _is_whole(b"GIF89a" + data)


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        PictureFolder(tmp_path / "missing", 10)
    with pytest.raises(SourceError, match="holds no picture"):
        PictureFolder(tmp_path, 10)
    save(tmp_path, ["1.png", "2.png"])
    for rate_hz in (0.0, -1.0, float("nan")):
        with pytest.raises(SourceError, match="not above 0"):
            PictureFolder(tmp_path, rate_hz)
    cv2.imwrite(str(tmp_path / "2.png"), np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(SourceError, match=r"2\.png is 20x10 but the first picture is 64x48"):
        list(PictureFolder(tmp_path, 10))
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"1\.png is damaged"):
        PictureFolder(tmp_path, 10)
