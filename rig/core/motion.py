"""How a thing moves on the lane: place and speed on both axes, with what is unknown of them.

Two constant-velocity Kalman filters run side by side, one for steady motion (standing, an even
pace) and one for changes (starting, braking, turning), and are mixed by how well each explains
the sightings: an interacting multiple model (Blom and Bar-Shalom, IEEE TAC 33(8), 1988). One
filter alone is either nervous, so that a stander at 40 m seems to walk, or late, so that a start
is noticed after metres. Driven by white acceleration noise of a given spectral density, so that
the outcome does not depend on the frame rate (Bar-Shalom, Li, Kirubarajan, Estimation with
Applications, 2001, section 6.2.2). Used by `core.tracker`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, pi

from rig.config import TrackerLimits
from rig.core.pace import MEMORY_S, Pace
from rig.records import Track

ACCEL_TIME_S = 0.1
"""How long one push lasts: turns an acceleration into a spectral density [J]."""
FIRST_SPEED_SIGMA_MPS = 2.5
"""What a first sighting says about speed: nothing beyond that people do not fly."""
AGREE_SIGMAS = 1.0
"""A steady pace that differs from the speed of now by more is over: they stopped or turned [J]."""
HELD_SIGMA_M = 0.4
HELD_SIGMA_MPS = 1.0
"""How far a hidden thing's place and speed may be from what hides it [J]."""


@dataclass(slots=True)
class Axis:
    """One axis: place, speed and their covariance (pp, pv, vv)."""

    place: float
    speed: float
    pp: float
    pv: float
    vv: float

    def predict(self, dt_s: float, density: float) -> None:
        """Move on by `dt_s`; `density` is the acceleration noise in m2/s3."""
        self.place += self.speed * dt_s
        self.pp += dt_s * (2 * self.pv + dt_s * self.vv) + density * dt_s**3 / 3
        self.pv += dt_s * self.vv + density * dt_s**2 / 2
        self.vv += density * dt_s

    def correct(self, place: float, variance: float) -> float:
        """Take a measured place into account; gives the log likelihood of it."""
        total = self.pp + variance
        gain_p, gain_v = self.pp / total, self.pv / total
        off = place - self.place
        self.place += gain_p * off
        self.speed += gain_v * off
        self.vv -= gain_v * self.pv
        self.pp *= 1 - gain_p
        self.pv *= 1 - gain_p
        return -0.5 * (off * off / total + log(2 * pi * total))


def _mixed(a: Axis, b: Axis, share: float) -> Axis:
    """Mean and covariance of a mixture: `share` of a, the rest of b."""
    rest = 1 - share
    place, speed = share * a.place + rest * b.place, share * a.speed + rest * b.speed
    dp, dv = a.place - b.place, a.speed - b.speed
    spread = share * rest
    return Axis(
        place,
        speed,
        share * a.pp + rest * b.pp + spread * dp * dp,
        share * a.pv + rest * b.pv + spread * dp * dv,
        share * a.vv + rest * b.vv + spread * dv * dv,
    )


