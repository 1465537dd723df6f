"""Who may import whom: one direction only, read from the source (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

import healthcard

PACKAGE = Path(healthcard.__file__).parent

# From the ground up. A module imports only modules of lines above its own, or of its own line without a circle;
# a name that ends in a dot is a package with all its modules.
LAYERS = (
    ("errors", "vocabulary", "files", "growth"),
    ("resources", "cbor", "faults"),
    ("record", "sign", "symbol", "finders"),
    ("part", "sensitivity", "sealable", "keyfile", "picture"),
    ("encoder", "decoder", "codec", "sealed", "merge"),
    ("trust.",),
    ("seal",),
    ("clinic.",),
    ("words.",),
    ("card", "continuing", "sizes", "counts"),
    ("printing.",),
    ("exchange.", "client"),
    ("__init__",),
    ("commands.",),
    ("cli",),
)
# What the clinic and the words never see, and what signatures and trust never see.
BYTES_AND_KEYS = {"cbor", "part", "encoder", "decoder", "codec", "sealed", "sign", "keyfile", "seal", "symbol", "picture", "trust."}
MEANING = {"record", "vocabulary", "part", "encoder", "decoder", "codec", "sealed", "merge", "clinic.", "words."}


def modules() -> dict[str, Path]:
    """Every module of the package by its name below `healthcard`: `sign`, `trust.form`; a package's own file is `trust`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()
PACKAGES = {name.split(".")[0] for name in MODULES if "." in name}


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "healthcard":
            origin = ".".join((node.module or "").split(".")[1:])
            for alias in node.names:
                inner = f"{origin}.{alias.name}".lstrip(".")
                found.add(inner if inner in MODULES else origin or "__init__")
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("healthcard").lstrip(".") or "__init__" for alias in node.names
                      if alias.name.split(".")[0] == "healthcard"}  # fmt: skip
    return found


def room(module: str) -> str:
    """`trust.` for every module of the package trust, else the module's own name."""
    top = module.split(".")[0]
    return f"{top}." if top in PACKAGES else top


def layer(module: str) -> int:
    [number] = [index for index, line in enumerate(LAYERS) if room(module) in line]
    return number


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_what_stands_below_it(module):
    assert any(room(module) in line for line in LAYERS), "a new module: say where it stands"
    above = {other for other in imports(MODULES[module]) if layer(other) > layer(module)}
    assert not above


def test_no_circle_of_imports():
    left = {name: imports(path) - {name} for name, path in MODULES.items()}
    for package in PACKAGES:
        # The package's own file only opens its door to what stands above.
        assert not any(package in needs for name, needs in left.items() if name.startswith(f"{package}."))
    below: set[str] = set()
    while left:
        free = {module for module, needs in left.items() if needs <= below}
        assert free, f"a circle among {sorted(left)}"
        below |= free
        left = {module: needs for module, needs in left.items() if module not in free}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) in ("clinic.", "words.", "growth")))
def test_the_clinic_and_the_words_never_see_bytes_or_keys(module):
    assert not {other for other in imports(MODULES[module]) if room(other) in BYTES_AND_KEYS}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) in ("sign", "keyfile", "seal", "symbol", "trust.")))
def test_signatures_and_trust_never_see_what_a_record_means(module):
    assert not {other for other in imports(MODULES[module]) if room(other) in MEANING}


def test_no_import_inside_a_function():
    for path in MODULES.values():
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not inner, f"{path.name}: {function.name} imports"


def test_the_service_uses_no_private_name_of_the_library():
    for path in (PACKAGE.parent / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("healthcard"):
                assert not [alias.name for alias in node.names if alias.name.startswith("_")]
