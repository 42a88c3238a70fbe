"""`rig watch`: judge a recording as the rig would have, and log every decision.

Decides nothing about danger; opens what it is given, refuses what does not fit together, and
prints the timeline. The live rig, with horn and pins, is a set of programs of its own and not part
of this version: without a recording the command refuses.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from rig.config import Config
from rig.core.pipeline import Pipeline
from rig.devices.pictures import PictureFolder
from rig.devices.video import VideoFile, boottime_ns
from rig.errors import SourceError
from rig.programs.judging import (
    Mount,
    check_size,
    delayed,
    judge,
    load_mount,
    load_named_card,
    read_picture,
)
from rig.programs.observer import Observer, References
from rig.programs.recording import Recording
from rig.programs.timeline import Timeline, format_row, heading
from rig.records import Frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare source, lane and playback."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--video", type=Path, metavar="FILE", help="judge this video (or GIF)")
    source.add_argument("--pictures", type=Path, metavar="FOLDER", help="judge these pictures")
    parser.add_argument(
        "--lane", type=Path, required=True, metavar="FILE", help="from `rig calibrate`"
    )
    parser.add_argument(
        "--empty", type=Path, metavar="PICTURE", help="the empty lane: switches the lane check on"
    )
    parser.add_argument("--rate", type=float, default=10.0, help="of --pictures, in Hz")
    parser.add_argument("--reversed", action="store_true", help="play it from last to first")
    parser.add_argument("--paced", action="store_true", help="at its own pace, on the live clock")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="begin here")
    parser.add_argument("--duration", type=float, metavar="S", help="judge this long")


def run(args: argparse.Namespace, config: Config) -> int:
    """Judge the recording; 0 when it was judged to its end, 1 when the file broke off."""
    source = _open(args)
    mount = load_mount(args.lane)
    check_size(source.size_px, mount.site, str(args.video or args.pictures))
    card = load_named_card(config)
    empty = read_picture(args.empty, mount.site) if args.empty else None
    observer = Observer(mount.site, config, card, References(mount.still, empty))
    pipeline = Pipeline(mount.site, config, card.input.min_object_px)
    _say_limits(mount, has_empty=empty is not None)
    timeline = Timeline()
    with Recording("watch", config, mount.text, mount.site, card, 0) as recording:
        print(heading())
        clock = (lambda _: boottime_ns()) if args.paced else delayed
        for turn in judge(_progress(source), observer, pipeline, clock):
            recording.put(turn)
            row = timeline.add(turn.decision)
            if row is not None:
                tqdm.write(format_row(row), file=sys.stdout)
    print(timeline.summary)
    print(f"log    {recording.session}   (rig replay {recording.session})")
    print(f"video  {recording.clip_path}   (with boxes, metres and the sounds)")
    if source.ended_by is not None:
        print(f"rig: {source.ended_by}", file=sys.stderr)
        return 1
    return 0


def _open(args: argparse.Namespace) -> VideoFile | PictureFolder:
    if args.video is not None:
        return VideoFile(args.video, args.paced, args.reversed, args.start, args.duration)
    if args.pictures is not None:
        return PictureFolder(args.pictures, args.rate)
    raise SourceError(
        "no recording was given, and the live rig is not part of this version; "
        "give --video FILE or --pictures FOLDER"
    )


def _say_limits(mount: Mount, has_empty: bool) -> None:
    """Say what is off, so that nobody takes its silence for a judgement."""
    if mount.still is None:
        print("the lane file names no still: the view is taken as unmoved")
    if not has_empty:
        print("no picture of the empty lane (--empty): the lane check is off")


def _progress(source: VideoFile | PictureFolder) -> Iterable[Frame]:
    bar: Iterable[Frame] = tqdm(source, total=source.total, unit="frame", leave=False, disable=None)
    return bar
