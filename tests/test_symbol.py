import contextlib
import io
import random
import shutil
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from healthcard import symbol as module
from healthcard.errors import NoCode, PictureError, PrintError, TooLarge, Unreadable
from healthcard.symbol import base45_decode, base45_encode, capacity, card_text, parse_card_text, scan, symbol

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
    assert scan(data) == [text]


def test_a_png_with_fewer_dots_than_modules_is_refused() -> None:
    with pytest.raises(TooLarge):
        symbol(card_text(token(255), "real")).png(50, 40)


# --- scan

ONE, TWO = card_text(token(255, 1), "real"), card_text(token(160, 2), "test")


def test_scan_takes_bytes_a_path_and_a_picture(tmp_path: Path) -> None:
    picture = symbol(ONE).image(4)
    path = tmp_path / "card.png"
    picture.save(path)
    assert scan(picture) == scan(path) == scan(str(path)) == scan(path.read_bytes()) == [ONE]


@pytest.mark.parametrize("angle", [0, 7, 33, 90, 180, 271])
def test_a_turned_card_is_read(angle: int) -> None:
    assert scan(sheet(ONE, columns=1).rotate(angle, expand=True, fillcolor=200)) == [ONE]


def test_a_mirrored_and_an_inverted_card_are_read() -> None:
    picture = sheet(ONE, columns=1)
    assert scan(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == [ONE]
    assert scan(picture.point(lambda value: 255 - value)) == [ONE]


@pytest.mark.parametrize("turn", [0, 3])
def test_every_code_of_a_sheet_is_returned_once_in_reading_order(turn: int) -> None:
    texts = [card_text(token(160, seed), "real") for seed in range(7)]
    paper = sheet(*texts, texts[2]).rotate(turn, expand=True, fillcolor=255)
    assert scan(paper) == texts


def test_only_texts_of_ours_are_returned() -> None:
    bundle = "MCB1:" + base45_encode(token(100))
    paper = sheet("HTTPS://EXAMPLE.ORG/1234567890", ONE, bundle, TWO)
    assert scan(paper) == [ONE, TWO]
    assert scan(paper, prefixes=("MCB1:",)) == [bundle]
    assert scan(paper, prefixes=("MCH1:", "MCB1:")) == [ONE, bundle]


def blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(2.8))


