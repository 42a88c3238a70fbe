"""The readable tables of one judged clip. Decides their form only; called by `evaluation`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clips.changes import changes
from clips.judged import Judged
from clips.scoring import Fate, Life, carried, empty_score, fates, lives, shared_ids
from rig.programs.timeline import Timeline, format_row, heading

NOTHING = "-"


def report(judged: Judged) -> Iterator[str]:
    """Every line about one clip."""
    yield f"=== {judged.title}: {len(judged.steps)} frames"
    found = fates(judged)
    yield from _people(judged, found)
    yield from _tracks(lives(judged), found)
    yield from _empty(judged)
    yield from _alerts(judged)


def _people(judged: Judged, found: Sequence[Fate]) -> Iterator[str]:
    if not found:
        return
    yield "people labelled by hand (found: the detector's box; followed: a confirmed track on them)"
    names = ("who", "moments", "found", "followed", "spells", "ids", "off along m", "across m")
    rows = [(*names, "m/s", "labelled m/s", "tracks in each spell")]
    rows += [
        (
            fate.name,
            str(fate.moments),
            str(fate.found),
            str(fate.followed),
            str(len(fate.spell_ids)),
            str(len(fate.ids)),
            _number(fate.off_along_m, 2),
            _number(fate.off_across_m, 2),
            _number(fate.speed_mps, 1),
            _number(fate.labelled_mps, 1),
            " | ".join(" ".join(map(str, spell)) or NOTHING for spell in fate.spell_ids),
        )
        for fate in found
    ]
    yield from _table(rows, texts=(0, 10))
    moments, ids = sum(f.moments for f in found), sum(len(f.ids) for f in found)
    yield (
        f"  all: found {_share(sum(f.found for f in found), moments)}, "
        f"followed {_share(sum(f.followed for f in found), moments)}, "
        f"{ids} ids for {len(found)} people in {sum(len(f.spell_ids) for f in found)} spells, "
        f"ids on more than one person: {', '.join(map(str, shared_ids(found))) or 'none'}"
    )
    yield from _change_lines(judged)
    whole = carried(judged)
    yield (
        f"  person tracks carried on for more than 0.5 s without being seen: "
        f"{_share(whole.stale_s, whole.track_s)} of {whole.track_s:.0f} track seconds"
    )


def _change_lines(judged: Judged) -> Iterator[str]:
    """How often a name changed in mid-view, and how often somebody passed just then."""
    found = changes(judged)
    passing = [change for change in found if change.passed is not None]
    yield (
        f"  names changed in mid-view: {len(found)}, "
        f"of these {len(passing)} while another labelled person passed in line"
    )
    for one in found:
        between = f"{one.passed} passed in line" if one.passed else "nobody passed"
        yield (
            f"    {one.from_s:.1f} to {one.to_s:.1f} s: {one.name}, "
            f"{one.track_ids[0]} and {one.track_ids[1]}: {between}"
        )


def _tracks(found: Sequence[Life], people: Sequence[Fate]) -> Iterator[str]:
    yield "confirmed tracks of people that lived 1 s or more"
    owner = {i: fate.name for fate in people for i in fate.ids}
    rows = [
        ("id", "from s", "to s", "along m", "across m", "m/s", "height m", "seen", "gaps", "on")
    ]
    rows += [
        (
            str(life.track_id),
            f"{life.from_s:.1f}",
            f"{life.to_s:.1f}",
            f"{life.along_m[0]:z.1f} to {life.along_m[1]:z.1f}",
            f"{life.across_m[0]:z.1f} to {life.across_m[1]:z.1f}",
            f"{life.speed_mps:.1f}",
            _number(life.height_m, 2),
            f"{life.seen_share:.0%}",
            str(life.gaps),
            owner.get(life.track_id, ""),
        )
        for life in found
    ]
    yield from _table(rows, texts=(9,)) if found else iter(["  none"])


def _empty(judged: Judged) -> Iterator[str]:
    if not judged.truth.nobody_s:
        return
    score = empty_score(judged)
    yield (
        f"nobody in view for {score.seconds:.1f} s ({score.frames} frames): "
        f"{score.person_detections} person detections, {score.person_track_s:.1f} s of person "
        f"tracks, strange things in {score.strange_frames} frames (most at once "
        f"{score.strange_most})"
    )
    if judged.truth.empty_at_s is not None:
        others = sum(bool(step.seen.strange_things) for step in judged.steps)
        yield f"strange things in {others} of all {len(judged.steps)} frames"


def _alerts(judged: Judged) -> Iterator[str]:
    timeline = Timeline()
    for step in judged.steps:
        timeline.add(step.decision)
    yield "alerts (time as played)"
    yield from (f"  {line}" for line in (heading(), *map(format_row, timeline.rows)))
    yield f"  {timeline.summary}"


def _table(rows: Sequence[Sequence[str]], texts: Sequence[int]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.ljust(width) if i in texts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:z.{digits}f}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else NOTHING
