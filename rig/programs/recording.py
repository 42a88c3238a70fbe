"""What a session leaves behind: the log of every decision and an annotated video with sound.

Decides what is written where, and what is left when the run breaks off: whatever was judged until
then, whole and readable, or nothing at all where nothing was. How it is written is
`devices.eventlog`'s and `devices.clips`' part. The log's lines are written by its own thread; the
video by the caller's, since only programs that judge recordings use it.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.alerts import pattern_of
from rig.core.card import Card
from rig.core.lane import Site
from rig.devices.annotate import draw
from rig.devices.clips import ClipWriter
from rig.devices.eventlog import new_segment
from rig.devices.run_header import describe_run
from rig.devices.session import create_session
from rig.errors import LogError, RigError
from rig.programs.judging import Turn
from rig.programs.log_thread import LogThread

CLIP_NAME = "annotated.mp4"
CLOSE_MOST_S = 60.0


class Recording:
    """A session folder being written; a context manager that ends log and video properly.

    Make it last, when everything else has been opened: from then on there is a folder. Raises
    LogError where it cannot be written, at the beginning without leaving a trace. Later the first
    failure of the disk ends the run, with the good part of the log kept.
    """

    def __init__(
        self, program: str, config: Config, lane_text: str, site: Site, card: Card, t_ns: int
    ) -> None:
        self._site = site
        self._turns = 0
        log, lens = config.log, site.pose.lens
        header = describe_run(
            program,
            config_to_dict(config),
            lane_text,
            {card.weights.name: card.sha256},
            card.input.min_object_px,
        )
        self.session = create_session(Path(log.sessions), datetime.now(), log.free_least_mb)
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.session)
            clips = self.session / "clips"
            clips.mkdir(mode=0o700)
            self.clip_path = clips / CLIP_NAME
            clip = ClipWriter(self.clip_path, (lens.width_px, lens.height_px))
            self._clip = undo.enter_context(clip)
            events, steps = (
                new_segment(self.session, stream, header, t_ns) for stream in ("events", "steps")
            )
            self._log = LogThread(events, steps, log.sync_s, is_patient=True)
            self._log.start()
            undo.pop_all()

    def put(self, turn: Turn) -> None:
        """Log one turn and draw it into the video. Raises LogError where the disk fails."""
        if self._log.failure is not None:
            raise LogError(self._log.failure)
        self._log.put_step(turn.seen, turn.decision)
        self._turns += 1
        alert = turn.decision.alert
        picture = draw(turn.frame.picture, turn.decision, self._site)
        self._clip.add(picture, turn.decision.now_ns, alert, pattern_of(alert))

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the log first, it matters more; then say what is left, where the run broke off."""
        lost = self._end_log()
        try:
            self._clip.__exit__(kind, error, trace)
        except LogError as late:
            error = error or late
        if self._turns == 0:
            shutil.rmtree(self.session)
        elif isinstance(error, KeyboardInterrupt):
            print(f"rig: stopped by Ctrl-C; {self._left(lost)}", file=sys.stderr)
        elif isinstance(error, RigError):
            raise type(error)(f"{error}; {self._left(lost)}") from error
        elif lost is not None and error is None:
            raise LogError(f"{lost}; {self._left(lost)}") from lost

    @property
    def ways_to_open(self) -> tuple[str, str, str]:
        """Three lines for the person who ran it: how to see, read and repeat what was recorded."""
        return (
            f"watch and hear it:  {self.clip_path}   (any player or browser)",
            f"read the log:       {self.session}/events.0001.jsonl",
            f"decide it again:    rig replay {self.session}",
        )

    def _end_log(self) -> LogError | None:
        try:
            self._log.close(timeout_s=CLOSE_MOST_S)
        except LogError as error:
            return error
        return None

    def _left(self, lost: LogError | None) -> str:
        """What a reader of the session finds."""
        if lost is None:
            pictures = (
                "the first picture" if self._turns == 1 else f"the first {self._turns} pictures"
            )
            return f"the log of {pictures} is whole: rig replay {self.session}"
        return f"the log is good as far as it goes: rig replay --verify {self.session}"
