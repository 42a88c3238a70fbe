"""What a session leaves behind: the log of every decision and an annotated video with sound.

Decides what is written where; how, is `devices.eventlog`'s and `devices.clips`' part. The log's
lines are written by its own thread; the video by the caller's, since only offline programs use it.
"""

from __future__ import annotations

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
from rig.programs.judging import Turn
from rig.programs.log_thread import LogThread

CLIP_NAME = "annotated.mp4"


class Recording:
    """A session folder being written; a context manager that ends log and video properly."""

    def __init__(
        self, program: str, config: Config, lane_text: str, site: Site, card: Card, t_ns: int
    ) -> None:
        log = config.log
        self.session = create_session(Path(log.sessions), datetime.now(), log.free_least_mb)
        header = describe_run(
            program,
            config_to_dict(config),
            lane_text,
            {card.weights.name: card.sha256},
            card.input.min_object_px,
        )
        self._site = site
        self._last_ns = t_ns
        self._log = LogThread(
            new_segment(self.session, "events", header, t_ns),
            new_segment(self.session, "steps", header, t_ns),
            log.sync_s,
            is_patient=True,
        )
        self._log.start()
        clips = self.session / "clips"
        clips.mkdir(mode=0o700)
        lens = site.pose.lens
        self.clip_path = clips / CLIP_NAME
        self._clip = ClipWriter(self.clip_path, (lens.width_px, lens.height_px))

    def put(self, turn: Turn) -> None:
        """Log one turn and draw it into the video."""
        self._log.put_step(turn.seen, turn.decision)
        alert = turn.decision.alert
        picture = draw(turn.frame.picture, turn.decision, self._site)
        self._clip.add(picture, turn.decision.now_ns, alert, pattern_of(alert))

    def __enter__(self) -> Recording:
        """Opens the video."""
        self._clip.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the log first: it matters more."""
        try:
            self._log.close(timeout_s=60.0)
        finally:
            self._clip.__exit__(kind, error, trace)
