"""What of a step goes into the log: the step itself, and events when something changed.

Decides which changes are events. Does not write (`programs.log_thread`) and does not decide what
sounds. Every record here is one kind of line; docs/log-format.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.records import Alert, Command, Concern, Decision, Phase, Seen, Track


@dataclass(frozen=True, slots=True)
class StepLine:
    """A line of the steps: all that went into one decision, and the decision."""

    seen: Seen
    decision: Decision


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Another alert sounds, or none any more, with the evidence.

    `thing` is the track that the alert's hazard is about, `frame_t_ns` when the light of the
    judged frame arrived, `decided_ns` when the decision was made.
    """

    alert: Alert
    decided_ns: int
    frame_t_ns: int | None
    phase: Phase
    runner: Track | None
    thing: Track | None = None


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """The drill's phase changed; `before` is None at the first step."""

    phase: Phase
    before: Phase | None
    decided_ns: int


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A person told the rig something."""

    command: Command
    decided_ns: int


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Something to mend, silent: it began, or (`is_over`) it ended."""

    concern: Concern
    detail: str
    is_over: bool
    decided_ns: int


EventLine = AlertLine | PhaseLine | CommandLine | NoticeLine

EVENT_KINDS: dict[type, str] = {
    AlertLine: "alert",
    PhaseLine: "phase",
    CommandLine: "command",
    NoticeLine: "notice",
}
"""The `kind` of the line that each record stands in."""


def is_alert_change(before: Decision | None, after: Decision) -> bool:
    """Whether a listener would notice: another cause or level sounds, or it began anew.

    The first decision counts as a change only when something sounds.
    """
    if before is None:
        return after.alert.cause is not None
    heard, hears = before.alert, after.alert
    if heard.cause is None and hears.cause is None:
        return heard.level is not hears.level
    return (heard.level, heard.cause, heard.since_ns) != (hears.level, hears.cause, hears.since_ns)


def events_of(before: Decision | None, seen: Seen, after: Decision) -> tuple[EventLine, ...]:
    """The event lines of one step, commands, phase, alert, notices."""
    now_ns = after.now_ns
    lines: list[EventLine] = [CommandLine(command, now_ns) for command in seen.commands]
    old_phase = before.runner.phase if before else None
    if after.runner.phase is not old_phase:
        lines.append(PhaseLine(after.runner.phase, old_phase, now_ns))
    if is_alert_change(before, after):
        lines.append(_alert_line(after))
    return (*lines, *_notice_lines(before, after))


def _notice_lines(before: Decision | None, after: Decision) -> list[NoticeLine]:
    """Notices that began or ended; another number in the words is no event."""
    old = {notice.concern: notice for notice in before.notices} if before else {}
    new = {notice.concern: notice for notice in after.notices}
    begun = [n for n in after.notices if n.concern not in old]
    over = [n for n in old.values() if n.concern not in new]
    now_ns = after.now_ns
    lines = [NoticeLine(n.concern, n.detail, False, now_ns) for n in begun]
    return lines + [NoticeLine(n.concern, n.detail, True, now_ns) for n in over]


def _alert_line(after: Decision) -> AlertLine:
    hazard = after.alert.hazard
    sought = hazard.track_id if hazard else None
    things = [track for track in after.tracks if sought is not None and track.track_id == sought]
    return AlertLine(
        alert=after.alert,
        decided_ns=after.now_ns,
        frame_t_ns=after.t_ns,
        phase=after.runner.phase,
        runner=after.runner.track,
        thing=things[0] if things else None,
    )
