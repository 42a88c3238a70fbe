"""Pictures for clips: packed to wait in memory, and with heads made unknowable.

Decides how a picture is packed (JPEG) and how a head is blurred: to a few squares across, then
smoothed, so that what is written holds no more of a face than those squares. Whose heads these are
is `core.heads`' part. Called by `programs.record` and `programs.clip_maker`.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from rig.core.heads import Rectangle
from rig.errors import LogError
from rig.records import Picture

CELLS = 4
"""Squares across a blurred head; faces are told apart from about twelve on."""


def pack_picture(picture: Picture, quality: int) -> bytes:
    """A JPEG. Raises LogError for a picture that cannot be packed."""
    try:
        is_done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise LogError(f"a picture of shape {picture.shape} cannot be packed: {error}") from error
    if not is_done:
        raise LogError(f"a picture of shape {picture.shape} cannot be packed")
    return data.tobytes()


def unpack_picture(data: bytes) -> Picture:
    """The picture of a JPEG that was packed here."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise LogError(f"a packed picture of {len(data)} bytes cannot be read; is memory failing?")
    return np.asarray(picture, np.uint8)


def blur_heads(picture: Picture, heads: Iterable[Rectangle]) -> None:
    """Blur each rectangle's ellipse, in place."""
    height, width = picture.shape[:2]
    for x0, y0, x1, y1 in heads:
        x1, y1 = min(x1, width), min(y1, height)
        if x1 > x0 and y1 > y0:
            picture[y0:y1, x0:x1] = _blurred(picture[y0:y1, x0:x1])


def _blurred(part: Picture) -> Picture:
    """Few squares, smoothed; sharp again only towards the rectangle's corners."""
    height, width = part.shape[:2]
    across = min(CELLS, width)
    down = min(height, max(1, round(across * height / width)))
    few = cv2.resize(part, (across, down), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((height, width), np.uint8)
    # Larger than the rectangle's own ellipse: only the corners stay, and no edge is seen.
    axes = (round(0.58 * width) + 1, round(0.58 * height) + 1)
    cv2.ellipse(mask, (width // 2, height // 2), axes, 0, 0, 360, 255, cv2.FILLED)
    return np.where(mask[:, :, None] > 0, smooth, part)
