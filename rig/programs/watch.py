"""`rig watch`: judge a camera live, or a recording as the rig would have, and log every decision.

Decides nothing about danger; opens what it is given, refuses what does not fit together, and
prints the timeline. Nothing is written before all of it has been opened. Without a recording the
Pi's camera is watched live, with the horn (`programs.live`); with --live a video stands in for it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from rig.config import Config
from rig.core.pipeline import Pipeline
from rig.devices.frame_ring import FrameRing, ring_path
from rig.devices.picamera import PiCamera
from rig.devices.pictures import PictureFolder
from rig.devices.video import VideoFile, boottime_ns
from rig.errors import HardwareError, LaneError, SourceError
from rig.programs.judging import (
    Mount,
    check_size,
    delayed,
    judge,
    load_mount,
    load_named_card,
    read_picture,
    require_number,
    say,
)
from rig.programs.live import Given, LiveWatch
from rig.programs.live_source import LiveSource, LiveVideo
from rig.programs.observer import Observer, References
from rig.programs.recording import Recording
from rig.programs.timeline import Timeline, format_row, heading
from rig.records import Frame

RATE_HZ = 10.0
"""Of --pictures: what a Pi 5 can judge (FACTS: speed on a Pi)."""
RATE_LIMITS_HZ = (0.1, 240.0)
LONGEST_S = 86_400.0
OF_VIDEOS = ("start", "duration", "reversed", "paced")
OF_PICTURES = ("rate",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare source, lane and playback."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--video", type=Path, metavar="FILE", help="judge this video (or GIF)")
    source.add_argument("--pictures", type=Path, metavar="FOLDER", help="judge these pictures")
    parser.add_argument(
        "--lane", type=Path, metavar="FILE", help="from `rig calibrate`; always needed"
    )
    parser.add_argument(
        "--empty", type=Path, metavar="PICTURE", help="the empty lane: switches the lane check on"
    )
    parser.add_argument(
        "--rate", type=float, metavar="HZ", help=f"of --pictures (default: {RATE_HZ:g})"
    )
    parser.add_argument("--reversed", action="store_true", help="play the video from last to first")
    parser.add_argument(
        "--paced", action="store_true", help="play the video at its own pace, on the live clock"
    )
    parser.add_argument(
        "--live", action="store_true", help="the video stands in for the camera: horn, arming, all"
    )
    parser.add_argument(
        "--repeat",
        action="store_true",
        help="of --live: again and again, not a dead camera at its end",
    )
    parser.add_argument("--start", type=float, metavar="S", help="begin the video here")
    parser.add_argument("--duration", type=float, metavar="S", help="judge the video for so long")


def run(args: argparse.Namespace, config: Config) -> int:
    """Judge the recording; 0 when it was judged to its end, 1 when the file broke off.

    Live: 0 when it was ended by a signal.
    """
    if args.live or (args.video is None and args.pictures is None):
        return _run_live(args, config)
    source = _open(args)
    mount = _load_lane(args)
    check_size(source.size_px, mount.site, str(source.path))
    card = load_named_card(config)
    empty = read_picture(args.empty, mount.site) if args.empty else None
    observer = Observer(mount.site, config, card, References(mount.still, empty))
    pipeline = Pipeline(mount.site, config, card.input.min_object_px)
    clock = (lambda _: boottime_ns()) if args.paced else delayed
    begun_ns = boottime_ns() if args.paced else 0
    timeline = Timeline()
    with Recording("watch", config, mount.text, mount.site, card, begun_ns) as recording:
        _introduce(source, mount, has_empty=empty is not None)
        for turn in judge(_progress(source), observer, pipeline, clock):
            recording.put(turn)
            row = timeline.add(turn.decision)
            if row is not None:
                say(format_row(row))
        if timeline.first_ns is None:
            raise SourceError(
                f"{source.path} has no picture in the part that --start and --duration leave; "
                "choose another part"
            )
    print(f"\n{timeline.summary}\n", *recording.ways_to_open, sep="\n")
    if source.ended_by is not None:
        print(f"rig: {source.ended_by}", file=sys.stderr)
        return 1
    return 0


def _load_lane(args: argparse.Namespace) -> Mount:
    if args.lane is None:
        raise LaneError("no lane file was given; give --lane FILE, which `rig calibrate` makes")
    return load_mount(args.lane)


def _run_live(args: argparse.Namespace, config: Config) -> int:
    mount = _load_lane(args)
    card = load_named_card(config)
    empty = read_picture(args.empty, mount.site) if args.empty else None
    source = _open_live(args, config)
    check_size(source.size_px, mount.site, str(args.video or "the camera's picture"))
    shelf = _open_shelf(config, source.size_px)
    try:
        LiveWatch(Given(config, mount, card, source, empty, shelf)).run()
    finally:
        if shelf is not None:
            shelf.close()
    return 0


def _open_shelf(config: Config, size_px: tuple[int, int]) -> FrameRing | None:
    """Where the clips' program finds pictures. Without it there are no clips; the rig guards."""
    try:
        links = config.links
        return FrameRing(ring_path(Path(links.folder), Path(links.memory)), size_px)
    except HardwareError as error:
        print(f"rig: {error}; the rig guards on, without clips", file=sys.stderr, flush=True)
        return None


def _open_live(args: argparse.Namespace, config: Config) -> LiveSource:
    if args.pictures is not None:
        raise SourceError("--live is for --video or the camera; leave it out with --pictures")
    if args.video is not None:
        video = _open(args)
        return LiveVideo(video, video.size_px, args.repeat)
    _refuse_misplaced(args)
    return PiCamera(config.camera)


def _open(args: argparse.Namespace) -> VideoFile | PictureFolder:
    _refuse_misplaced(args)
    require_number("--rate", args.rate, "Hz", *RATE_LIMITS_HZ)
    require_number("--start", args.start, "s", 0.0, LONGEST_S)
    require_number("--duration", args.duration, "s", 0.01, LONGEST_S)
    if args.pictures is not None:
        return PictureFolder(args.pictures, args.rate or RATE_HZ)
    is_paced = args.paced and not args.live
    return VideoFile(args.video, is_paced, args.reversed, args.start or 0.0, args.duration)


def _refuse_misplaced(args: argparse.Namespace) -> None:
    """Refuse options that would have no effect on this kind of recording."""
    if args.repeat and not (args.live and args.video):
        raise SourceError("--repeat is for --live --video; leave it out")
    kind = "the camera" if args.pictures is None else "--pictures"
    kind, other, options = (
        (kind, "video", OF_VIDEOS) if args.video is None else ("--video", "pictures", OF_PICTURES)
    )
    for name in options:
        if getattr(args, name) not in (None, False):
            raise SourceError(f"--{name} is for --{other}; leave it out with {kind}")


def _introduce(source: VideoFile | PictureFolder, mount: Mount, has_empty: bool) -> None:
    """Say what is judged, and what is off, so that nobody takes its silence for a judgement."""
    width_px, height_px = source.size_px
    lane = mount.site.lane
    print(f"{source.path}, {width_px}x{height_px} px, on a lane of {lane.length_m:.1f} m.")
    if mount.still is None:
        print("The lane file names no still: the view is taken as unmoved.")
    if not has_empty:
        print("No picture of the empty lane was given (--empty): the lane check is off.")
    print(f"\n{heading()}")


def _progress(source: VideoFile | PictureFolder) -> Iterable[Frame]:
    bar: Iterable[Frame] = tqdm(source, total=source.total, unit="frame", leave=False, disable=None)
    return bar
