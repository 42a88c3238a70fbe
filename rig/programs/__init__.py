"""One module for each sub-command of `rig`; the only place with loops, threads and signals.

A program joins a source of frames from `rig.devices` or `rig.sim` with the deciding code of
`rig.core`, and carries each Decision to its sound, picture and log, the sound first. It offers
`add_arguments(parser)` and `run(args, config) -> exit code`; `rig.cli` imports it when asked for.
"""
