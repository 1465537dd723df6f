"""Sizes first, then speed as ratios to a named reference in the same run: `make bench`."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from benchmarks import growth, peers, scanner, service, sheets
from benchmarks.families import families
from healthcard import card, cbor, sign, sizes, symbol
from healthcard.errors import SensitiveContent, TooLarge
from healthcard.record import Record
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
TODAY = date(2026, 11, 20)
MODULE_MM, QUIET = 0.40, 8
ROUNDS = 30


def main() -> None:
    print_sizes()
    print_speed()
    print_hostile()
    sheets.main()
    growth.main()
    scanner.main()
    service.main()


def print_sizes() -> None:
    """Bytes, characters, symbol at level M and its side at 0.40 mm a module, beside two other ways to write the same record."""
    print("Size of one record: healthcard | JSON + gzip + signature | CWT with integer keys + zlib + base45")
    print(f"{'record':28} {'bytes':>6} {'chars':>6} {'symbol':>7} {'mm':>5} | {'bytes':>6} | {'bytes':>6} {'chars':>6} {'mm':>5}")
    for path in sorted(EXAMPLES.glob("*.json")):
        record = Record.from_json(path.read_bytes())
        try:
            size = sizes.measure(record, None, last_day(record))
        except SensitiveContent:
            continue
        peer_bytes, peer_characters = peers.compressed_cwt(record)
        ours = f"{size.bytes:6} {size.characters:6} {size.version:5}-{size.level} {side(size.characters):5.1f}"
        cwt = f"{peer_bytes:6} {peer_characters:6} {side(peer_characters):5.1f}"
        print(f"{path.stem:28} {ours} | {peers.gzipped_json(record):6} | {cwt}")
    found = families(400)
    sizes_found = [sizes.measure(record, None, last_day(record)).bytes for record in found]
    gzipped = [peers.gzipped_json(record) for record in found]
    keyed = [peers.compressed_cwt(record)[0] for record in found]
    medians = [statistics.median(column) for column in (sizes_found, gzipped, keyed)]
    print("median of 400 families: " + " | ".join(f"{value:.0f}" for value in medians) + " bytes\n")


def print_speed() -> None:
    """Reading against one bare Ed25519 verification, issuing against one bare signature, the handover against reading."""
    world = World.build(TODAY)
    cards = sorted((world.issue(record) for record in families(60)), key=lambda c: len(c.token))
    print("Speed as ratios of rates, in one run (aims: read >= 0.5 median, >= 0.4 largest; issue >= 0.3 median; handover < 2 reads)")
    print_card_speed("median of 60 families", cards[len(cards) // 2], world)
    print_card_speed("largest of 60 families", cards[-1], world)
    print_card_speed("fullest symbol", largest_card(world), world)
    print()


def print_card_speed(name: str, issued: card.Card, world: World) -> None:
    token = sign.inspect(issued.token)
    message, signer = token.to_be_signed(b"healthcard-test/0"), world.station_signer
    verify, read, made, signed, told = times(
        lambda: signer.key.check(token.signature, message),
        lambda: card.read(issued.text, bundle=world.bundle, now=TODAY),
        lambda: world.issue(issued.record),
        lambda: signer.sign(message),
        lambda: card.read(issued.text, bundle=world.bundle, now=TODAY).handover,
    )
    print(f"{name:22} {len(issued.token):4} B: read {verify / read:.2f} of bare verification ({read:.0f} us), issue {signed / made:.2f} "
          f"of bare signing ({made:.0f} us), handover {told / read - 1:.1f} reads")  # fmt: skip


def print_hostile() -> None:
    """The slowest refused input against one verification; the bound is 60."""
    world = World.build(TODAY)
    signer = world.station_signer
    aad = b"healthcard-test/0"
    arrays = b"\x84" * 8 + b"\x00" * 900
    shapes = {
        "4 KiB of base45": "MCT1:" + "0" * 4091,
        "token of 1 KiB of nothing": symbol.card_text(bytes(1024), "test"),
        "payload of small integers": symbol.card_text(sign.sign(b"\x99\x03\x80" + bytes(896), signer, aad), "test"),
        "payload of empty arrays": symbol.card_text(sign.sign(b"\x99\x03\x80" + b"\x80" * 896, signer, aad), "test"),
        "payload of deep arrays": symbol.card_text(sign.sign(arrays, signer, aad), "test"),
        "row of many unknown events": symbol.card_text(sign.sign(many_events(), signer, aad), "test"),
    }
    issued = largest_card(world)
    token = sign.inspect(issued.token)
    message = token.to_be_signed(aad)
    verify, *others = times(
        lambda: signer.key.check(token.signature, message),
        *[lambda text=text: card.read(text, bundle=world.bundle, now=TODAY) for text in shapes.values()],
    )
    print("Hostile input: cost in signature verifications (bound: 60)")
    for (name, text), took in zip(shapes.items(), others, strict=True):
        print(f"  {name:28} {took / verify:5.1f}  {card.read(text, bundle=world.bundle, now=TODAY).verdict}")
    print()


def many_events() -> bytes:
    rows = [[1, 0, 0x1FF, *([-4 - n, bytes(8)] for n in range(23, -1, -1))] for _ in range(3)]
    return cbor.dumps([0, bytes(8), None, 2500, 0, 4, b"", [0, 0x7F, *rows]])


def largest_card(world: World) -> card.Card:
    """One family whose contacts go on until no further one fits a symbol (540 bytes)."""
    base = next(r for r in families(60, seed=7) if len(r.people) == 2 and len(r.people[1].contacts) > 1).to_json()
    contacts = [person["contacts"] for person in base["people"]]
    best = world.issue(Record.from_json(base))
    for n in range(1, 30):
        own = contacts[n % 2]
        day = date.fromisoformat(own[-1]["date"]) + timedelta(4)
        own.append(own[(n // 2) % 2 % len(own)] | {"date": day.isoformat()})
        try:
            best = world.issue(Record.from_json(base))
        except TooLarge:
            break
    return best


def last_day(record: Record) -> date:
    return max(contact.date for person in record.people for contact in person.contacts)


def side(characters: int) -> float:
    """Printed side in mm at level M, 0.40 mm a module; 0 where no symbol holds it."""
    version = next((v for v in range(1, 41) if symbol.characters_in(v, "M") >= characters), 0)
    return (17 + 4 * version + QUIET) * MODULE_MM if version else 0.0


def times(*functions: Callable[[], object]) -> Sequence[float]:
    """Microseconds of each function, the least of many rounds taken in turn: the machine's noise only ever adds."""
    best = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for n, function in enumerate(functions):
            start = time.perf_counter()
            for _ in range(20):
                function()
            best[n] = min(best[n], (time.perf_counter() - start) / 20 * 1e6)
    return best


if __name__ == "__main__":
    main()
