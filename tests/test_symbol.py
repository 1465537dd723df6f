import io
import random
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from healthcard.errors import PrintError, TooLarge, Unreadable
from healthcard.symbol import base45_decode, base45_encode, capacity, card_text, parse_card_text, symbol

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

# Alphanumeric characters, levels M, Q, H of versions 1..18 (ISO/IEC 18004:2015 table 7).
TABLE_7 = {
    "M": [20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816],
    "Q": [16, 29, 47, 67, 87, 108, 125, 157, 189, 221, 259, 296, 352, 376, 426, 470, 531, 574],
    "H": [10, 20, 35, 50, 64, 84, 93, 122, 143, 174, 200, 227, 259, 283, 321, 365, 408, 452],
}


def token(length: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(length)


def text_of(characters: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices(ALPHABET, k=characters))


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def sheet(*texts: str, columns: int = 2, cell: int = 700) -> Image.Image:
    """A white sheet in grey with one symbol a cell, in reading order."""
    rows = -(-len(texts) // columns)
    paper = Image.new("L", (columns * cell, rows * cell), 255)
    for number, text in enumerate(texts):
        picture = symbol(text).image(5)
        paper.paste(picture, (number % columns * cell + 60, number // columns * cell + 60))
    return paper


def zbar(picture: Image.Image, folder: Path) -> list[str]:
    program = shutil.which("zbarimg")
    assert program, "these tests need zbarimg (package zbar-tools)"
    path = folder / "symbol.png"
    picture.save(path)
    done = subprocess.run([program, "--raw", "-q", "-Sdisable", "-Sqrcode.enable", str(path)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


# --- base45 and card text


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")]
)
def test_the_examples_of_rfc_9285(data: bytes, text: str) -> None:
    assert base45_encode(data) == text
    assert base45_decode(text) == data


@pytest.mark.parametrize("text", ["FGW", "U5", "00", "000", "FGWU5", "FGW000"])
def test_values_at_the_upper_edge_are_read(text: str) -> None:
    assert base45_encode(base45_decode(text)) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("triple of 65536", "GGW"),
        ("largest triple", ":::"),
        ("triple above 65535 inside a text", "BB8GGWBB8"),
        ("pair of 256", "V5"),
        ("largest pair", "BB8::"),
        ("one character", "B"),
        ("one character after a triple", "BB8B"),
        ("lower case", "bb8"),
        ("space before", "\nBB8"),
        ("line end after", "BB8\n"),
        ("NUL", "BB\0"),
        ("outside ASCII", "BB\u00e9"),
        ("a letter that folds to ASCII", "BB\uff18"),
        ("lone surrogate", "BB\ud800"),
        ("outside the alphabet in the pair", "BB8B_"),
    ],
)
def test_base45_that_no_writer_makes_is_refused(name: str, text: str) -> None:
    with pytest.raises(Unreadable):
        base45_decode(text)


@given(st.binary(max_size=400))
def test_bytes_come_back_from_base45(data: bytes) -> None:
    assert base45_decode(base45_encode(data)) == data


@given(st.text(alphabet=ALPHABET, max_size=60))
def test_a_text_that_reads_is_the_one_that_is_written(text: str) -> None:
    try:
        data = base45_decode(text)
    except Unreadable:
        return
    assert base45_encode(data) == text


@pytest.mark.parametrize("length", [171, 172])
def test_every_change_of_one_character_changes_the_token_or_is_refused(length: int) -> None:
    text = card_text(token(length), "real")
    original = parse_card_text(text)
    refused = 0
    for place in range(len(text)):
        for other in ALPHABET + "\n_aé":
            changed = text[:place] + other + text[place + 1 :]
            if changed == text:
                continue
            try:
                assert parse_card_text(changed) != original
            except Unreadable:
                refused += 1
    assert 0 < refused < len(text) * (len(ALPHABET) + 4)


@pytest.mark.parametrize(("network", "prefix"), [("real", "MCH1:"), ("test", "MCT1:")])
def test_a_card_text_names_its_network(network: str, prefix: str) -> None:
    text = card_text(b"base-45", network)
    assert text == prefix + "UJCLQE7W581"
    assert parse_card_text(text) == (network, b"base-45")


@pytest.mark.parametrize(
    "text", ["", "MCH1", "mch1:BB8", "MCH1:bb8", "MCH2:BB8", "HC1:BB8", " MCH1:BB8", "MCH1:BB8 ", "MCH1:BB8\n", "MCH1:MCH1:BB8", "BB8"]
)
def test_other_texts_are_not_card_texts(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_card_text(text)


def test_the_largest_token_is_read_and_one_byte_more_is_not() -> None:
    largest = token(1024)
    assert parse_card_text(card_text(largest, "real")) == ("real", largest)
    with pytest.raises(Unreadable, match="1024 bytes"):
        parse_card_text("MCH1:" + base45_encode(token(1025)))
    with pytest.raises(TooLarge):
        card_text(token(1025), "real")


def test_a_text_above_4096_characters_is_refused_for_its_length() -> None:
    with pytest.raises(Unreadable, match="more than 4096 characters"):
        parse_card_text("x" * 4097)
    with pytest.raises(Unreadable, match="not a card text"):
        parse_card_text("x" * 4096)


def test_decoding_is_linear_in_the_text() -> None:
    def seconds(length: int) -> float:
        text, best = base45_encode(token(length)), 1.0
        for _ in range(20):
            start = time.perf_counter()
            base45_decode(text)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(32_000) < 40 * seconds(3_200)


# --- symbol


@pytest.mark.parametrize("level", TABLE_7)
def test_capacity_is_that_of_iso_18004(level: str) -> None:
    sides = [0.40 * (17 + 4 * version + 8) for version in range(1, 19)]
    assert [capacity(side, level=level) for side in sides] == TABLE_7[level]


@pytest.mark.parametrize(
    ("side_mm", "dpi", "level", "version", "largest_token"),
    [
        (40, None, "M", 18, 540),
        (40, 600, "M", 18, 540),
        (40, 300, "M", 17, 486),
        (40, 300, "Q", 17, 350),
        (46, 203, "M", 16, 434),
        (40, None, "Q", 18, 379),
    ],
)
def test_the_largest_token_of_a_printed_size(side_mm: float, dpi: int | None, level: str, version: int, largest_token: int) -> None:
    assert capacity(side_mm, dpi, level) == TABLE_7[level][version - 1]
    fits, not_any_more = card_text(token(largest_token), "real"), card_text(token(largest_token + 1), "real")
    assert len(fits) <= capacity(side_mm, dpi, level) < len(not_any_more)
    drawn = symbol(fits, side_mm, dpi)
    assert (drawn.version, drawn.level) == (version, level)
    assert drawn.modules == 17 + 4 * version
    assert drawn.module_mm(side_mm) >= 0.40


def test_a_text_too_large_is_refused_with_both_sizes_and_without_content() -> None:
    text = card_text(token(541), "real")
    with pytest.raises(TooLarge) as caught:
        symbol(text)
    assert all(number in str(caught.value) for number in ("817", "541", "816", "540"))
    assert text[:12] not in str(caught.value)
    with pytest.raises(TooLarge):
        symbol("A", side_mm=11.5)
    assert capacity(11.5) == 0


@given(st.integers(1, 816), st.sampled_from([None, 203, 300, 600]), st.sampled_from([40.0, 46.0]))
def test_the_highest_level_that_fits_is_used_then_the_smallest_version(characters: int, dpi: int | None, side_mm: float) -> None:
    if characters > capacity(side_mm, dpi):
        with pytest.raises(TooLarge):
            symbol("A" * characters, side_mm, dpi)
        return
    drawn = symbol("A" * characters, side_mm, dpi)
    assert drawn.level == next(level for level in "HQM" if characters <= capacity(side_mm, dpi, level))
    smaller = 0.40 * (drawn.modules - 4 + 8)
    assert capacity(smaller, level=drawn.level) < characters
    assert drawn.module_mm(side_mm) >= 0.40


def test_characters_outside_base45_are_not_printed() -> None:
    with pytest.raises(PrintError):
        symbol("mch1:bb8")


@pytest.mark.parametrize("level", "MQH")
def test_zxing_and_zbar_read_every_version_and_level(level: str, tmp_path: Path) -> None:
    for version in range(1, 19):
        text = text_of(TABLE_7[level][version - 1], seed=version)
        # The largest text of a version at this level, at the size where that version is the largest.
        drawn = symbol(text, side_mm=0.40 * (17 + 4 * version + 8))
        assert (drawn.version, drawn.level) == (version, level)
        picture = drawn.image(4).convert("L")
        [code] = zxingcpp.read_barcodes(picture)
        assert (code.text, code.ec_level) == (text, level)
        assert zbar(picture, tmp_path) == [text]


@pytest.mark.parametrize("length", [40, 160, 255, 371, 540])
def test_the_matrix_is_bit_for_bit_that_of_an_independent_writer(length: int) -> None:
    text = card_text(token(length), "test")
    drawn = symbol(text)
    options = f"ecLevel={drawn.level},version={drawn.version},dataMask=3"
    other = memoryview(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, options=options).to_image(add_quiet_zones=False))
    assert other.shape == (drawn.modules, drawn.modules)
    assert drawn.matrix == tuple(tuple(other[y, x] == 0 for x in range(drawn.modules)) for y in range(drawn.modules))


def test_the_same_text_gives_the_same_bytes() -> None:
    text = card_text(token(255), "real")
    assert symbol(text) == symbol(text)
    assert symbol(text).svg(40) == symbol(text).svg(40)
    assert symbol(text).png(300, 40) == symbol(text).png(300, 40)


def test_the_svg_draws_exactly_the_matrix() -> None:
    drawn = symbol(card_text(token(255), "real"))
    svg = drawn.svg(40)
    assert svg.count("<path") == 2  # ground and code
    assert f'width="40mm" height="40mm" viewBox="0 0 {drawn.modules + 8} {drawn.modules + 8}"' in svg
    dark = set()
    for run in svg.split('d="M')[2].split('"')[0].rstrip("z").split("zM"):
        start, rest = run.split("h")
        x, y = map(int, start.split())
        dark |= {(y - 4, x - 4 + step) for step in range(int(rest.split("v1H")[0]))}
    assert dark == {(y, x) for y, row in enumerate(drawn.matrix) for x, module in enumerate(row) if module}


@pytest.mark.parametrize(
    ("dpi", "side_mm", "bytes_", "dots"), [(300, 40, 255, 5), (300, 40, 486, 5), (203, 46, 434, 4), (203, 46, 60, 6), (600, 40, 540, 9)]
)
def test_a_png_has_whole_dots_at_exactly_its_dpi(dpi: int, side_mm: float, bytes_: int, dots: int, tmp_path: Path) -> None:
    text = card_text(token(bytes_), "real")
    drawn = symbol(text, side_mm, dpi)
    data = drawn.png(dpi, side_mm)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == ((drawn.modules + 8) * dots,) * 2
    assert picture.width / dpi * 25.4 <= side_mm
    at = data.index(b"pHYs") + 4
    assert struct.unpack(">IIB", data[at : at + 9]) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)
    small = picture.convert("L").resize((drawn.modules + 8,) * 2, Image.Resampling.BOX)
    assert set(small.tobytes()) == {0, 255}  # no module is a mixture
    assert [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))] == [text]


def test_a_png_with_fewer_dots_than_modules_is_refused() -> None:
    with pytest.raises(TooLarge):
        symbol(card_text(token(255), "real")).png(50, 40)
