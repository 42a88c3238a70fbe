"""Training, measuring and exporting of the rig's own obstacle detector.

Nothing in here runs on the rig: the rig needs only the ONNX file and its card in `models/`.
Entry points: `scripts/train-detector`, `scripts/evaluate-detector`, `scripts/export-detector`.
"""
