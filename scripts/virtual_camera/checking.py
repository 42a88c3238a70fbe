"""Runs the rig's camera on the real libcamera and picamera2, and says what came through.

Runs inside the root that `make-root` makes. Each part has a camera of its own, because libcamera
reads what its virtual camera shows only once: colour bars first, then pictures of a drill, judged
by the rig's own observer and decision core. Prints one line a finding; exit 1 where one is wrong.
Proves nothing about a Pi's sensor, focus, exposure or padded rows: this camera has none of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np

from rig.config import CameraOptions, Config
from rig.core.pipeline import Pipeline
from rig.devices.picamera import PiCamera
from rig.devices.registration import Registration
from rig.programs.judging import load_named_card
from rig.programs.observer import Observer, References
from rig.records import Cause, Command, Decision, Frame
from rig.sim.drills import first_light_drill
from rig.sim.render import Renderer
from virtual_camera.stand_ins import patch

SETTINGS = Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
PICTURES = Path("/var/tmp/drill-pictures")
WIDTH, HEIGHT = 1280, 720
FRAMES = 400
"""Far more than the camera's four buffers: each request must have come back."""
BARS = ("white", "yellow", "cyan", "green", "magenta", "red", "blue", "black")
BAR_BGR = (
    (255, 255, 255), (0, 255, 255), (255, 255, 0), (0, 255, 0),
    (255, 0, 255), (0, 0, 255), (255, 0, 0), (0, 0, 0),
)  # fmt: skip
TOLERANCE = 40
JUDGED_S = 6.0
RATE_HZ = 10.0
DRAWN_HZ = 10.0
FIRST_S, DRAWN_S = 3.0, 4.0
"""The drill's part that is shown: the runner is on the way, nobody is in danger yet."""


def main() -> int:
    """All parts, or the one that is named: 0 when nothing is wrong."""
    if len(sys.argv) > 1:
        findings = list(PARTS[sys.argv[1]][1]())
        for is_right, said in findings:
            print(f"  {'right' if is_right else 'WRONG'}  {said}", flush=True)
        return 0 if all(is_right for is_right, _ in findings) else 1
    draw_pictures()
    return max(run_part(name) for name in PARTS)


def run_part(name: str) -> int:
    """The part in a process of its own, with the camera that it wants."""
    print(f"{name}:", flush=True)
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    SETTINGS.write_text(camera_settings(PARTS[name][0]))
    quiet = os.environ | {"LIBCAMERA_LOG_LEVELS": "*:ERROR,DmaBufAllocator:FATAL"}
    return subprocess.run(
        [sys.executable, "-m", "virtual_camera.checking", name], env=quiet, check=False
    ).returncode


def camera_settings(shows: str) -> str:
    """Libcamera's description of its virtual camera, which shows a pattern or a folder."""
    return f"""%YAML 1.1
---
"Virtual0":
  supported_formats:
  - width: {WIDTH}
    height: {HEIGHT}
    frame_rates: [30]
  {shows}
  location: "CameraLocationFront"
  model: "virtual"
"""


def draw_pictures() -> None:
    """The drill's pictures as numbered JPEG files, which this camera shows in turn."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    scene = first_light_drill()
    renderer = Renderer(scene)
    for number in range(round(DRAWN_S * DRAWN_HZ)):
        t_ns = scene.start_ns + round((FIRST_S + number / DRAWN_HZ) * 1e9)
        picture = renderer.picture(t_ns)
        cv2.imwrite(str(PICTURES / f"{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])


Finding = tuple[bool, str]


def check_frames() -> Iterator[Finding]:
    """Colours, times, requests and closing, on colour bars."""
    picamera2 = patch()
    camera = PiCamera(CameraOptions())
    frames, ages_ns = take(camera, FRAMES)
    yield camera.size_px == (WIDTH, HEIGHT), f"the picture is {camera.size_px} px"
    yield from check_bars(frames[-1])
    stamps = [frame.t_ns for frame in frames]
    grows = all(first < second for first, second in pairwise(stamps))
    yield grows, f"{len(stamps)} frames, their times always grow"
    fresh = (
        f"a frame is {min(ages_ns) / 1e6:.1f} to {max(ages_ns) / 1e6:.1f} ms old on boot's clock"
    )
    yield min(ages_ns) >= 0 and max(ages_ns) < 1_000_000_000, fresh
    yield True, "with four buffers that many frames mean that each request came back"
    began_s = time.monotonic()
    camera.close()
    took_s = time.monotonic() - began_s
    yield took_s < 2.0, f"closed within {took_s:.2f} s"
    again = PiCamera(CameraOptions())
    yield len(take(again, 3)[0]) == 3, "opens and gives frames again in the same process"
    again.close()
    left = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
    yield not left, f"threads left: {', '.join(left) or 'none'}"
    yield bool(picamera2.Picamera2.global_camera_info()), "the camera is listed"


def take(camera: PiCamera, count: int) -> tuple[list[Frame], list[int]]:
    """So many frames, the last one's picture kept, and how old each was when it came."""
    frames, ages_ns = [], []
    for frame in islice(camera, count):
        ages_ns.append(time.clock_gettime_ns(time.CLOCK_BOOTTIME) - frame.t_ns)
        frames.append(frame if frame.sequence == count - 1 else Frame(frame.t_ns, 0, EMPTY))
    return frames, ages_ns


