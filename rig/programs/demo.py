"""`rig demo`: a simulated runner backs down a lane, and the shipped code looks out for them.

Nothing in the path from picture to sound knows that the pictures are rendered: the shipped
detector, lane check and pipeline judge them, and the runner reacts to what they hear. Decides
only which drill is played and whether it went well by the truth (`rig.sim.score`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from rig.config import Config
from rig.core.lane_file import format_site
from rig.core.pipeline import Pipeline
from rig.programs.judging import judge, load_named_card, require_number, say
from rig.programs.observer import Observer, References
from rig.programs.recording import Recording
from rig.programs.timeline import Timeline, format_row, heading
from rig.records import Picture
from rig.sim.drills import DRILLS
from rig.sim.render import Renderer
from rig.sim.scenes import Scene
from rig.sim.score import Score
from rig.sim.source import SceneSource

RATE_HZ = 8.0
"""What a Pi 5 may judge with two inferences a picture (FACTS: 15 PicoDet-S inferences a second)."""
RATE_LIMITS_HZ = (1.0, 60.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare drill, rate and place of the session."""
    parser.add_argument(
        "--drill", choices=sorted(DRILLS), default="first light", help="which drill is played"
    )
    parser.add_argument(
        "--rate", type=float, default=RATE_HZ, metavar="HZ", help="pictures a second"
    )
    parser.add_argument("--sessions", type=Path, metavar="FOLDER", help="instead of log.sessions")


def run(args: argparse.Namespace, config: Config) -> int:
    """Play the drill; 0 when every warning came in time and none was needless, else 1."""
    require_number("--rate", args.rate, "Hz", *RATE_LIMITS_HZ)
    if args.sessions is not None:
        config = replace(config, log=replace(config.log, sessions=str(args.sessions)))
    scene = DRILLS[args.drill]()
    card = load_named_card(config)
    empty = empty_lane(scene)
    observer = Observer(scene.site, config, card, References(empty, empty))
    pipeline = Pipeline(scene.site, config, card.input.min_object_px)
    timeline, score = Timeline(), Score(scene)
    lane_text = format_site(scene.site)
    source = SceneSource(scene, args.rate)
    total = round(scene.duration_s * args.rate)
    with Recording("demo", config, lane_text, scene.site, card, scene.start_ns) as recording:
        print(f"A simulated drill, {scene.name}: {scene.duration_s:.0f} s at {args.rate:g} Hz.\n")
        print(heading())
        turns = judge(source, observer, pipeline)
        for turn in tqdm(turns, total=total, unit="frame", leave=False, disable=None):
            decision = turn.decision
            if scene.runner is not None:
                scene.runner.hears(decision.alert.level, decision.now_ns)
            score.add(decision.now_ns, decision)
            recording.put(turn)
            row = timeline.add(decision)
            if row is not None:
                say(format_row(row))
    _report(timeline, score, recording)
    return 0 if score.is_good else 1


def empty_lane(scene: Scene) -> Picture:
    """What the coach confirms before arming: the same view with nobody in it."""
    return Renderer(replace(scene, actors=(), runner=None)).picture(scene.start_ns)


def _report(timeline: Timeline, score: Score, recording: Recording) -> None:
    print(f"\n{timeline.summary}\n")
    for line in score.report():
        print(line)
    print("", *recording.ways_to_open, sep="\n")
