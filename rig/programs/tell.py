"""`rig tell`: arm, disarm, acknowledge or test the horn of the rig that runs on this machine.

Decides only how a person's words become an order, and waits for the answer. Whether it is obeyed
is `core.arming`'s to say; every refusal comes back with its reasons.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from rig.config import Config
from rig.core.datagrams import Order
from rig.devices.datagram_link import Outbox
from rig.devices.run_folder import RunFolder
from rig.devices.video import boottime_ns
from rig.errors import HardwareError

ORDERS = {
    "arm": "guard the lane; needs both confirmations",
    "disarm": "stop guarding",
    "acknowledge": "a fault was heard: stop its sound (this disarms), or end a fall's",
    "test-horn": "let the horn tick for ten seconds",
}
ANSWER_S = 4.0
"""Arming asks the horn and begins a session: a second or two on a slow card."""
LOOK_S = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the order and the coach's confirmations."""
    about = "; ".join(f"{name}: {text}" for name, text in ORDERS.items())
    parser.add_argument("order", choices=tuple(ORDERS), help=about)
    parser.add_argument(
        "--lane-is-empty",
        action="store_true",
        help="of arm: I have walked the lane, and nobody and nothing is on it",
    )
    parser.add_argument(
        "--tick-is-heard",
        action="store_true",
        help="of arm: the runner hears the tick at the far end",
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Give the order; 0 when it was obeyed, 1 when refused. Raises HardwareError."""
    folder = RunFolder(Path(config.links.folder))
    command = args.order.replace("-", "_")
    order = Order(command, folder.read_token(), args.lane_is_empty, args.tick_is_heard)
    asked_ns = boottime_ns()
    if not Outbox(folder.path / "watch.sock").send(order):
        raise HardwareError(
            f"nobody takes orders at {folder.path}/watch.sock; start the rig (`rig up`, or "
            "`rig watch`)"
        )
    answer = _wait_for_answer(folder, command, asked_ns)
    for line in answer["sentence"].splitlines():
        print(line if answer["is_done"] else f"refused: {line}")
    return 0 if answer["is_done"] else 1


def _wait_for_answer(folder: RunFolder, command: str, asked_ns: int) -> dict[str, Any]:
    deadline_s = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline_s:
        for answer in folder.read_state().get("answers", []):
            if answer["asked"] == command and answer["t_ns"] >= asked_ns:
                return dict(answer)
        time.sleep(LOOK_S)
    raise HardwareError(
        f"the rig has not answered within {ANSWER_S:g} s; see that `rig watch` runs, and what it "
        "says"
    )
