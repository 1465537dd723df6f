"""Reading under damage, a sample: the whole is `python -m benchmarks.damage`, in `make campaign`."""

import secrets

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import damage, peers
from benchmarks.damage_photo import CONDITIONS, photograph
from healthcard import finders, picture
from healthcard.errors import NoCode

FAMILY = damage.RECORDS[0]
HARD = ("strong defocus", "stains 9 %, finders clear", "worn specks 4 %", "field mix", "one stain 3 % anywhere")


def test_the_photos_are_alike_each_time_and_as_many_as_were_graded():
    front = damage.sides(FAMILY)[0]
    taken = [photograph(front.page, damage.PX_PER_MM, front.box, "worn specks 4 %", seed) for seed in (1, 1, 2)]
    assert np.array_equal(taken[0], taken[1])
    assert not np.array_equal(taken[0], taken[2])
    assert len(CONDITIONS) == 15


@pytest.mark.parametrize("condition", HARD)
def test_a_card_is_read_from_either_side_in_the_hardest_conditions(condition):
    front, back = damage.sides(FAMILY)
    assert all(damage.reads(front, condition, seed) or damage.reads(back, condition, seed + damage.SEEDS) for seed in range(2))


def test_the_sealed_card_is_measured_and_as_large_as_it_prints():
    front, back = damage.sides(damage.RECORDS[1])
    assert front.text == back.text
    assert len(front.text) > len(damage.sides(FAMILY)[0].text)


def test_the_peers_are_symbols_that_hold_their_text():
    for prints in damage.peer_prints(FAMILY).values():
        for one in prints:
            assert picture.scan(Image.fromarray(one.page), prefixes=(one.text[:4],)) == [one.text]
    assert peers.dcc_text(damage.record(FAMILY)).startswith("HC1:")


@pytest.fixture(scope="module")
def front():
    """The front of a card that is the same each time: how far mending reaches differs a little from code to code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_bytes", bytes)
        return damage.sides.__wrapped__(FAMILY)[0]


def finder_of(front, corner):
    """The paper in grey, and where the finder pattern of that corner stands on it: left, top and size."""
    x, y, side, _ = front.box
    reach = side // 8
    left, top = ((x, y), (x + side - reach, y), (x, y + side - reach))[corner]
    return Image.fromarray(front.page).convert("L"), left, top, reach


@pytest.mark.parametrize("corner", [0, 1, 2])
def test_a_code_that_lost_a_finder_pattern_is_read(front, corner):
    paper, left, top, reach = finder_of(front, corner)
    ImageDraw.Draw(paper).rectangle((left, top, left + reach, top + reach), fill=60)
    assert picture.scan(paper.reduce(3)) == [front.text]


@pytest.mark.parametrize("corner", [0, 1, 2])
def test_a_card_at_a_slant_with_a_thumb_on_a_finder_pattern_is_read(front, corner):
    """Geometry alone misses the hidden corner here; the alignment patterns lead to it."""
    paper, left, top, reach = finder_of(front, corner)
    ImageDraw.Draw(paper).ellipse((left - reach // 2, top - reach // 2, left + reach, top + reach), fill=120)
    paper = paper.reduce(3)
    width, height = paper.size
    flat = [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]
    seen = [(0.02 * width, 0.012 * height), (0.988 * width, 0.0), (width, height), (0.0, 0.98 * height)]
    to_flat = finders.projection(seen, flat)
    slanted = paper.transform(paper.size, Image.Transform.PERSPECTIVE, to_flat, Image.Resampling.BICUBIC, fillcolor=110)
    assert picture.scan(slanted) == [front.text]


def test_a_page_without_a_code_gives_no_text_and_few_attempts():
    text = Image.new("L", (620, 877), 255)
    for y in range(40, 840, 24):
        ImageDraw.Draw(text).text((30, y), "the quick brown fox jumps over the lazy dog " * 2, fill=0)
    assert len(list(finders.mended(text))) < 200
    with pytest.raises(NoCode):
        picture.scan(text)
