"""Who may import whom: one direction only, read from the source (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

import healthcard

PACKAGE = Path(healthcard.__file__).parent

# Every module with what it may import of ours: itself no circle, bytes below records, keys below cards.
LAYERS = {
    "errors": set(),
    "resources": {"errors"},
    "cbor": {"errors"},
    "vocabulary": set(),
    "faults": {"errors", "vocabulary"},
    "record": {"cbor", "errors", "faults", "vocabulary"},
    "part": {"record", "vocabulary"},
    "sensitivity": {"record", "vocabulary"},
    "encoder": {"cbor", "errors", "part", "record", "vocabulary"},
    "decoder": {"cbor", "errors", "part", "record", "vocabulary"},
    "merge": {"part", "record", "vocabulary"},
    "codec": {"decoder", "encoder", "errors", "part", "sensitivity", "vocabulary"},
    "sign": {"cbor", "errors"},
    "keyfile": {"errors", "sign"},
    "files": set(),
    "published": {"sign"},
    "trust_form": {"cbor", "errors"},
    "trust_content": {"cbor", "errors", "sign", "trust_form"},
    "trust_root": {"cbor", "errors", "sign", "trust_form"},
    "trust": {"errors", "files", "published", "sign", "trust_content", "trust_form", "trust_root"},
    "stations": {"cbor", "errors", "sign", "trust", "trust_form"},
    "changes": {"errors", "sign", "stations", "trust"},
    "custody": {"changes", "errors", "sign", "stations", "trust", "trust_root"},
    "issued": {"errors", "files", "sign", "trust"},
    "jwks": {"sign", "trust"},
    "bundle_report": {"sign", "trust"},
    "bundle_texts": {"cbor", "errors", "symbol", "trust", "trust_form"},
    "travel": {"bundle_texts", "errors", "files", "picture", "trust"},
    "symbol": {"errors"},
    "picture": {"errors", "symbol"},
    "growth": set(),
    "states": {"growth", "record"},
    "predicate": {"growth", "record", "states", "vocabulary"},
    "rules": {"growth", "predicate", "record", "states", "vocabulary"},
    "schedule_file": {"errors", "vocabulary"},
    "schedule": {"record", "schedule_file", "states"},
    "summary": {"record", "schedule", "vocabulary"},
    "measured": {"growth", "record", "states", "summary", "vocabulary"},
    "danger": {"measured", "record", "rules", "summary", "vocabulary"},
    "handover": {"danger", "measured", "record", "rules", "schedule", "states", "summary", "vocabulary"},
    "entry": {"errors", "growth", "record", "rules", "states", "vocabulary"},
    "questions": {"entry", "growth", "record", "rules", "states", "vocabulary"},
    "seal": {"errors", "keyfile", "trust"},
    "sealable": {"record", "vocabulary"},
    "sealed": {"cbor", "decoder", "encoder", "errors", "part", "record", "sealable", "sensitivity", "vocabulary"},
    "labels": {"vocabulary"},
    "paper": {"handover", "labels", "schedule", "summary", "text", "vocabulary", "wording"},
    "wording": {"labels", "record", "summary", "vocabulary"},
    "text": {"labels", "summary", "wording", "vocabulary"},
}
TOP = {
    *("card", "continuing", "layout", "printing", "sizes", "demo", "terminal", "passphrase", "__init__"),
    *("cli", "cli_trust", "cli_keepers", "cli_travel", "cli_withdraw"),
}


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "healthcard":
            found |= {alias.name for alias in node.names if (PACKAGE / f"{alias.name}.py").exists()}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("healthcard."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("healthcard.")}
    return found


@pytest.mark.parametrize("module", sorted(path.stem for path in PACKAGE.glob("*.py")))
def test_a_module_imports_only_what_stands_below_it(module):
    assert module in LAYERS or module in TOP, "a new module: say where it stands"
    if module in LAYERS:
        assert imports(PACKAGE / f"{module}.py") <= LAYERS[module]


def test_the_picture_of_the_layers_has_no_circle():
    below: set[str] = set()
    left = dict(LAYERS)
    while left:
        free = {module for module, needs in left.items() if needs <= below}
        assert free, f"a circle among {sorted(left)}"
        below |= free
        left = {module: needs for module, needs in left.items() if module not in free}


def test_no_import_inside_a_function():
    for path in PACKAGE.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not inner, f"{path.name}: {function.name} imports"


def test_the_service_uses_no_private_name_of_the_library():
    for path in (PACKAGE.parent / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("healthcard"):
                assert not [alias.name for alias in node.names if alias.name.startswith("_")]
