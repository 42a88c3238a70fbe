"""`rig log-gait`: the locked runner's pose in the pictures that `watch` shares, logged.

Decides nothing about danger, and nobody waits for it: it may be killed, stopped or missing while
the rig guards. It takes the newest picture that it was told the runner's box in, and leaves out
what came meanwhile. That a pose falls is told to `watch`, whose own check works without.

One turn: what was announced; the newest picture's pose; its line in the session's gait log; a
word about falling; a word to systemd. What the poses say is read later, by `rig gait`.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from rig.config import Config
from rig.core.datagrams import Message, PoseFall, RunnerAt, SessionIs, Slot
from rig.core.gait.witness import FallTeller
from rig.devices.datagram_link import Inbox, Outbox
from rig.devices.frame_ring import RingReader, ring_path
from rig.devices.pose import PoseModel
from rig.devices.run_folder import RunFolder
from rig.devices.service_notify import ServiceNotifier
from rig.devices.video import boottime_ns
from rig.programs.gait_log import GaitLog
from rig.programs.pose_loading import open_pose_model
from rig.records import Box, Frame

NICE: Final = 15
"""As in systemd/rig-log-gait.service: clips go before gait, the guard before both."""
WAIT_S: Final = 0.1
NOTIFY_S: Final = 5.0
SLOTS_KEPT: Final = 8
"""As many as the ring has: older ones are gone."""
FORGET_S: Final = 3.0
"""Who was not seen for so long stands anew."""
STALE_S: Final = 2.0
"""A picture stamped farther from now has a wrong clock; the ring has lost it long since."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none beside the configuration's."""


def run(_: argparse.Namespace, config: Config) -> int:
    """Log until told to end; 0."""
    folder = RunFolder(Path(config.links.folder))
    os.nice(max(0, NICE - os.nice(0)))
    cv2.setNumThreads(1)
    pose = open_pose_model(config.gait.card)
    models = {pose.card.weights.name: pose.card.sha256}
    log = GaitLog(Path(config.log.sessions).absolute(), config, models, say)
    reader = RingReader(ring_path(folder.path, Path(config.links.memory)))
    logger = GaitLogger(
        folder.path, reader, pose, log, boottime_ns, tells_falls=config.gait.tells_falls
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, logger.stop)
    try:
        logger.run()
    finally:
        logger.close()
    return 0


def say(sentence: str) -> None:
    """A line for people, at once."""
    print(f"log-gait: {sentence}", flush=True)


class GaitLogger:
    """The loop; `turn` is one round of it. `looked` and `left_out` count pictures."""

    def __init__(
        self,
        links: Path,
        reader: RingReader,
        pose: PoseModel,
        log: GaitLog,
        now_ns: Callable[[], int],
        *,
        tells_falls: bool,
    ) -> None:
        self._tells_falls = tells_falls
        self._reader, self._pose, self._log, self._now_ns = reader, pose, log, now_ns
        self._inbox, self._watch = Inbox(links / "gait.sock"), Outbox(links / "watch.sock")
        self._slots: deque[Slot] = deque(maxlen=SLOTS_KEPT)
        self._falls: tuple[FallTeller, tuple[int, int]] | None = None
        self._last_ns = 0
        self._last_box: Box | None = None
        self._told_ns = 0
        self._notifier = ServiceNotifier()
        self._is_ending = False
        self.looked = 0
        self.left_out = 0

    def stop(self, *_: object) -> None:
        """End after this turn."""
        self._is_ending = True

    def run(self) -> None:
        """Turn until stopped."""
        say(f"ready; poses by {self._pose.card.name}")
        self._notifier.ready("waiting for a runner")
        while not self._is_ending:
            self.turn(WAIT_S)
        self._notifier.stopping()

    def turn(self, wait_s: float) -> None:
        """Take what has come; look at the newest picture with a runner in it."""
        told = self._newest(self._inbox.receive(wait_s))
        if told is not None:
            slot, runner = told
            frame = self._reader.read(slot)
            if frame is None:
                self.left_out += 1
            else:
                self._look(frame, runner)
        now_ns = self._now_ns()
        self._log.sync_if_due(now_ns)
        if now_ns - self._told_ns >= NOTIFY_S * 1e9:
            self._told_ns = now_ns
            self._notifier.alive()

    def close(self) -> None:
        """End the log's segment with its last line."""
        self._log.close(self._now_ns())
        self._inbox.close()
        self._watch.close()
        self._reader.close()

    def _newest(self, messages: list[Message]) -> tuple[Slot, RunnerAt] | None:
        """The newest picture whose runner was told; the others are left out."""
        found: list[tuple[Slot, RunnerAt]] = []
        for message in messages:
            if isinstance(message, Slot):
                self._slots.append(message)
            elif isinstance(message, SessionIs):
                self._log.follow(Path(message.folder), self._now_ns())
            elif isinstance(message, RunnerAt) and message.x1 > message.x0:
                pairs = ((slot, message) for slot in self._slots if slot.t_ns == message.t_ns)
                found += [pair for pair in pairs if self._is_fresh(message.t_ns)]
        self.left_out += max(0, len(found) - 1)
        return max(found, key=lambda pair: pair[1].t_ns) if found else None

    def _is_fresh(self, t_ns: int) -> bool:
        return t_ns > self._last_ns and abs(self._now_ns() - t_ns) <= STALE_S * 1e9

    def _look(self, frame: Frame, runner: RunnerAt) -> None:
        box = Box(float(runner.x0), float(runner.y0), float(runner.x1), float(runner.y1))
        if box.height_px <= 0:
            return
        points, sure = self._pose.look(frame.picture, box)
        self.looked += 1
        height_px, width_px = frame.picture.shape[:2]
        teller = self._teller(frame.t_ns, (width_px, height_px))
        is_seen = box != self._last_box  # watch tells the last one again of whom it does not see
        self._last_box = box
        self._log.put(frame.t_ns, points, sure, box, is_seen)
        is_falling = teller.update(frame.t_ns / 1e9, points, sure, box, is_seen)
        if self._tells_falls:
            self._watch.send(PoseFall(frame.t_ns, is_falling))
        self._last_ns = frame.t_ns

    def _teller(self, t_ns: int, size_px: tuple[int, int]) -> FallTeller:
        """Of the runner; somebody else, or another camera, begins anew."""
        before = self._falls
        is_new = before is None or before[1] != size_px or t_ns - self._last_ns > FORGET_S * 1e9
        if before is None or is_new:
            before = (FallTeller(float(size_px[0]), float(size_px[1])), size_px)
        self._falls = before
        return before[0]