def dark(picture: Image.Image) -> Image.Image:
    """A third of the light, out of focus, with the sensor's noise."""
    noise = Image.frombytes("L", picture.size, random.Random(3).randbytes(picture.width * picture.height))
    light = picture.filter(ImageFilter.GaussianBlur(2)).point(lambda value: 30 + value * 3 // 10)
    return ImageChops.add(light, noise.point(lambda value: value // 8))


def worn(picture: Image.Image) -> Image.Image:
    """White specks of a module or two, as on rubbed toner."""
    chance, copy = random.Random(1), picture.filter(ImageFilter.GaussianBlur(1.6))
    for _ in range(150):
        x, y, r = chance.randrange(picture.width), chance.randrange(picture.height), chance.uniform(1.5, 6)
        ImageDraw.Draw(copy).ellipse((x - r, y - r, x + r, y + r), fill=245)
    return copy


@pytest.mark.parametrize("damage", [blurred, dark])
def test_a_poor_picture_that_a_plain_reader_gives_up_is_read(damage: Callable[[Image.Image], Image.Image]) -> None:
    picture = damage(sheet(ONE, columns=1))
    assert not zxingcpp.read_barcodes(picture)
    assert scan(file_of(picture, "JPEG", quality=90)) == [ONE]


def test_a_worn_card_in_uneven_light_is_read() -> None:
    shade = Image.linear_gradient("L").rotate(90).resize((700, 700)).point(lambda value: 60 + value // 2)
    assert scan(file_of(ImageChops.multiply(worn(sheet(ONE, columns=1)), shade), "JPEG", quality=70)) == [ONE]


def test_a_blurred_card_beside_a_sharp_one_is_read_too() -> None:
    paper = sheet(ONE, TWO)
    half = paper.crop((0, 0, 700, 700))
    paper.paste(blurred(half), (0, 0))
    assert not any(code.text == ONE for code in zxingcpp.read_barcodes(paper))  # the plain reader sees one only
    assert scan(paper) == [ONE, TWO]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"])
def test_pictures_of_every_mode_are_read(mode: str) -> None:
    grey = sheet(ONE, columns=1)
    if mode in ("I", "I;16"):
        picture = Image.frombytes("I;16", grey.size, b"".join(struct.pack("<H", 20000 + value * 150) for value in grey.tobytes()))
        picture = picture.convert(mode)
    else:
        picture = grey.convert(mode)
    assert scan(picture) == [ONE]
    kind = {"CMYK": "JPEG", "F": "TIFF", "I": "TIFF"}.get(mode, "PNG")
    assert scan(file_of(picture, kind)) == [ONE]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_files_of_every_kind_are_read(kind: str) -> None:
    assert scan(file_of(sheet(ONE, columns=1), kind)) == [ONE]


@pytest.mark.parametrize("transparent", [(0, 0, 0, 0), (255, 255, 255, 0)])
def test_black_on_transparent_is_read(transparent: tuple[int, int, int, int]) -> None:
    code = symbol(ONE).image(4).convert("L")
    picture = Image.new("RGBA", code.size, transparent)
    picture.paste((0, 0, 0, 255), (0, 0), code.point(lambda value: 255 - value))
    assert scan(file_of(picture)) == scan(file_of(picture.quantize(16))) == [ONE]


def test_the_orientation_a_phone_notes_decides_the_reading_order() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8  # turn by a quarter to the left to see it upright
    stored = sheet(ONE, TWO).transpose(Image.Transpose.ROTATE_270)
    assert scan(file_of(stored, "JPEG", exif=exif)) == [ONE, TWO]
    assert scan(file_of(sheet(ONE, TWO).transpose(Image.Transpose.ROTATE_180), "JPEG")) == [TWO, ONE]


def test_damaged_exif_data_does_not_stop_reading() -> None:
    assert scan(file_of(sheet(ONE, TWO), "JPEG", exif=b"Exif\0\0damaged")) == [ONE, TWO]


def test_scanning_leaves_the_picture_alone() -> None:
    picture = sheet(ONE, columns=1)
    picture.info["exif"] = b"kept"
    before = picture.copy()
    scan(picture)
    assert picture == before
    assert picture.info == before.info


def test_every_page_of_a_pdf_is_read_at_300_dpi() -> None:
    pages = [Image.new("L", (1240, 1754), 255) for _ in range(3)]
    pages[0].paste(symbol(ONE).image(5), (300, 300))
    pages[2].paste(symbol(TWO).image(3), (90, 1100))
    data = file_of(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=150)
    assert scan(data) == [ONE, TWO]


def test_a_pdf_of_poor_pages_is_read() -> None:
    assert scan(file_of(blurred(sheet(ONE, columns=1)), "PDF", resolution=300)) == [ONE]


def test_a_pdf_without_a_code_of_more_than_20_pages_or_broken_is_refused() -> None:
    blank = Image.new("L", (60, 60), 255)
    with pytest.raises(NoCode):
        scan(file_of(blank, "PDF"))
    with pytest.raises(PictureError, match="more than 20 pages"):
        scan(file_of(blank, "PDF", save_all=True, append_images=[blank] * 20))
    with pytest.raises(PictureError):
        scan(b"%PDF-1.7\nnothing more")


def test_a_pdf_page_as_large_as_a_house_is_read_in_bounded_memory() -> None:
    data = file_of(sheet(ONE, columns=1), "PDF", resolution=3.6)  # 14 m: 1.6 million pixels a metre at 300 dpi
    assert scan(data) == [ONE]


def test_no_code_and_a_code_of_something_else_are_told_apart_without_its_content() -> None:
    with pytest.raises(NoCode, match="there is no code"):
        scan(Image.new("L", (400, 400), 255))
    with pytest.raises(NoCode, match="not one of ours") as caught:
        scan(symbol("HTTPS://EXAMPLE.ORG/SECRET").image(4))
    assert "EXAMPLE" not in str(caught.value)
    with pytest.raises(NoCode, match="not one of ours"):
        scan(symbol(ONE.replace("MCH1", "MCH2")).image(4))
    barcode = memoryview(zxingcpp.create_barcode("4006381333931", zxingcpp.BarcodeFormat.EAN13).to_image(scale=3))
    picture = Image.frombytes("L", (barcode.shape[1], barcode.shape[0]), barcode.tobytes())
    with pytest.raises(NoCode, match="not one of ours"):
        scan(picture)


def test_a_code_too_damaged_to_read_gives_advice() -> None:
    picture = sheet(ONE, columns=1)
    ImageDraw.Draw(picture).rectangle((250, 200, 420, 420), fill=0)
    with pytest.raises(NoCode, match="that can be read: hold the camera closer"):
        scan(picture)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_a_picture_of_49_megapixels_is_read(mode: str) -> None:
    picture = Image.new("L", (7000, 7000), 255)
    picture.paste(sheet(ONE, columns=1).resize((2100, 2100)), (1500, 3000))
    assert scan(picture.convert(mode)) == [ONE]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MCH1:BB8",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"II*\0\xff\xff\xff\xff",
        b"RIFF\0\0\0\0WEBP",
    ],
)
def test_what_is_not_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError) as caught:
        scan(data)
    assert not isinstance(caught.value, NoCode)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    data = file_of(sheet(ONE, columns=1), kind)
    for share in (0.2, 0.6, 0.9):
        with pytest.raises(PictureError):
            scan(data[: int(len(data) * share)])


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(PictureError):
            scan(path)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (1, 1), (1, 4_000_000), (49_000_000, 1)])
def test_pictures_of_odd_shapes_give_a_picture_error(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError):
        scan(Image.new("L", size))


@pytest.mark.parametrize("size", [(3, 14400), (14400, 3), (60_000, 9)])
def test_pdf_pages_of_odd_shapes_give_a_picture_error(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError):
        scan(file_of(Image.new("L", size), "PDF", resolution=72))


def test_a_file_above_20_mb_is_refused_unread(tmp_path: Path) -> None:
    padded = file_of(symbol(ONE).image(4)) + bytes(20_000_000)
    path = tmp_path / "large.png"
    path.write_bytes(padded)
    for picture in (padded, path):
        with pytest.raises(PictureError, match="20 MB"):
            scan(picture)


@pytest.mark.parametrize("side", [7072, 9500, 20000])
def test_a_picture_of_too_many_pixels_is_refused_from_its_header(side: int) -> None:
    data = bytearray(file_of(Image.new("1", (8, 8))))
    data[16:24] = struct.pack(">II", side, side)  # IHDR
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(PictureError, match="50 megapixels"):
        scan(bytes(data))
    assert before == Image.MAX_IMAGE_PIXELS


def test_any_bytes_give_texts_or_a_picture_error() -> None:
    chance = random.Random(5)
    samples = [file_of(symbol(TWO).image(2), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PDF")]
    for _ in range(105):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(PictureError):
            assert scan(bytes(data)) == [TWO]


def test_the_reader_needs_no_numpy() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from healthcard.symbol import scan, symbol\n"
        "assert scan(symbol('MCH1:BB8').image(4)) == ['MCH1:BB8']"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(module.__file__).parents[1])
