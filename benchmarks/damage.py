"""Reading under damage: which share of photographed prints is read, ours beside two other ways to write the same record.

    python -m benchmarks.damage [seeds]                    # 40 seeds a condition, as the rates are reported

Each print is damaged and photographed by `damage_photo` and read by `healthcard.scan`'s own reader, ours and the others' alike. Of our
card both sides are photographed, each with damage of its own, and either counts; "same" is the stricter case that both sides bear the very
same damage. The others print one symbol on the same paper, in the same 40 mm, at level M and at level Q: the better of the two counts.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pypdfium2
import qrcode
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from qrcode import constants, util

from benchmarks import peers
from benchmarks.damage_photo import CONDITIONS, Box, photograph
from healthcard import picture, symbol
from healthcard.card import Card
from healthcard.errors import NoCode
from healthcard.printing import rendering
from healthcard.record import Record
from healthcard.trust import custody
from healthcard.trust.bundle import SealingKey
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
RECORDS = ("family_three_contacts", "family_three_contacts_sealed")
SEEDS = 40  # of the published rates
PX_PER_MM, CODE_MM = 24, 40
PAPER_MM, CODE_AT_MM = (74, 105), (3.0, 57.6)  # of the others' one side, as on ours
LEVELS = ("M", "Q")
QUIET = 4
SEALING_KEY = X25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()


@dataclass(frozen=True)
class Print:
    """One printed side with its code's place, and the text that it must read as."""

    page: np.ndarray
    box: Box
    text: str


@dataclass(frozen=True)
class Rate:
    """How often a print was read, and the mean processor time of a picture."""

    read: float
    milliseconds: float


def main(seeds: int = SEEDS) -> None:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name in RECORDS:
            print(f"{name}: share of {seeds} pictures of each condition that are read, at {CODE_MM} mm")
            print(f"{'':28} {'card':>6} {'same':>6} {'front':>6} | {'DCC':>6} {'C169':>6} | ms a picture")
            rows, many = [], len(CONDITIONS)
            for condition, row in zip(CONDITIONS, pool.map(rates, [name] * many, CONDITIONS, [seeds] * many), strict=True):
                print_row(condition, row)
                rows.append(row)
            print_row("mean", {column: Rate(*map(float, np.mean([(r[column].read, r[column].milliseconds) for r in rows], axis=0)))
                               for column in rows[0]})  # fmt: skip
            print(f"one stain of 3 % on one side of two: {one_side_stained(name, seeds):.0%}\n")


def print_row(condition: str, row: Mapping[str, Rate]) -> None:
    card, same, front, dcc, claim169 = (f"{row[column].read:6.1%}" for column in ("card", "same", "front", "dcc", "claim169"))
    print(f"{condition:28} {card} {same} {front} | {dcc} {claim169} | {row['card'].milliseconds:.0f}", flush=True)


def rates(name: str, condition: str, seeds: int = SEEDS) -> dict[str, Rate]:
    """The rates of one condition by column; "card" has damage of its own on each side."""
    front, back = sides(name)
    fronts, backs = readings(front, condition, range(seeds)), readings(back, condition, range(seeds))
    others = readings(back, condition, range(seeds, 2 * seeds))
    took = np.mean([seconds for _, seconds in (*fronts, *others)]) * 1000

    def either(second: Sequence[tuple[bool, float]]) -> float:
        return float(np.mean([one or two for (one, _), (two, _) in zip(fronts, second, strict=True)]))

    found = {"card": Rate(either(others), took), "same": Rate(either(backs), took),
             "front": Rate(float(np.mean([read for read, _ in fronts])), took)}  # fmt: skip
    for peer, levels in peer_prints(name).items():
        per_level = [readings(one, condition, range(seeds)) for one in levels]
        found[peer] = Rate(max(float(np.mean([read for read, _ in level])) for level in per_level), 0)
    return found


