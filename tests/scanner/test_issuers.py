"""The list of issuers on a phone: in several symbols, from a slow network, by keyboard; in a real browser."""

from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route

from healthcard.card import Card
from healthcard.trust import custody
from healthcard.trust.bundle import TrustBundle, published_signer
from healthcard.trust.texts import bundle_texts, on_screen
from tests import browser
from tests.scanner.steps import opened, read_text, screenshot
from tests.world import World


@pytest.fixture(scope="module")
def long_list(world: World) -> TrustBundle:
    """A newer list, of several symbols."""
    bundle = world.bundle
    for number in range(30, 60):
        bundle = custody.add_organisation(bundle, [world.root_signer], f"organisation-{number}", published_signer(number).key, world.today)
    return bundle


def typed(page: Page, *texts: str) -> str:
    page.reload()
    page.click("#type")
    page.fill("#text", "\n".join(texts))
    page.click("#read")
    page.wait_for_selector("#bundle-said:not(:empty)")
    return page.locator("#bundle-said").inner_text()


def test_a_list_in_several_symbols_is_gathered_from_photos(
    phone: BrowserContext, service: httpx.Client, long_list: TrustBundle, tmp_path: Path
) -> None:
    """And while some are missing it is said how many there are."""
    texts = bundle_texts(long_list)
    assert len(texts) > 1
    page = opened(phone, service)
    for number, text in enumerate(texts, 1):
        on_screen(text).convert("RGB").save(tmp_path / "piece.png")
        page.set_input_files("#photo", tmp_path / "piece.png")
        page.wait_for_selector("#bundle-said:not(:empty)")
        said = page.locator("#bundle-said").inner_text()
        if number < len(texts):
            assert f"{number} de {len(texts)}" in said
            screenshot(page, "pieces")
            page.click("text=Volver")
    assert said == "La lista está al día."


def test_typed_symbols_are_taken_in_any_order_and_those_of_two_lists_are_told_apart(
    phone: BrowserContext, service: httpx.Client, world: World, long_list: TrustBundle
) -> None:
    texts, newer = bundle_texts(long_list), bundle_texts(custody.revise(long_list, [world.root_signer], world.today))
    assert len(texts) == len(newer) > 1
    page = opened(phone, service)
    assert f"1 de {len(texts)}" in typed(page, texts[0])
    assert f"1 de {len(texts)}" in typed(page, texts[0], newer[-1])
    assert typed(page, newer[-1], texts[0], *newer[:-1]) == "La lista está al día."
    assert "No se cambió nada" in typed(page, "MCTB1:NOTHING HERE")


def asking(page: Page) -> Route:
    """The question to the network, held back."""
    held: list[Route] = []
    page.route("**/v1/trust", lambda route: held.append(route))
    page.click("#issuers")
    page.click("#from-network")
    page.wait_for_selector("#bundle-asked:has-text('Buscando')")
    screenshot(page, "asking")
    page.click("text=Volver")
    assert held
    return held[0]


def test_a_late_answer_of_the_network_takes_no_other_screens_place(
    phone: BrowserContext, service: httpx.Client, long_list: TrustBundle, card: Card
) -> None:
    page = opened(phone, service)
    question = asking(page)
    assert read_text(page, card.text) == "verified"
    question.fulfill(body=long_list.raw)
    page.wait_for_timeout(1000)
    assert page.locator("#verdict").count() == 1
    page.click("#done")
    page.click("#issuers")
    assert "organisation-30" in page.locator("main").inner_text(), "it was taken all the same"


def test_a_network_that_fails_late_leaves_the_camera_on(tmp_path: Path, service: httpx.Client) -> None:
    with browser.phone(tmp_path, [Image.new("RGB", browser.VIDEO, (90, 90, 90))]) as context:
        page = opened(context, service)
        question = asking(page)
        page.click("#scan")
        page.wait_for_selector("body[data-camera=on]")
        question.abort()
        page.wait_for_timeout(1000)
        assert page.locator("#camera").count() == 1


def test_another_page_of_the_phone_takes_no_newer_list_back(
    phone: BrowserContext, service: httpx.Client, world: World, long_list: TrustBundle
) -> None:
    between = custody.revise(world.bundle, [world.root_signer], world.today)
    assert world.bundle.version < between.version < long_list.version
    page = opened(phone, service)
    other = phone.new_page()
    other.goto(str(service.base_url))
    for each, bundle, said in ((page, long_list, "al día"), (other, between, "más antigua")):
        each.click("#issuers")
        each.set_input_files("#bundle-file", {"name": "trust.bundle", "mimeType": "application/octet-stream", "buffer": bundle.raw})
        each.wait_for_selector(f"#bundle-said:has-text('{said}')")
        assert "organisation-30" in each.locator("main").inner_text()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_file_is_chosen_by_keyboard_alone(phone: BrowserContext, service: httpx.Client, key: str) -> None:
    page = opened(phone, service)
    for name in ("Tomar o elegir una foto", "Obtenerla de un archivo"):
        if name.startswith("Obtenerla"):
            page.click("#issuers")
        with page.expect_file_chooser():
            page.get_by_role("button", name=name).press(key)
