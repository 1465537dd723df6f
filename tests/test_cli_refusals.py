"""Bad pictures, keys, bundles, files and usage on the command line: a clear message and the right exit code, nothing half done."""

import io
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from healthcard.trust.bundle import published_signer
from tests.command import Done, healthcard, program

EXAMPLES = Path(__file__).parent.parent / "examples"
CARD = "family_three_contacts"
PUBLIC = published_signer(9).key.public.hex()
MARKER = "Xochitl-Marker"  # planted where a message might repeat what it read


def issued(record: Path, network: Path, *more: object, key: Path | None = None, **options: Any) -> Done:
    out = options.pop("out")
    keys = ("--key", key or network / "station.key", "--bundle", network / "trust.bundle")
    return healthcard("issue", record, *keys, "--out", out, *more, **options)


# --- pictures and texts --------------------------------------------------------------------------------------------


def picture(text: str | None) -> bytes:
    """A picture with a QR code of `text`, or without any."""
    page = Image.new("L", (300, 300), 255)
    if text:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=5)
        page = Image.fromarray(code)
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


BAD_PICTURES: Mapping[str, tuple[Callable[[], bytes], str, str]] = {
    "without a code": (lambda: picture(None), "no-code", "there is no code in the picture that can be read"),
    "with a code of something else": (lambda: picture("https://example.org/"), "no-code", "a code in the picture, but not one of ours"),
    "of more than 20 MB": (lambda: bytes(20_000_001), "bad-picture", "more than 20 MB"),
    "cut off": (lambda: picture("MCT1:")[:150], "bad-picture", "a damaged or truncated picture"),
    "that is none": (lambda: MARKER.encode(), "bad-picture", "not a picture"),
    "that is empty": (lambda: b"", "bad-picture", "not a picture"),
}


@pytest.mark.parametrize("by", ["file", "standard input"])
@pytest.mark.parametrize("fault", BAD_PICTURES)
def test_a_bad_picture_is_refused_with_its_reason(fault: str, by: str, demo: Path, tmp_path: Path) -> None:
    make, word, message = BAD_PICTURES[fault]
    (tmp_path / "picture.png").write_bytes(make())
    given = {"file": (tmp_path / "picture.png", b""), "standard input": ("-", make())}[by]
    done = healthcard("read", given[0], "--bundle", demo / "trust.bundle", stdin=given[1])
    assert done.code == 1
    assert done.err.startswith(f"healthcard: {word}\n  {'standard input' if given[0] == '-' else given[0]}: ")
    assert message in done.err
    assert MARKER not in done.err


def test_no_message_repeats_a_damaged_card_text(demo: Path) -> None:
    text = (demo / f"{CARD}.txt").read_text().strip()
    for damaged in ("?" + text[1:], text[5:], text.lower(), text + "\n"):
        done = healthcard("read", damaged, "--bundle", demo / "trust.bundle", "--json")
        assert done.code in (1, 3)
        assert text[40:80] not in (done.out + done.err).upper()


# --- keys, bundles, files ------------------------------------------------------------------------------------------


def made(path: Path, *options: str) -> Path:
    done = healthcard("keygen", path, *options)
    assert done.code == 0, done.err
    return path


def open_to_all(folder: Path, demo: Path) -> Path:
    path = folder / "open.key"
    path.write_bytes((demo / "station.key").read_bytes())
    path.chmod(0o644)
    return path


def something_else(folder: Path, demo: Path) -> Path:
    path = folder / "trust.key"
    path.write_bytes((demo / "trust.bundle").read_bytes())
    path.chmod(0o600)
    return path


BAD_KEYS: Mapping[str, tuple[Callable[[Path, Path], Path], str]] = {
    "that others can read": (open_to_all, "unsafe-key-file {key}: others can read it; run: chmod 600 {key}"),
    "of the other network": (lambda at, demo: made(at / "real.key"), "a key of the real network with a bundle of the test network"),
    "that is no station": (lambda at, demo: made(at / "new.key", "--test"), "bad-bundle the key is not a station of this trust bundle"),
    "of the root": (lambda at, demo: demo / "root.key", "bad-key-file a key for the root where one for a station is needed"),
    "that is missing": (lambda at, demo: at / "none.key", "bad-key-file {key}: No such file or directory"),
    "that is a folder": (lambda at, demo: at, "bad-key-file {key}: Is a directory"),
    "that is something else": (something_else, "bad-key-file {key}: not a key file"),
}


@pytest.mark.parametrize("fault", BAD_KEYS)
def test_a_key_that_cannot_issue_is_refused_with_its_reason(fault: str, demo: Path, tmp_path: Path) -> None:
    make, message = BAD_KEYS[fault]
    key = make(tmp_path, demo)
    done = issued(EXAMPLES / "muac_only.json", demo, key=key, out=tmp_path / "cards")
    assert (done.code, done.said.endswith(message.format(key=key))) == (1, True), done.err
    assert not (tmp_path / "cards").exists()