class Motion:
    """Both axes of one thing. `along` and `across` are the mixed estimates, ready to read."""

    def __init__(
        self, places: tuple[float, float], sigmas: tuple[float, float], limits: TrackerLimits
    ) -> None:
        first = [
            Axis(place, 0.0, sigma**2, 0.0, FIRST_SPEED_SIGMA_MPS**2)
            for place, sigma in zip(places, sigmas, strict=True)
        ]
        self._calm = first
        self._lively = [replace(axis) for axis in first]
        self._calm_share = 0.5
        self._switch_s = limits.switch_s
        self._densities = (
            limits.accel_calm_mps2**2 * ACCEL_TIME_S,
            limits.accel_mps2**2 * ACCEL_TIME_S,
        )
        self.along, self.across = (replace(axis) for axis in first)
        self._pace = Pace()
        self._pace.correct(places[1], sigmas[1])

    def predict(self, dt_s: float) -> None:
        """Move on by `dt_s` seconds; the two models exchange some of their certainty."""
        keep = (1 + exp(-2 * dt_s / self._switch_s)) / 2
        calm = keep * self._calm_share + (1 - keep) * (1 - self._calm_share)
        calm_from_calm = keep * self._calm_share / calm
        lively_from_calm = (1 - keep) * self._calm_share / (1 - calm)
        pairs = list(zip(self._calm, self._lively, strict=True))
        self._calm = [_mixed(a, b, calm_from_calm) for a, b in pairs]
        self._lively = [_mixed(a, b, lively_from_calm) for a, b in pairs]
        self._calm_share = calm
        for axes, density in zip((self._calm, self._lively), self._densities, strict=True):
            for axis in axes:
                axis.predict(dt_s, density)
        self._pace.predict(dt_s)
        self._mix()

    def correct(self, places: tuple[float, float], sigmas: tuple[float, float]) -> None:
        """Take one sighting into account, along and across."""
        fits = [
            sum(
                axis.correct(place, sigma**2)
                for axis, place, sigma in zip(axes, places, sigmas, strict=True)
            )
            for axes in (self._calm, self._lively)
        ]
        best = max(fits)
        calm, lively = (exp(max(-50.0, fit - best)) for fit in fits)
        weight = self._calm_share * calm
        share = weight / (weight + (1 - self._calm_share) * lively)
        self._calm_share = min(0.99, max(0.01, share))
        self._pace.correct(places[1], sigmas[1])
        self._mix()

    def fade(self, factor: float) -> None:
        """Believe the speed less: nobody has seen this thing for a while."""
        for axis in (*self._calm, *self._lively):
            axis.speed *= factor
        self._pace = Pace()

    def across_speed(self) -> tuple[float, float]:
        """Speed across and its sigma, in m/s: the surer of a steady pace and the speed of now.

        The speed of now must allow for a start within the next step, and is never known to better
        than 0.3 to 0.5 m/s: somebody who has walked 3 m toward the lane at 0.7 m/s passes for a
        stander (trials: crosses slowly). The pace counts while both agree.
        """
        now, now_sigma = self.across.speed, self.across.vv**0.5
        pace, sigma = self._pace.speed()
        sigma = (sigma**2 + self._densities[0] * MEMORY_S) ** 0.5
        if sigma < now_sigma and abs(pace - now) <= AGREE_SIGMAS * now_sigma:
            return pace, sigma
        return now, now_sigma

    def hold_along(self, place: float, other: Axis) -> None:
        """Something stands in the way along the lane: be at `place`, as fast as it is.

        What is known of place and speed is then no better than what is known of the other's,
        plus how far apart and how differently two things move that are so close.
        """
        for axes in (self._calm, self._lively):
            axes[0] = Axis(
                place,
                other.speed,
                max(axes[0].pp, other.pp + HELD_SIGMA_M**2),
                0.0,
                max(axes[0].vv, other.vv + HELD_SIGMA_MPS**2),
            )
        self._mix()

    def limit_along(self, least: float | None, most: float | None) -> None:
        """Be within these along the lane (None: no bound); speeds and what is unknown of them stay.

        A bound on the estimate, not on the sightings: each of those may err to both sides, and
        cutting off one side would move their mean.
        """
        for axes in (self._calm, self._lively):
            if most is not None:
                axes[0].place = min(axes[0].place, most)
            if least is not None:
                axes[0].place = max(axes[0].place, least)
        self._mix()

    def _mix(self) -> None:
        self.along, self.across = (
            _mixed(a, b, self._calm_share) for a, b in zip(self._calm, self._lively, strict=True)
        )


def predicted(track: Track, now_ns: int) -> Track:
    """The track moved on from its own time to `now_ns` at its speed."""
    dt_s = (now_ns - track.t_ns) / 1e9
    return replace(
        track,
        t_ns=now_ns,
        along_m=track.along_m + track.along_mps * dt_s,
        across_m=track.across_m + track.across_mps * dt_s,
    )


def track_speed(track: Track) -> float:
    """Speed on the ground in m/s, whatever its direction."""
    return float((track.along_mps**2 + track.across_mps**2) ** 0.5)
