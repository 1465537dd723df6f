"""Writes what the service worker keeps for a phone without a network: web/files.js, and the pictograms of the cards for the pages.

    python tools/web_files.py             write them (again: nothing changes)
    python tools/web_files.py --check     exit 1 where a file would change, come or go
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
WEB, PICTOGRAMS = ROOT / "web", ROOT / "print_templates" / "pictograms"
# The desk is on a computer that runs the service, and the one-file copy has all within; the worker and its list are not in their own cache;
# the rest no browser asks for.
LEFT_OUT = {"sw.js", "files.js", "package.json"}
FOLDERS_LEFT_OUT = {"station", "standalone"}
KINDS = {".html", ".css", ".js", ".mjs", ".json", ".webmanifest", ".svg", ".png", ".wasm", ".ttf", ".otf", ".woff2"}


def pictograms() -> dict[Path, bytes]:
    return {WEB / "pictograms" / path.name: path.read_bytes() for path in PICTOGRAMS.glob("*.svg")}


def listed(path: Path) -> bool:
    """Whether a page of the scanner may ask for the file."""
    inside = path.relative_to(WEB)
    about = inside.as_posix() == "vendor/manifest.json"
    return path.suffix in KINDS and str(inside) not in LEFT_OUT and inside.parts[0] not in FOLDERS_LEFT_OUT and not about


def files_js(pictures: dict[Path, bytes]) -> bytes:
    """The list of files, and a version that changes with any byte of them."""
    contents = {path: path.read_bytes() for path in WEB.rglob("*") if path.is_file() and listed(path)} | pictures
    names = sorted(path.relative_to(WEB).as_posix() for path in contents)
    digest = hashlib.sha256()
    for name in [*names, "sw.js"]:
        digest.update(name.encode() + b"\0" + hashlib.sha256(contents.get(WEB / name) or (WEB / name).read_bytes()).digest())
    paths = json.dumps(["./", *names], indent=1)
    return f"// Written by tools/web_files.py\nself.VERSION = {json.dumps(digest.hexdigest()[:16])};\nself.FILES = {paths};\n".encode()


def main() -> int:
    pictures = pictograms()
    wanted = pictures | {WEB / "files.js": files_js(pictures)}
    held = {*(WEB / "pictograms").glob("*"), WEB / "files.js"}
    gone = [path for path in held if path.exists() and path not in wanted]
    changed = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
    if "--check" in sys.argv:
        for path in gone + changed:
            print(f"not what tools/web_files.py writes: {path.relative_to(ROOT)}")
        return 1 if gone or changed else 0
    for path in gone:
        path.unlink()
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
