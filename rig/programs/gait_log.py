"""The gait log of the session that `watch` writes: one segment a run of `rig log-gait`.

Decides when a segment begins and ends, and that a full disk stops the log and nothing else. The
lane comes from the session's own log, so that both tell of the same one. Called by `log_gait`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rig.config import Config
from rig.config_file import config_to_dict
from rig.core.gait.keypoints import Floats
from rig.core.gait.lines import FORMAT, POSE, STREAM, pose_value
from rig.core.lane import Site
from rig.core.lane_file import parse_site
from rig.devices.eventlog import SegmentWriter, new_segment, read_segment, segment_paths
from rig.devices.run_header import describe_run
from rig.errors import RigError
from rig.programs.gait_video import across_of
from rig.records import Box


class GaitLog:
    """Writes poses into the current session's folder, if there is one.

    A failure of the disk is said once and ends the segment; the next session begins another.
    """

    def __init__(
        self,
        sessions: Path,
        config: Config,
        models: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._sessions, self._config, self._models, self._say = sessions, config, models, say
        self._writer: SegmentWriter | None = None
        self._session: Path | None = None
        self._site: Site | None = None
        self._synced_ns = 0

    def follow(self, session: Path, now_ns: int) -> None:
        """Go on in this session's folder; one outside the configured folder is not ours."""
        if session == self._session or session.parent.resolve() != self._sessions.resolve():
            return
        self.close(now_ns)
        lane = _lane_of(session)
        if lane is None:
            return  # the session's own log is not begun yet; it is told again in a second
        self._session = session
        header = describe_run("log-gait", config_to_dict(self._config), lane, self._models, 0.0)
        try:
            self._site = parse_site(lane)
            self._writer = new_segment(session, STREAM, {**header, "gait_format": FORMAT}, now_ns)
        except RigError as error:
            self._say(f"no gait log for {session.name}: {error}")
            return
        self._say(f"logging into {self._writer.path}")

    def put(self, t_ns: int, points: Floats, sure: Floats, box: Box, is_seen: bool) -> None:
        """One pose, and whether its box was seen; nowhere while there is no session."""
        if self._writer is None or self._site is None:
            return
        value = pose_value(points, sure, across_of(self._site, box), box, is_seen)
        self._do(lambda writer: writer.write(POSE, t_ns, value))

    def sync_if_due(self, now_ns: int) -> None:
        """Poses are on disk within a few seconds."""
        if now_ns - self._synced_ns >= max(1.0, self._config.log.sync_s) * 1e9:
            self._synced_ns = now_ns
            self._do(lambda writer: writer.sync())

    def close(self, now_ns: int) -> None:
        """End the segment, if one is open."""
        self._do(lambda writer: writer.close(now_ns))
        self._writer = self._session = self._site = None

    def _do(self, action: Callable[[SegmentWriter], Any]) -> None:
        if self._writer is None:
            return
        try:
            action(self._writer)
        except RigError as error:
            self._writer = None
            self._say(f"the gait log of this session ends here: {error}")


def _lane_of(session: Path) -> str | None:
    """The lane file's text in the first line of the session's own log."""
    try:
        paths = segment_paths(session, "events")
        first = next(iter(read_segment(paths[-1])), None) if paths else None
    except RigError:
        return None  # gone again: sessions without a drill are removed
    lane = first.value.get("lane") if first is not None and isinstance(first.value, dict) else None
    return lane if isinstance(lane, str) else None
