import contextlib
import random
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from healthcard import picture as module
from healthcard.errors import NoCode, PictureError
from healthcard.picture import scan
from healthcard.symbol import base45_encode, card_text, symbol
from tests.test_symbol import file_of, sheet, token

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

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


def noise(*, pages: int) -> bytes:
    """A PDF in which every view of every page is looked at in vain."""
    first, *more = (Image.effect_noise((850, 1150), 120) for _ in range(pages))
    return file_of(first, "PDF", save_all=True, append_images=more, resolution=90, quality=8)


def test_a_pdf_is_given_up_when_its_seconds_are_over() -> None:
    data, start = noise(pages=5), time.thread_time()
    with pytest.raises(PictureError, match="takes too long") as given_up:
        scan(data, seconds=1)
    assert given_up.value.code == PictureError.code
    assert 1 < time.thread_time() - start < 8


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
    for _ in range(28):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(PictureError):
            assert scan(bytes(data)) == [TWO]


def test_the_reader_needs_no_numpy() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from healthcard.picture import scan\nfrom healthcard.symbol import symbol\n"
        "assert scan(symbol('MCH1:BB8').image(4)) == ['MCH1:BB8']"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(module.__file__).parents[1])
