"""The offline scanner in a real browser, through its camera: scenarios V1 to V10 and H7 of the acceptance list, each by its name."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Worker, expect

from api import verifier
from api.settings import Settings
from healthcard import picture
from healthcard.card import Card, read
from healthcard.record import Record
from healthcard.resources import example
from healthcard.sign import Key
from healthcard.trust import custody
from healthcard.trust.bundle import CONTINUE, TrustBundle
from healthcard.trust.report import fingerprint
from healthcard.trust.texts import bundle_texts, on_screen
from healthcard.words.labels import LANGUAGES
from tests import browser
from tests.scanner.steps import EPOCH_PASSPHRASE, believed, open_seal, opened, read_text, screenshot, sealing
from tests.test_verifier import running_app
from tests.world import STATION_OF, World

# A camera that is given once `allow` is called; what it gives is kept.
CAMERA_WAITS = """
const real = navigator.mediaDevices && navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
  await new Promise((resolve) => { window.allow = resolve; });
  window.given = await real(wanted);
  return window.given;
};
"""


def test_first_visit_then_no_network_for_ever(world: World, front: Image.Image, tmp_path: Path) -> None:
    """V1: the server is gone and the network cut; reload, scan, verdict, summary with danger first."""
    world.bundle.save(tmp_path / "trust.bundle")
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        with running_app(verifier.create_app(Settings(tmp_path / "trust.bundle"))) as service:
            page = opened(context, service)
        context.set_offline(True)
        faults = browser.watched(page)
        page.reload()
        page.click("#scan")
        assert browser.verdict(page) == "verified"
        headings = page.locator("h1, h2").all_inner_texts()
        assert "Verificada" in headings[0] and headings[1] == "Signos de peligro"
        assert "Lista de emisores" in page.locator("#verdict").inner_text()
        assert not faults


def test_v8_he_reads_spanish_and_she_is_shown_her_language(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    page.click("#scan")
    browser.verdict(page)
    page.click("#show-her")
    assert page.locator("#holder").get_attribute("lang") == "ht"
    page.select_option("#her-language", "en")
    assert "Danger signs" in page.locator("#holder").inner_text()


def test_v9_a_hand_scanner_that_types_works_in_the_same_page(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.keyboard.type(card.text)
    page.keyboard.press("Enter")
    assert browser.verdict(page) == "verified"


def test_v10_nothing_of_hers_stays_on_the_phone(tmp_path: Path, service: httpx.Client, card: Card, front: Image.Image) -> None:
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        page = opened(context, service)
        page.click("#scan")
        browser.verdict(page)
        assert "hn-rc" in page.content()
        page.click("#done")
        assert "5,62" not in page.content() and "5.62" not in page.content()
        page.close()
    markers = [card.text[:40].encode(), card.text[:40].encode("utf-16-le"), card.id, card.id.hex().encode(), b"2025-03-10"]
    kept = [path.name for path, content in browser.written(tmp_path) if any(marker in content for marker in markers)]
    assert not kept


def test_h7_her_photo_of_the_card_scans_like_the_card(
    phone: BrowserContext, service: httpx.Client, front: Image.Image, tmp_path: Path
) -> None:
    page = opened(phone, service)
    photo = tmp_path / "photo.jpg"
    browser.camera_picture(front, share=0.7, tilt=8, blur=1.0).save(photo)
    page.set_input_files("#photo", photo)
    assert browser.verdict(page) == "verified"


def test_every_page_is_accessible_in_every_language(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    """The screens of one visit, in each language of the interface, as axe-core sees them."""
    page = opened(phone, service)
    faults = browser.watched(page)
    for language in LANGUAGES:
        page.reload()
        page.select_option("#language", language)
        page.wait_for_selector(f"html[lang={language}]")
        seen(page, f"{language}-start")
        page.click("#issuers")
        seen(page, f"{language}-issuers")
        page.reload()
        page.click("#type")
        seen(page, f"{language}-type")
        page.fill("#text", card.text)
        page.click("#read")
        page.wait_for_selector("#verdict")
        page.click("summary")
        seen(page, f"{language}-all")
        page.click("summary")
        screenshot(page, f"{language}-reading")
        page.click("#add-contact")
        seen(page, f"{language}-key")
        page.click("#make-key ~ button")
        page.click("#show-her")
        page.wait_for_selector("#holder")
        seen(page, f"{language}-holder")
    assert not faults


def seen(page: Page, name: str) -> None:
    """Nothing against WCAG on the screen, whose picture is kept."""
    assert not browser.violations(page), name
    screenshot(page, name)


def test_v7_he_adds_what_he_gave_offline_and_the_next_scan_merges(world: World, front: Image.Image, tmp_path: Path, card: Card) -> None:
    """His phone makes its own key; once it is listed he signs a sticker without a network, and another reader merges it."""
    path = tmp_path / "trust.bundle"
    world.bundle.save(path)
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        with running_app(verifier.create_app(Settings(path))) as service:
            page = opened(context, service)
            page.click("#scan")
            browser.verdict(page)
            listed = with_its_key_listed(page, world, path)
        context.set_offline(True)
        page.reload()
        page.click("#scan")
        browser.verdict(page)
        page.click("#add-contact")
        page.select_option("#person", "1")
        supply = {"amount": "1", "timing": "once_daily", "days": "10"}
        enter(page, "sales de rehidratación", {"amount": "2"})
        enter(page, "sulfato de zinc", supply)
        assert page.locator("#time").count() == 0
        assert not browser.violations(page)
        sticker = signed(page)
    reading = read(card.text, sticker, bundle=listed, now=world.today)
    assert reading.verdict == "verified" and reading.record
    given = [given.medicine for given in reading.record.people[1].contacts[-1].medicines or ()]
    assert given == ["ors", "zinc_20"]


def with_its_key_listed(page: Page, world: World, path: Path) -> TrustBundle:
    """The bundle that lists the key which the phone makes at a card that it shows; the service has it at `path`, and the phone too."""
    page.click("#add-contact")
    page.click("#make-key")
    public = Key(bytes.fromhex(page.locator("#public-key").inner_text()))
    owner = world.organisation_signers[STATION_OF]
    listed = custody.add_station(world.bundle, [world.root_signer], STATION_OF, owner, public, CONTINUE, world.today, world.today)
    listed.save(path)
    page.reload()
    page.click("#issuers")
    page.click("#from-network")
    page.wait_for_selector("#bundle-said:not(:empty)")
    page.reload()
    return listed


def enter(page: Page, word: str, fields: dict[str, str]) -> None:
    """A medicine whose name begins with `word`."""
    label = page.locator(f'#words option[value^="{word}"]').first.get_attribute("value")
    assert label
    page.fill("#word", label)
    for name, value in fields.items():
        page.select_option(f"#{name}", value) if name == "timing" else page.fill(f"#{name}", value)
    page.click("#add-entry")


def chosen(page: Page, kind: str, word: str, value: str = "") -> None:
    """An entry of another kind, whose name begins with `word`; its value or dose."""
    page.select_option("#kind", kind)
    label = page.locator(f'#words option[value^="{word}"]').first.get_attribute("value")
    assert label
    page.fill("#word", label)
    if value:
        page.locator("#value, #dose").fill(value)
    page.click("#add-entry")


def signed(page: Page) -> str:
    """The text of the sticker that is on the screen after "sign"."""
    page.click("#sign")
    page.wait_for_selector("#sticker svg")
    [sticker] = picture.scan(_png(Image.open(io.BytesIO(page.locator("#sticker").screenshot()))))
    return sticker


@contextmanager
def adding(world: World, folder: Path, card: Card) -> Iterator[tuple[Page, TrustBundle]]:
    """A phone at 14:44 whose key is listed, with the form to add to `card`; and the bundle that lists it."""
    path = folder / "trust.bundle"
    world.bundle.save(path)
    with browser.phone(folder) as context, running_app(verifier.create_app(Settings(path))) as service:
        page = opened(context, service)
        assert read_text(page, card.text) == "verified"
        listed = with_its_key_listed(page, world, path)
        assert read_text(page, card.text) == "verified"
        page.clock.set_fixed_time(datetime.combine(world.today, time(14, 44)))
        page.click("#add-contact")
        yield page, listed


def test_v7_a_time_critical_medicine_needs_its_local_time(world: World, tmp_path: Path, card: Card) -> None:
    with adding(world, tmp_path, card) as (page, listed):
        enter(page, "gentamicina", {"amount": "80"})
        assert page.input_value("#time") == "14:30"
        assert not browser.violations(page)
        page.evaluate("() => { const time = document.getElementById('time'); time.value = ''; time.onchange({ target: time }); }")
        page.click("#sign")
        assert "hora local" in page.locator(".problem").inner_text() and page.locator("#sticker").count() == 0
        page.select_option("#time", "09:15")
        sticker = signed(page)
    reading = read(card.text, sticker, bundle=listed, now=world.today)
    assert reading.record and reading.record.people[0].contacts[-1].time == "09:15"


def test_v7_what_is_given_to_mother_and_baby_is_signed_for_each(world: World, tmp_path: Path, card: Card) -> None:
    """Whichever of them is chosen in between: her injection and its time are on no sticker of the baby's."""
    with adding(world, tmp_path, card) as (page, listed):
        enter(page, "gentamicina", {"amount": "80"})
        page.select_option("#time", "09:15")
        page.select_option("#person", "1")
        assert page.locator("#time").count() == 0
        offered = page.locator("#words option").evaluate_all("options => options.map(({ value }) => value)")
        assert len(offered) == len(set(offered)) and "paracetamol 100 mg" in offered and len(offered) > 40, "each strength has its name"
        enter(page, "sales de rehidratación", {"amount": "2"})
        page.select_option("#person", "0")
        said = page.locator("#added li").all_inner_texts()
        assert [line[: line.index(":")] for line in said] == ["Madre", "Bebé"] and "gentamicina" in said[0] and "80 mg" in said[0]
        assert page.input_value("#time") == "09:15"
        page.select_option("#person", "1")
        seen(page, "adding-for-two")
        page.click("#sign")
        page.wait_for_selector("#sticker svg")
        seen(page, "stickers-for-two")
        stickers = picture.scan(_png(Image.open(io.BytesIO(page.locator("#sticker").screenshot()))))
        page.click("#to-reading")
        page.wait_for_selector(".parts li:nth-child(3)")
    reading = read(card.text, *stickers, bundle=listed, now=world.today)
    assert reading.record and len(stickers) == 2
    for person, given in enumerate((("gentamicin", "09:15"), ("ors", None))):
        last = reading.record.people[person].contacts[-1]
        assert [(medicine.medicine, last.time) for medicine in last.medicines or ()] == [given]


