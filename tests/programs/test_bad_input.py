"""Whatever is wrong is refused with one clear sentence and exit code 2, and leaves nothing.

Every case is a process of its own, as a person would start it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.core.log_lines import Verdict
from rig.devices.eventlog import verify_stream
from tests.programs.conftest import Given
from tests.programs.processes import (
    leaves_nothing,
    refused,
    run_rig,
    write_avi,
    write_card,
    write_clip,
    write_pictures,
)

Spoil = Callable[[Path], Path]


# ------------------------------------------------------------------------------- the model


def no_card(folder: Path) -> Path:
    return folder / "nowhere.toml"


def half_a_card(folder: Path) -> Path:
    card = write_card(folder / "half.toml")
    card.write_text(card.read_text("utf-8")[:150], encoding="utf-8")
    return card


def no_weights(folder: Path) -> Path:
    card = write_card(folder / "alone.toml")
    card.with_suffix(".onnx").unlink()
    return card


def short_weights(folder: Path) -> Path:
    card = write_card(folder / "short.toml")
    weights = card.with_suffix(".onnx")
    weights.write_bytes(weights.read_bytes()[:-1])
    return card


def one_bit_off(folder: Path) -> Path:
    card = write_card(folder / "altered.toml")
    weights = card.with_suffix(".onnx")
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    return card


def no_onnx(folder: Path) -> Path:
    card = write_card(folder / "text.toml")
    text = card.read_text("utf-8")
    # The hash of three letters (FIPS 180-2, appendix B.1), so that only the loading can fail.
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    old = text.split('sha256 = "')[1][:64]
    card.write_text(text.replace(old, abc), encoding="utf-8")
    card.with_suffix(".onnx").write_bytes(b"abc")
    return card


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (no_card, ("there is no model card", "nowhere.toml", "[detector] card")),
        (half_a_card, ("model card", "half.toml", "is not TOML", "mend")),
        (no_weights, ("alone.onnx", "are not there", "copy them beside the card")),
        (short_weights, ("short.onnx", "have sha256", "copy both again")),
        (one_bit_off, ("altered.onnx", "have sha256", "names", "copy both again")),
        (no_onnx, ("text.onnx", "no ONNX model", "export again")),
        (
            lambda folder: write_card(folder / "more.toml", ("person", "object", "animal")),
            ("more.onnx", "another shape", "3 classes need float32 [1, 7,", "written with"),
        ),
        (
            lambda folder: write_card(folder / "other.toml", channels=84),
            ("other.onnx", "another shape", "float32 [1, 84,", "2 classes need float32 [1, 6,"),
        ),
        (
            lambda folder: write_card(folder / "named.toml", input_name="x"),
            ("named.onnx", "its inputs are ['x']", "['picture']"),
        ),
        (
            lambda folder: write_card(folder / "fixed.toml", size=(640, 640)),
            ("fixed.onnx", "320 x 320 px", "another model's card"),
        ),
    ],
    ids=[
        *("no card", "half a card", "no weights", "cut off", "one bit off", "no ONNX model"),
        *("more classes", "fewer classes", "other input", "fixed size"),
    ],
)
def test_a_model_that_is_not_as_its_card_says(
    given: Given, tmp_path: Path, spoil: Spoil, wanted: tuple[str, ...]
) -> None:
    (tmp_path / "models").mkdir()
    sessions = tmp_path / "sessions"
    ran = run_rig(*given.watch(sessions, card=spoil(tmp_path / "models")))
    refused(ran, *wanted)
    assert not sessions.exists()


def test_a_card_is_looked_for_in_models(given: Given, tmp_path: Path) -> None:
    ran = run_rig(*given.watch(tmp_path / "sessions", card=Path("no-such-card.toml")))
    refused(ran, "there is no model card", "/models/no-such-card.toml")
    leaves_nothing(tmp_path)


def test_all_problems_of_a_card_are_told_at_once(given: Given, tmp_path: Path) -> None:
    card = write_card(tmp_path / "wrong.toml")
    text = card.read_text("utf-8").replace("pad_value = 0", "pad_value = 256")
    card.write_text(text.replace('"person", "object"', '"persom"'), encoding="utf-8")
    ran = run_rig(*given.watch(tmp_path / "sessions", card=card))
    assert ran.code == 2
    assert len(ran.sentences) == 2
    assert "pad_value = 256 must be a number from 0 to 255" in ran.err
    assert "classes = ['persom'] must be" in ran.err


# ------------------------------------------------------------------------------- recordings


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, ("film.mp4 is no file", "give the path of a video")),
        (b"", ("film.mp4 (0 bytes) cannot be opened", "copied whole")),
        (b"# Not a video\n" * 40, ("film.mp4 (560 bytes) cannot be opened", "copied whole")),
        (b"\0" * 5000, ("film.mp4 (5000 bytes) cannot be opened", "copied whole")),
    ],
    ids=["missing", "empty", "text", "zeros"],
)
def test_what_is_no_video(
    given: Given, tmp_path: Path, content: bytes | None, wanted: tuple[str, ...]
) -> None:
    film = tmp_path / "film.mp4"
    if content is not None:
        film.write_bytes(content)
    ran = run_rig(*given.watch(tmp_path / "sessions", clip=film))
    refused(ran, *wanted)
    assert not (tmp_path / "sessions").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_video_that_may_not_be_read(given: Given, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(given.clip.read_bytes())
    film.chmod(0)
    refused(run_rig(*given.watch(tmp_path / "sessions", clip=film)), "Permission denied")


def test_a_video_without_a_single_whole_picture(given: Given, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(given.clip.read_bytes()[:1500])
    refused(run_rig(*given.watch(tmp_path / "sessions", clip=film)), "film.mp4")
    assert not (tmp_path / "sessions").exists()


@pytest.mark.parametrize(
    ("form", "share"),
    [("mp4", 0.7), ("mp4", 0.97), ("avi", 0.3), ("avi", 0.97)],
)
def test_a_video_that_is_cut_off_gives_its_good_pictures(
    given: Given, tmp_path: Path, form: str, share: float
) -> None:
    write = {"mp4": write_clip, "avi": write_avi}[form]
    film = write(tmp_path / f"film.{form}", given.pictures[:30])
    data = film.read_bytes()
    film.write_bytes(data[: round(len(data) * share)])
    sessions = tmp_path / "sessions"
    ran = run_rig(*given.watch(sessions, clip=film))
    assert ran.code == 1, ran
    (sentence,) = ran.sentences
    assert f"film.{form} is" in sentence
    assert "cut off" in sentence
    read = int(sentence.split(" good pictures were read")[0].split()[-1])
    assert 0 < read < 30
    (session,) = sessions.iterdir()
    reports = [*verify_stream(session, "steps"), *verify_stream(session, "events")]
    assert [report.verdict for report in reports] == [Verdict.WHOLE] * 2
    assert reports[0].lines == read + 2  # BEGIN and END
    assert (session / "clips/annotated.mp4").exists()
    assert list(session.rglob("*.part")) == []


def test_a_part_without_pictures_leaves_no_session(given: Given, tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    ran = run_rig(*given.watch(sessions), "--start", "60")
    assert ran.code == 2
    (sentence,) = ran.sentences
    assert "no picture in the part that --start and --duration leave; choose" in sentence
    leaves_nothing(tmp_path)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--start", "-1"), "--start is -1 s; give 0 to 86400 s"),
        (("--start", "nan"), "--start is nan s; give 0 to 86400 s"),
        (("--duration", "0"), "--duration is 0 s; give 0.01 to 86400 s"),
        (("--rate", "5"), "--rate is for --pictures; leave it out with --video"),
    ],
)
def test_a_playback_that_cannot_be(
    given: Given, tmp_path: Path, options: tuple[str, ...], wanted: str
) -> None:
    refused(run_rig(*given.watch(tmp_path / "sessions"), *options), wanted)
    leaves_nothing(tmp_path)


def test_folders_that_hold_no_recording(given: Given, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    lane = ("--lane", given.lane)
    refused(run_rig("watch", "--pictures", folder, *lane), "holds no picture", "PNG")
    refused(run_rig("watch", "--pictures", tmp_path / "no", *lane), "is no folder")
    write_pictures(tmp_path / "one", given.pictures[:1])
    ran = run_rig("watch", "--pictures", tmp_path / "one", *lane, "--rate", "inf")
    refused(ran, "--rate is inf Hz; give 0.1 to 240 Hz")
    ran = run_rig("watch", "--pictures", tmp_path / "one", *lane, "--reversed")
    refused(ran, "--reversed is for --video; leave it out with --pictures")


def test_a_live_rig_is_refused() -> None:
    refused(run_rig("watch", "--lane", "x"), "lane file x cannot be read")


# ------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (("watch", "--vidoe", "x"), ("rig watch has no option --vidoe", "did you mean --video?")),
        (("wacth",), ("there is no command wacth", "did you mean watch?")),
        (("demo", "--set", "hazard.reaktion_s=1"), ("hazard.reaktion_s", "hazard.reaction_s")),
        (("demo", "--set", "hazard.reaction_s=9"), ("hazard.reaction_s", "9", "2")),
        (("demo", "--set", "hazard.reaction_s"), ("hazard.reaction_s",)),
        (("demo", "--config", "nowhere.toml"), ("nowhere.toml",)),
        (("demo", "--rate", "0"), ("--rate is 0 Hz; give 1 to 60 Hz",)),
    ],
)
def test_options_that_do_not_exist(argv: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    refused(run_rig(*argv), *wanted)
