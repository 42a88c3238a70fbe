"""Every error that the rig raises on purpose, and the exit code that the command line gives it.

    RigError
    |-- ConfigError     (also ValueError)   a setting is wrong: all problems at once
    |-- LaneError       (also ValueError)   ground points, lens or lane that cannot be true
    |-- ModelError      (also ValueError)   card or weights missing, altered or of another shape
    |-- SourceError     (also OSError)      camera, video or picture folder that gives no frames
    |-- LogError        (also OSError)      session folder that cannot be written or read
    |-- HardwareError   (also OSError)      pins, sounder or board part that is not there
    `-- ArmingRefused                       the rig will not guard in this state

Each message names the thing, its value, the limit and the remedy, in one sentence.
Only `rig.cli.main` catches them; it prints the sentence and exits with `exit_code`.
"""


class RigError(Exception):
    """Anything the rig refuses on purpose; the message is for the person at the track."""

    exit_code = 2


class ConfigError(RigError, ValueError):
    """One or more settings are wrong.

    `problems` holds one sentence for each, so that all can be mended in one go.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class LaneError(RigError, ValueError):
    """Ground points, lens or lane description that cannot be true."""


class ModelError(RigError, ValueError):
    """A model card or its weights are missing, altered or of another shape."""


class SourceError(RigError, OSError):
    """A camera, video or picture folder that gives no frames."""


class LogError(RigError, OSError):
    """A session folder that cannot be written or read."""


class HardwareError(RigError, OSError):
    """Pins, sounder or another part of the board that is not there."""


class ArmingRefused(RigError):
    """The rig will not guard in its present state; the message is the reason."""
