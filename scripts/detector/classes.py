"""Which things the detector names, and how each source's labels map to them.

Decides the mapping and what counts as labelled; reads no file. Used by every module here.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = ("person", "cycle", "animal", "vehicle", "object")
PERSON, CYCLE, ANIMAL, VEHICLE, OBJECT = range(5)
ALL_CLASSES: Final = (1 << len(CLASSES)) - 1

#: Source label -> our class. Birds, boats and aeroplanes are nobody's obstacle on a track and look
#: like none of ours: see IGNORED.
CLASS_OF: Final[dict[str, int]] = {
    "person": PERSON,
    "bicycle": CYCLE,
    "motorbike": CYCLE,
    "cat": ANIMAL,
    "cow": ANIMAL,
    "dog": ANIMAL,
    "goat": ANIMAL,
    "horse": ANIMAL,
    "sheep": ANIMAL,
    "bus": VEHICLE,
    "car": VEHICLE,
    "train": VEHICLE,
    "bottle": OBJECT,
    "box": OBJECT,
    "chair": OBJECT,
    "cone": OBJECT,
    "diningtable": OBJECT,
    "machinery": OBJECT,
    "pottedplant": OBJECT,
    "sofa": OBJECT,
    "tvmonitor": OBJECT,
}

#: Neither a thing to find nor background: the loss of the named classes is masked inside them.
IGNORED: Final[dict[str, int]] = {
    "bird": 1 << ANIMAL,
    "boat": 1 << VEHICLE | 1 << OBJECT,
    "aeroplane": 1 << VEHICLE | 1 << OBJECT,
}

_PARTS: Final[dict[int, frozenset[str]]] = {
    PERSON: frozenset({"person"}),
    CYCLE: frozenset({"bicycle", "motorbike"}),
    ANIMAL: frozenset({"cat", "cow", "dog", "horse", "sheep"}),
    VEHICLE: frozenset({"bus", "car", "train"}),
}

#: `object` is open-ended, so no label list makes it complete. Its background is trusted only where
#: a source names the common things of a room (VOC) or shows a road with cones and little else
#: (TraCon); elsewhere only its boxes teach.
_OBJECT_BACKGROUND: Final = frozenset({"voc2007test", "tracon"})


def unknown_classes(source: str, labelled: list[str]) -> int:
    """Bit mask of our classes about whose absence a picture of `source` says nothing.

    A class is known only if all of its parts are labelled there.
    """
    names = frozenset(labelled)
    mask = 0
    for index, parts in _PARTS.items():
        if not parts <= names:
            mask |= 1 << index
    if source not in _OBJECT_BACKGROUND:
        mask |= 1 << OBJECT
    return mask