def test_v7_what_can_not_stand_on_a_card_is_refused_at_once_and_what_was_added_can_be_taken_out(
    world: World, tmp_path: Path, card: Card
) -> None:
    """The list is what is signed: a later value takes the place of the first, the same dose stands there once."""
    with adding(world, tmp_path, card) as (page, listed):
        chosen(page, "observation", "Peso (", "58.44")
        assert "no se puede poner" in page.locator(".problem").inner_text() and page.input_value("#value") == "58.44"
        assert page.locator("#added li").count() == 0
        for value in ("58.4", "61"):
            chosen(page, "observation", "Peso (", value)
        for _ in range(2):
            chosen(page, "vaccine", "Td", "2")
        page.select_option("#kind", "medicine")
        enter(page, "gentamicina", {"amount": "80"})
        assert page.locator("#added li").count() == 3 and "61 kg" in page.locator("#added").inner_text()
        page.locator("#added li", has_text="gentamicina").get_by_role("button", name="Quitar").click()
        assert page.locator("#added li").count() == 2 and page.locator("#time").count() == 0
        seen(page, "adding-list")
        sticker = signed(page)
    record = read(card.text, sticker, bundle=listed, now=world.today).record
    assert record
    last = record.people[0].contacts[-1]
    assert (last.observations["weight"], len(last.vaccines or ()), last.medicines, last.time) == (61, 1, None, None)


