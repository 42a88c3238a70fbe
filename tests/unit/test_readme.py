"""README and docs stay true: commands, options and links that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.cli import COMMANDS
from rig.config_rules import OPTIONS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "models/README.md"]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    assert path.exists()
    return path


def test_commands_exist(page: Path) -> None:
    named = re.findall(r"(?:scripts/rig|`rig) ([a-z][a-z-]*)", page.read_text(encoding="utf-8"))
    assert set(named) <= set(COMMANDS)


def test_scripts_exist(page: Path) -> None:
    named = re.findall(r"scripts/([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / "scripts" / name).exists()] == []


def test_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:--set |`)([a-z_]+\.[a-z_0-9]+)=", text)
    assert set(named) <= set(OPTIONS)


def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_nothing_is_left_to_fill_in(page: Path) -> None:
    assert "@@" not in page.read_text(encoding="utf-8")


def test_the_first_screen_says_what_it_does_and_that_a_spotter_is_required() -> None:
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20])
    assert "backwards" in first
    assert "spotter is still required" in first


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"scripts/rig {name}" not in text] == []
