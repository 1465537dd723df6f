"""Scenarios M1 to M10 through a real server, as a partner's program meets it, and the client that it uses. Invented people only."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from api import documents, exports, verifier
from api.settings import Settings
from healthcard import client as clients
from healthcard import resources
from healthcard.card import Card
from healthcard.client import Client, Decoded
from healthcard.errors import HealthcardError, ImportNotAllowed, NoAnswer, NoCode, PictureError, RecordError, Refused
from healthcard.exchange import fhir, kobo, long_form, targets
from healthcard.exchange.choice import VITAL_INTEREST
from healthcard.picture import MAX_FILE
from healthcard.record import Record
from healthcard.trust import uploads
from tests import exchanged
from tests.command import healthcard
from tests.fhir_checks import leaves
from tests.route import Route
from tests.serving import sending, serving
from tests.test_access import Region, partner_id
from tests.test_verifier import altered, blank_picture, is_problem, picture, post_texts, running_app, waited
from tests.world import World

TODAY = date(2026, 7, 2)
ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8").split("## 5.")[1]
PNG, JSON = {"Content-Type": "image/png"}, {"Content-Type": "application/json"}
SEEN = {"person": 0, "date": TODAY.isoformat(), "observations": {"systolic": 118, "diastolic": 76}}


@pytest.fixture(scope="module")
def route() -> Route:
    return Route.build(TODAY)


@pytest.fixture(scope="module")
def world(route: Route) -> World:
    return replace(route.world, bundle=route.bundle)


def record(example: str, *, import_: bool) -> Record:
    said = json.loads(resources.example(example))
    return Record.from_json(said | {"choices": {"import": import_, "count": False}})


@pytest.fixture(scope="module")
def mother(world: World) -> Card:
    """Her card; she lets a partner import it."""
    return world.issue(record("mother_first_contact.json", import_=True))


@pytest.fixture(scope="module")
def child(world: World) -> Card:
    """A card whose holder does not."""
    return world.issue(record("muac_only.json", import_=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("partners")


@pytest.fixture(scope="module")
def server(world: World, folder: Path) -> Iterator[httpx.Client]:
    """A verifier that only this machine reaches."""
    world.bundle.save(folder / "trust.bundle")
    with running_app(verifier.create_app(Settings(folder / "trust.bundle", refresh_seconds=0.1), now=lambda: TODAY)) as running:
        yield running


@pytest.fixture(scope="module")
def service(server: httpx.Client) -> Client:
    return Client(str(server.base_url))


def stored(folder: Path) -> dict[str, list[Any]]:
    """Every row of the service's database, but the counts of the running minute."""
    with closing(sqlite3.connect(folder / "trust.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if name != "usage"]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


# --- the scenarios -------------------------------------------------------------------------------------------------------


def test_m1_verify_gives_verdict_issuer_and_bundle_age_and_nothing_is_stored(service: Client, mother: Card, folder: Path) -> None:
    before = stored(folder)
    for shown in ((mother.text,), (picture(mother),)):
        found = service.verify(*shown)
        assert (found.verdict, found.issuer, found.issued, found.bundle_age_days) == ("verified", "mx-rc", TODAY, 0)
    assert service.verify(altered(mother)).verdict == "altered"
    assert stored(folder) == before
    assert not [file for file in folder.rglob("*") if file.is_file() and mother.id in file.read_bytes()]


def test_m2_decode_gives_the_record_with_codes_and_units_and_her_choice(service: Client, server: httpx.Client, mother: Card) -> None:
    found = service.decode(picture(mother))
    assert found.record == mother.record and found.import_allowed and found.handover and not found.other_cards
    tables = {name: {entry["key"]: entry for entry in entries} for name, entries in server.get("/v1/vocabulary").json().items()}
    observed = found.record.people[0].contacts[0].observations
    assert observed and {isinstance(value, str) for value in observed.values()} == {True, False}
    for key, value in observed.items():
        entry = tables["observations_mother"][key]
        assert value in entry["words"] if isinstance(value, str) else entry["unit"], key


def test_m3_a_fhir_bundle_comes_out_of_a_picture_and_leads_back_to_the_record(service: Client, mother: Card) -> None:
    bundle = json.loads(service.export(picture(mother), to="fhir"))
    assert bundle["resourceType"] == "Bundle" and {entry["resource"]["type"] for entry in bundle["entry"]} == {"document"}
    back = fhir.from_bundles(bundle)
    assert not exchanged.lost(mother.record, back) - exchanged.lacking("fhir")


@pytest.mark.parametrize("example", ["mother_first_contact.json", "muac_only.json", "family_three_contacts.json"])
def test_m4_every_form_leads_back_to_every_field_that_it_has(service: Client, world: World, example: str) -> None:
    made = world.issue(record(example, import_=True))
    written = {to: service.export(made.text, to=to) for to in get_args(clients.Form)}
    back = {
        "fhir": fhir.from_bundles(json.loads(written["fhir"])),
        "csv": long_form.from_csv(written["csv"])[0],
        "kobo": kobo.from_submission(json.loads(written["kobo"])["submission"]),
    }
    assert back.keys() == written.keys() == targets.TARGETS.keys() == {form.value for form in exports.Form}
    for to, found in back.items():
        assert not exchanged.lost(made.record, found) - exchanged.lacking(to), to


def test_m5_a_batch_gives_one_result_each_in_order_a_bad_code_is_alone_and_a_retry_gives_the_same(
    service: Client, server: httpx.Client, mother: Card, child: Card
) -> None:
    cards: list[list[str]] = [[mother.text] if n % 2 else [child.text] for n in range(200)]
    cards[17], cards[18], cards[19], cards[20] = ["no card at all"], [altered(mother)], [], ["MCT1:\ud800"]
    found = service.decode_batch(cards)
    assert len(found) == 200
    for n, one in enumerate(found):
        if n == 19:
            assert isinstance(one, Refused) and one.code == "invalid-request"
        else:
            assert isinstance(one, Decoded)
            assert one.verdict == {17: "unreadable", 18: "altered", 20: "unreadable"}.get(n, "verified")
            if n not in (17, 18, 20):
                assert one.record == (mother if n % 2 else child).record and one.import_allowed is (n % 2 == 1)
    again = service.decode_batch(cards)
    assert [one for one in again if isinstance(one, Decoded)] == [one for one in found if isinstance(one, Decoded)]
    assert str(again[19]) == str(found[19])
    assert service.verify_batch([[mother.text, child.text]])[0] == service.verify(mother.text, child.text)
    items = [{"texts": [child.text]}] * 500
    answers = [server.post("/v1/batch", json={"items": items}).content for _ in range(2)]
    assert answers[0] == answers[1] and len(json.loads(answers[0])["results"]) == 500
    documents.Results.model_validate_json(answers[0])


def test_a_batch_that_is_none_is_refused_as_a_whole(server: httpx.Client, child: Card) -> None:
    one = {"texts": [child.text]}
    for body in ({"items": []}, {"items": [one] * 501}, {"items": one}, [one], {"items": [one], "more": 1}, {}):
        assert is_problem(server.post("/v1/batch", json=body), 400, "invalid-request")
    assert is_problem(server.post("/v1/batch?scope=admin", json={"items": [one]}), 400, "invalid-request")
    assert is_problem(server.post("/v1/batch", content=picture(child), headers=PNG), 415, "unsupported-type")
    assert is_problem(server.post("/v1/batch", content=bytes(clients.LARGEST_BATCH + 1), headers=JSON), 413, "too-large")
    items = [61.7, None, {"texts": [1]}, {"texts": ["x"], "more": "61.7"}, one]
    strange = server.post("/v1/batch", json={"items": items}).json()["results"]
    assert [result.get("code") for result in strange] == ["invalid-request"] * 4 + [None] and "61.7" not in json.dumps(strange)
    odd = [b"1e999", b"9" * 5000, b"NaN", b'"\\ud800"', b'"MCT1:\\udcff\\u0000"']  # half a character is text, and no card's
    body = b'{"items": [%b, %b]}' % (b", ".join(b'{"texts": [%b]}' % text for text in odd), json.dumps(one).encode())
    results = server.post("/v1/batch", content=body, headers=JSON).json()["results"]
    assert [result.get("code") or result["verdict"] for result in results] == ["invalid-request"] * 3 + ["unreadable"] * 2 + ["verified"]
    for no_json in (b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000):
        assert is_problem(server.post("/v1/batch", content=no_json, headers=JSON), 400, "invalid-request")


def test_m6_what_she_did_not_allow_is_409_with_the_reason_and_vital_interest_is_counted_and_not_linked(
    service: Client, server: httpx.Client, mother: Card, child: Card, folder: Path
) -> None:
    for card, reason in ((child.text, "holder-said-no"), (altered(mother), "not-verified")):
        answer = server.post("/v1/export?to=fhir", json={"texts": [card]})
        assert answer.status_code == 409 and answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["reason"]) == ("import-not-allowed", reason) and answer.json()["detail"]
        with pytest.raises(ImportNotAllowed) as refused:
            service.export(card, to="csv")
        assert refused.value.reason == reason
    with pytest.raises(ImportNotAllowed, match="life-at-risk") as refused:
        service.export(child.text, to="csv", vital_interest="curiosity")
    assert refused.value.reason == "unknown-reason" and not stored(folder)["vital_interest"]
    for _ in range(2):
        assert "muac" in service.export(child.text, to="csv", vital_interest="life-at-risk")
    assert json.loads(service.export(altered(child), to="fhir", vital_interest="child-alone"))
    assert service.export(mother.text, to="csv", vital_interest="life-at-risk"), "she said yes: not counted"
    assert sorted(stored(folder)["vital_interest"]) == [("2026-07-01", "child-alone", 1), ("2026-07-01", "life-at-risk", 2)]
    held = b"".join(path.read_bytes() for path in folder.glob("trust.db*"))
    assert b"life-at-risk" in held and child.id not in held and child.text[:30].encode() not in held


def test_m7_a_revoked_key_is_403_and_reading_offline_goes_on(world: World, tmp_path: Path, mother: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        key, address = region.key("verify", "decode", "export"), str(region.instance().base_url)
        partner = Client(address, key["Authorization"].split()[1])
        assert partner.verify(mother.text).verdict == "verified" and partner.export(mother.text, to="kobo")
        region.store.revoke_partner(partner_id(key), TODAY)

        def refused() -> Refused | None:
            try:
                partner.verify(mother.text)
            except Refused as error:
                return error
            return None

        found = waited(refused)
        assert (found.code, found.status) == ("key-revoked", 403)
        with pytest.raises(Refused) as no_key:
            Client(address).verify_batch([[mother.text]])
        assert no_key.value.code == "key-needed"
    (tmp_path / "card.txt").write_text(mother.text)
    world.bundle.save(tmp_path / "trust.bundle")
    assert healthcard("read", tmp_path / "card.txt", "--bundle", tmp_path / "trust.bundle").code == 0


def test_m8_a_card_and_its_continuation_become_one_record(service: Client, server: httpx.Client, route: Route, mother: Card) -> None:
    sticker = route.stick("hn-rc", [mother.text], SEEN)
    found = service.decode(picture(mother, sticker))
    assert found == service.decode(mother.text, sticker.text) and len(found.parts) == 2
    assert found.record == route.read(mother.text, sticker.text).record
    exported = fhir.from_bundles(json.loads(service.export(picture(sticker, mother), to="fhir")))
    days = [contact.date for contact in exported.people[0].contacts]
    assert TODAY in days and len(days) == 2
    [merged] = service.decode_batch([[mother.text, sticker.text]])
    assert merged == found
    other = server.post("/v1/export?to=csv", json={"texts": [mother.text, route.issue("pa-rc", mother.record).text]})
    assert (other.headers["healthcard-verdict"], other.headers["healthcard-other-cards"]) == ("verified", "1")


def test_m8_what_may_be_another_childs_is_said_beside_the_verdict(service: Client, server: httpx.Client, route: Route) -> None:
    texts = exchanged.which_child(route)
    found = service.decode(*texts)
    assert (found.verdict, found.which_child, found.unverified) == ("verified", {3}, frozenset())
    for to in targets.TARGETS:
        headers = server.post(f"/v1/export?to={to}", json={"texts": texts}).headers
        assert (headers["healthcard-verdict"], headers["healthcard-which-child"]) == ("verified", "3")
    assert "healthcard-which-child" not in server.post("/v1/export?to=csv", json={"texts": texts[:3]}).headers
    described = server.get("/openapi.json").json()["paths"]["/v1/export"]["post"]["responses"]["200"]["headers"]
    assert described.keys() == {"Healthcard-Verdict", "Healthcard-Other-Cards", "Healthcard-Which-Child"}


OFFLINE = """
import sys
from datetime import date
from pathlib import Path
def refuse(event, arguments):
    if event == "socket.connect" and arguments[1][0] not in ("127.0.0.1",):
        raise OSError("no internet")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0] not in ("127.0.0.1", None):
        raise OSError("no internet")
sys.addaudithook(refuse)
from api import settings, verifier
import uvicorn
app = verifier.create_app(settings.Settings(Path(sys.argv[1])), now=lambda: date(2026, 7, 2))
uvicorn.run(app, host="127.0.0.1", port=0, log_config=verifier.LOGGING, **verifier.SERVER)
"""


def test_m9_the_service_runs_with_no_internet(world: World, tmp_path: Path, mother: Card) -> None:
    """In a program in which every connection and every name but loopback fails."""
    world.bundle.save(tmp_path / "trust.bundle")
    command = [sys.executable, "-c", OFFLINE, str(tmp_path / "trust.bundle")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            address = waited(lambda: re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline()))[0]  # type: ignore[union-attr]
            there = Client(address)
            assert there.verify(mother.text).verdict == there.decode(picture(mother)).verdict == "verified"
            assert there.export(mother.text, to="fhir") and there.verify_batch([[mother.text]]) and there.trust().bundle
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_m10_the_partners_own_number_is_never_written_back(server: httpx.Client, service: Client, world: World, mother: Card) -> None:
    number = "A-61.7"
    one = {"texts": [mother.text]}
    for path, body in (("/v1/decode", one | {"number": number}), ("/v1/export?to=fhir", one | {"reference": number}),
                       ("/v1/batch", {"items": [one], "reference": number})):  # fmt: skip
        assert is_problem(server.post(path, json=body), 400, "invalid-request")
    [result] = server.post("/v1/batch", json={"items": [one | {"number": number}]}).json()["results"]
    assert result["code"] == "invalid-request"
    document = server.get("/openapi.json").json()
    for path in ("/v1/verify", "/v1/decode", "/v1/batch", "/v1/export"):
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["additionalProperties"] is False and set(schema["properties"]) <= {"texts", "items"}
    bundle = json.loads(service.export(mother.text, to="fhir"))
    patients = [entry["resource"] for inner in bundle["entry"] for entry in inner["resource"]["entry"]
                if entry["resource"]["resourceType"] == "Patient"]  # fmt: skip
    for patient in patients:
        patient["identifier"] = [{"system": "https://partner.example/number", "value": number}]
    back = fhir.from_bundles(bundle)
    assert patients and number not in json.dumps(back.to_json())
    assert number not in json.dumps(service.decode(world.issue(back).text).record.to_json())  # type: ignore[union-attr]
    data = mother.record.to_json()
    data["people"][0]["record_number"] = number
    with pytest.raises(RecordError) as refused:
        Record.from_json(data)
    assert number not in str(refused.value)


# --- the page for partners -----------------------------------------------------------------------------------------------


def test_the_script_of_the_page_gets_a_fhir_bundle_out_of_a_picture_in_under_ten_lines(
    server: httpx.Client, mother: Card, tmp_path: Path
) -> None:
    [script] = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert len(script.splitlines()) < 10
    (tmp_path / "card.png").write_bytes(picture(mother))
    (tmp_path / "to_fhir.py").write_text(script)
    environment = {"SERVICE": str(server.base_url), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "to_fhir.py", "card.png"], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert not exchanged.lost(mother.record, fhir.from_bundles(json.loads(done.stdout))) - exchanged.lacking("fhir")
    assert not done.stderr


def test_the_curl_lines_of_the_page_do_what_it_says(world: World, mother: Card, tmp_path: Path) -> None:
    [lines] = [block for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S) if "curl" in block]
    (tmp_path / "card.png").write_bytes(picture(mother))
    (tmp_path / "batch.json").write_text(json.dumps({"items": [{"texts": [mother.text]}, {"texts": ["MCH1:"]}]}))
    work = tmp_path / "service"
    work.mkdir()
    with Region(world, str(work / "shared.db"), work) as region:
        key = region.key("decode", "export")["Authorization"].split()[1]
        environment = {"SERVICE": str(region.instance().base_url).rstrip("/"), "KEY": key, "PATH": os.environ["PATH"]}
        subprocess.run(["sh", "-e", "-c", lines], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert fhir.from_bundles(json.loads((tmp_path / "family.json").read_text()))
    assert json.loads((tmp_path / "reading.json").read_text())["verdict"] == "verified"
    assert [one["verdict"] for one in json.loads((tmp_path / "results.json").read_text())["results"]] == ["verified", "unreadable"]
    assert (tmp_path / "trust.bundle").read_bytes() == world.bundle.raw
    assert json.loads((tmp_path / "revocations.json").read_text()) == {"revocations": []}
    assert set(re.findall(r"life-at-risk|cannot-answer|child-alone", PAGE)) == set(VITAL_INTEREST)


# --- the client ------------------------------------------------------------------------------------------------------------


def test_the_client_takes_the_trust_bundle_once(service: Client, world: World) -> None:
    given = service.trust()
    assert given.bundle and given.bundle.raw == world.bundle.raw and given.etag
    again = service.trust(given.etag)
    assert (again.bundle, again.etag) == (None, given.etag)


def test_revocations_come_signed_as_they_were_received(world: World, tmp_path: Path, mother: Card, child: Card) -> None:
    owner = world.organisation_signers["mx-rc"]
    told = [uploads.sign_withdrawals(ids, owner, "test") for ids in ([mother.id, child.id], [mother.id])]
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        running = region.instance()
        for token in (*told, told[0]):
            assert running.post("/v1/revocations", content=token, headers={"Content-Type": "application/cose"}).status_code == 200
        found = Client(str(running.base_url)).revocations()
        assert {one.message for one in found} == set(told) and {(one.organisation, one.day) for one in found} == {("mx-rc", TODAY)}
        believed = [uploads.read_withdrawals(one.message, world.bundle, TODAY) for one in found]
        answer = running.get("/v1/revocations")
        assert {frozenset(one["hashes"]) for one in answer.json()["revocations"]} == {
            frozenset(hashed.hex() for hashed in one.hashes) for one in believed
        }
        assert running.get("/v1/revocations", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        documents.Revocations.model_validate_json(answer.content)


def test_every_refusal_is_an_error_of_ours_with_the_services_word(service: Client, child: Card, tmp_path: Path) -> None:
    with pytest.raises(NoCode):
        service.verify(blank_picture())
    for wrong in (b"GIF89a", b"\x89PNG but no picture"):
        with pytest.raises(PictureError):
            service.decode(wrong)
    with pytest.raises(PictureError, match="one picture at a time"):
        service.decode(picture(child), child.text)
    path = tmp_path / "card.png"
    path.write_bytes(picture(child))
    assert service.verify(path) == service.verify(child.text)
    for texts, code in (((), "invalid-request"), (("x",) * 17, "invalid-request")):
        with pytest.raises(Refused) as refused:
            service.verify(*texts)
        assert refused.value.code == code and isinstance(refused.value, HealthcardError)
    with pytest.raises(Refused) as refused:
        service.export("no card", to="fhir")
    assert (refused.value.code, refused.value.status) == ("no-record", 422)


def test_what_is_too_large_for_a_service_is_refused_with_its_word_and_not_sent(service: Client, tmp_path: Path) -> None:
    """A service that answers before it has all of a body is heard by luck alone."""
    (tmp_path / "card.png").write_bytes(b"\x89PNG".ljust(MAX_FILE + 1))
    asked: list[Callable[[], object]] = [
        lambda: service.verify(b"\x89PNG".ljust(3 * MAX_FILE)),
        lambda: service.export(tmp_path / "card.png", to="fhir"),
        lambda: service.decode("x" * clients.LARGEST_TEXTS),
        lambda: service.verify_batch([["x" * 60_000]] * 100),
    ]
    for ask in asked:
        with pytest.raises(Refused) as refused:
            ask()
        assert (refused.value.code, refused.value.status) == ("too-large", 413)
    with pytest.raises(PictureError):  # the service has looked at it
        service.verify(b"\x89PNG".ljust(MAX_FILE))


@pytest.mark.parametrize("address", [
    "verifier.example.org", "ftp://127.0.0.1", "http://user:61.7@127.0.0.1", "http://127.0.0.1?a", "", "http://localhost:99999",
    "http://localhost:abc", "http://[::1", "https://[zz]/", "http://localhost:0",
])  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(NoAnswer, match="begins with http"):
        Client(address)


def test_a_key_never_travels_unencrypted_to_another_machine() -> None:
    with pytest.raises(NoAnswer, match="https:// only"):
        Client("http://verifier.example.org", "hck_x")
    assert Client("https://verifier.example.org", "hck_x") and "hck_x" not in repr(Client("https://verifier.example.org", "hck_x"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"verdict": 61.7}', b"<html>", b"\xff", b"null"])
@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_what_no_verifier_answers_is_no_answer(body: bytes, status: int) -> None:
    with serving(sending(body, status, Location="http://127.0.0.1:1/")) as address, pytest.raises(NoAnswer) as refused:
        Client(address).revocations()
    assert "61.7" not in str(refused.value)


def test_where_nobody_listens_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match=r"127\.0\.0\.1: no answer"):
        Client("http://127.0.0.1:1").verify("x")


# --- metrics ---------------------------------------------------------------------------------------------------------------


def test_metrics_count_by_route_and_outcome_and_name_nobody(world: World, tmp_path: Path, child: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="local") as region:
        running = region.instance()
        for _ in range(3):
            post_texts(running, "/v1/verify", child.text)
        post_texts(running, "/v1/verify", altered(child))
        running.get(f"/v1/{child.id.hex()}")
        running.post("/v1/export?to=csv", json={"texts": [child.text]})
        waited(lambda: "import-not-allowed" in running.get("/metrics").text)
        said = running.get("/metrics").text
    for line in ('{route="/v1/verify",outcome="verified"} 3', '{route="/v1/verify",outcome="altered"} 1',
                 '{route="-",outcome="not-found"} 1', '{route="/v1/export",outcome="import-not-allowed"} 1'):  # fmt: skip
        assert f"healthcard_requests_total{line}\n" in said
    assert f"healthcard_bundle_version {world.bundle.version}\n" in said and "healthcard_bundle_age_days 0\n" in said
    assert child.id.hex() not in said and "127.0.0.1" not in said
    assert all(re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{(\w+=\"[^\"\\]*\",?)+\})? \d+", line) for line in said.splitlines())


def test_metrics_of_a_service_that_others_reach_need_a_key_for_admin(world: World, tmp_path: Path) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, tls_proxy=True) as region:
        keys, running = {scope: region.key(scope) for scope in ("admin", "export")}, region.instance()
        assert is_problem(running.get("/metrics"), 401, "key-needed")
        assert is_problem(running.get("/metrics", headers=keys["export"]), 403, "not-in-scope")
        assert running.get("/metrics", headers=keys["admin"]).status_code == 200


def test_a_batch_counts_one_request_for_each_ten_codes(world: World, tmp_path: Path) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, rate=6) as region:
        key, running = region.key("verify"), region.instance()
        body = {"items": [{"texts": ["x"]}] * 41}
        assert running.post("/v1/batch", json=body, headers=key).status_code == 200
        assert [running.post("/v1/verify", json={"texts": ["x"]}, headers=key).status_code for _ in range(2)] == [200, 429]
        parts = region.key("verify")
        waited(lambda: running.post("/v1/verify", json={"texts": ["x"]}, headers=parts).status_code == 200)
        body = {"items": [{"texts": ["x"] * 10}] * 5 + [None]}
        assert running.post("/v1/batch", json=body, headers=parts).status_code == 429, "one request is gone"


def test_every_leaf_of_an_exported_record_has_been_looked_for(mother: Card) -> None:
    """The comparison of M3 and M4 would find a loss."""
    less = mother.record.to_json()
    del less["people"][0]["contacts"][0]["observations"]["systolic"]
    assert exchanged.lost(mother.record, Record.from_json(less)) and len(list(leaves("", less))) > 10
