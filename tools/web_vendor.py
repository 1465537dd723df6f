"""Vendors the npm packages of the pages into web/vendor/: the files that are needed, their licences, and manifest.json.

    python tools/web_vendor.py            fetch the versions below with npm and write all of it again
    python tools/web_vendor.py --check    exit 1 where a file is not the one in the manifest (needs no network)

Only what the pages import is taken. Bare names of packages become paths, as the pages have no build step and no import map.
"""

import base64
import hashlib
import io
import json
import posixpath
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "web" / "vendor"
MANIFEST = "manifest.json"
IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\2""")
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """One npm package: `root` is the folder of its ES modules ("": the whole package), `entries` what the pages import of it."""

    name: str
    version: str
    integrity: str  # npm's own hash of the tarball
    root: str
    entries: tuple[str, ...]

    @property
    def folder(self) -> str:
        return self.name.removeprefix("@").replace("/", "-")


PACKAGES = (
    Package(
        "@noble/curves", "1.9.7",
        "sha512-gbKGcRUYIjA3/zCCNaWDciTMFI0dCkvou3TL8Zmy5Nc7sJ47a0jtOeZoTaMxkuqRo9cRhjOdZJXegxYE5FN/xw==",
        "esm", ("ed25519.js", "nist.js"),
    ),
    Package(
        "@noble/hashes", "1.8.0",
        "sha512-jCs9ldd7NwzpgXDIf6P3+NrHh9/sD6CQdxHyjQI+h/6rDNo88ypBxxz45UDuZHz9r3tNz7N/VInSVoVdtXEI4A==",
        "esm", ("argon2.js", "sha2.js"),
    ),
    Package(
        "zxing-wasm", "3.1.4",
        "sha512-1+v8p7sauddySVNG+ye7GD/0TS95BG2ycdkrC+EnBrFBFkHeIghzUt2yVjtx3NucJeNrQnhT8yGAIz60Vx9o0w==",
        "dist", ("es/reader/index.js", "reader/zxing_reader.wasm"),
    ),
    Package(
        "lean-qr", "2.7.4",
        "sha512-tlMPFfqhAAZN7+j/djRSvl/2+AYT2+7RRuyq8bvcbV8gMiENiscquQ9WTfCSyeEdxsVaEB+tU7e9nFZC63BFnQ==",
        "", ("index.mjs",),
    ),
)  # fmt: skip


def fetched(package: Package) -> tuple[dict[str, bytes], str]:
    """The files of a package as npm gives them, and its licence; stops where the tarball is another than the one expected."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        [tarball] = Path(folder).glob("*.tgz")
        data = tarball.read_bytes()
    if f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}" != package.integrity:
        raise SystemExit(f"{package.name} {package.version}: not the tarball that was reviewed")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {}
        for member in archive.getmembers():
            if member.isfile() and (content := archive.extractfile(member)):
                files[member.name.split("/", 1)[1]] = content.read()
    return files, str(json.loads(files["package.json"])["license"])


def paths_of(specifier: str, importer: str) -> str:
    """Where below web/vendor a module lies that `importer` there imports."""
    for package in PACKAGES:
        if specifier.startswith(f"{package.name}/"):
            return f"{package.folder}/{specifier.removeprefix(f'{package.name}/').removesuffix('.js')}.js"
    if not specifier.startswith("."):
        raise SystemExit(f"{importer}: imports {specifier}, which is not vendored")
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))


def rewritten(source: bytes, importer: str) -> tuple[bytes, set[str]]:
    """A module with relative imports and without source map, and what it imports; imports in comments stay."""
    needed = set()

    def relative(found: re.Match[str]) -> str:
        line = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
        if line.lstrip().startswith(("*", "//", "/*")):
            return found[0]
        path = paths_of(found[3], importer)
        needed.add(path)
        there = posixpath.relpath(path, posixpath.dirname(importer))
        return f"{found[1]}{found[2]}{there if there.startswith('.') else f'./{there}'}{found[2]}"

    return SOURCE_MAP.sub("", IMPORT.sub(relative, source.decode())).encode(), needed


def vendored() -> dict[str, bytes]:
    """Every file of web/vendor by its path, the manifest included."""
    sources: dict[str, bytes] = {}
    packages = []
    wanted: list[str] = []
    out: dict[str, bytes] = {}
    for package in PACKAGES:
        files, licence = fetched(package)
        packages.append({"name": package.name, "version": package.version, "licence": licence, "integrity": package.integrity})
        root = f"{package.root}/" if package.root else ""
        for path, data in files.items():
            if path.startswith(root):
                sources[f"{package.folder}/{path.removeprefix(root)}"] = data
        wanted += [f"{package.folder}/{entry}" for entry in package.entries]
        out[f"{package.folder}/LICENSE"] = files["LICENSE"]
    while wanted:
        path = wanted.pop()
        if path not in out:
            out[path], needed = rewritten(sources[path], path) if path.endswith(".js") else (sources[path], set[str]())
            wanted += sorted(needed)
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(out.items())}
    out[MANIFEST] = (json.dumps({"packages": packages, "sha256": hashes}, indent=1) + "\n").encode()
    return out


def faults(folder: Path = FOLDER) -> list[str]:
    """What in `folder` is not as its manifest says, and where the manifest is not that of PACKAGES."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    listed: Mapping[str, str] = manifest["sha256"]
    held = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST}
    found = [f"{path}: missing" for path in listed.keys() - held.keys()]
    found += [f"{path}: not in the manifest" for path in held.keys() - listed.keys()]
    found += [f"{path}: changed" for path, file in held.items()
              if path in listed and hashlib.sha256(file.read_bytes()).hexdigest() != listed[path]]  # fmt: skip
    if [(p["name"], p["version"], p["integrity"]) for p in manifest["packages"]] != [(p.name, p.version, p.integrity) for p in PACKAGES]:
        found.append(f"{MANIFEST}: not of the versions in tools/web_vendor.py")
    return sorted(found)


def main() -> int:
    if "--check" in sys.argv[1:]:
        found = faults()
        for fault in found:
            print(f"web/vendor/{fault}", file=sys.stderr)
        return 1 if found else 0
    made = vendored()
    for held in (held for held in FOLDER.rglob("*") if held.is_file() and held.relative_to(FOLDER).as_posix() not in made):
        held.unlink()
    for path, data in made.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
