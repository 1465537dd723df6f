"""What README.md and docs/ show is true: commands exist, options parse, linked files are there, every error word is explained."""

import re
import shlex
from pathlib import Path

import pytest

from healthcard import errors
from tests.command import commands

CHECKOUT = Path(__file__).parent.parent
PAGES = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")])
SHELL = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
ROW = re.compile(r"^\| `([a-z-]+)` \|(.+)\|(.+)\|$", re.M)


def shown() -> list[tuple[str, str]]:
    """(page, command line) for each line of a shell block that starts with healthcard."""
    return [
        (page.name, line)
        for page in PAGES
        for block in SHELL.findall(page.read_text(encoding="utf-8"))
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("healthcard")
    ]


@pytest.mark.parametrize(("page", "line"), shown())
def test_a_command_that_is_shown_parses(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    name = next(name for name in (" ".join(words[:2]), words[0]) if name in commands())
    commands()[name].make_context(name, words[len(name.split()) :])  # raises where an option or argument is wrong


def test_the_readme_shows_the_commands_a_user_starts_with() -> None:
    lines = [line for page, line in shown() if page == "README.md"]
    assert {"demo", "issue", "read"} <= {line.split()[1] for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_a_page_links_to_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


def leaves() -> set[str]:
    """Every word that a failure of ours can have."""
    found, left = set(), [errors.HealthcardError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind is not errors.CardError:  # only its leaves are raised
            found.add(kind.code)
    return found


def test_every_error_word_is_explained_once_and_none_that_is_not() -> None:
    rows = ROW.findall((CHECKOUT / "docs" / "errors.md").read_text(encoding="utf-8"))
    assert sorted(word for word, _, _ in rows) == sorted(leaves())
    assert all(meaning.strip() and deed.strip() for _, meaning, deed in rows)
