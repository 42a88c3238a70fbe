"""Where orders are taken: carries out what arming decides, and says how the rig is.

Decides nothing about danger or arming (`core.arming`); owns what arming needs done: the token that
orders carry, the flag, the session, the reference picture, the answers, and the state file that
the page and `rig tell` read. Called by `programs.live` once a turn, never between a picture and
its word to the horn while the rig guards.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from rig.config import Config
from rig.core.alerts import ALERTS
from rig.core.arming import Act, Answer, Arming, Outcome, Sound, Stage
from rig.core.datagrams import Message, Order
from rig.core.lane import Site
from rig.core.self_test import CHECKS, Evidence, failures
from rig.devices.run_folder import RunFolder
from rig.devices.run_header import boot_id
from rig.devices.video import boottime_ns
from rig.errors import LogError
from rig.programs.judging import say
from rig.programs.live_log import LiveLog
from rig.programs.live_pace import Pace
from rig.records import Command, Decision, Level

STATE_S = 1.0
ANSWERS_KEPT = 8


class Desk:
    """Arming with hands.

    `test_picture_failure` is what the detector missed at the start; `beat` a word to the horn.
    """

    def __init__(
        self,
        config: Config,
        site: Site,
        folder: RunFolder,
        log: LiveLog,
        test_picture_failure: str | None,
        beat: Callable[[], None],
    ) -> None:
        self.pace = Pace()
        self.slow_limit_s = self.pace.slow_limit_s
        self.wants_picture = False
        """The picture of this turn shows the empty lane."""
        self._config, self._site, self._folder, self._log = config, site, folder, log
        self._test_picture_failure, self._beat = test_picture_failure, beat
        self._token = folder.make_token()
        now_ns = boottime_ns()
        self._arming = Arming(config.horn.long_press_s, folder.has_flag, now_ns)
        self._answers: deque[Answer] = deque(maxlen=ANSWERS_KEPT)
        self._age_p99_s = 0.0
        self._log_refusal: str | None = None
        self._state_trouble: str | None = None
        self._stated_ns: int | None = None
        if self.is_left_armed:
            self._take_up(now_ns)

    @property
    def is_left_armed(self) -> bool:
        """Whether this run found the flag of one that died."""
        return self._arming.stage is Stage.LEFT_ARMED

    @property
    def is_armed(self) -> bool:
        """Whether the pipeline was told to guard and has not stopped."""
        return self._arming.stage is Stage.ARMED

    @property
    def is_well(self) -> bool:
        """Whether the detector passed its test picture."""
        return self._test_picture_failure is None

    def sound(self, now_ns: int) -> Sound | None:
        """What is heard while the rig does not guard."""
        return self._arming.sound(now_ns)

    # ------------------------------------------------------------------ before a decision

    def turn(
        self,
        heard: Sequence[Message],
        frame_ns: int | None,
        before: Decision | None,
        now_ns: int,
    ) -> tuple[Command, ...]:
        """Take orders; gives what the pipeline is told. ARM: begin with a new pipeline."""
        taken = [m for m in heard if self._may_come(m, now_ns)]
        outcome = self._arming.turn(taken, self._evidence(frame_ns, before, now_ns))
        self.wants_picture = Act.KEEP_PICTURE in outcome.acts
        if Act.CLOSE in outcome.acts:
            self._close(now_ns)
        self._tell(outcome)
        if Act.OPEN in outcome.acts:
            self._tell(self._arming.opened(self._open(now_ns), boottime_ns()))
        return tuple(outcome.commands)

    def _may_come(self, message: Message, now_ns: int) -> bool:
        if not isinstance(message, Order) or message.token == self._token:
            return True
        sentence = "the order does not carry this rig's token; read it anew and ask again"
        self._keep_answer(Answer(now_ns, message.command, False, sentence))
        return False

    def _evidence(self, frame_ns: int | None, before: Decision | None, now_ns: int) -> Evidence:
        hazards = before.hazards if before is not None else ()
        return Evidence(
            now_ns=now_ns,
            frame_ns=frame_ns,
            faults=tuple(h for h in hazards if ALERTS[h.cause].level is Level.FAULT),
            tracks=before.tracks if before is not None else (),
            site=self._site,
            test_picture_failure=self._test_picture_failure,
            log_refusal=self._log_refusal,
            answered_ns=self._arming.answered_ns,
            turns=self.pace.turns,
            judged_age_p99_s=self._age_p99_s,
            slow_limit_s=self.slow_limit_s,
            slow_fault_s=self._config.health.slow_s,
        )

    def _open(self, now_ns: int) -> str | None:
        """Session, then flag; or why not."""
        try:
            session = self._log.open(now_ns)
        except LogError as error:
            return f"no session can be written: {error}"
        self._beat()  # the disk may have taken its time, and with the flag the horn counts it
        try:
            self._folder.set_flag(now_ns, boot_id(), session)
        except OSError as error:
            self._log.end()
            return (
                f"the flag {self._folder.path}/armed cannot be written ({error}); free the memory"
            )
        return None

    def _take_up(self, now_ns: int) -> None:
        """Go on in the session of the run that died; without one where the disk refuses."""
        print("rig: the last run ended while armed; acknowledge that first", file=sys.stderr)
        found = self._folder.flagged_session()
        if found is None:
            return
        try:
            self._log.open(now_ns, found)
        except LogError as error:
            print(f"rig: {error}; this start is not in the log", file=sys.stderr)
        else:
            self._log.put_event("started_armed", now_ns, {"session": str(found)})

    # ------------------------------------------------------------------ after a decision

    def follow(self, decision: Decision) -> None:
        """Take over what was decided, measure, and say how the rig is."""
        now_ns = decision.now_ns
        outcome = self._arming.follow(decision.runner.phase, self._config.runner.idle_s, now_ns)
        self._tell(outcome)
        if Act.CLOSE in outcome.acts:
            self._close(now_ns)
        is_due = self._stated_ns is None or now_ns - self._stated_ns >= STATE_S * 1e9
        if is_due or outcome.answers:
            self._state(decision)

    def _close(self, now_ns: int) -> None:
        self._folder.clear_flag()
        self.end_session(now_ns)

    def end_session(self, now_ns: int) -> None:
        """Let the log end; the flag stays as it is."""
        counts = {"judged": self.pace.judged, "dropped": self.pace.dropped}
        self._log.put_event("counts", now_ns, counts)
        self._log.end()

    def _tell(self, outcome: Outcome) -> None:
        for answer in outcome.answers:
            self._keep_answer(answer)

    def _keep_answer(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._stated_ns = None  # said at once
        self._log.put_event("answer", answer.t_ns, answer)
        for line in answer.sentence.splitlines():
            say(line if answer.is_done else f"refused: {line}")

    # ------------------------------------------------------------------ the state, for people

    def _state(self, decision: Decision) -> None:
        """Measure anew and write the state file; a folder that refuses is told of once."""
        now_ns = self._stated_ns = decision.now_ns
        self._age_p99_s = self.pace.age_p99_s
        if not self.is_armed:  # the limit that arming was judged by stays
            self.slow_limit_s = self.pace.slow_limit_s
            self._log_refusal = self._log.refusal()
        try:
            self._folder.write_state(self._describe(decision, now_ns))
        except OSError as error:
            if self._state_trouble is None:
                print(
                    f"rig: the state cannot be written ({error}); the rig goes on", file=sys.stderr
                )
            self._state_trouble = str(error)
        else:
            self._state_trouble = None

    def _describe(self, decision: Decision, now_ns: int) -> dict[str, Any]:
        alert, pace, session = decision.alert, self.pace, self._log.session
        evidence = self._evidence(decision.t_ns, decision, now_ns)
        return {
            "t_ns": now_ns,
            "stage": self._arming.stage.value,
            "phase": decision.runner.phase.value,
            "level": alert.level.name,
            "cause": alert.cause and alert.cause.value,
            "not_ready": [] if self.is_armed else list(failures(evidence, CHECKS)),
            "judged": pace.judged,
            "dropped": pace.dropped,
            "judged_age_p99_s": round(self._age_p99_s, 4),
            "slow_limit_s": round(self.slow_limit_s, 3),
            "session": str(session) if session else None,
            "log_failure": self._log.failure,
            "answers": [
                {"t_ns": a.t_ns, "asked": a.asked, "is_done": a.is_done, "sentence": a.sentence}
                for a in self._answers
            ],
        }
