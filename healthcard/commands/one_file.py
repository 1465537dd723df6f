"""The pages of the scanner as one HTML file, for a stick: every module, picture and table within, nothing asked of anybody.

A browser lets a file load no module, no data and no WebAssembly beside it. So the modules become functions of one classic script, in
the order in which they need each other, and the rest stands in a block of JSON.
"""

import base64
import hashlib
import html
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

START = "scanner/app.js"
# What asks the network or the disk, and what takes its place in a file.
IN_PLACE_OF = {f"scanner/{name}.js": f"standalone/{name}.js" for name in ("source", "decoder", "memory", "opening")}
WASM = "vendor/zxing-wasm/reader/zxing_reader.wasm"
_FROM = r"\s*from\s*[\"']([^\"']+)[\"'];?"
_IMPORT = re.compile(r"^import\s*(?:\{([^}]*)\}|\*\s*as\s+(\w+))" + _FROM, re.M)
_IMPORT_LATER = re.compile(r"\bimport\([\"']([^\"']+)[\"']\)")
_EXPORT_FROM = re.compile(r"^export\s*\{([^}]*)\}" + _FROM, re.M)
_EXPORT_LIST = re.compile(r"(?:^|(?<=;))export\s*\{([^}]*)\};?", re.M)
_EXPORT_DEFAULT = re.compile(r"^export default (\w+);", re.M)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const|let) (\w+)", re.M)
_LEFT = re.compile(r"^(?:import|export)\b|\bimport\.meta\b|</script|<!--", re.M)


def one_file(web: Path, bundle: bytes | None = None) -> str:
    """The page; `bundle` is the trust bundle that it brings along, without which it is picked from a file."""
    script = _script(web)
    style = (web / "style.css").read_text(encoding="utf-8")
    icon = base64.b64encode((web / "icons" / "icon.svg").read_bytes()).decode()
    policy = f"default-src 'none'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; style-src '{_hash(style)}'; img-src data: blob:"
    return f"""<!doctype html>
<html lang="en" translate="no">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="google" content="notranslate">
<title>healthcard</title>
<link rel="icon" href="data:image/svg+xml;base64,{icon}">
<style>{style}</style>
</head>
<body>
<main id="screen"><noscript>This page reads cards on this computer and needs JavaScript.</noscript></main>
<script type="application/json" id="files">{_files(web, bundle)}</script>
<script>{script}</script>
</body>
</html>
"""


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _files(web: Path, bundle: bytes | None) -> str:
    paths = [*sorted((web / "data").glob("*.json")), web / "words" / "pages.json"]
    files: dict[str, object] = {path.relative_to(web).as_posix(): json.loads(path.read_bytes()) for path in paths}
    for path in sorted((web / "pictograms").glob("*.svg")):
        files[path.relative_to(web).as_posix()] = path.read_text(encoding="utf-8")
    files["wasm"] = base64.b64encode((web / WASM).read_bytes()).decode()
    if bundle is not None:
        files["bundle"] = base64.b64encode(bundle).decode()
    return json.dumps(files, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _script(web: Path) -> str:
    bodies: dict[str, str] = {}
    wanted = [START]
    while wanted:
        name = wanted.pop()
        if name not in bodies:
            bodies[name], needed = _body(web, name)
            wanted += needed
    functions = ",\n".join(f"{json.dumps(name)}: (exported, needs) => {{\n{body}\n}}" for name, body in sorted(bodies.items()))
    return f"""(() => {{
"use strict";
const bodies = {{
{functions}
}};
const loaded = new Map();
function needs(name) {{
  if (!loaded.has(name)) {{
    const exported = {{}};
    bodies[name](exported, needs);
    loaded.set(name, exported);
  }}
  return loaded.get(name);
}}
needs({json.dumps(START)});
}})();"""


def _body(web: Path, name: str) -> tuple[str, list[str]]:
    """A module as the body of a function, and the modules that it needs."""
    needed: list[str] = []
    names: dict[str, str] = {}

    def call(path: str) -> str:
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        needed.append(IN_PLACE_OF.get(joined, joined))
        return f"needs({json.dumps(needed[-1])})"

    def imported(found: re.Match[str]) -> str:
        listed = "{ " + ", ".join(f"{theirs}: {ours}" for theirs, ours in _pairs(found[1])) + " }" if found[2] is None else found[2]
        return f"const {listed} = {call(found[3])};"

    def exported_from(found: re.Match[str]) -> str:
        here = call(found[2])
        return " ".join(f"exported.{outside} = {here}.{inside};" for inside, outside in _pairs(found[1]))

    def exported_list(found: re.Match[str]) -> str:
        names.update({outside: inside for inside, outside in _pairs(found[1])})
        return ""

    def exported_default(found: re.Match[str]) -> str:
        names["default"] = found[1]
        return ""

    def exported_one(found: re.Match[str]) -> str:
        names[found[2]] = found[2]
        return f"{found[1]} {found[2]}"

    text = (web / name).read_text(encoding="utf-8")
    for pattern, replace in (
        (_IMPORT, imported), (_EXPORT_FROM, exported_from), (_EXPORT_LIST, exported_list), (_EXPORT_DEFAULT, exported_default),
        (_EXPORT, exported_one), (_IMPORT_LATER, lambda found: f"Promise.resolve().then(() => {call(found[1])})"),
    ):  # fmt: skip
        text = pattern.sub(replace, text)
    if left := _LEFT.search(text):
        raise ValueError(f"{name}: this can't stand in one file: {left[0]}")
    return text + "".join(f"\nexported.{outside} = {inside};" for outside, inside in names.items()), needed


def _pairs(listed: str) -> Iterator[tuple[str, str]]:
    """`a, b as c` -> (a, a), (b, c)."""
    for one in filter(None, map(str.strip, listed.split(","))):
        first, _, second = one.partition(" as ")
        yield first.strip(), (second or first).strip()
