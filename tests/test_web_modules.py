"""The files of web/ as they are: no syntax that the oldest browsers lack, imports in one direction, nothing vendored that was changed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from healthcard import resources

CHECKOUT = Path(__file__).parent.parent
WEB = resources.folder("web")
OWN = sorted(path for pattern in ("*.js", "*.mjs") for path in WEB.rglob(pattern) if "vendor" not in path.parts)
ALL = sorted(path for pattern in ("*.js", "*.mjs") for path in WEB.rglob(pattern))
# From the ground up, as in healthcard/: a module of the reader imports only what stands before it.
READER = (
    "errors.js", "bytes.js", "cbor.js", "curves.js", "vocabulary.js", "symbol.js", "sign.js", "codec.js", "record.js", "keyfile.js",
    "seal.js", "sealed.js", "merge.js", "trust.js", "bundle_texts.js", "card.js",
)  # fmt: skip
# What Chrome 97 or Safari 16.4 does not know, or a function of the one-file copy can't hold.
TOO_NEW = {
    "await outside of a function": r"^(?:(?:export )?(?:const|let|var) [^=\n]+= )?await\b|^for await",
    "a method of arrays or strings": r"\.(?:toSorted|toReversed|toSpliced|isWellFormed|toWellFormed)\(",
    "a static function": r"\b(?:(?:Object|Map)\.groupBy|Array\.fromAsync|Promise\.(?:withResolvers|try)|URL\.(?:canParse|parse)"
    r"|AbortSignal\.(?:timeout|any)|RegExp\.escape)\b",
    "a global": r"\b(?:structuredClone|scheduler|Iterator)\b",
    "import attributes": r"^import .* (?:with|assert) \{",
    "a set operation": r"\.(?:union|intersection|difference|isSubsetOf|symmetricDifference)\(",
    "a method of elements": r"\.(?:show|hide|toggle)Popover\(|\.(?:checkVisibility|moveBefore|startViewTransition|setHTML\w*)\(|\.inert\b",
}
TOO_NEW_STYLE = (
    r":has\(|:user-(?:in)?valid|@(?:container|layer|scope|starting-style)\b|\d[dsl]v[hw]\b|color-mix|light-dark|text-wrap|field-sizing"
    r"|subgrid|content-visibility|^\s*&"
)
IMPORT = re.compile(r"""(?:^|\n)(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']|(?:^|\n)import\s*["']([^"']+)["']""")


def code(path: Path) -> str:
    """A module without its comments."""
    text = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"), path.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"(^|\s)//[^\n]*", r"\1", text)


def imported(path: Path) -> set[Path]:
    """The modules that a module can't do without; those loaded when they are needed are not among them."""
    return {(path.parent / (one or other)).resolve() for one, other in IMPORT.findall(code(path))}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_syntax_is_newer_than_the_oldest_browser(path: Path) -> None:
    found = {what: re.findall(pattern, code(path), re.M) for what, pattern in TOO_NEW.items()}
    assert not {what: hits[:3] for what, hits in found.items() if hits}


def test_no_style_is_newer_than_the_oldest_browser() -> None:
    assert not re.findall(TOO_NEW_STYLE, (WEB / "style.css").read_text(encoding="utf-8"), re.M)
    assert re.search(TOO_NEW_STYLE, "main { height: 100dvh; }")


def test_what_is_too_new_is_found() -> None:
    samples = (
        "const x = await y;", "list.toSorted()", "Object.groupBy(a, b)", "structuredClone(a)",
        'import data from "./a.json" with { type: "json" };', "a.union(b)", "menu.showPopover()",
    )  # fmt: skip
    for pattern, sample in zip(TOO_NEW.values(), samples, strict=True):
        assert re.search(pattern, sample, re.M), sample


@pytest.mark.parametrize("name", READER)
def test_a_module_of_the_reader_imports_only_what_stands_before_it(name: str) -> None:
    above = imported(WEB / name) - {WEB / before for before in READER[: READER.index(name)]}
    assert above == ({WEB / "clinic" / "handover.js"} if name == "card.js" else set())


@pytest.mark.parametrize("path", [path for path in OWN if path.parent.name in ("clinic", "words")], ids=lambda path: path.name)
def test_the_clinic_and_the_words_never_see_bytes_or_keys(path: Path) -> None:
    assert not imported(path) & {WEB / name for name in READER if name not in ("errors.js", "vocabulary.js")}


def test_every_import_is_a_file_of_ours_and_none_runs_in_a_circle() -> None:
    left = {path.resolve(): imported(path) for path in ALL}
    assert not {needed for needs in left.values() for needed in needs} - left.keys()
    done: set[Path] = set()
    while left:
        free = {path for path, needs in left.items() if needs <= done}
        assert free, f"a circle among {sorted(left)}"
        done |= free
        left = {path: needs for path, needs in left.items() if path not in free}


def test_the_reader_takes_nothing_from_elsewhere_but_the_curves_and_argon2() -> None:
    lazily = {name: re.findall(r"""import\(["']([^"']+)["']\)""", code(WEB / name)) for name in READER}
    assert {name: found for name, found in lazily.items() if found} == {
        "curves.js": ["./fallback.js"], "keyfile.js": ["./vendor/noble-hashes/argon2.js"],
    }  # fmt: skip
    assert {path.relative_to(WEB).parts[:2] for path in imported(WEB / "fallback.js")} == {
        ("bytes.js",), ("vendor", "noble-curves"), ("vendor", "noble-hashes"),
    }  # fmt: skip


def test_vendored_files_are_those_of_the_manifest() -> None:
    check = [sys.executable, "tools/web_vendor.py", "--check"]
    assert subprocess.run(check, cwd=CHECKOUT, capture_output=True, text=True).stderr == ""


def test_no_module_names_another_host() -> None:
    """Not even in vendored code is anything asked of others; zxing-wasm names a CDN that `locateFile` takes the place of."""
    hosts = {path.relative_to(WEB).as_posix() for path in ALL if re.search(r"""["'`]https?://(?!www\.w3\.org/)""", code(path))}
    assert hosts <= {"vendor/zxing-wasm/es/share.js"}
