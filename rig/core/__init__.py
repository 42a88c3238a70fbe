"""The deciding code: pure functions and small state machines, from detections to an alert.

Time is an argument and pictures never get here. One turn is `core.pipeline.Pipeline.step`:

    Seen -> placing   boxes to metres on the lane, through the calibrated camera pose
         -> tracker   sightings to tracks with speed and uncertainty
         -> runner    which track is the runner, and where the drill stands
         -> hazard    will the runner meet something; is there room left to stop
         -> health    do camera and detector still deserve trust
         -> alerts    which one sound is heard now
         -> Decision

No I/O, clock, threads, cv2 or onnxruntime in this folder: tests/unit/test_architecture.py looks.
"""
