"""The desk of a station over HTTP: who is let in, what it does locked and open, what it forgets."""

import io
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from PIL import Image

from api import sheets, station
from api.desk import Desk, Face
from healthcard import card, files, keyfile, picture
from healthcard.counts import Counts, services_given
from healthcard.errors import Locked, NoSuchCard, PrintError, TrustError, WrongPassphrase
from healthcard.printing import rendering
from healthcard.record import Record
from healthcard.resources import example
from tests import builders
from tests.command import healthcard
from tests.desk import PASSPHRASE, Session, enter, running, settings
from tests.world import World

TODAY = date(2026, 9, 6)
PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture
def session(world: World, tmp_path: Path) -> Iterator[Session]:
    with running(settings(world, tmp_path, counts=tmp_path / "counts.json"), TODAY) as session:
        yield session


def family(**choices: bool) -> dict[str, object]:
    """A record as the form gives it: a mother seen today, with one service and one medicine."""
    contact = builders.contact(TODAY, observations={"systolic": 110, "diastolic": 70, "weight": 61.5}, services=["antenatal_care"])
    record = builders.mother(contacts=[contact], pregnancy={"lmp": "2026-03-15"}).to_json()
    return record | {"choices": {"import": False, "count": False} | choices}


def issued(session: Session, record: dict[str, object], **how: object) -> int:
    answer = session.post("issue", record=record, notice_told=True, **how)
    assert answer.status_code == 201, answer.text
    number = answer.json()["card"]
    assert isinstance(number, int)
    return number


def test_a_card_of_nobody_is_printed_when_the_station_opens(world: World, tmp_path: Path) -> None:
    """The first real one then does not wait (P1: two seconds)."""
    with running(settings(world, tmp_path), TODAY, warm=False) as session:
        enter(session)
        session.post("check", record={})  # after it, for the station does one thing at a time
        assert session.desk.warm and not session.desk._cards


# --- who is let in ---------------------------------------------------------------------------------------------------


def test_only_the_browser_that_was_started_with_the_station_is_let_in(session: Session) -> None:
    with httpx.Client(base_url=session.address) as stranger:
        assert stranger.get("/api/state").status_code == 403
        assert stranger.get("/enter/" + "a" * 43).status_code == 404
        enter(session, unlock=False)
        assert session.client.get("/api/state").json()["locked"] is True
        assert stranger.get(session.entrance).status_code == 404, "the word is good once"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "station.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://station.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"x-healthcard-csrf": "wrong"},
        {"x-healthcard-csrf": ""},
        {"Cookie": "healthcard-station=x"},
    ],
)
def test_a_request_from_elsewhere_is_refused_before_anything_looks_at_it(session: Session, headers: dict[str, str]) -> None:
    enter(session)
    answer = session.client.post("/api/lock", headers=headers)
    assert answer.status_code == 403 and answer.json()["code"] == "not-this-browser"
    assert not session.desk.locked


def test_a_locked_station_does_nothing(session: Session) -> None:
    enter(session, unlock=False)
    for method, path in (
        ("POST", "check"), ("POST", "preview"), ("POST", "issue"), ("POST", "extend"), ("POST", "read"), ("GET", "draft"), ("PUT", "draft"),
        ("GET", "templates"), ("GET", "printers"), ("POST", "cards/1/print"), ("POST", "cards/1/check"), ("POST", "batch"),
        ("GET", "batch/sheets.pdf"), ("POST", "batch/handed-over"), ("GET", "cards/1/card.pdf"),
        ("POST", "cards/1/handed-over"), ("POST", "cards/1/discard"), ("GET", "counts"),
    ):  # fmt: skip
        body = {"record": family(), "texts": ["MCT1:"], "notice_told": True, "printer": "desk"}
        expected = {"issue": ("record", "notice_told"), "extend": ("texts", "notice_told"), "read": ("texts",),
                    "cards/1/print": ("printer",)}.get(path, ("record",))  # fmt: skip
        answer = session.client.request(method, f"/api/{path}", json={key: body[key] for key in expected})
        assert (answer.status_code, answer.json()["code"]) == (423, "locked"), path