def one_side_stained(name: str, seeds: int = SEEDS) -> float:
    """Share of cards read with one contiguous stain of 3 % on the front or on the back, and nothing on the other side."""
    read = 0
    for seed in range(seeds):
        stained, clean = sides(name)[:: 1 if seed % 2 else -1]
        read += any(reads(one, condition, seed) for one, condition in ((stained, "one stain 3 % anywhere"), (clean, "slight defocus")))
    return read / seeds


def readings(one: Print, condition: str, seeds: Sequence[int]) -> list[tuple[bool, float]]:
    """Whether each picture was read, and how many seconds of the processor that took."""
    found = []
    for seed in seeds:
        taken = Image.fromarray(photograph(one.page, PX_PER_MM, one.box, condition, seed))
        start = time.process_time()
        found.append((_is_read(taken, one.text), time.process_time() - start))
    return found


def reads(one: Print, condition: str, seed: int) -> bool:
    """Whether the picture of a print is read."""
    return readings(one, condition, [seed])[0][0]


def _is_read(taken: Image.Image, text: str) -> bool:
    try:
        return picture.scan(taken, prefixes=(text[:4],)) == [text]
    except NoCode:
        return False


@cache
def sides(name: str) -> tuple[Print, Print]:
    """Front and back of our card as it is printed, at PX_PER_MM."""
    made = card(name)
    document = pypdfium2.PdfDocument(rendering.render(made))
    front, back = (_side(page.render(scale=PX_PER_MM * 25.4 / 72, grayscale=True).to_pil(), made.text) for page in document)
    return front, back


def record(name: str) -> Record:
    """A bundled record."""
    return Record.from_json((EXAMPLES / f"{name}.json").read_bytes())


def card(name: str) -> Card:
    """Its card, issued on the day of the last contact; with a sealed part where the record needs one."""
    given = record(name)
    world = World.build(max(contact.date for person in given.people for contact in person.contacts))
    if name.endswith("_sealed"):
        key = SealingKey(SEALING_KEY, world.today, world.today + timedelta(30))
        world = replace(world, bundle=custody.revise(world.bundle, [world.root_signer], world.today, sealing=(key,)))
    return world.issue(given)


def _side(page: Image.Image, text: str) -> Print:
    [code] = zxingcpp.read_barcodes(page, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert code.text == text
    quiet = symbol.symbol(text, CODE_MM).module_mm(CODE_MM) * QUIET * PX_PER_MM
    corner, side = code.position.top_left, CODE_MM * PX_PER_MM
    return Print(np.asarray(page), (round(corner.x - quiet), round(corner.y - quiet), side, side), text)


@cache
def peer_prints(name: str) -> dict[str, list[Print]]:
    """The record as the others write it, at each level."""
    given = record(name)
    texts = {"dcc": peers.dcc_text(given), "claim169": peers.claim169_text(given)}
    return {peer: [_peer_print(text, level) for level in LEVELS] for peer, text in texts.items()}


def _peer_print(text: str, level: str) -> Print:
    side = CODE_MM * PX_PER_MM
    code = _symbol(text, level).image(8).convert("L").resize((side, side), Image.Resampling.BOX)
    page = Image.new("L", (PAPER_MM[0] * PX_PER_MM, PAPER_MM[1] * PX_PER_MM), 255)
    box = (round(CODE_AT_MM[0] * PX_PER_MM), round(CODE_AT_MM[1] * PX_PER_MM), side, side)
    page.paste(code, box[:2])
    return Print(np.asarray(page), box, text)


def _symbol(text: str, level: str) -> symbol.Symbol:
    """The smallest symbol at a level that holds the text."""
    version = next(version for version in range(1, 41) if symbol.characters_in(version, level) >= len(text))
    code = qrcode.QRCode(version, {"M": constants.ERROR_CORRECT_M, "Q": constants.ERROR_CORRECT_Q}[level], border=0)
    code.add_data(util.QRData(text.encode(), mode=util.MODE_ALPHA_NUM))
    code.make(fit=False)
    return symbol.Symbol(version, level, tuple(tuple(map(bool, row)) for row in code.get_matrix()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