def test_v7_what_is_typed_and_not_yet_added_is_signed_too_or_its_fault_is_said(world: World, tmp_path: Path, card: Card) -> None:
    with adding(world, tmp_path, card) as (page, listed):
        enter(page, "sales de rehidratación", {"amount": "2"})
        label = page.locator('#words option[value^="sulfato de zinc"]').first.get_attribute("value")
        page.fill("#word", str(label))
        page.click("#sign")
        assert "Cuánto" in page.locator(".problem").inner_text() and page.input_value("#word") == label
        page.fill("#amount", "1")
        sticker = signed(page)
    reading = read(card.text, sticker, bundle=listed, now=world.today)
    assert reading.record
    assert [given.medicine for given in reading.record.people[0].contacts[-1].medicines or ()] == ["ors", "zinc_20"]


def test_v7_two_touches_sign_once(world: World, tmp_path: Path, card: Card) -> None:
    with adding(world, tmp_path, card) as (page, _):
        enter(page, "sales de rehidratación", {"amount": "2"})
        page.evaluate("() => { const sign = document.getElementById('sign'); sign.click(); sign.click(); }")
        page.wait_for_selector("#sticker svg")
        page.wait_for_timeout(500)
        page.click("#to-reading")
        page.wait_for_selector(".parts li")
        assert page.locator(".parts li").count() == 2