def test_wrong_passphrases_make_the_next_try_wait(world: World, tmp_path: Path) -> None:
    at = [100.0]
    desk = Desk(settings(world, tmp_path), lambda: world.bundle, now=lambda: TODAY, clock=lambda: at[0])
    for _ in range(3):
        with pytest.raises(WrongPassphrase):
            desk.unlock("wrong")
        at[0] += 30
    with pytest.raises(WrongPassphrase):
        desk.unlock("wrong")
    at[0] += 7.9
    with pytest.raises(WrongPassphrase, match="wait"):
        desk.unlock(PASSPHRASE)
    at[0] += 0.2
    desk.unlock(PASSPHRASE)
    assert not desk.locked


def test_a_station_that_nobody_uses_locks_itself_and_forgets_its_cards_but_not_the_draft(world: World, tmp_path: Path) -> None:
    at = [100.0]
    desk = Desk(settings(world, tmp_path, idle_seconds=600), lambda: world.bundle, now=lambda: TODAY, clock=lambda: at[0])
    desk.unlock(PASSPHRASE)
    desk.draft = {"a": "form"}
    at[0] += 599
    desk.used()
    at[0] += 599
    assert not desk.locked
    at[0] += 2
    assert desk.locked and desk.draft


def test_a_station_left_alone_is_locked_though_nothing_is_asked_of_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "LOOK_SECONDS", 0.01)
    with running(settings(world, tmp_path), TODAY) as alone:
        enter(alone)
        number = issued(alone, family())
        held = vars(alone.desk)  # as it is in memory: a question would itself lock
        alone.desk.settings = replace(alone.desk.settings, idle_seconds=0)
        deadline = time.monotonic() + 10
        while held["_signer"] or held["_cards"]:
            assert time.monotonic() < deadline, f"card {number} is still held"
            time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the usual clock counts the hours asleep, or none does")
