"""Plays tones on a laptop through ALSA's own player, for trying the horn without a siren.

Decides how far ahead samples are handed over: little, since what was handed over cannot be taken
back. No numpy and no audio library: the horn must stay small. Called by `devices.horn_pins`.
"""

from __future__ import annotations

import array
import fcntl
import math
import os
import shutil
import subprocess
import time
from typing import Final

from rig.core.patterns import Pattern, tone_hz
from rig.errors import HardwareError

RATE_HZ: Final = 16_000
EARLY_S: Final = 0.06
"""Samples handed over before their time."""
_PIPE_BYTES: Final = 4096
_LOUDNESS: Final = 12_000
_START_S: Final = 0.3
"""The player ends within this where there is no sound device."""


class Speaker:
    """One `aplay` that is fed as time goes. Raises HardwareError where nothing can play."""

    def __init__(self) -> None:
        player = shutil.which("aplay")
        if player is None:
            raise HardwareError(
                "--pins speaker needs aplay, which is missing; install alsa-utils, or give "
                "--pins mock"
            )
        self._process = subprocess.Popen(
            [player, "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE_HZ),
             "--buffer-time=80000"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdin is not None
        self._pipe = self._process.stdin.fileno()
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._pipe, False)
        self._refuse_if_dead()
        self._fed_s = time.monotonic()
        self._phase = 0.0

    def play(self, pattern: Pattern, elapsed_s: float) -> None:
        """Hand over what is due of a pattern that began `elapsed_s` ago."""
        now_s = time.monotonic()
        self._fed_s = max(self._fed_s, now_s)
        count = int((now_s + EARLY_S - self._fed_s) * RATE_HZ)
        if count <= 0:
            return
        since_s = elapsed_s + self._fed_s - now_s
        samples = array.array(
            "h", (self._sample(pattern, since_s + k / RATE_HZ) for k in range(count))
        )
        try:
            os.write(self._pipe, samples.tobytes())
        except BlockingIOError:
            return  # the player has enough
        except BrokenPipeError:
            self._refuse_if_dead()
        self._fed_s += count / RATE_HZ

    def close(self) -> None:
        """End the player."""
        self._process.kill()
        self._process.communicate()

    def _sample(self, pattern: Pattern, elapsed_s: float) -> int:
        pitch_hz = tone_hz(pattern, elapsed_s)
        self._phase = (self._phase + pitch_hz / RATE_HZ) % 1.0
        return int(_LOUDNESS * math.sin(2 * math.pi * self._phase)) if pitch_hz else 0

    def _refuse_if_dead(self) -> None:
        try:
            self._process.wait(timeout=_START_S)
        except subprocess.TimeoutExpired:
            return
        _, words = self._process.communicate()
        raise HardwareError(
            f"the loudspeaker cannot be used ({words.decode(errors='replace').strip()}); see "
            "`aplay -l`, or give --pins mock"
        )
