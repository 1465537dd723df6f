"""The order in which the parts of a card are scanned does not change what the next station sees."""

from itertools import permutations

import pytest

from tests.builders import family, infant, mother
from tests.route import Route
from tests.test_merge import DAY


@pytest.fixture(scope="module")
def parts() -> tuple[Route, list[str]]:
    """A card of one station and stickers of two others: a danger sign, a supply, and the same child weighed again."""
    route = Route.build(DAY)
    woman, child = mother(on=DAY, observations={"weight": 58.4}), infant(on=DAY, age_days=200, observations={"weight": 6.9, "muac": 112})
    card = route.issue("pa-rc", family(woman, child))
    today = DAY.isoformat()
    texts = [card.text]
    texts.append(route.stick("hn-rc", texts, {"person": 0, "date": today, "findings": ["severe_headache"], "time": "10:00"}).text)
    supply = {"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 60}
    texts.append(route.stick("gt-rc", texts[:1], {"person": 0, "date": today, "medicines": [supply]}).text)
    texts.append(route.stick("mx-rc", texts[:1], {"person": 1, "date": today, "observations": {"weight": 7.0}}).text)
    return route, texts


def test_the_order_of_scanning_does_not_change_the_handover(parts):
    route, texts = parts
    handovers = [route.read(*order).handover.to_json() for order in permutations(texts)]
    assert all(handover == handovers[0] for handover in handovers)
    assert handovers[0]["danger"]
    assert handovers[0]["medicines"]
