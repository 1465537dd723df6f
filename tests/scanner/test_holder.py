"""What she is shown and told: H1, H2, V8 in all languages of the face, H9; in a real browser."""

from datetime import date

import httpx
from playwright.sync_api import BrowserContext, Page

from healthcard.card import Card
from healthcard.words.labels import FACE_ONLY, LANGUAGES, RIGHT_TO_LEFT
from tests import browser
from tests.builders import family, infant, mother
from tests.route import Route
from tests.scanner.steps import opened, read_text, screenshot
from tests.world import World


def shown_her(context: BrowserContext, service: httpx.Client, card: Card) -> Page:
    page = opened(context, service)
    assert read_text(page, card.text) == "verified"
    page.click("#show-her")
    page.wait_for_selector("#holder")
    return page


def test_h1_she_is_told_in_her_language_by_voice_and_it_stops_when_she_leaves(
    phone: BrowserContext, service: httpx.Client, card: Card
) -> None:
    phone.add_init_script(browser.VOICES)
    page = shown_her(phone, service, card)
    notice = page.locator("#notice").inner_text()
    assert "Ou ka di non" in notice
    page.click("#aloud")
    said = page.evaluate("() => window.said")
    assert f"ht-HT: {notice}" in said and said[-1] != "silence"
    page.click("#back")
    assert page.evaluate("() => window.said").pop() == "silence"


def test_h1_without_a_voice_for_her_language_no_button_promises_one(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    phone.add_init_script(browser.VOICES)
    page = shown_her(phone, service, card)
    page.select_option("#her-language", "am")
    page.wait_for_selector("#holder[lang=am]")
    assert page.locator("#aloud").count() == 0


def test_h2_she_recognises_herself_her_baby_medicine_next_visit_and_danger_by_picture(
    phone: BrowserContext, service: httpx.Client, world: World
) -> None:
    today = date.today()
    iron = [{"medicine": "iron_folic_acid", "amount": 1, "timing": "once_daily", "days": 30}]
    her = mother(on=today, medicines=iron, findings=["severe_headache"], gestation_days=230)
    page = shown_her(phone, service, world.issue(family(her, infant(on=today, age_days=300, observations={"muac": 131}))))
    for name in ("mother", "baby", "medicine", "next_visit", "danger"):
        pictures = page.locator(f'#holder img[src$="/{name}.svg"]')
        assert pictures.count() > 0, name
        assert pictures.first.evaluate("(image) => image.complete && image.naturalWidth > 0"), name


def test_a_number_keeps_its_unit_between_words_from_right_to_left(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    parts = page.evaluate(
        """async (text) => {
          const { isolated } = await import("/scanner/dom.js");
          return Array.from(isolated(text).querySelectorAll("[dir=ltr]"), (part) => part.textContent);
        }""",
        "\u0627\u0644\u0646\u0628\u0636 112 /min\u060c 11,2 g/dL\u060c 38.4 \u00b0C / mx-rc",
    )
    assert parts == ["112 /min", "11,2 g/dL", "38.4 \u00b0C", "mx-rc"]


def test_v8_she_is_shown_any_of_fourteen_languages_without_a_network(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    phone.set_offline(True)
    faults = browser.watched(page)
    read_text(page, card.text)
    screenshot(page, "reading")
    page.click("#show-her")
    texts = {}
    for language in (*LANGUAGES, *FACE_ONLY):
        page.select_option("#her-language", language)
        page.wait_for_selector(f"#holder[lang={language}]")
        texts[language] = page.locator("#holder").inner_text()
        assert page.locator("#holder").get_attribute("dir") == ("rtl" if language in RIGHT_TO_LEFT else "ltr")
        overflow = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, language
        screenshot(page, f"show-her-{language}")
    assert len(set(texts.values())) == len(texts) == 14
    assert not browser.violations(page)
    assert not faults


def test_h9_the_order_of_organisations_makes_no_difference(phone: BrowserContext, service: httpx.Client) -> None:
    """Northbound: issued in Panama, added to in Mexico; southbound the other way round; and whichever code is scanned first."""
    today = date.today()
    route = Route.build(today)
    record = family(mother(on=today, observations={"systolic": 122, "diastolic": 80}), infant(on=today, age_days=300))
    change = {"person": 0, "date": today.isoformat(), "observations": {"systolic": 118, "diastolic": 76}}
    page = opened(phone, service)
    page.click("#issuers")
    page.set_input_files("#bundle-file", {"name": "trust.bundle", "mimeType": "application/octet-stream", "buffer": route.bundle.raw})
    page.wait_for_selector("#bundle-said:not(:empty)")
    page.reload()
    summaries = set()
    for first, second in (("pa-rc", "mx-rc"), ("mx-rc", "pa-rc")):
        card = route.issue(first, record)
        sticker = route.stick(second, [card.text], change)
        for texts in ((card.text, sticker.text), (sticker.text, card.text)):
            assert read_text(page, *texts) == "verified"
            summaries.add("\n".join(page.locator(".summary").all_inner_texts()).replace(first, "A").replace(second, "B"))
            page.click("#done")
    assert len(summaries) == 1
