"""docs/security.md is true: each item of the ASVS that is met names tests that are there; and what no other test shows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
MET, NOT_MET = PAGE.split("## Met")[1].split("## Not met as written")
ITEM = re.compile(r"\d{1,2}\.\d{1,2}\.\d{1,2}")
SHOWN = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "subprocess", "ctypes", "xml", "jinja2", "urllib", "http.client", "requests", "httpx"}
WITH_TEXT = {("schema", "migrate"), ("schema", "exclusive")}  # statements of our own words; the dialect's name for bytes is put in


def rows(part: str) -> list[list[str]]:
    """The cells of each row of the table."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")]
    return [cells for cells in found if ITEM.match(cells[0])]


def test_every_item_that_is_met_says_how_and_names_tests_that_are_there() -> None:
    assert len(rows(MET)) > 50
    for item, asked, how, shown in rows(MET):
        tests = SHOWN.findall(shown)
        assert asked and how and tests, item
        for file, name in tests:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {name}(" in source if name else "def test_" in source, f"{item}: {file}::{name}"


def test_every_item_stands_once_and_what_is_not_met_says_what_there_is_instead() -> None:
    items = [item for cells in rows(MET) + rows(NOT_MET) for item in ITEM.findall(cells[0])]
    assert len(items) == len(set(items)), sorted(item for item in set(items) if items.count(item) > 1)
    assert rows(NOT_MET) and all(asked and instead for _, asked, instead in rows(NOT_MET))


@pytest.mark.parametrize("path", sorted((ROOT / "api").glob("*.py")), ids=lambda path: path.stem)
def test_the_service_evaluates_nothing_and_calls_no_program(path: Path) -> None:
    """5.2.4, 5.3.4, 5.3.8: nothing is evaluated, no program or address is called, and no statement is written as text but our own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not {name for name in names if name in FORBIDDEN_MODULES or name.split(".")[0] in FORBIDDEN_MODULES}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        if any(isinstance(call, ast.Name) and call.id == "text" for call in calls) and "sqlalchemy" in path.read_text(encoding="utf-8"):
            assert (path.stem, function.name) in WITH_TEXT


def test_the_proxy_gives_up_a_request_whose_head_does_not_come() -> None:
    words = (ROOT / "deploy" / "Caddyfile").read_text().split()
    assert "servers { timeouts { read_header 10s } }" in " ".join(words)


def test_the_proxy_asks_browsers_to_stay_with_encryption() -> None:
    assert re.search(r'^\theader Strict-Transport-Security "max-age=\d{8,}"$', (ROOT / "deploy" / "Caddyfile").read_text(), re.M)