def test_v7_a_red_value_asks_for_its_local_time(world: World, tmp_path: Path, card: Card) -> None:
    with adding(world, tmp_path, card) as (page, listed):
        chosen(page, "observation", "Presión arterial sist", "118")
        assert page.locator("#time").count() == 0
        chosen(page, "observation", "Presión arterial sist", "165")
        assert page.input_value("#time") == "14:30" and "se dio" not in page.locator("label:has(#time)").inner_text()
        sticker = signed(page)
    reading = read(card.text, sticker, bundle=listed, now=world.today)
    assert reading.record and reading.record.people[0].contacts[-1].time == "14:30"


def test_v10_what_is_chosen_in_a_form_is_not_on_the_disk(world: World, tmp_path: Path, card: Card) -> None:
    """A browser writes what stands in fields, to restore it after a crash; another field shows that it has done so."""
    with adding(world, tmp_path, card) as (page, _):
        page.select_option("#kind", "observation")
        page.fill("#word", "Prueba rápida de malaria")
        page.select_option("#value", "falciparum")
        page.evaluate("() => document.body.append(Object.assign(document.createElement('select'), { id: 'other' }))")
        page.evaluate("() => document.getElementById('other').append(new Option(''), new Option('of no card'))")
        page.select_option("#other", "of no card")
        kept = ""
        for _ in range(300):
            kept = "".join(file.read_bytes().decode("utf-16-le", "ignore") + file.read_bytes()[1:].decode("utf-16-le", "ignore")
                           for file in (tmp_path / "profile" / "Default" / "Sessions").iterdir())  # fmt: skip
            if "of no card" in kept:
                break
            page.wait_for_timeout(100)
        assert "of no card" in kept and "falciparum" not in kept


def test_v7_nothing_is_added_where_another_womans_card_was_scanned_too(
    phone: BrowserContext, service: httpx.Client, world: World, card: Card
) -> None:
    other = world.issue(Record.from_json(example("severe_pre_eclampsia.json")))
    page = opened(phone, service)
    assert read_text(page, card.text, other.text) == "verified"
    assert "otras tarjetas (1)" in page.locator("#other-cards").inner_text()
    page.click("#add-contact")
    page.wait_for_selector("text=códigos de varias tarjetas")
    assert page.locator("#make-key, #sign").count() == 0


