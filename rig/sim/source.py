"""Frames of a simulated scene, made one at a time as they are asked for.

Because a frame is drawn only when the consumer asks, what the consumer sounds in between
(`scene.runner.hears`) changes the next one: the loop is closed. It never sleeps; pacing is
the consumer's matter. Conforms to the `Source` protocol of `rig.devices.camera`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.records import Frame
from rig.sim.render import Renderer
from rig.sim.scenes import Scene


class SceneSource:
    """`rate_hz * duration_s` frames of a scene, the first at the scene's `start_ns`.

    `duration_s` None takes the scene's own. Frame times are whole multiples of the period,
    rounded to nanoseconds, so rates that do not divide a second do not drift.
    """

    def __init__(
        self, scene: Scene, rate_hz: float = 30.0, duration_s: float | None = None
    ) -> None:
        if rate_hz <= 0:
            raise ValueError(f"rate_hz is {rate_hz:g}; give more than 0 frames a second")
        self.scene = scene
        self._rate_hz = rate_hz
        lasts = scene.duration_s if duration_s is None else duration_s
        self._count = max(0, round(lasts * rate_hz))
        self._renderer = Renderer(scene)
        self._is_closed = False

    def __iter__(self) -> Iterator[Frame]:
        for sequence in range(self._count):
            if self._is_closed:
                return
            t_ns = self.scene.start_ns + round(sequence * 1e9 / self._rate_hz)
            yield Frame(t_ns, sequence, self._renderer.picture(t_ns))

    def close(self) -> None:
        """No further frames."""
        self._is_closed = True
