"""The check scan: simulated printers, flatbed scans and photos of a card, and what each is told."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from benchmarks import damage, damage_photo
from healthcard.errors import PrintError
from healthcard.printing import check as module
from healthcard.printing import proof as proofs
from healthcard.printing import rendering, templates
from healthcard.printing.check import Result, proof
from healthcard.symbol import symbol
from tests.command import healthcard

A7 = templates.find("a7")
FAMILY = "family_three_contacts"
DPI = 300


def check(taken: Image.Image | bytes, **measures: float) -> dict[str, Result]:
    """Each check of one side by its word, the other being well; the first that failed, if any of that word did."""
    results = module.check({"picture": taken}, front().text, A7, sides=1, **measures)
    return {result.name: result for result in sorted(results, key=lambda result: not result.passed)}


def failed(taken: Image.Image | bytes, **measures: float) -> list[str]:
    """Words of the checks that did not pass; each of them says what to do."""
    found = [result for result in check(taken, **measures).values() if not result.passed]
    assert all(result.advice for result in found)
    return sorted({result.name for result in found})


def front() -> damage.Print:
    return damage.sides(FAMILY)[0]


def printed(scale: float = 1.0, black: int = 20) -> Image.Image:
    """The front on its paper as a printer leaves it at 300 dpi: scaled about the middle, toner as dark as `black`."""
    size = round(A7.width_mm * DPI / 25.4), round((A7.height_mm or 0) * DPI / 25.4)
    page = Image.fromarray(front().page).resize((round(size[0] * scale), round(size[1] * scale)), Image.Resampling.BOX)
    paper = Image.new("L", size, 255)
    paper.paste(page, ((size[0] - page.width) // 2, (size[1] - page.height) // 2))
    return paper.point(lambda value: black + value * (250 - black) // 255)


def scanned(paper: Image.Image, turn: float = 1.5) -> bytes:
    """The paper on the dark glass of a flatbed scanner, not quite straight; the file says its dots per inch."""
    glass = Image.new("L", (paper.width + 300, paper.height + 300), 60)
    glass.paste(paper, (150, 150))
    file = io.BytesIO()
    glass.rotate(turn, Image.Resampling.BICUBIC, fillcolor=60).save(file, "PNG", dpi=(DPI, DPI))
    return file.getvalue()


def photo(paper: Image.Image, condition: str = "slight defocus", seed: int = 2) -> Image.Image:
    """The paper in a phone picture, from an angle where the condition has one."""
    page = np.asarray(paper)
    x, y, side, _ = (round(length / damage.PX_PER_MM * DPI / 25.4) for length in front().box)
    return Image.fromarray(damage_photo.photograph(page, DPI / 25.4, (x, y, side, side), condition, seed))


@pytest.mark.parametrize("turn", [0, -8, 91])
def test_a_good_print_passes_in_a_flatbed_scan(turn):
    assert failed(scanned(printed(), turn)) == []


@pytest.mark.parametrize("scale", [0.96, 0.97, 1.04])
def test_a_print_that_was_scaled_fails_in_a_flatbed_scan(scale):
    found = check(scanned(printed(scale)))["size"]
    assert not found.passed
    assert float(found.measured.split()[0]) == pytest.approx(100 * scale, abs=0.5)
    assert "100 %" in found.advice


@pytest.mark.parametrize("scale", [0.99, 1.01])
def test_a_hundredth_is_the_printers_own_affair(scale):
    assert failed(scanned(printed(scale))) == []


def test_dpi_can_be_told_where_the_file_does_not_say_them():
    whole = Image.open(io.BytesIO(scanned(printed(0.96))))
    whole.info.clear()
    assert failed(whole) == ["size"]  # nothing from outside the print tells its size
    assert "does not show it" in check(whole)["size"].measured
    assert failed(whole, dpi=DPI) == ["size"]
    whole = Image.open(io.BytesIO(scanned(printed())))
    whole.info.clear()
    assert failed(whole, dpi=DPI) == []


def test_the_cut_edges_of_the_card_are_a_measure_where_they_frame_the_picture():
    assert failed(printed()) == []
    assert failed(printed(0.96)) == ["size"]
    assert "edges" in check(printed(0.96))["size"].measured


@pytest.mark.parametrize("condition", ["low light", "one crease", "from an angle"])
def test_a_good_print_passes_in_a_photo_once_its_ruler_is_measured(condition, monkeypatch):
    monkeypatch.setitem(damage_photo.CONDITIONS, "from an angle", (None, damage_photo.FIELD))
    taken = photo(printed(black=0), condition)
    assert failed(taken, ruler_mm=50) == []
    assert failed(taken, ruler_mm=48) == ["size"]


def test_the_dpi_that_a_camera_writes_are_not_believed():
    file = io.BytesIO()
    photo(printed(0.96)).save(file, "JPEG", dpi=(72, 72))
    assert "does not show it" in check(file.getvalue())["size"].measured


@pytest.mark.parametrize("black", [110, 160])
def test_faint_toner_fails_however_well_it_reads(black):
    found = check(scanned(printed(black=black)))["contrast"]
    assert not found.passed
    assert "toner" in found.advice


def streak(paper: Image.Image) -> None:
    """Two lines that the printer left white, as of a worn drum."""
    for x in (200, 330):
        ImageDraw.Draw(paper).line((x, 0, x, paper.height), fill=250, width=20)


def mark(paper: Image.Image) -> None:
    """A pen line that comes too near to the code, on its right."""
    x, y, side, _ = (length / damage.PX_PER_MM * DPI / 25.4 for length in front().box)
    ImageDraw.Draw(paper).line((x + side - 12, y, x + side - 12, y + side), fill=20, width=8)


@pytest.mark.parametrize(("spoil", "word", "place"), [(streak, "damage", "modules"), (mark, "quiet-zone", "right")])
def test_missing_toner_and_marks_beside_the_code_fail(spoil: Callable[[Image.Image], None], word, place):
    paper = printed()
    spoil(paper)
    found = [result for result in check(scanned(paper)).values() if not result.passed]
    assert [result.name for result in found] == [word]
    assert place in found[0].measured


def test_another_card_and_no_card_fail():
    other = symbol("MCT1:NOT THIS CARD").image(5).convert("L")
    assert check(other)["bytes"].measured == "1 of 1 codes are not this card"
    both = printed()
    both.paste(other.resize((150, 150)), (600, 100))
    assert failed(both) == ["bytes"]
    assert failed(Image.new("L", (300, 300), 255)) == ["bytes"]


def test_every_code_of_a_picture_is_checked():
    pages = [printed(), printed(black=140)]
    file = io.BytesIO()
    Image.fromarray(np.hstack([np.asarray(page) for page in pages])).save(file, "PNG", dpi=(DPI, DPI))
    results = module.check({"both.png": file.getvalue()}, front().text, A7)
    assert [(result.place, result.name) for result in results if not result.passed] == [("code 2", "contrast")]


# Both sides


def test_one_side_is_not_the_card():
    one, other = scanned(printed()), scanned(printed(), turn=-2)
    [alone] = [result for result in module.check({"front": one}, front().text, A7) if not result.passed]
    assert (alone.name, alone.measured, alone.advice) == ("sides", "1 of 2 sides", "look at the other side too")
    assert all(result.passed for result in module.check({"front": one, "back": other}, front().text, A7))
    card = damage.card(FAMILY)
    assert all(result.passed for result in module.check({"pages.pdf": rendering.render(card)}, card.text, A7))
    assert all(result.passed for result in module.check({"front": one}, front().text, replace(A7, pages=1)))


def test_the_back_of_another_family_is_told_with_its_picture():
    other = scanned(symbol("MCT1:NOT THIS CARD").image(5).convert("L"))
    [found] = [result for result in module.check({"front": scanned(printed()), "back": other}, front().text, A7) if not result.passed]
    assert (found.name, found.place, found.measured) == ("bytes", "back", "1 of 1 codes are not this card")
    assert "turned on the long edge" in found.advice


# Templates without a ruler


@pytest.mark.parametrize("name", [name for name, template in templates.registry().items() if template.code_mm])
def test_what_a_ruler_is_held_to_stands_on_every_print_of_a_template(name):
    template = templates.find(name)
    for card in proofs.samples(template).values():
        said = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(rendering.render(card, name, "es")))
        assert template.ruler == ("50 mm" in said.replace("\u00a0", " "))


def test_where_no_ruler_is_printed_the_code_is_measured():
    id1, card = templates.find("id1"), damage.card(FAMILY)
    pages = pypdfium2.PdfDocument(rendering.render(card, "id1"))
    taken = {"front": pages[0].render(scale=4).to_pil().convert("L").rotate(20, expand=True, fillcolor=60)}  # no dots per inch and no edges
    side = symbol(card.text, id1.code_mm, id1.dpi)
    black = side.module_mm(side.printed_mm(id1.code_mm, id1.dpi)) * side.modules
    sizes = [module.check(taken, card.text, id1, sides=1, ruler_mm=mm)[1] for mm in (None, black, 0.96 * black)]
    assert [size.passed for size in sizes] == [False, True, False]
    assert f"the code, {black:.1f} mm from black edge to black edge" in sizes[0].advice and sizes[2].measured.startswith("96.0 %")


def test_every_usual_template_is_proven_readable_from_a_poor_print():
    card = damage.card(FAMILY)
    for name in ("a7", "id1"):
        proof(rendering.render(card, name), card.text)


def test_a_code_too_fine_for_the_printer_is_no_card():
    text = front().text
    with pytest.raises(PrintError, match="poor print"):
        proof(symbol(text).image(1), text)
    with pytest.raises(PrintError, match="does not read back"):
        proof(symbol(text).image(4), text + "0")
    with pytest.raises(PrintError, match="does not read back"):
        proof(Image.new("L", (300, 300), 255), text)


@dataclass(frozen=True)
class Desk:
    card: Path
    good: Path
    back: Path
    shrunk: Path
    faint: Path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Files of a desk: the card as issued, and scans of three prints of it."""
    folder = tmp_path_factory.mktemp("desk")
    paths = [folder / name for name in ("card.txt", "good.png", "back.png", "shrunk.png", "faint.png")]
    paths[0].write_text(front().text + "\n")
    for path, paper in zip(paths[1:], (printed(), printed(), printed(0.96), printed(black=140)), strict=True):
        path.write_bytes(scanned(paper))
    return Desk(*paths)


