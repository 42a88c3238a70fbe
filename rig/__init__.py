"""Rearguard: a track-side rig that looks out for people who run backwards.

What flows where (`rig.records` has every type named here):

    camera, video or simulation                          devices/ or sim/
        | Frame: picture + the time of its light
    detector on tiles, lane check, registration          devices/
        | Seen: boxes in pixels, view shift, vitals, what was looked at
    placing -> tracker -> runner -> hazard, health       core/   (core.pipeline, one step)
        | Track, Runner: metres on the lane; Hazard: what is wrong, with its evidence
    alerts: one table says what the person hears         core/   (core.alerts)
        | Decision: the alert and why
    sound, picture, log                                  devices/, run by programs/

Everything that decides lies in `rig.core`, which is pure: no clock, no files, no camera. So live
runs, replays, the demo and the tests all call the same code, and it cannot know which it is in.

Imports go one way: cli -> programs -> {devices | sim} -> core -> records, config, errors.
Read next: records.py, core/pipeline.py, core/alerts.py, programs/watch.py.
"""

__version__ = "0.1.0"
