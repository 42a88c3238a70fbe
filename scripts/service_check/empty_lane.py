"""What the container has instead of a camera: a video of an empty drawn lane, and its lane file.

Decides nothing; the lane is empty and calibrated, so that the rig can be armed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2

from rig.core.lane_file import format_site
from rig.sim.drills import mount_a
from rig.sim.light import LIGHTS
from rig.sim.render import Renderer
from rig.sim.scenes import Scene

WIDTH_PX, HEIGHT_PX, RATE_HZ, PICTURES = 320, 180, 15.0, 30


def write_empty_lane(folder: Path) -> tuple[Path, Path]:
    """Write still, lane file and video into the folder; gives the last two."""
    site = mount_a(20.0, WIDTH_PX, HEIGHT_PX)
    scene = Scene("empty", site, (), None, light=LIGHTS["overcast"], seed=3, duration_s=9.0)
    renderer = Renderer(scene)
    lane, video = folder / "lane.toml", folder / "empty.avi"
    pictures = [renderer.picture(round(n * 1e9 / RATE_HZ)) for n in range(PICTURES)]
    cv2.imwrite(str(folder / "still.png"), pictures[0])
    lane.write_text(format_site(replace(site, still="still.png")), encoding="utf-8")
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(video), fourcc, RATE_HZ, (WIDTH_PX, HEIGHT_PX))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return lane, video