EMPTY = np.zeros((1, 1, 3), np.uint8)


def check_bars(frame: Frame) -> Iterator[Finding]:
    """Each bar in its middle; the pattern may have moved on, so the order is looked for."""
    step = WIDTH // len(BARS)
    shown = [frame.picture[HEIGHT // 2, step // 2 + n * step] for n in range(len(BARS))]
    names = [nearest_bar(pixel) for pixel in shown]
    turned = names.index("white") if "white" in names else 0
    names = names[turned:] + names[:turned]
    yield tuple(names) == BARS, f"bars from left to right: {', '.join(names)}"


def nearest_bar(pixel: np.ndarray) -> str:
    """The colour that this pixel has, by blue, green, red."""
    misses = [np.abs(pixel.astype(int) - bar).max() for bar in BAR_BGR]
    best = int(np.argmin(misses))
    return BARS[best] if misses[best] <= TOLERANCE else f"unknown {pixel.tolist()}"


def check_loop() -> Iterator[Finding]:
    """Pictures of a drill through camera, observer and decision core, at the pace of a Pi 5."""
    patch()
    scene, config = first_light_drill(), Config()
    card = load_named_card(config)
    empty = Renderer(scene).empty()
    observer = Observer(scene.site, config, card, References(empty, empty))
    pipeline = Pipeline(scene.site, config, card.input.min_object_px)
    camera = PiCamera(CameraOptions())
    decisions, errors = judge_for(camera, observer, pipeline)
    camera.close()
    people = [len(d.tracks) for d in decisions]
    faults = {h.cause for d in decisions for h in d.hazards if h.cause in FAULTS}
    yield len(decisions) > 10, f"{len(decisions)} pictures judged in {JUDGED_S:g} s"
    yield max(people) >= 4, f"people and things followed: {min(people)} to {max(people)}"
    worst = f"colours and places differ from what was drawn by {max(errors):.1f} of 255 at most"
    yield max(errors) < 8.0, worst
    yield not faults, f"faults: {', '.join(sorted(faults)) or 'none'}"


FAULTS = frozenset(cause for cause in Cause if cause.startswith(("camera_", "detector_")))


def judge_for(
    camera: PiCamera, observer: Observer, pipeline: Pipeline
) -> tuple[list[Decision], list[float]]:
    """The decisions, and how far each picture is from the nearest of the drawn ones (mean)."""
    drawn = [as_shown(cv2.imread(str(path))) for path in PICTURES.glob("*.jpg")]
    decisions: list[Decision] = []
    errors: list[float] = []
    before: Decision | None = None
    until_s = time.monotonic() + JUDGED_S
    for frame in camera:
        commands = (Command.ARM,) if before is None else ()
        seen = observer.see(frame, before, commands)
        before = pipeline.step(seen, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        decisions.append(before)
        errors.append(min(float(cv2.absdiff(frame.picture, one).mean()) for one in drawn))
        if time.monotonic() > until_s:
            return decisions, errors
    return decisions, errors


def as_shown(picture: np.ndarray) -> np.ndarray:
    """A drawn picture as this camera must give it.

    Its JPEG reader leaves brightness at 0 to 255 while it declares video's 16 to 235, so that
    everything comes a sixth harsher. (The colour bars are made in video's range and come true.)
    """
    return np.asarray(cv2.convertScaleAbs(cv2.subtract(picture, (16, 16, 16, 0)), alpha=255 / 219))


def check_registration() -> Iterator[Finding]:
    """The still of the calibration is found in what the camera gives, to a pixel."""
    patch()
    registration = Registration(Renderer(first_light_drill()).empty())
    camera = PiCamera(CameraOptions())
    view = registration.find(next(iter(camera)).picture)
    camera.close()
    yield view is not None, f"registered: {view}"
    if view is not None:
        yield max(abs(view.dx_px), abs(view.dy_px)) < 1.0, "and lies where it was drawn"


FOLDER = f'frames:\n    path: "{PICTURES}"'
PARTS: dict[str, tuple[str, Callable[[], Iterator[Finding]]]] = {
    "colour bars": ('test_pattern: "bars"', check_frames),
    "a drill's pictures": (FOLDER, check_loop),
    "registration": (FOLDER, check_registration),
}
"""What the camera shows, and what is looked for."""


if __name__ == "__main__":
    sys.exit(main())
