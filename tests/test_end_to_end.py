"""Record -> PDF -> paper's pixels -> an independent reader -> verified record: the main job, with parts that are not ours."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from healthcard import card
from healthcard.errors import SensitiveContent
from healthcard.printing import rendering as printing
from healthcard.record import Record
from tests.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
TODAY = date(2026, 11, 20)
SENSITIVE = "family_three_contacts_sealed"
OPEN = sorted(path.stem for path in EXAMPLES.glob("*.json") if path.stem != SENSITIVE)


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


def example(name: str) -> Record:
    return Record.from_json((EXAMPLES / f"{name}.json").read_bytes())


def rasterised(pdf: bytes, folder: Path, dpi: int) -> list[Path]:
    """The pages of a PDF as poppler prints them."""
    program = shutil.which("pdftoppm")
    assert program, "these tests need pdftoppm (package poppler-utils)"
    (folder / "card.pdf").write_bytes(pdf)
    subprocess.run([program, "-r", str(dpi), "-png", "card.pdf", f"page{dpi}"], cwd=folder, check=True)
    return sorted(folder.glob(f"page{dpi}*.png"))


def read_by_zbar(picture: Path) -> list[str]:
    program = shutil.which("zbarimg")
    assert program, "these tests need zbarimg (package zbar-tools)"
    done = subprocess.run([program, "-q", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)], capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", OPEN)
def test_a_record_printed_at_300_dpi_reads_back_verified_and_equal(name, world, tmp_path):
    record = example(name)
    issued = world.issue(record)
    pages = rasterised(printing.render(issued), tmp_path, 300)
    assert len(pages) == 2
    for page in pages:
        assert read_by_zbar(page) == [issued.text]
    reading = card.read(issued.text, bundle=world.bundle, now=TODAY)
    assert isinstance(reading, card.VerifiedReading)
    assert reading.verdict == "verified"
    assert reading.record == record
    assert (reading.issuer, reading.issued) == ("mx-rc", TODAY)


def test_the_record_with_level_2_entries_is_refused_and_every_one_is_named(world):
    with pytest.raises(SensitiveContent) as refused:
        world.issue(example(SENSITIVE))
    named = {problem.place for problem in refused.value.problems}
    tests = ("hiv_test", "syphilis_test")
    assert named == {f"people[0].contacts[{n}].observations.{key}" for n in range(3) for key in tests}


@pytest.mark.parametrize("name", OPEN)
def test_the_face_reads_in_every_language_it_is_printed_in(name, world):
    issued = world.issue(example(name))
    for language in ("es", "en", "fr", "pt", "ht"):
        printing.check_scan(printing.render(issued, language=language), issued)


def test_the_same_card_prints_the_same_bytes(world):
    issued = world.issue(example("twins_after_birth"))
    assert printing.render(issued) == printing.render(issued)


def test_a_text_light_face_prints_no_clinical_word(world, tmp_path):
    issued = world.issue(example("severe_pre_eclampsia"))
    (tmp_path / "light.pdf").write_bytes(printing.render(issued, language="en", text_light=True))
    text = subprocess.run(["pdftotext", "light.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "identity document" in text
    for word in ("pressure", "headache", "Magnesium", "weeks", "166"):
        assert word.lower() not in text.lower()
