"""The loop that every program of the rig runs: frame, look, decide.

Decides nothing itself; it is the order of `programs.observer` and `core.pipeline`. A generator,
so that whoever runs it does its own things (print, write, react) between two frames.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import rig
from rig.config import Config
from rig.core.card import Card
from rig.core.lane import Site
from rig.core.lane_file import parse_site
from rig.core.pipeline import Pipeline
from rig.devices.model_card import load_card
from rig.devices.pictures import load_picture
from rig.errors import LaneError, SourceError
from rig.programs.observer import Observer
from rig.records import Command, Decision, Frame, Picture, Seen

MODELS = Path(rig.__file__).resolve().parents[1] / "models"
RECORDED_DELAY_NS = 100_000_000
"""Where pictures come from a file as fast as they can be judged, light is taken to be this old
when it is judged: about what a Pi 5 needs at 10 frames a second (FACTS: speed on a Pi)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the loop: the frame, what was seen in it, what was decided."""

    frame: Frame
    seen: Seen
    decision: Decision


def delayed(frame: Frame) -> int:
    """The deciding time for recorded or simulated pictures."""
    return frame.t_ns + RECORDED_DELAY_NS


def judge(
    frames: Iterable[Frame],
    observer: Observer,
    pipeline: Pipeline,
    clock: Callable[[Frame], int] = delayed,
) -> Iterator[Turn]:
    """Judge every frame; the rig is armed with the first one.

    `clock` gives the time of the decision on the frames' clock.
    """
    before: Decision | None = None
    for frame in frames:
        commands = (Command.ARM,) if before is None else ()
        seen = observer.see(frame, before, commands)
        before = pipeline.step(seen, clock(frame))
        yield Turn(frame, seen, before)


def load_named_card(config: Config) -> Card:
    """The card that the configuration names: a file in models/, or a path of its own."""
    return load_card(MODELS / config.detector.card)


@dataclass(frozen=True, slots=True)
class Mount:
    """A lane file as read: the site, its text (for the log) and the calibration still."""

    site: Site
    text: str
    still: Picture | None


def load_mount(path: Path) -> Mount:
    """Read a lane file and the still that it names. Raises LaneError or SourceError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LaneError(
            f"lane file {path} cannot be read ({error}); `rig calibrate` makes one"
        ) from error
    site = _parse(text, path)
    if site.still is None:
        return Mount(site, text, None)
    return Mount(site, text, read_picture(path.parent / site.still, site))


def _parse(text: str, path: Path) -> Site:
    """The site; each line of its LaneError names the file."""
    try:
        return parse_site(text)
    except LaneError as error:
        lines = (f"{path}: {line}" for line in str(error).splitlines())
        raise LaneError("\n".join(lines)) from error


def read_picture(path: Path, site: Site) -> Picture:
    """A reference picture of the site's size. Raises SourceError."""
    picture = load_picture(path)
    if picture is None:
        raise SourceError(f"picture {path} is damaged or cut off; give a whole PNG, JPEG or WebP")
    check_size((picture.shape[1], picture.shape[0]), site, str(path))
    return picture


def check_size(size_px: tuple[int, int], site: Site, name: str) -> None:
    """Refuse pictures of another size than the lane was calibrated for."""
    lens = site.pose.lens
    if size_px != (lens.width_px, lens.height_px):
        raise SourceError(
            f"{name} is {size_px[0]}x{size_px[1]} px, but the lane was calibrated at "
            f"{lens.width_px}x{lens.height_px} px; calibrate for this picture size"
        )


def require_number(option: str, value: float | None, unit: str, least: float, most: float) -> None:
    """Refuse what an option cannot be; None is not given. Raises SourceError."""
    if value is not None and not least <= value <= most:
        raise SourceError(f"{option} is {value:g} {unit}; give {least:g} to {most:g} {unit}")


def say(line: str) -> None:
    """Print one line now: beside a progress bar, and also where the output is a pipe."""
    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()
