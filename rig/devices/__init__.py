"""The edges: thin modules between the deciding code and cameras, models, files and pins.

Each turns one part of the outside world into records, or records into something outside, and
decides nothing that a runner's safety depends on. Toward `core`: frames (camera, video), boxes
(detector, lane check), how the view lies (registration). From `core`: the log, annotated
pictures, clips. Modules here import neither their siblings nor `sim`; only
`rig.programs` joins them.
"""