def test_the_command_passes_a_good_print(desk):
    done = healthcard("check", desk.good, desk.back, "--card", desk.card)
    assert (done.code, done.err) == (0, "")
    assert f"quiet-zone: {desk.back}, code: free on every side" in done.out
    alone = healthcard("check", desk.good, "--card", desk.card)
    assert alone.code == 1 and "sides: card: 1 of 2 sides: look at the other side too" in alone.err
    assert "quiet-zone: code: free on every side" in alone.out


def test_the_command_finds_an_organisations_own_template_where_issue_does(desk, tmp_path, monkeypatch):
    ours = {name: value for name, value in asdict(A7).items() if name != "name"}
    (tmp_path / "templates.json").write_text(json.dumps({"ours": ours}))
    monkeypatch.setenv("HEALTHCARD_TEMPLATES", str(tmp_path))
    done = healthcard("check", desk.good, desk.back, "--card", desk.card, "--template", "ours")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(("name", "word"), [("shrunk", "size"), ("faint", "contrast")])
def test_the_command_refuses_with_a_word_a_place_and_what_to_do(desk, name, word):
    done = healthcard("check", getattr(desk, name), "--card", desk.card)
    assert done.code == 1
    assert f"{word}: code:" in done.err
    assert "print again" in done.err
    assert front().text not in done.out + done.err
    answer = healthcard("check", getattr(desk, name), "--card", front().text, "--json")
    found = json.loads(answer.out)
    assert (answer.code, found["passed"]) == (1, False)
    assert [one["check"] for one in found["checks"] if not one["passed"]] == [word, "sides"]


def test_the_command_says_what_it_cannot_use(desk, tmp_path):
    assert healthcard("check", tmp_path / "none.png", "--card", desk.card).code == 1
    cut = tmp_path / "cut.png"
    cut.write_bytes(desk.good.read_bytes()[:200])
    assert f"{cut}: " in healthcard("check", desk.good, cut, "--card", desk.card).err
    assert "template poster has no code" in healthcard("check", desk.good, "--card", desk.card, "--template", "poster").err
    assert healthcard("check", desk.good, "--card", desk.card, "--template", "none").code == 1
    assert healthcard("check", desk.good).code == 2
    assert healthcard("check", desk.good, "--card", desk.card, "--ruler-mm", "0").code == 2
    two = tmp_path / "two.txt"
    two.write_text(front().text + "\nMCT1:BB8\n")
    assert healthcard("check", desk.good, "--card", two).code == 2
