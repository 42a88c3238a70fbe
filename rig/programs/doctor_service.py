"""Checks of `rig doctor` on the installed rig: units, links, lane, and one picture judged.

Each function decides one thing, from the machine that it is shown. Called by `programs.doctor`.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

from rig.config import HealthLimits
from rig.core.tiles import whole_view
from rig.errors import RigError
from rig.programs.doctor_records import Finding, Patient, right, skipped, wrong
from rig.programs.judging import load_mount, load_named_card
from rig.records import Picture

UNITS: Final = (
    "rig-horn.service",
    "rig-watch.service",
    "rig-record.service",
    "rig-log-gait.service",
)
GUARD_UNIT: Final = "/etc/systemd/system/rig-horn.service"
FRAME_WAIT_S: Final = 5.0
"""A camera's first picture takes about a second."""
NOT_INSTALLED: Final = "not installed as services here; `rig up` starts the programs by hand"


def check_units(patient: Patient) -> Finding:
    """All units run."""
    machine = patient.machine
    if not machine.is_installed:
        if machine.pi is None:
            return skipped(NOT_INSTALLED)
        return wrong("the services are not installed", "scripts/install-pi")
    states = (machine.ask(("systemctl", "is-active", *UNITS)) or "").split()
    if len(states) != len(UNITS):
        return wrong("systemctl does not tell", "is this system run by systemd?")
    found = set(zip(UNITS, states, strict=True))
    down = [f"{unit} is {state}" for unit, state in sorted(found) if state != "active"]
    if down:
        names = " ".join(f"-u {line.split('.')[0]}" for line in down)
        return wrong(", ".join(down), f"sudo systemctl start rig.target; journalctl -b {names}")
    return right(f"{len(found)} services run")


def check_guard(patient: Patient) -> Finding:
    """The horn's guard drives the pin that the siren is on."""
    unit = patient.machine.text(GUARD_UNIT)
    if unit is None:
        return skipped(NOT_INSTALLED)
    pin = patient.config.horn.siren_pin
    guard = re.search(r"^ExecStopPost=\+?\S+/horn-guard (\S+) (\d+)$", unit, re.MULTILINE)
    if guard is None or int(guard[2]) != pin or guard[1] != patient.config.links.folder:
        said = "nothing" if guard is None else f"GPIO {guard[2]} for {guard[1]}"
        return wrong(
            f"the guard drives {said}, not GPIO {pin} for {patient.config.links.folder}",
            "call scripts/install-pi again after changing horn.siren_pin; leave links.folder alone",
        )
    if patient.machine.ask(("sh", "-c", "command -v pinctrl")) is None:
        return wrong("pinctrl is missing: a dead horn would be silent", "apt install raspi-utils")
    return right(f"drives GPIO {pin} when the horn dies while armed")


def check_links(patient: Patient) -> Finding:
    """The run-time folder is there and can be written."""
    folder = Path(patient.config.links.folder)
    inside = patient.machine.path(str(folder))
    if not inside.is_dir():
        if not patient.machine.is_installed:
            return skipped(NOT_INSTALLED)
        return wrong(f"{folder} is not there", "sudo systemd-tmpfiles --create")
    if not os.access(inside, os.W_OK | os.X_OK):
        return wrong(f"{folder} cannot be written", "run it as the user rig (sudo rig doctor)")
    return right(f"{folder}, {'ARMED' if (inside / 'armed').exists() else 'not armed'}")


def check_lane(patient: Patient) -> Finding:
    """The lane file is sound and fits the camera's pictures."""
    if not patient.lane.exists():
        if not patient.machine.is_installed:
            return skipped(f"no {patient.lane}; name one with --lane")
        return wrong(
            f"no {patient.lane}: not calibrated", "docs/calibration.md; then copy the file there"
        )
    try:
        site = load_mount(patient.lane).site
    except RigError as error:
        return wrong(str(error).replace("\n", "; "), "calibrate again (docs/calibration.md)")
    camera, lens = patient.config.camera, site.pose.lens
    if (lens.width_px, lens.height_px) != (camera.width_px, camera.height_px):
        return wrong(
            f"calibrated at {lens.width_px}x{lens.height_px} px, "
            f"the camera gives {camera.width_px}x{camera.height_px}",
            "set camera.width_px and camera.height_px, or calibrate again",
        )
    return right(f"{site.lane.length_m:.0f} m, camera {site.pose.height_m:.1f} m high")


def check_frame(patient: Patient) -> Finding:
    """One picture from the camera, judged by the detector."""
    if not patient.has_frame:
        return skipped("only with --frame, while rig-watch does not use the camera")
    # Only now: onnxruntime and OpenCV take a second to load, and may be what is broken.
    from rig.devices.detector import Detector
    from rig.devices.picamera import PiCamera

    try:
        detector = Detector(load_named_card(patient.config), patient.config.detector)
        camera = PiCamera(patient.config.camera)
        try:
            frame = camera.newest(FRAME_WAIT_S)
        finally:
            camera.close()
    except RigError as error:
        return wrong(str(error), "as it says; stop rig-watch first, a camera has one user")
    if frame is None:
        return wrong(f"no picture in {FRAME_WAIT_S:g} s", "check the ribbon cable with power off")
    blind = blindness(frame.picture, patient.config.health)
    if blind is not None:
        return wrong(blind, "take the lens cap off, wipe the lens, or wait for daylight")
    height, width = frame.picture.shape[:2]
    began_s = time.perf_counter()
    found = detector.look(frame.picture, (whole_view(width, height, detector.card.facts),))
    took_ms = 1e3 * (time.perf_counter() - began_s)
    return right(f"{width}x{height} px, {len(found)} things found in {took_ms:.0f} ms")


def blindness(picture: Picture, limits: HealthLimits) -> str | None:
    """Why nothing can be seen in a picture, by the limits of CAMERA_BLIND; None: it can."""
    light, spread = float(picture.mean()), float(picture.std())
    if light < limits.dark_luma:
        return f"the picture is black (mean {light:.1f} of 255, {limits.dark_luma:g} needed)"
    if light > limits.bright_luma:
        return f"the picture is white (mean {light:.1f} of 255, {limits.bright_luma:g} at most)"
    if spread < limits.flat_luma_sd:
        return f"the picture is even (spread {spread:.1f} of 255, {limits.flat_luma_sd:g} needed)"
    return None