@pytest.mark.parametrize(
    ("passphrase", "message"),
    [("Demo", "wrong-passphrase"), ("", "wrong-passphrase"), (None, "no passphrase: set HEALTHCARD_PASSPHRASE or give --passphrase-file")],
)
def test_a_wrong_or_missing_passphrase_is_said(passphrase: str | None, message: str, demo: Path, tmp_path: Path) -> None:
    done = issued(EXAMPLES / "muac_only.json", demo, out=tmp_path, passphrase=passphrase)
    assert done.code == 1
    assert message in done.said


def test_a_passphrase_file_that_is_missing_is_said(demo: Path, tmp_path: Path) -> None:
    done = issued(EXAMPLES / "muac_only.json", demo, "--passphrase-file", tmp_path / "none", out=tmp_path)
    assert (done.code, f"{tmp_path / 'none'}: the passphrase file can't be read" in done.said) == (1, True)


BAD_FILES: Mapping[str, tuple[Callable[[Path, Path], Sequence[object]], str]] = {
    "missing record": (lambda at, demo: ("size", at / "none.json"), "{at}/none.json: No such file or directory"),
    "folder for a record": (lambda at, demo: ("size", at), "{at}: Is a directory"),
    "missing picture": (lambda at, demo: ("read", at / "none.png", "-b", demo / "trust.bundle"), "{at}/none.png: No such file"),
    "folder for a picture": (lambda at, demo: ("read", at, "-b", demo / "trust.bundle"), "{at}: Is a directory"),
    "nothing for a picture": (lambda at, demo: ("read", "", "-b", demo / "trust.bundle"), "'': "),
    "missing bundle": (lambda at, demo: ("read", "MCT1:", "-b", at / "none"), "{at}/none: No such file or directory"),
    "folder for a bundle": (lambda at, demo: ("trust", "show", at), "{at}: Is a directory"),
    "key for a bundle": (lambda at, demo: ("trust", "show", demo / "root.key"), "{demo}/root.key: not a trust bundle"),
    "missing bundle of the service": (lambda at, demo: ("verifier", "-b", at / "none"), "{at}/none is not a file"),
    "file for the folder of cards": (
        lambda at, demo: ("issue", EXAMPLES / "muac_only.json", "-k", demo / "station.key", "-b", demo / "trust.bundle",
                          "--out", demo / "root.key"), "{demo}/root.key: File exists",
    ),
    "file for the folder of the demonstration": (lambda at, demo: ("demo", "--out", demo / "root.key" / "x"), "Not a directory"),
    "missing folder for a key": (lambda at, demo: ("keygen", at / "none" / "a.key"), "{at}/none/a.key: No such file or directory"),
    "key that exists": (lambda at, demo: ("keygen", demo / "root.key"), "{demo}/root.key: exists already; a key is never overwritten"),
    "bundle that exists": (lambda at, demo: ("trust", "init", demo / "trust.bundle", "--root-key", demo / "root.key"), "exists already"),
    "template that is none": (
        lambda at, demo: ("issue", EXAMPLES / "muac_only.json", "-k", demo / "station.key", "-b", demo / "trust.bundle", "--out", at,
                          "--template", "../a7"), "print-failed no such template; there are: a7",
    ),
    "name with blanks": (lambda at, demo: organisation(demo, "bo rc", PUBLIC), "an organisation's short name is 2 to 16 small letters"),
    "name with an accent": (lambda at, demo: organisation(demo, "bó-rc", PUBLIC), "short name is 2 to 16 small letters"),
    "name that is taken": (lambda at, demo: organisation(demo, "mx-rc", PUBLIC), "mx-rc: listed already"),
    "key of small order": (lambda at, demo: organisation(demo, "bo-rc", "00" * 32), "degenerate"),
    "key that is none": (lambda at, demo: organisation(demo, "bo-rc", "key"), "neither a key file nor a public key in hexadecimal"),
    "station of an unknown organisation": (lambda at, demo: station(demo, at, "bo-rc"), "bo-rc: not an organisation of this bundle"),
    "station signed by another": (lambda at, demo: station(demo, at, "mx-rc"), "mx-rc: signed with another key than the one listed"),
    "symbol too small": (lambda at, demo: ("size", EXAMPLES / f"{CARD}.json", "--side-mm", "15"), "too-large"),
}  # fmt: skip


def organisation(demo: Path, name: str, key: str) -> Sequence[object]:
    return ("trust", "add-organisation", demo / "trust.bundle", name, key, "--root-key", demo / "root.key")


def station(demo: Path, folder: Path, name: str) -> Sequence[object]:
    key = made(folder / "organisation.key", "--test", "--purpose", "organisation")
    return ("trust", "add-station", demo / "trust.bundle", name, PUBLIC, "--organisation-key", key, "--root-key", demo / "root.key")


