"""The rig's camera on the real libcamera and picamera2, without a Pi."""