def test_the_hours_that_a_computer_sleeps_count_as_unused(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    awake, asleep = time.clock_gettime, 0.0
    monkeypatch.setattr(time, "clock_gettime", lambda clock: awake(clock) + (asleep if clock == time.CLOCK_BOOTTIME else 0))
    desk = Desk(settings(world, tmp_path), lambda: world.bundle, now=lambda: TODAY)
    desk.unlock(PASSPHRASE)
    assert not desk.locked
    asleep = 8 * 3600
    assert desk.locked


def relocked(desk: Desk, again: bool) -> None:
    desk.lock()
    if again:
        desk.unlock(PASSPHRASE)


@pytest.mark.parametrize("again", [False, True])
def test_a_card_under_way_when_the_station_is_locked_is_nobodys(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    desk = Desk(settings(world, tmp_path, issued_list=tmp_path / "issued"), lambda: world.bundle, now=lambda: TODAY)
    desk.unlock(PASSPHRASE)
    monkeypatch.setattr(rendering, "checked_files", lambda *_, **__: relocked(desk, again) or {".pdf": b""})
    with pytest.raises(Locked):
        desk.issue(family(), {}, None, Face())
    assert not (tmp_path / "issued").exists()
    relocked(desk, True)
    with pytest.raises(NoSuchCard):
        desk.made(1)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("at", [1, 3])
def test_a_batch_under_way_ends_with_the_lock_and_leaves_no_sheets(world: World, tmp_path: Path, again: bool, at: int) -> None:
    desk = Desk(settings(world, tmp_path, issued_list=tmp_path / "issued"), lambda: world.bundle, now=lambda: TODAY)
    desk.unlock(PASSPHRASE)
    steps: list[dict[str, Any]] = []

    def tell(step: dict[str, Any]) -> None:
        steps.append(step)
        if len(steps) == at:
            relocked(desk, again)

    with pytest.raises(Locked):
        desk.batch("\n".join([json.dumps(family())] * 3).encode(), Face(), tell)
    assert steps == [{"signed": n, "of": 3} for n in range(1, at + 1)] and not (tmp_path / "issued").exists()
    relocked(desk, True)
    with pytest.raises(NoSuchCard):
        desk.sheets()


# --- a card ----------------------------------------------------------------------------------------------------------


def test_a_record_is_checked_without_being_signed(session: Session) -> None:
    enter(session)
    record = family()
    contact = record["people"][0]["contacts"][0]  # type: ignore[index]
    contact["observations"] |= {"weight": 300, "haemoglobin": 11.5}
    found = session.post("check", record=record).json()
    assert [problem["place"] for problem in found["problems"]] == ["people[0].contacts[0].observations.haemoglobin"]
    contact["observations"] |= {"weight": 199, "haemoglobin": 115}
    found = session.post("check", record=record).json()
    assert [doubt["place"] for doubt in found["confirm"]] == ["people[0].contacts[0].observations.weight"]
    contact["observations"]["weight"] = 61.5
    found = session.post("check", record=record).json()
    assert not found["problems"] and not found["confirm"]
    assert found["size"]["bytes"] < found["size"]["largest"] and found["handover"]["people"]


def test_what_does_not_fit_one_code_is_said_before_anything_is_printed(session: Session) -> None:
    """P6: twins fit one code, or the tool says two cards before printing."""
    enter(session)
    twins = json.loads(example("twins_after_birth.json"))
    assert session.post("check", record=twins).json()["size"]
    contacts = [builders.contact(TODAY - timedelta(n), observations={"systolic": 110 + n, "weight": 50 + n}) for n in range(60)]
    [problem] = session.post("check", record=builders.mother(contacts=contacts).to_json()).json()["problems"]
    assert problem["code"] == "too-large" and "two cards" in problem["message"]


def test_a_preview_shows_the_face_with_a_code_that_is_nobodys(session: Session, world: World) -> None:
    enter(session)
    before = previewed(session, world, record=family(), language="es", template="a7")
    assert before.verdict == "unknown-issuer" and before.record and before.record.to_json() == Record.from_json(family()).to_json()


def previewed(session: Session, world: World, **body: Any) -> card.Reading:
    answer = session.post("preview", **body)
    assert answer.headers["content-type"] == "image/png", answer.text
    return card.read(*picture.scan(answer.content), bundle=world.bundle, now=TODAY)


@pytest.fixture
def morning(world: World) -> card.Card:
    """A card of this morning: her 170/110, her weight of a week ago, and a child whom another organisation saw yesterday."""
    seen = builders.contact(TODAY, time="08:00", observations={"systolic": 170, "diastolic": 110})
    weighed = builders.contact(TODAY - timedelta(7), observations={"weight": 61.5})
    baby = builders.infant(on=TODAY - timedelta(1), age_days=300, observations={"weight": 8.1}).to_json()["people"][0]
    baby["contacts"][0]["source"] = "hn-rc"
    data = builders.mother(contacts=[weighed, seen]).to_json()
    return replace(world, today=TODAY).issue(Record.from_json(data | {"people": [*data["people"], baby]}))


@pytest.mark.parametrize("sticker", [False, True])
def test_a_continued_card_is_checked_with_all_that_it_says_of_the_same_day(session: Session, morning: card.Card, sticker: bool) -> None:
    """The morning's danger, the questions that compare with it, and faults and doubts at the places of the change."""
    enter(session)
    later = builders.contact(TODAY, observations={"systolic": 124, "diastolic": 78, "weight": 81.5, "haemoglobin": 340})
    baby = builders.contact(TODAY, observations={"weight": 30})
    change = {"people": [{"person": 1, "contacts": [baby]}, {"person": 0, "contacts": [later]}]}

    def checked(change: Any) -> Any:
        return session.post("check", texts=[morning.text], sticker=sticker, change=change).json()

    def dangers(found: Any) -> list[Any]:
        return [line["values"] for line in found["handover"]["danger"]]

    found = checked(change)
    assert [["systolic", 170], ["diastolic", 110]] in dangers(found)
    assert [one["place"] for one in found["problems"]] == ["people[1].contacts[0].observations.haemoglobin"] and found["size"] is None
    assert [one["place"] for one in found["confirm"]] == ["people[0].contacts[0].observations.weight"]
    asked = {(one["place"], one["text_key"]) for one in found["questions"]}
    assert ("people[1].contacts[0].observations.weight", "mother_weight_jump") in asked
    assert all(place.startswith(("people[0].contacts[0]", "people[1].contacts[0]")) for place, _ in asked)
    del later["observations"]["haemoglobin"]
    assert checked(change)["size"]["bytes"] > 0
    assert [["systolic", 170], ["diastolic", 110]] in dangers(checked(None)), "with nothing new"


def test_what_is_checked_and_previewed_is_the_card_that_will_be_made(session: Session, world: World, morning: card.Card) -> None:
    """Without what is left out, without its sources; of a sticker the change alone."""
    enter(session)
    change = {"person": 0, **builders.contact(TODAY, observations={"systolic": 124, "diastolic": 78})}
    asked = {"texts": [morning.text], "change": change}
    less = asked | {"leave_out": ["people[0].contacts[1]"], "withhold_sources": True}
    made = previewed(session, world, **less, template="a7")
    signed = session.post("extend", **less, template="a7", notice_told=True).json()
    assert made.record and made.record.to_json() == signed["record"]
    assert [len(person.contacts) for person in made.record.people] == [2, 1] and made.record.people[1].contacts[0].source == "withheld"
    found = session.post("check", **less).json()
    assert not found["handover"]["danger"] and found["handover"] == signed["handover"]
    assert found["size"]["bytes"] == len(session.desk.made(signed["card"]).card.token)
    sticker = previewed(session, world, **asked, sticker=True, template="sticker58")
    assert sticker.top.part and sticker.top.part.kind == "continuation" and sticker.record
    assert [len(person.contacts) for person in sticker.record.people] == [1]
    nothing = session.post("check", texts=[morning.text], sticker=True).json()
    assert [one["message"] for one in nothing["problems"]] == ["a continuation only adds"] and nothing["size"] is None


def test_a_card_is_issued_printed_in_memory_handed_over_and_forgotten(session: Session, world: World) -> None:
    enter(session)
    record = family(count=True)
    number = issued(session, record)
    made = session.client.get(f"/api/cards/{number}/card.png")
    reading = card.read(*picture.scan(made.content), bundle=world.bundle, now=TODAY)
    assert reading.verdict == "verified" and reading.record and reading.record.to_json() == Record.from_json(record).to_json()
    assert session.client.get(f"/api/cards/{number}/card.pdf").content.startswith(b"%PDF")
    assert session.client.get(f"/api/cards/{number}/card.key").status_code == 404
    assert session.post(f"cards/{number}/handed-over").status_code == 204
    assert session.client.get(f"/api/cards/{number}/card.png").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [({"notice_told": False}, 400), ({"record": {"language": "es"}}, 422), ({"extra": 1}, 400), ({"template": "no-such"}, 422)],
)
def test_nothing_is_signed_without_the_notice_her_choices_and_a_whole_record(
    session: Session, change: dict[str, object], status: int
) -> None:
    enter(session)
    answer = session.client.post("/api/issue", json={"record": family(), "notice_told": True} | change)
    assert answer.status_code == status, answer.text


def test_choices_that_were_not_asked_for_are_not_taken_for_no(session: Session) -> None:
    enter(session)
    record = family()
    del record["choices"]
    answer = session.post("issue", record=record, notice_told=True)
    assert answer.status_code == 422 and answer.json()["problems"][0]["place"] == "choices"


def test_an_unlikely_value_is_typed_again_never_confirmed_by_a_tap(session: Session) -> None:
    """P2: 34 kg for a child of three months."""
    enter(session)
    place = "people[0].contacts[0].observations.weight"
    record = builders.infant(on=TODAY, age_days=90, observations={"weight": 34}).to_json()
    answer = session.post("issue", record=record, notice_told=True)
    assert answer.status_code == 422 and answer.json()["code"] == "confirmation-needed"
    assert session.post("issue", record=record, notice_told=True, typed_again={place: "3.4"}).json()["code"] == "invalid-record"
    assert issued(session, record, typed_again={place: "34"})


def test_a_card_is_read_from_its_picture_and_continued(session: Session, world: World) -> None:
    enter(session)
    number = issued(session, family())
    picture_of = session.client.get(f"/api/cards/{number}/card.png").content
    read = session.client.post("/api/read", content=picture_of, headers=PNG).json()
    assert read["verdict"] == "verified" and len(read["texts"]) == 1
    change = {"person": 0, **builders.contact(TODAY, medicines=[{"medicine": "ors", "amount": 1}])}
    asked = {"texts": read["texts"], "change": change, "sticker": True, "notice_told": True}
    assert session.post("extend", **asked, template="a7").json()["code"] == "print-failed"
    sticker = session.post("extend", **asked, template="sticker58")
    assert sticker.status_code == 201 and sticker.json()["kind"] == "continuation"
    both = session.post("read", texts=[*read["texts"], sticker.json()["text"]]).json()
    assert both["verdict"] == "verified" and len(both["record"]["people"][0]["contacts"]) == 2
    anew = session.post("extend", texts=both["texts"], leave_out=["people[0].contacts[1]"], notice_told=True)
    assert anew.status_code == 201 and len(anew.json()["record"]["people"][0]["contacts"]) == 1
    assert anew.json()["text"] not in both["texts"]


def test_a_print_is_sent_checked_and_told_from_another_card(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CUPS is played by two scripts: one lists a printer, one keeps what it is given."""
    for name, does in (("lpstat", "echo desk"), ("lp", f'cat > "{tmp_path}/job"')):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\n{does}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    enter(session)
    assert {"a7", "sticker"} <= {template["name"] for template in session.client.get("/api/templates").json()}
    assert session.client.get("/api/printers").json() == ["desk"]
    first, second = issued(session, family()), issued(session, family())
    assert session.post(f"cards/{first}/print", printer="desk").status_code == 204
    assert (tmp_path / "job").read_bytes() == session.desk.made(first).files[".pdf"]
    assert session.post(f"cards/{first}/print", printer="-o").status_code == 422
    both = Image.open(io.BytesIO(session.desk.made(first).files[".png"]))
    scanned = io.BytesIO()
    both.crop((0, 0, both.width // 2, both.height)).save(scanned, "PNG", dpi=(300, 300))
    for number, failed in ((first, ["sides"]), (first, []), (second, ["bytes"])):  # one side, then the other, then another's card
        found = session.client.post(f"/api/cards/{number}/check", content=scanned.getvalue(), headers=PNG).json()
        assert [one["check"] for one in found["results"] if not one["passed"]] == failed and found["passed"] is not bool(failed)
    measured = session.client.post(f"/api/cards/{first}/check?ruler_mm=47.5", content=scanned.getvalue(), headers=PNG).json()
    assert [one["check"] for one in measured["results"] if not one["passed"]] == ["size"]
    assert session.desk.made(first).sides == 0, "it is printed again, both sides of it"


def test_a_batch_is_signed_laid_out_counted_and_forgotten(session: Session, world: World) -> None:
    enter(session)
    unasked = {key: value for key, value in family().items() if key != "choices"}
    lines = [json.dumps(record) for record in (family(count=True), unasked, family())]
    steps = [json.loads(line) for line in session.client.post("/api/batch", content="\n".join(lines)).text.splitlines()]
    assert steps[:-1] == [{"signed": n, "of": 3} for n in (1, 2, 3)]
    assert steps[-1]["cards"] == 2 and [(one["line"], one["problems"][0]["place"]) for one in steps[-1]["refused"]] == [(2, "choices")]
    pdf = session.client.get("/api/batch/sheets.pdf").content
    texts = {code.text for code in picture.codes(pdf)}
    assert len(texts) == 2 and {card.read(text, bundle=world.bundle, now=TODAY).verdict for text in texts} == {"verified"}
    assert session.post("batch/handed-over").status_code == 204
    assert session.client.get("/api/batch/sheets.pdf").status_code == 404
    assert session.desk.counts.months["2026-09"]["contacts"] == 1
    refused = session.client.post("/api/batch?template=roll58", content=lines[0]).json()
    assert (refused["status"], refused["code"]) == (422, PrintError.code)


def test_a_failure_of_the_library_is_a_problem_with_its_word_and_place(session: Session) -> None:
    enter(session)
    assert session.client.post("/api/read", content=b"no picture", headers=PNG).json()["code"] == "bad-picture"
    answer = session.post("extend", texts=["MCT1:0"], change={"person": 0}, notice_told=True)
    assert answer.status_code == 422 and answer.json()["code"] == "unreadable"


@pytest.mark.parametrize(
    ("option", "content", "code", "said"),
    [
        ("--counts", "no counts", 2, "not a file of counts"),
        ("--counts", '{"day": 1, "today": {}, "months": []}', 2, "not a file of counts"),
        ("--counts", None, 2, "no such folder"),
        ("--issued-list", "x", 1, "not an issued list"),
        ("--issued-list", None, 2, "no such folder"),
        ("--templates", None, 1, "missing or not JSON"),
        ("--unseal", None, 1, "No such file"),
        ("--unseal", "key", 1, "a key for a station where one for"),
        ("--key", "stranger", 1, "not a station of this trust bundle"),
    ],
)
def test_a_station_that_could_not_work_does_not_start(
    world: World, tmp_path: Path, option: str, content: str | None, code: int, said: str
) -> None:
    """Said at the command, not at the first card."""
    given = settings(world, tmp_path)
    wrong = tmp_path / "wrong" if content else tmp_path / "nowhere" / "wrong"
    if content == "stranger":
        keyfile.generate(wrong, "station", world.bundle.network, "", "Ed25519", PASSPHRASE)
    elif content:
        wrong.write_bytes(given.key.read_bytes() if content == "key" else content.encode())
    options = {"--key": given.key, "--bundle": given.bundle, "--basis": "consent"} | {option: wrong}
    done = healthcard("station", *(word for pair in options.items() for word in pair), "--no-browser")
    assert done.code == code and said in done.said, done.err


# --- what it keeps, and what it forgets ------------------------------------------------------------------------------


def test_the_draft_outlives_a_reload_and_a_lock_and_not_the_program(session: Session) -> None:
    enter(session)
    assert session.client.put("/api/draft", json={"people": [{"weight": "6"}]}).status_code == 204
    session.post("lock")
    assert session.client.get("/api/draft").status_code == 423
    session.post("unlock", passphrase=PASSPHRASE)
    assert session.client.get("/api/draft").json() == {"people": [{"weight": "6"}]}


def test_locking_forgets_the_cards(session: Session) -> None:
    enter(session)
    number = issued(session, family())
    session.post("lock")
    session.post("unlock", passphrase=PASSPHRASE)
    assert session.client.get(f"/api/cards/{number}/card.pdf").status_code == 404


def test_the_days_counts_hide_small_cells_and_need_her_yes(session: Session) -> None:
    """P9."""
    enter(session)
    for n in range(12):
        number = issued(session, family(count=n > 0))
        session.post(f"cards/{number}/{'discard' if n == 1 else 'handed-over'}")
        shown = session.client.get("/api/counts").json()["services"]
        assert set(shown.values()) <= ({None} if n < 11 else {10})
    assert shown == {"antenatal_care": 10, "contacts": 10}
    assert session.desk.counts.months["2026-09"]["contacts"] == 10


def test_counts_are_of_the_day_and_leave_out_sensitive_services(tmp_path: Path) -> None:
    counts = Counts.load(tmp_path / "counts.json")
    record = Record.from_json(family(count=True))
    for day in (TODAY, TODAY + timedelta(1)):
        for _ in range(10):
            counts.add(services_given(record, TODAY, "mx-rc"), day)
    again = Counts.load(tmp_path / "counts.json")
    assert again.of_day(TODAY) == {} and again.of_day(TODAY + timedelta(1))["contacts"] == 10
    assert again.months["2026-09"]["contacts"] == 20
    assert not services_given(record, TODAY + timedelta(1), "mx-rc"), "contacts of another day"


def test_what_the_file_of_counts_could_not_take_is_not_counted_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counts.json"
    counts = Counts.load(path)
    counts.add(Counter(contacts=2), TODAY)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(files, "write_atomically", full)
        counts.add(Counter(contacts=1), TODAY + timedelta(1))
    assert (counts.day, counts.today, counts.months) == (TODAY, {"contacts": 2}, {"2026-09": {"contacts": 2}})
    assert path.read_bytes() == before
    counts.add(Counter(contacts=1), TODAY + timedelta(1))
    assert counts.today == {"contacts": 1} and counts.months == {"2026-09": {"contacts": 3}} == Counts.load(path).months
    assert path.stat().st_mode & 0o777 == 0o600, "for its owner alone"


def test_two_stations_on_one_file_lose_no_counts(tmp_path: Path) -> None:
    both = [Counts.load(tmp_path / "counts.json") for _ in range(2)]
    threads = [threading.Thread(target=lambda c=c: [c.add(Counter(contacts=1), TODAY) for _ in range(20)]) for c in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counts.load(tmp_path / "counts.json").today == {"contacts": 40}


@pytest.fixture
def unprinted(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, list[date]]]:
    """A desk that is open and prints nothing, and the day it takes for today."""
    monkeypatch.setattr(rendering, "checked_files", lambda *_, **__: {".pdf": b""})
    monkeypatch.setattr(sheets, "composed", lambda *_, **__: b"")
    today = [TODAY]
    desk = Desk(settings(world, tmp_path, counts=tmp_path / "counts.json"), lambda: world.bundle, now=lambda: today[0])
    desk.unlock(PASSPHRASE)
    yield desk, today


def test_a_card_made_anew_on_the_same_day_counts_only_what_it_adds(unprinted: tuple[Desk, list[date]]) -> None:
    desk, today = unprinted

    def counted(number: int) -> Counter[str]:
        desk.handed_over(number)
        return desk.counts.today

    first = desk.issue(family(count=True), {}, None, Face())
    old = [desk.made(first).card.text]
    assert counted(first) == {"contacts": 1, "antenatal_care": 1}
    assert counted(desk.extend(old, None, {}, Face())) == {"contacts": 1, "antenatal_care": 1}
    change = {"person": 0, **builders.contact(TODAY, services=["laboratory"])}
    assert counted(desk.extend(old, change, {}, Face())) == {"contacts": 2, "antenatal_care": 1, "laboratory": 1}
    assert counted(desk.extend(old, change, {}, Face(), sticker=True)) == {"contacts": 3, "antenatal_care": 1, "laboratory": 2}
    today[0] += timedelta(1)
    later = {"person": 0, **builders.contact(today[0], services=["laboratory"])}
    assert counted(desk.extend(old, later, {}, Face())) == {"contacts": 1, "laboratory": 1}, "of the day of issue alone"


def test_a_card_handed_over_on_another_day_counts_on_its_day_of_issue(unprinted: tuple[Desk, list[date]]) -> None:
    desk, today = unprinted
    today[0] = date(2026, 9, 30)
    record = family(count=True)
    record["people"][0]["contacts"][0]["date"] = "2026-09-30"  # type: ignore[index]
    number = desk.issue(record, {}, None, Face())
    desk.batch(json.dumps(record).encode(), Face(), lambda step: None)
    today[0] = date(2026, 10, 1)
    desk.handed_over(number)
    desk.sheets_handed_over()
    assert desk.counts.months == {"2026-09": {"contacts": 2, "antenatal_care": 2}} and not desk.counts.of_day(today[0])


def test_a_batch_is_counted_whole_or_not_at_all(unprinted: tuple[Desk, list[date]], monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _ = unprinted
    write, writes = files.write_atomically, 0

    def failing_second(*given: Any, **how: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == 2:
            raise OSError("no space left")
        write(*given, **how)

    desk.batch("\n".join([json.dumps(family(count=True))] * 3).encode(), Face(), lambda step: None)
    monkeypatch.setattr(files, "write_atomically", failing_second)
    desk.sheets_handed_over()
    assert writes == 1 and desk.counts.today == {"contacts": 3, "antenatal_care": 3}


def test_nothing_of_a_card_is_written_anywhere(session: Session, tmp_path: Path, world: World) -> None:
    """DP-12: a marked record through every step, then every byte under the station's folder."""
    enter(session)
    record = family(count=True)
    record["people"][0]["contacts"][0]["observations"]["weight"] = 61.7  # type: ignore[index]
    session.client.put("/api/draft", json=record)
    session.post("preview", record=record)
    number = issued(session, record)
    made = session.desk.made(number).card
    session.post(f"cards/{number}/handed-over")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for marker in (b"61.7", b"lmp", made.id, made.text[5:40].encode(), made.token[20:40], b"systolic"):
        assert marker not in written


def test_two_requests_at_once_are_done_one_after_the_other(session: Session) -> None:
    enter(session)
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(issued(session, family()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [1, 2, 3, 4]


def test_the_pages_come_under_a_strict_policy_and_from_nowhere_else(session: Session) -> None:
    answer = session.client.get("/data/vocabulary.json")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe-inline" not in policy and "http" not in policy
    assert session.client.get("/../healthcard/cli.py").status_code == 404


def test_the_worker_of_the_scanner_never_keeps_pages_of_the_desk(session: Session) -> None:
    answer = session.client.get("/sw.js")
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert session.client.get("/files.js").status_code == 200, "the other pages are there"


def test_whatever_watches_this_computer_learns_nothing_of_requests(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Watcher(trace.TracerProvider):
        def get_tracer(self, name: str, *_: Any, **__: Any) -> trace.Tracer:
            asked.append(name)
            return trace.NoOpTracer()

    monkeypatch.setattr(trace, "get_tracer_provider", Watcher)
    assert enter(session).client.get("/api/counts").status_code == 200 and not asked


def test_a_clock_that_is_known_to_be_wrong_is_shown_and_signs_nothing(world: World, tmp_path: Path) -> None:
    with running(settings(world, tmp_path), TODAY - timedelta(1)) as session:  # a root east of here may be a day ahead
        assert enter(session).client.get("/api/state").json()["clock_wrong"] is False
    with running(settings(world, tmp_path), TODAY - timedelta(2)) as session:
        state = enter(session).client.get("/api/state").json()
        assert state["clock_wrong"] is True and state["bundle"]["age_days"] == -2
        record = builders.mother(contacts=[builders.contact(TODAY - timedelta(2))]).to_json()
        answer = session.post("issue", record=record, notice_told=True)
        assert answer.status_code == 409 and "clock" in answer.json()["detail"]
    with pytest.raises(TrustError, match="clock"):
        card.issue(Record.from_json(record), world.station_signer, world.bundle, now=TODAY - timedelta(2))
