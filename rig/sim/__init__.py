"""A simulated track: shipped fakes as strict as the real parts, for the demo and the tests.

Scenes say who moves where and when, in metres and seconds; rendering makes the camera's pictures
of them. What comes out is a source of frames like any other, so the code that judges them cannot
tell. Modules here know the true positions, and never hand them to the deciding code.
"""
