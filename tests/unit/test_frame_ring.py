"""The ring of shared pictures: whole copies or none, no room, killed writers, foreign bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.core.datagrams import Slot
from rig.devices.frame_ring import (
    HEAD,
    PAGE,
    PREFIX,
    RING,
    SLOTS,
    FrameRing,
    RingReader,
    remove_dead_rings,
    ring_path,
)
from rig.errors import HardwareError
from rig.records import Frame

SIZE = (48, 32)
ROOT = Path(__file__).parents[2]


def frame(number: int, size: tuple[int, int] = SIZE) -> Frame:
    return Frame(number * 1000, number, np.full((size[1], size[0], 3), number % 256, np.uint8))


def put(ring: FrameRing, one: Frame) -> Slot:
    slot = ring.put(one)
    assert slot is not None
    return slot


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[FrameRing]:
    made = FrameRing(ring_path(tmp_path, tmp_path), SIZE)
    yield made
    made.close()


def test_each_picture_is_read_as_it_was_laid_down(ring: FrameRing) -> None:
    reader = RingReader(ring.path)
    for number in range(3 * SLOTS):
        slot = put(ring, frame(number))
        copy = reader.read(slot)
        assert copy is not None
        assert (copy.t_ns, int(copy.picture.min()), int(copy.picture.max())) == (
            (number * 1000, number, number)
        )
    assert reader.lost == 0
    assert ring.path.stat().st_mode & 0o777 == 0o600


def test_a_slot_is_kept_for_seven_more_pictures(ring: FrameRing) -> None:
    reader = RingReader(ring.path)
    slot = put(ring, frame(1))
    for number in range(SLOTS - 1):
        put(ring, frame(number))
    assert reader.read(slot) is not None
    put(ring, frame(99))
    assert reader.read(slot) is None
    assert reader.lost == 1


def test_a_picture_without_its_own_rows_and_smaller_ones_fit(ring: FrameRing) -> None:
    wide = np.arange(32 * 96 * 3, dtype=np.uint32).astype(np.uint8).reshape(32, 96, 3)
    slot = put(ring, Frame(5, 0, wide[:, ::2]))
    copy = RingReader(ring.path).read(slot)
    assert copy is not None
    assert np.array_equal(copy.picture, wide[:, ::2])
    assert ring.put(frame(1, (49, 32))) is None
    assert ring.lost == 1


def test_a_copy_is_never_torn(tmp_path: Path) -> None:
    """A writer without pause and a reader beside it: each picture has one grey or is refused."""
    big = (640, 360)
    ring = FrameRing(ring_path(tmp_path, tmp_path), big)
    reader = RingReader(ring.path)
    frames = [frame(number, big) for number in range(17)]
    announced = [put(ring, frames[0])]
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            announced[0] = put(ring, frames[number % len(frames)])

    writer = threading.Thread(target=write)
    writer.start()
    copies = [reader.read(announced[0]) for _ in range(400)]
    is_over.set()
    writer.join()
    good = [copy for copy in copies if copy is not None]
    assert good
    for copy in good:
        assert copy.picture.min() == copy.picture.max() == copy.t_ns // 1000
    assert reader.lost == len(copies) - len(good)
    ring.close()


def test_a_slot_that_is_just_written_is_refused(ring: FrameRing) -> None:
    slot = put(ring, frame(7))
    with ring.path.open("r+b") as file:
        file.seek(PAGE + slot.slot * ((HEAD.size + 48 * 32 * 3 + PAGE - 1) // PAGE * PAGE))
        file.write(HEAD.pack(slot.sequence + 2 * SLOTS - 1, 0, 0, 0))
    assert RingReader(ring.path).read(slot) is None


@pytest.mark.parametrize(
    "wrong",
    [{"slot": 8}, {"slot": 2**40}, {"width_px": 0}, {"height_px": 2**50}, {"width_px": 49},
     {"sequence": 3}, {"t_ns": 1}],
)  # fmt: skip
def test_an_announcement_that_cannot_be_is_refused(ring: FrameRing, wrong: dict[str, int]) -> None:
    slot = put(ring, frame(7))
    reader = RingReader(ring.path)
    assert reader.read(replace(slot, **wrong)) is None
    assert reader.read(slot) is not None


@given(data=st.binary(max_size=64), slots=st.integers(0, 2**32 - 1), far=st.integers(0, 2**32 - 1))
def test_foreign_bytes_are_no_ring(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, slots: int, far: int
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{PREFIX}foreign"
    reader = RingReader(path)
    for content in (data, RING.pack(b"rigring1", slots, far) + data, RING.pack(data[:8], 8, PAGE)):
        path.write_bytes(content)
        assert reader.read(Slot(0, 2, 0, 48, 32)) is None
        reader.close()


def test_a_reader_follows_a_restarted_writer(tmp_path: Path) -> None:
    path = ring_path(tmp_path, tmp_path)
    reader = RingReader(path)
    assert reader.read(Slot(0, 2, 0, 48, 32)) is None, "nobody wrote yet"
    first = FrameRing(path, SIZE)
    old = put(first, frame(1))
    assert reader.read(old) is not None
    second = FrameRing(path, (64, 64))
    new = put(second, frame(2, (64, 64)))
    assert reader.read(new) is not None
    assert reader.read(old) is None
    first.close()
    assert path.exists(), "the name is the second one's by now"
    second.close()
    assert not path.exists()


HOLD = """
import sys, time
from pathlib import Path
from rig.devices.frame_ring import FrameRing
ring = FrameRing(Path(sys.argv[1]), (48, 32))
print("made", flush=True)
time.sleep(600)
"""


def test_what_a_killed_writer_left_goes_with_the_next_start(tmp_path: Path) -> None:
    paths = [tmp_path / f"{PREFIX}{name}" for name in ("dead", "living")]
    writers = [
        subprocess.Popen([sys.executable, "-c", HOLD, path], cwd=ROOT, stdout=subprocess.PIPE)
        for path in paths
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"made\n"
        writers[0].send_signal(signal.SIGKILL)
        writers[0].wait()
        assert [path.exists() for path in paths] == [True, True]
        FrameRing(tmp_path / f"{PREFIX}mine", SIZE).close()
        assert [path.exists() for path in paths] == [False, True]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
    assert remove_dead_rings(tmp_path) == 1


def test_full_memory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "rig-test", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        with pytest.raises(HardwareError, match=r"No space left.*remove what fills"):
            FrameRing(tmp_path / f"{PREFIX}x", (640, 360))
        assert list(tmp_path.iterdir()) == [], "nothing half made is left"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="may be written"):
        FrameRing(tmp_path / "nowhere" / "ring", SIZE)