@pytest.mark.parametrize("fault", BAD_FILES)
def test_what_cannot_be_done_is_refused_and_the_bundle_stays_as_it_was(fault: str, demo: Path, tmp_path: Path) -> None:
    make, message = BAD_FILES[fault]
    before = (demo / "trust.bundle").read_bytes()
    done = healthcard(*make(tmp_path, demo))
    assert done.code == 1
    assert done.err.startswith("healthcard: ")
    assert message.format(at=tmp_path, demo=demo) in done.said
    assert (demo / "trust.bundle").read_bytes() == before


BAD_USAGE = (
    ("issue",), ("read", "MCT1:"), ("keygen",), ("nothing",), ("trust", "nothing"), ("size", "a.json", "--nothing"),
    ("keygen", "a.key", "--purpose", "nurse"), ("keygen", "a.key", "--algorithm", "RSA"), ("vocabulary", "nothing"),
    ("vocabulary", "--language", "xx"), ("read", "MCT1:", "-b", "b", "-l", "klingon"),
    ("size", "a.json", "--dpi", "0"), ("size", "a.json", "--dpi", "-1"), ("size", "a.json", "--side-mm", "nan"),
    ("size", "a.json", "--side-mm", "1e9"), ("verifier", "-b", "b", "--port", "65536"),
)  # fmt: skip


@pytest.mark.parametrize("arguments", BAD_USAGE, ids=" ".join)
def test_a_fault_of_usage_exits_2_and_points_to_the_help(arguments: Sequence[str]) -> None:
    done = healthcard(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "--help' for help" in done.err


@pytest.mark.parametrize("day", ["tomorrow", "9999-12-31", "2019-01-01"])
def test_a_station_starts_within_a_year(day: str, demo: Path, tmp_path: Path) -> None:
    done = healthcard(*station(demo, tmp_path, "mx-rc"), "--first-day", day)
    assert (done.code, "--first-day" in done.said) == (2, True)


def test_a_folder_without_permission_is_said(demo: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    # Root may write anywhere: then the program runs without that capability.
    prefix = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    for arguments in (
        ("issue", EXAMPLES / "muac_only.json", "-k", demo / "station.key", "-b", demo / "trust.bundle", "--out", closed),
        ("issue", EXAMPLES / "muac_only.json", "-k", demo / "station.key", "-b", demo / "trust.bundle", "--out", closed / "cards"),
        ("keygen", closed / "a.key"),
        ("demo", "--out", closed / "demo"),
    ):
        done = program(*arguments, prefix=prefix)
        assert (done.code, "Permission denied" in done.err, str(closed) in done.err) == (1, True, True), done.err
    assert not list(closed.iterdir())


# --- the files of a card -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["issue", "extend"])
@pytest.mark.parametrize("suffix", [".txt", ".pdf", ".png"])
def test_another_familys_card_is_never_overwritten_and_nothing_is_signed(command: str, suffix: str, demo: Path, tmp_path: Path) -> None:
    theirs = tmp_path / {"issue": f"muac_only{suffix}", "extend": f"card{suffix}"}[command]
    theirs.write_bytes(b"theirs")
    given = {"issue": EXAMPLES / "muac_only.json", "extend": demo / f"{CARD}.txt"}[command]
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle", "--issued-list", tmp_path / "station.issued")
    done = healthcard(command, given, *keys, "--out", tmp_path)
    assert (done.code, f"{theirs}: exists already" in done.said, "--out" in done.said) == (1, True, True), done.err
    assert list(tmp_path.iterdir()) == [theirs] and theirs.read_bytes() == b"theirs"
    assert healthcard(command, given, *keys, "--out", tmp_path / "other").code == 0


def test_a_card_is_for_its_owner_alone_to_read(demo: Path, tmp_path: Path) -> None:
    assert issued(EXAMPLES / "muac_only.json", demo, out=tmp_path).code == 0
    assert {(path.suffix, stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()} == {
        (suffix, 0o600) for suffix in (".txt", ".pdf", ".png")
    }


def test_a_disk_too_full_for_a_card_is_told_with_the_file_and_none_of_it_is_left(demo: Path, tmp_path: Path) -> None:
    keys = ("--key", demo / "station.key", "--bundle", demo / "trust.bundle")
    full = program("issue", EXAMPLES / "muac_only.json", *keys, "--out", tmp_path, prefix=("prlimit", "--fsize=5000:"))
    assert (full.code, f"{tmp_path}/muac_only.pdf: File too large" in full.said) == (1, True), full.err
    assert not list(tmp_path.iterdir())
    (tmp_path / "muac_only.pdf.part").write_bytes(b"left by a power cut")
    assert issued(EXAMPLES / "muac_only.json", demo, out=tmp_path).code == 0
    assert not list(tmp_path.glob("*.part"))
