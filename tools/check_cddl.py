"""Checks every vector against spec/healthcard.cddl with zcbor, a CDDL tool of others, in an environment of its own (.venv-cddl).

    python tools/check_cddl.py

What this library reads must fit the grammar. What it refuses may fit only where the rule that refuses it is one that CDDL can't say:
those rules are listed here, so that the grammar can't quietly become looser than it need be.
"""

import contextlib
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parent.parent
ENVIRONMENT = CHECKOUT / ".venv-cddl"
REQUIREMENTS = ("zcbor==0.9.1", "cbor2<6")  # zcbor imports names that cbor2 6 no longer has
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MOST = 100_000  # what zcbor takes for "any number of"

# Rules that CDDL can't say, or that lie outside one CBOR item.
BEYOND_CDDL = {
    "encoding: the tool's decoder is a lenient one": {"M6", "M8", "M9", "M10", "M11"},
    "counts that a mask or another element gives": {"M25", "M26", "M30", "M31", "M32", "M35", "M37", "M73"},
    "order, and once only": {"M29", "M33", "M38", "M39", "M40", "M45", "M46", "M47", "M66", "M67", "M69", "M70", "M72", "M78"},
    "vocabulary and what numbers mean": {"M36", "M42", "M44", "M50", "M51", "M52", "M71"},
    "what was sealed: order, and what the open part has": {"M94", "M95", "M96", "M97"},
    "signatures, keys and windows": {"M15", "M16", "M17", "M18", "M19", "M20", "M57", "M65", "M68", "M74", "M75", "M76", "M79", "M81"},
}


def vectors(folder: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    for path in sorted(folder.glob("*.txt")):
        head, body = path.read_bytes().decode().split("\n\n", 1)
        yield path.name, dict(line.split(": ", 1) for line in head.split("\n")), body


def main() -> int:
    import cbor2
    import zcbor  # type: ignore[import-not-found]

    types = zcbor.DataTranslator.from_cddl((CHECKOUT / "spec" / "healthcard.cddl").read_text(), MOST).my_types

    def fits(name: str, data: bytes) -> bool:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                return bool(types[name].validate_str(data))
            except Exception:  # zcbor raises its own and cbor2's errors for what does not fit
                return False

    excused = set().union(*BEYOND_CDDL.values())
    wrong: list[str] = []
    counts = {"fits": 0, "refused by both": 0, "beyond CDDL": 0}

    def judge(name: str, reads: bool, fitting: bool, musts: str) -> None:
        if reads and fitting:
            counts["fits"] += 1
        elif not reads and not fitting:
            counts["refused by both"] += 1
        elif not reads and excused & set(musts.split()):
            counts["beyond CDDL"] += 1
        else:
            wrong.append(f"{name}: {'reads, but does not fit' if reads else 'is refused, but fits'} ({musts})")

    for name, head, _ in vectors(CHECKOUT / "spec" / "vectors"):
        if "payload" in head:
            payload = bytes.fromhex(head["payload"])
            judge(name, "record" in head, fits("part", payload), head["musts"])
            if "record" in head:
                header = cbor2.loads(bytes.fromhex(head["to-be-signed"]))[1]
                token = cbor2.dumps([header, {}, payload, bytes(64)])
                judge(f"{name} as a token", True, fits("token", token), head["musts"])
    for name, head, body in vectors(CHECKOUT / "spec" / "vectors" / "bundles"):
        raw = bytes.fromhex(body)
        reads = head["expect"] == "loads" or "held" in head
        judge(f"bundles/{name}", reads, fits("bundle", raw) and all_stations_fit(raw, cbor2.loads, fits), head["musts"])

    for name, head, body in vectors(CHECKOUT / "spec" / "vectors" / "symbols"):
        pieces = [piece for piece in map(piece_of, body.split("\n")) if piece is not None]
        fitting = all(fits("bundle-piece", piece) or fits("bundle", piece) for piece in pieces)
        judge(f"symbols/{name}", head["expect"] == "loads", fitting, head["musts"])

    for name, head, _ in vectors(CHECKOUT / "spec" / "vectors" / "sealed"):
        judge(f"sealed/{name}", True, fits("part", bytes.fromhex(head["payload"])), head["musts"])
        if "content" in head and head["seal"] in ("opened", "damaged"):
            content = bytes.fromhex(head["content"])
            judge(f"sealed/{name} opened", head["seal"] == "opened", fits("sealed-content", content), head["musts"])

    for line in wrong:
        print(line)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if wrong else 0


def piece_of(text: str) -> bytes | None:
    """What a symbol's text holds, whatever its prefix; None where that is no base45."""
    digits = [ALPHABET.find(c) for c in text[len("MCHB1:") :]]
    groups = [digits[n : n + 3] for n in range(0, len(digits), 3)]
    values = [sum(digit * 45**place for place, digit in enumerate(group)) for group in groups]
    if not digits or min(digits) < 0:
        return None
    try:
        return b"".join(value.to_bytes(len(group) - 1) for value, group in zip(values, groups, strict=True))
    except OverflowError:
        return None


def all_stations_fit(raw: bytes, loads: Callable[[bytes], Any], fits: Callable[[str, bytes], bool]) -> bool:
    """Whether what the organisations signed fits too: the grammar can't reach into a token that may be empty."""
    content = loads(loads(raw)[2][0])
    return all(fits("station-list", loads(organisation[6])[2]) for organisation in content[3] if organisation[6])


def prepare() -> Path:
    """The Python of the tool's own environment, made where it is missing."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "requirements.txt"
    if not done.exists() or done.read_text() != "\n".join(REQUIREMENTS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        (ENVIRONMENT / ".gitignore").write_text("*\n")  # nobody's but this tool's
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS], check=True)
        done.write_text("\n".join(REQUIREMENTS))
    return python


if __name__ == "__main__":
    if Path(sys.prefix) == ENVIRONMENT:
        sys.exit(main())
    sys.exit(subprocess.run([prepare(), __file__]).returncode)
