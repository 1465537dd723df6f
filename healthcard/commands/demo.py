"""The demonstration: a whole small network in a folder, and one family's card through it."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from healthcard import card as cards
from healthcard import keyfile, picture, resources
from healthcard.card import Reading
from healthcard.commands.terminal import require_new, write_files
from healthcard.errors import KeyFileError
from healthcard.printing import rendering as printing
from healthcard.record import Record
from healthcard.sign import SoftwareSigner
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, ISSUE, TrustBundle

PASSPHRASE = "demo"
ORGANISATIONS = ("pa-rc", "cr-rc", "hn-rc", "gt-rc", "mx-rc", "co-rc", "ne-rc", "ml-rc", "td-rc")
STATION_OF = "mx-rc"
RECORD = "family_three_contacts.json"


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration read back from the picture of the card, and the files it left with a word on each."""

    reading: Reading
    card: Path
    bundle: Path
    files: tuple[tuple[Path, str], ...]


def run(out: Path, today: date | None = None) -> Demonstration:
    """Keys, bundle, card as PDF and PNG, read back from the picture; everything is on the test network."""
    today = today or date.today()
    root_key, station_key, bundle_file = out / "root.key", out / "station.key", out / "trust.bundle"
    stem = out / Path(RECORD).stem
    if any(path.exists() for path in (root_key, station_key, bundle_file)):
        raise KeyFileError(f"{out}: holds a demonstration already; remove it or choose another folder with --out")
    require_new(stem)
    out.mkdir(parents=True, exist_ok=True)
    root, station = (_make_key(path, purpose) for path, purpose in ((root_key, "root"), (station_key, "station")))
    bundle = network(root, station, today)
    bundle.save(bundle_file)

    card = cards.issue(Record.from_json(resources.example(RECORD)), station, bundle, now=today)
    written = write_files(stem, printing.checked_files(card))
    drawn = next(path for path in written if path.suffix == ".png")
    reading = cards.read(*picture.scan(drawn), bundle=bundle, now=today)
    words = {".txt": "the card text, what the code holds", ".pdf": "the card to print: A7, front and back", ".png": "the card as a picture"}
    files = [(path, words[path.suffix]) for path in written]
    files += [(bundle_file, "the trust bundle: who may issue"), (station_key, "the station's key (passphrase: demo)")]
    files += [(root_key, "the root's key (passphrase: demo)")]
    return Demonstration(reading, drawn, bundle_file, tuple(files))


def network(root: SoftwareSigner, station: SoftwareSigner, today: date) -> TrustBundle:
    """The bundle of the demonstration: nine organisations, numbered from 3, and one station of mx-rc."""
    start = today - timedelta(days=30)
    bundle = custody.found("test", [root], 1, start)
    keys = {name: SoftwareSigner.generate() for name in ORGANISATIONS}
    for name in ORGANISATIONS:
        bundle = custody.add_organisation(bundle, [root], name, keys[name].key, start)
    return custody.add_station(bundle, [root], STATION_OF, keys[STATION_OF], station.key, ISSUE | CONTINUE, start, today)


def _make_key(path: Path, purpose: str) -> SoftwareSigner:
    label = "demo root" if purpose == "root" else f"{STATION_OF} demo"
    keyfile.generate(path, purpose, "test", label, "Ed25519", PASSPHRASE)
    return keyfile.signer(path, PASSPHRASE)[1]