def test_v7_nothing_is_signed_by_a_clock_that_is_known_to_be_wrong(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.clock.set_fixed_time(datetime.combine(date.today() - timedelta(1), time(10)))
    page.reload()
    assert read_text(page, card.text) == "verified"
    page.click("#add-contact")
    page.wait_for_selector("text=La fecha de este teléfono está mal")
    assert page.locator("#make-key, #sign").count() == 0


def test_v7_nobody_adds_with_a_key_that_is_not_listed(phone: BrowserContext, service: httpx.Client) -> None:
    page = opened(phone, service)
    page.click("#scan")
    browser.verdict(page)
    page.click("#add-contact")
    page.click("#make-key")
    assert page.locator("#sign").count() == 0 and page.locator("#public-key").inner_text()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def altered(text: str, bundle: TrustBundle) -> str:
    """The card text with one character of its record changed, such that it can still be read."""
    for at in range(60, len(text) - 100):
        for other in "0123456789":
            changed = text[:at] + other + text[at + 1 :]
            if changed != text and read(changed, bundle=bundle, now=date.today()).verdict == "altered":
                return changed
    raise AssertionError("no such character")


def test_v4_one_byte_altered_is_amber_and_the_summary_is_shown(
    phone: BrowserContext, service: httpx.Client, world: World, card: Card
) -> None:
    page = opened(phone, service)
    assert read_text(page, altered(card.text, world.bundle)) == "altered"
    assert "amber" in (page.locator("#verdict").get_attribute("class") or "")
    assert "Siga la atención" in page.locator("#verdict").inner_text() and page.locator(".summary").count() > 3


def test_v5_an_unknown_issuer_is_amber_and_the_list_is_updated_from_a_colleagues_screen(
    tmp_path: Path, world: World, service: httpx.Client, card: Card
) -> None:
    """A phone with an old list meets a card of a new station, and scans the newer list from a screen."""
    old = custody.found("test", [world.root_signer], 1, world.bundle.issued)
    screen = on_screen(bundle_texts(world.bundle)[0]).convert("RGB")
    (tmp_path / "old.bundle").write_bytes(old.raw)
    with browser.phone(tmp_path, [browser.camera_picture(screen, share=0.95, tilt=1, blur=0.4)]) as context:
        page = context.pages[0]
        page.goto(str(service.base_url))
        page.set_input_files("#bundle-file", tmp_path / "old.bundle")
        believed(page)
        page.reload()
        assert read_text(page, card.text) == "unknown-issuer"
        assert "amber" in (page.locator("#verdict").get_attribute("class") or "") and page.locator(".summary").count() > 3
        page.click("#done")
        page.click("#issuers")
        page.click("#from-colleague")
        page.wait_for_selector("#bundle-said:not(:empty)")
        page.reload()
        assert read_text(page, card.text) == "verified"


def test_v6_a_phone_set_to_1970_gives_a_clock_notice_only(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.clock.set_fixed_time("1970-01-02T10:00:00")
    page.reload()
    assert read_text(page, card.text) == "verified"
    assert "fecha de este dispositivo" in page.locator("#verdict").inner_text()


def test_v11_severe_hypertension_is_a_red_banner_with_its_rule_and_the_referral(
    phone: BrowserContext, service: httpx.Client, world: World
) -> None:
    made = world.issue(Record.from_json(example("severe_pre_eclampsia.json")))
    page = opened(phone, service)
    assert read_text(page, made.text) == "verified"
    red = page.locator("#section-danger.red")
    assert red.count() == 1 and "no es un diagnóstico" in red.inner_text() and "WHO" in red.inner_text()
    assert page.locator("#section-referral li").count() >= 1


def test_the_first_list_is_believed_only_once_somebody_compared_its_root(
    phone: BrowserContext, service: httpx.Client, world: World
) -> None:
    """And a list of the wrong network can be forgotten, but not by one touch."""
    page = phone.pages[0]
    page.goto(str(service.base_url))
    for language in ("fr", "es"):  # whoever compares reads the page in his own
        page.select_option("#language", language)
        page.wait_for_selector(f"html[lang={language}]")
    seen(page, "no-list")
    page.click("#from-network")
    [key] = world.bundle.roots[-1].keys
    expect(page.locator("#root-keys li")).to_have_text([fingerprint(key)])
    shown = page.locator("main").inner_text()
    assert "PRUEBA" in shown and "mx-rc" in shown
    seen(page, "first-list")
    page.click("text=Cancelar")
    page.reload()
    page.wait_for_selector("#from-network")
    assert page.locator("#scan").count() == 0
    page.click("#from-network")
    believed(page)
    page.reload()
    for sure in ("text=Cancelar", "#forget-sure"):
        page.click("#issuers")
        page.click("#forget-issuers")
        page.click(sure)
        page.wait_for_selector("#from-network")
        page.reload()
        page.wait_for_selector("#scan, #from-network")
        assert (page.locator("#scan").count() == 0) == (sure == "#forget-sure")


def test_another_code_beside_the_card_does_not_matter(tmp_path: Path, service: httpx.Client, front: Image.Image) -> None:
    """To the camera and in a photo; where there is nothing else, there is no card."""
    poster = on_screen("HTTPS://EXAMPLE.ORG/CLINIC").convert("RGB").resize((260, 260))
    seen_both = browser.camera_picture(front)
    seen_both.paste(poster, (10, 10))
    seen_both.save(tmp_path / "both.jpg")
    poster.save(tmp_path / "poster.png")
    with browser.phone(tmp_path, [seen_both]) as context:
        page = opened(context, service)
        page.set_input_files("#photo", tmp_path / "poster.png")
        page.wait_for_selector("text=No hay código en esta imagen")
        page.set_input_files("#photo", tmp_path / "both.jpg")
        assert browser.verdict(page) == "verified"
        assert page.locator(".parts").count() == 0
        page.click("#done")
        page.evaluate("() => { delete document.body.dataset.verdict; }")
        page.click("#scan")
        assert browser.verdict(page) == "verified"
        assert page.locator(".parts").count() == 0


def test_h5_another_camera_opens_nothing_and_shows_no_name(card: Card) -> None:
    """What a policeman's phone makes of the code: no address, no name, nothing that reads as words."""
    assert "://" not in card.text and not card.text.lower().startswith(("http", "www", "mailto", "tel"))
    assert set(card.text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_h8_the_help_desk_sees_services_and_nothing_clinical(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.click("input[type=checkbox]")
    assert read_text(page, card.text) == "verified"
    shown = page.locator("main").inner_text()
    assert "Servicios recibidos" in shown and "Próximo" in shown and "Su idioma" in shown
    assert not [word for word in ("Hemoglobina", "Perímetro", "Alergia", "Referencia", "Anemia") if word in shown]
    screenshot(page, "help-desk")
    assert page.locator("#show-her, #add-contact").count() == 0


def test_after_fifteen_seconds_without_luck_the_printed_words_are_offered(tmp_path: Path, service: httpx.Client) -> None:
    """V2."""
    with browser.phone(tmp_path, [Image.new("RGB", browser.VIDEO, (90, 90, 90))]) as context:
        page = opened(context, service)
        page.clock.install()
        page.click("#scan")
        page.wait_for_selector("body[data-frame]")
        assert page.locator("#hint ul").count() == 0
        page.clock.fast_forward(15_000)
        page.wait_for_selector("#hint ul")
        assert "texto impreso" in page.locator("#hint").inner_text()


def test_the_screen_is_cleared_after_three_minutes_unless_it_is_kept_open(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.clock.install()
    for keep, gone in ((True, False), (False, True)):
        page.reload()
        assert read_text(page, card.text) == "verified"
        if keep:
            page.click("text=Mantener abierto")
        page.clock.run_for(181_000)
        assert (page.locator("#verdict").count() == 0) == gone


def test_a_phone_that_slept_is_cleared_when_it_wakes(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    """Its timers stood still with it."""
    page = opened(phone, service)
    page.clock.install()
    for slept, gone in ((170, False), (190, True)):
        page.reload()
        assert read_text(page, card.text) == "verified"
        page.clock.set_system_time(datetime.fromtimestamp(page.evaluate("() => Date.now()") / 1000 + slept))
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        assert (page.locator("#verdict").count() == 0) == gone


def test_a_card_that_was_found_late_has_its_three_minutes(phone: BrowserContext, service: httpx.Client) -> None:
    phone.add_init_script(CAMERA_WAITS)
    page = opened(phone, service)
    page.clock.install()
    page.click("#scan")
    page.clock.run_for(170_000)
    page.evaluate("() => window.allow()")
    assert browser.verdict(page) == "verified"
    page.clock.run_for(60_000)
    assert page.locator("#verdict").count() == 1
    page.clock.run_for(121_000)
    assert page.locator("#verdict").count() == 0


def test_what_was_typed_and_not_read_is_cleared_too(phone: BrowserContext, service: httpx.Client, card: Card) -> None:
    page = opened(phone, service)
    page.clock.install()
    page.click("#type")
    page.fill("#text", card.text)
    page.clock.run_for(181_000)
    assert page.locator("#text").count() == 0 and page.locator("#scan").count() == 1


def opening(page: Page) -> list[Worker]:
    """The worker that opens a key file, while there is one."""
    return [worker for worker in page.workers if "opening" in worker.url]


def ends_opening(page: Page) -> None:
    for _ in range(100):
        if not opening(page):
            return
        page.wait_for_timeout(50)
    raise AssertionError("it goes on opening")


def test_sealed_entries_are_opened_for_the_one_who_is_still_there(tmp_path: Path, world: World) -> None:
    """The page says that it opens them, and stays usable: whoever leaves stays where he is, and the work stops."""
    made = sealing(world, tmp_path).issue(Record.from_json(example("family_three_contacts_sealed.json")))
    with browser.phone(tmp_path) as context, running_app(verifier.create_app(Settings(tmp_path / "trust.bundle"))) as service:
        page = opened(context, service)
        page.emulate_media(reduced_motion="reduce")
        faults = browser.watched(page)

        def begun(passphrase: str) -> None:
            page.reload()
            assert read_text(page, made.text) == "verified"
            open_seal(page, tmp_path / "epoch.key", passphrase)
            page.wait_for_selector("#unlocking progress")

        assert read_text(page, made.text) == "verified"
        page.click("summary")
        page.click("#unlock")
        with page.expect_file_chooser():
            page.click("#open-seal")

        begun(EPOCH_PASSPHRASE)
        assert page.locator("#open-seal").is_disabled() and "Abriendo" in page.locator("#unlocking").inner_text()
        assert page.evaluate("() => document.getAnimations().length") == 0
        while not (done := page.evaluate("() => document.querySelector('progress').value")):
            page.wait_for_timeout(20)
        assert 0 < done < 1
        screenshot(page, "unlocking")
        page.wait_for_selector("#verdict")
        assert page.locator("#unlock").count() == 0
        ends_opening(page)

        begun("another passphrase")
        page.wait_for_selector("text=no abre este archivo")
        assert page.locator("#unlocking progress").count() == 0 and page.locator("#open-seal").is_enabled()

        begun(EPOCH_PASSPHRASE)
        page.click("text=Volver")
        page.click("#add-contact")
        page.wait_for_selector("#make-key")
        ends_opening(page)
        page.wait_for_timeout(200)
        assert page.locator("#make-key").count() == 1

        begun(EPOCH_PASSPHRASE)
        page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        page.wait_for_selector("#scan")
        ends_opening(page)
        page.wait_for_timeout(200)
        assert page.locator("#scan").count() == 1 and page.locator("#verdict").count() == 0
        assert not faults


def test_the_camera_stays_off_where_he_left_before_it_was_allowed(tmp_path: Path, service: httpx.Client, front: Image.Image) -> None:
    with browser.phone(tmp_path, [browser.camera_picture(front)]) as context:
        context.add_init_script(CAMERA_WAITS)
        page = opened(context, service)
        faults = browser.watched(page)
        page.click("#scan")
        page.click("text=Cancelar")
        page.evaluate("() => window.allow()")
        for _ in range(100):
            if page.evaluate("() => window.given && window.given.getTracks().every(({ readyState }) => readyState === 'ended')"):
                break
            page.wait_for_timeout(50)
        else:
            raise AssertionError("the camera is on")
        assert page.evaluate("() => document.body.dataset.camera") is None and page.locator("#scan").count() == 1
        assert not faults


def test_every_page_is_usable_at_320_pixels_and_at_twice_the_size(tmp_path: Path, service: httpx.Client, card: Card) -> None:
    """640 px at twice the size are 320 px of the page."""
    twice = "addEventListener('DOMContentLoaded', () => { if (innerWidth === 640) document.documentElement.style.fontSize = '225%'; })"
    with browser.phone(tmp_path, size=(320, 600)) as context:
        context.add_init_script(twice)
        page = opened(context, service)
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 600})
            for step in ("#issuers", "#show-issuers", "#type", "#read", "#show-her", "#holder summary"):
                if step in ("#issuers", "#type"):
                    page.reload()
                if step == "#read":
                    page.fill("#text", card.text)
                page.click(step)
                page.wait_for_timeout(100)
                size, overflow = page.evaluate(
                    "() => { const { scrollWidth, clientWidth } = document.documentElement;"
                    " return [getComputedStyle(document.documentElement).fontSize, scrollWidth - clientWidth]; }"
                )
                assert overflow <= 0 and size == {320: "18px", 640: "36px"}[width], (width, step)
