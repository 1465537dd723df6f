"""Who may call the service, how often, and what the network's own tell it: through real servers, on SQLite and on PostgreSQL."""

import json
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import access, held, problems, verifier
from api import store as stores
from api.limits import Limits
from api.settings import Settings
from api.store import Store
from healthcard import resources, seal
from healthcard.card import Card
from healthcard.errors import StoreError, TrustError
from healthcard.record import Record
from healthcard.sign import Signer
from healthcard.trust import changes, custody, issued, uploads
from healthcard.trust.bundle import TrustBundle, card_hash, published_signer
from tests import builders, postgres
from tests.command import healthcard
from tests.test_verifier import altered, is_problem, picture, post_texts, running_app, waited
from tests.world import World

TODAY = date(2026, 7, 2)
JUNE = date(2026, 6, 1)
COSE, CBOR = {"Content-Type": "application/cose"}, {"Content-Type": "application/cbor"}
QUICK = 0.1  # seconds between looks at the store


@pytest.fixture(scope="module")
def world() -> World:
    """With a second station, of another organisation, that may withdraw cards."""
    made = World.build(TODAY)
    owner = made.organisation_signers["pa-rc"]
    bundle = custody.add_station(made.bundle, [made.root_signer], "pa-rc", owner, published_signer(20).key, 7, JUNE, TODAY)
    return World(TODAY, bundle, made.root_signer, made.organisation_signers, made.station_signer)


@pytest.fixture(scope="module")
def card(world: World) -> Card:
    return world.issue(Record.from_json(resources.example("muac_only.json")))


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made: str = str(tmp_path / "shared.db") if request.param == "SQLite" else request.getfixturevalue("postgresql").database()
    return made


class Region:
    """Instances of the service on one database."""

    def __init__(self, world: World, database: str, folder: Path, **settings: Any) -> None:
        self.world, self.folder = world, folder
        self.settings = {"database": database, "open": "nothing", "refresh_seconds": QUICK} | settings
        self.now, self.clock = TODAY, 1000.0
        self.store = Store.open(database)
        self._running = ExitStack()

    def __enter__(self) -> "Region":
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        self.store.close()

    def instance(self) -> httpx.Client:
        """One more, with a bundle file of its own."""
        bundle = self.folder / f"{len(list(self.folder.iterdir()))}.bundle"
        self.world.bundle.save(bundle)
        app = verifier.create_app(Settings(bundle, **self.settings), now=lambda: self.now, clock=lambda: self.clock)
        return self._running.enter_context(running_app(app))

    def key(self, *scopes: str, days: int = 30) -> dict[str, str]:
        """The header of a new partner with these scopes."""
        made, key = access.new_partner("Partner", frozenset(scopes), TODAY, TODAY + timedelta(days))
        self.store.add_partner(made)
        return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def region(world: World, database: str, tmp_path: Path) -> Iterator[Region]:
    with Region(world, database, tmp_path) as made:
        yield made


def partner_id(key: dict[str, str]) -> str:
    return key["Authorization"].split("_")[1]


# --- keys ------------------------------------------------------------------------------------------------------------


def test_each_scope_opens_its_own_routes_and_no_other(region: Region, card: Card) -> None:
    keys = {scope: region.key(scope) for scope in access.SCOPES}
    client = region.instance()
    text = {"texts": [card.text]}
    calls: dict[str, Callable[[dict[str, str]], httpx.Response]] = {
        "verify": lambda key: client.post("/v1/verify", json=text, headers=key),
        "decode": lambda key: client.post("/v1/decode", json=text, headers=key),
        "export": lambda key: client.get("/v1/aggregates", headers=key),
        "admin": lambda key: client.get("/v1/issued", params={"station": "mx-rc/1", "until": "2026-07-02"}, headers=key),
    }
    for needed, call in calls.items():
        for scope, key in keys.items():
            answer = call(key)
            assert answer.status_code == 200 if scope == needed else is_problem(answer, 403, "not-in-scope"), (needed, scope)
        missing = call({})
        assert is_problem(missing, 401, "key-needed") and missing.headers["www-authenticate"] == "Bearer"
    for path in ("/v1/trust", "/v1/vocabulary", "/healthz", "/readyz", "/openapi.json"):
        assert client.get(path).status_code == 200, path


def test_what_is_not_a_key_is_refused_and_not_repeated(region: Region, card: Card) -> None:
    key = region.key("verify")["Authorization"].split()[1]
    client = region.instance()
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    unknown = "hck_aaaaaaaa_" + "A" * 43
    for sent in (f"Bearer {changed}", f"Bearer {key[:-1]}", f"Bearer {key}x", f"Bearer {unknown}", "Bearer", "Basic 61.7", "61.7"):
        answer = client.post("/v1/verify", json={"texts": [card.text]}, headers={"Authorization": sent})
        assert is_problem(answer, 401, "unknown-key") and "Bearer" in answer.headers["www-authenticate"], sent
    assert client.post("/v1/verify", json={"texts": [card.text]}, headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_a_key_ends_after_its_last_day(region: Region, card: Card) -> None:
    key, client = region.key("verify", days=3), region.instance()
    for days, status in ((3, 200), (4, 403)):
        region.now = TODAY + timedelta(days)
        assert client.post("/v1/verify", json={"texts": [card.text]}, headers=key).status_code == status
    assert is_problem(client.post("/v1/verify", json={"texts": [card.text]}, headers=key), 403, "key-expired")


def test_keys_are_kept_as_hashes_only(world: World, tmp_path: Path) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        keys = [region.key("verify")["Authorization"].split("_", 2)[2] for _ in range(20)]
        assert len(set(keys)) == 20 and {len(key) for key in keys} == {43}
        held = b"".join(path.read_bytes() for path in tmp_path.glob("shared.db*"))
    assert len(held) > 10_000 and not [key for key in keys if key.encode() in held]


def test_m7_a_revoked_key_is_refused_on_every_instance_and_reading_offline_goes_on(region: Region, card: Card, world: World) -> None:
    key = region.key("verify")
    one, two = region.instance(), region.instance()

    def asked(client: httpx.Client) -> httpx.Response:
        return client.post("/v1/verify", json={"texts": [card.text]}, headers=key)

    assert asked(one).status_code == asked(two).status_code == 200
    region.store.revoke_partner(partner_id(key), TODAY)
    for client in (one, two):
        waited(lambda client=client: asked(client).status_code == 403)
        assert is_problem(asked(client), 403, "key-revoked")
    path = region.folder / "card.txt"
    path.write_text(card.text)
    (region.folder / "trust.bundle").write_bytes(world.bundle.raw)
    done = healthcard("read", path, "--bundle", region.folder / "trust.bundle", "--json")
    assert done.code == 0 and json.loads(done.out)["verdict"] == "verified"


def test_a_new_partner_is_known_to_running_instances(region: Region, card: Card) -> None:
    clients = [region.instance(), region.instance()]
    key = region.key("verify")
    for client in clients:
        waited(lambda client=client: client.post("/v1/verify", json={"texts": [card.text]}, headers=key).status_code == 200)


def test_keys_are_not_believed_after_a_minute_without_the_store(
    world: World, tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="verify") as region:
        key, client = region.key("verify"), region.instance()

        def away(_: Store) -> None:
            raise StoreError("the database can't be used")

        assert client.get("/readyz").json() == {"status": "ready"}
        monkeypatch.setattr(Store, "partners", away)
        assert client.post("/v1/verify", json={"texts": [card.text]}, headers=key).status_code == 200
        monkeypatch.setattr(held, "FRESH_SECONDS", 0)
        refused = client.post("/v1/verify", json={"texts": [card.text]}, headers=key)
        assert is_problem(refused, 503, "not-ready") and refused.headers["retry-after"] == "15"
        assert is_problem(client.get("/readyz"), 503, "not-ready")
        assert post_texts(client, "/v1/verify", card.text)["verdict"] == "verified", "what needs no key goes on"
        monkeypatch.undo()
        waited(lambda: client.get("/readyz").status_code == 200)


def test_no_verdict_waits_for_the_database(world: World, tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, refresh_seconds=0.01) as region:
        key, client, go_on = region.key("verify", "decode"), region.instance(), threading.Event()
        reached = threading.Event()

        def slow(*_: object) -> dict[str, int]:
            reached.set()
            assert go_on.wait(20)
            return {}

        with monkeypatch.context() as patch:
            patch.setattr(Store, "exchange_usage", slow)
            assert reached.wait(20)
            try:
                for path in ("/v1/verify", "/v1/decode"):
                    assert client.post(path, json={"texts": [card.text]}, headers=key, timeout=5).status_code == 200
            finally:
                go_on.set()


# --- without a key -----------------------------------------------------------------------------------------------------


def test_open_means_verify_and_nothing_else(world: World, tmp_path: Path, card: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="verify") as region:
        client = region.instance()
        assert post_texts(client, "/v1/verify", card.text)["verdict"] == "verified"
        assert is_problem(client.post("/v1/decode", json={"texts": [card.text]}), 401, "key-needed")
        assert is_problem(client.get("/v1/aggregates"), 401, "key-needed")
        pdf = client.post("/v1/verify", content=picture(card, form="PDF"), headers={"Content-Type": "application/pdf"})
        assert pdf.json()["verdict"] == "verified"


def test_one_machine_is_open_until_the_first_partner(world: World, tmp_path: Path, card: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="local") as region:
        client = region.instance()
        for path in ("/v1/verify", "/v1/decode"):
            assert post_texts(client, path, card.text)["verdict"] == "verified"
        assert is_problem(client.put("/v1/trust", content=b"", headers=CBOR), 401, "key-needed")
        key = region.key("decode")
        waited(lambda: client.post("/v1/decode", json={"texts": [card.text]}).status_code == 401)
        region.store.revoke_partner(partner_id(key), TODAY)
        time.sleep(3 * QUICK)
        assert is_problem(client.post("/v1/verify", json={"texts": [card.text]}), 401, "key-needed"), "a revoked one counts"


# --- rate limits -------------------------------------------------------------------------------------------------------


def each_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until two instances have told the store and learned from it, twice."""
    looks, real = Counter[str](), Store.exchange_usage

    def counting(store: Store, instance: str, minute: int, used: Mapping[str, int]) -> dict[str, int]:
        found = real(store, instance, minute, used)
        looks[instance] += 1
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Store, "exchange_usage", counting)
        waited(lambda: len(looks) == 2 and min(looks.values()) > 2)


def test_a_partner_may_do_so_much_in_a_minute_on_all_instances_together(
    world: World, database: str, tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Region(world, database, tmp_path, rate=10) as region:
        first, second = region.key("verify"), region.key("verify")
        one, two = region.instance(), region.instance()

        def asked(client: httpx.Client, key: dict[str, str]) -> httpx.Response:
            return client.post("/v1/verify", json={"texts": [card.text]}, headers=key)

        assert [asked(one, first).status_code for _ in range(7)] == [200] * 7
        each_looks(monkeypatch)
        assert [asked(two, first).status_code for _ in range(4)] == [200] * 3 + [429]
        refused = asked(two, first)
        assert is_problem(refused, 429, "too-many-requests") and refused.headers["retry-after"] == str(60 - 1000 % 60)
        waited(lambda: asked(one, first).status_code == 429)
        assert asked(one, second).status_code == asked(two, second).status_code == 200
        region.clock += 60
        assert asked(one, first).status_code == asked(two, first).status_code == 200


def test_all_without_a_key_share_one_limit(world: World, tmp_path: Path, card: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="verify", open_rate=3) as region:
        key, client = region.key("verify"), region.instance()
        assert [client.post("/v1/verify", json={"texts": ["x"]}).status_code for _ in range(4)] == [200] * 3 + [429]
        assert client.post("/v1/verify", json={"texts": ["x"]}, headers=key).status_code == 200
        with closing(sqlite3.connect(tmp_path / "shared.db")) as connection:
            waited(lambda: len(connection.execute("SELECT subject FROM usage").fetchall()) == 2)
            assert {row[0] for row in connection.execute("SELECT subject FROM usage")} == {"open", partner_id(key)}


def test_limits_count_by_the_minute() -> None:
    at = [119.0]
    limits = Limits(lambda: at[0])
    assert [limits.take("p", 2) for _ in range(3)] == [0, 0, 1] and limits.used() == (1, {"p": 2})
    limits.learn(0, {"q": 9})
    assert limits.take("q", 5) == 0
    limits.learn(1, {"q": 4})
    assert limits.take("q", 5) == 1
    at[0] = 120.0
    assert limits.take("p", 2) == limits.take("q", 5) == 0 and limits.used() == (2, {"p": 1, "q": 1})


# --- uploads -----------------------------------------------------------------------------------------------------------


def posted(client: httpx.Client, path: str, token: bytes) -> httpx.Response:
    return client.post(path, content=token, headers=COSE)


def test_an_organisation_withdraws_its_own_cards_everywhere_and_no_other(region: Region, world: World, card: Card) -> None:
    key, (one, two) = region.key("verify"), (region.instance(), region.instance())

    def verdict(client: httpx.Client) -> str:
        said: str = client.post("/v1/verify", json={"texts": [card.text]}, headers=key).json()["verdict"]
        return said

    for stranger in (world.organisation_signers["pa-rc"], published_signer(20)):
        assert posted(one, "/v1/revocations", uploads.sign_withdrawals([card.id], stranger, "test")).json()["organisation"] == "pa-rc"
    assert verdict(one) == "verified", "another organisation's word"
    own = uploads.sign_withdrawals([card.id, b"another1"], world.organisation_signers["mx-rc"], "test")
    for _ in range(2):
        assert posted(one, "/v1/revocations", own).json() == {"organisation": "mx-rc", "entries": 2}
    assert verdict(one) == "withdrawn", "at once where it was told"
    waited(lambda: verdict(two) == "withdrawn")
    assert len(region.store.withdrawals()) == 3
    again = region.instance()
    assert verdict(again) == "withdrawn", "after a restart"
    assert again.get("/v1/trust").content == world.bundle.raw, "the bundle is given as the root signed it"


def test_whoever_sends_noise_keeps_no_signed_upload_out(world: World, tmp_path: Path, card: Card) -> None:
    with Region(world, str(tmp_path / "noise.db"), tmp_path, open="verify", open_rate=3) as region:
        client, signed = region.instance(), uploads.sign_withdrawals([card.id], world.organisation_signers["mx-rc"], "test")
        assert [posted(client, "/v1/revocations", b"noise").status_code for _ in range(4)] == [400] * 3 + [429]
        assert posted(client, "/v1/revocations", signed).status_code == 200


def test_uploads_that_nobody_may_sign_are_refused(world: World, tmp_path: Path, card: Card) -> None:
    station, stranger, owner = world.station_signer, published_signer(31), world.organisation_signers["mx-rc"]
    right = uploads.sign_withdrawals([card.id], owner, "test")
    match = world.bundle.match(station.key)
    assert match
    refused = {
        ("/v1/revocations", 403, "not-authorised"): uploads.sign_withdrawals([card.id], station, "test"),  # its scope has no revoke
        ("/v1/revocations", 403, "unknown-issuer"): uploads.sign_withdrawals([card.id], stranger, "test"),
        ("/v1/revocations", 403, "altered"): right[:-1] + bytes([right[-1] ^ 1]),
        ("/v1/issued", 403, "altered"): right,
        ("/v1/aggregates", 403, "altered"): uploads.sign_counts(JUNE, 1, {200: 1}, station, "real"),
        ("/v1/aggregates", 403, "not-authorised"): uploads.sign_counts(JUNE, 1, {200: 1}, owner, "test"),
        ("/v1/issued", 403, "not-authorised"): uploads.sign_issued(station.key, [b"h" * 16], published_signer(20), "test"),
        ("/v1/revocations", 400, "unreadable"): b"not a message",
        ("/v1/aggregates", 400, "unreadable"): uploads.sign_counts(TODAY + timedelta(40), 1, {200: 1}, station, "test"),
    }
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        client = region.instance()
        for (path, status, code), token in refused.items():
            assert is_problem(posted(client, path, token), status, code), (path, code)
        assert is_problem(client.post("/v1/issued", json={}), 415, "unsupported-upload")
        assert is_problem(posted(client, "/v1/issued", bytes(uploads.LARGEST + 1)), 413, "too-large")
        assert not region.store.withdrawals() and not region.store.counts(TODAY + timedelta(99))
        region.now = TODAY + timedelta(500)
        assert is_problem(posted(client, "/v1/revocations", right), 403, "not-authorised"), "the organisation's key is of another year"
        region.now = TODAY
        revoked = changes.revoke_key(world.bundle.content, station.key, TODAY)
        bundle = custody.complete(custody.next_version(world.bundle, revoked, TODAY).signed_by(world.root_signer))
        assert client.put("/v1/trust", content=bundle.raw, headers=CBOR | admin(region, client)).status_code == 200
        assert is_problem(posted(client, "/v1/aggregates", uploads.sign_counts(JUNE, 1, {200: 1}, station, "test")), 403, "not-authorised")


def admin(region: Region, client: httpx.Client) -> dict[str, str]:
    """The header of a keeper, once the instance knows it."""
    key = region.key("admin")
    waited(lambda: client.get("/v1/issued", params={"station": "x", "until": "2026-07-02"}, headers=key).status_code == 404)
    return key


def test_an_issued_list_comes_back_as_the_file_that_the_keepers_use(region: Region, world: World, card: Card) -> None:
    client, listed = region.instance(), issued.issued_hash(card.token, "test")
    key, station = admin(region, client), world.station_signer
    for signer in (station, world.organisation_signers["mx-rc"]):
        told = posted(client, "/v1/issued", uploads.sign_issued(station.key, [listed, bytes(16)], signer, "test"))
        assert told.json() == {"organisation": "mx-rc", "entries": 2}
    region.now = TODAY + timedelta(1)
    posted(client, "/v1/issued", uploads.sign_issued(station.key, [b"t" * 16], station, "test"))  # a thief's, on the day after
    for name in ("mx-rc/1", station.key.kid.hex()):
        file = client.get("/v1/issued", params={"station": name, "until": TODAY.isoformat()}, headers=key)
        path = region.folder / "station.issued"
        path.write_bytes(file.content)
        assert issued.load(path) == {listed, bytes(16)}
    assert is_problem(client.get("/v1/issued", params={"station": "mx-rc/1", "until": "61.7"}, headers=key), 400, "invalid-request")


def test_a_full_disk_is_said_and_loses_nothing_acknowledged(
    world: World, tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "PRAGMAS", (*stores.PRAGMAS, "max_page_count=30"))
    owner, kept = world.organisation_signers["mx-rc"], 0
    with Region(world, str(tmp_path / "shared.db"), tmp_path, open="verify", open_rate=10_000) as region:
        client = region.instance()
        for n in range(1000):
            ids = [(n * 100 + m).to_bytes(8) for m in range(100)]
            answer = posted(client, "/v1/revocations", uploads.sign_withdrawals(ids, owner, "test"))
            if answer.status_code != 200:
                break
            kept += 100
        assert kept and is_problem(answer, 507, "store-full") and answer.headers["retry-after"] == "60"
        assert len(region.store.withdrawals()) == kept
        assert post_texts(client, "/v1/verify", card.text)["verdict"] == "verified"
        with monkeypatch.context() as patch:
            patch.setattr(Store, "add_withdrawals", lambda *_: (_ for _ in ()).throw(StoreError("away")))
            assert is_problem(posted(client, "/v1/revocations", uploads.sign_withdrawals(ids, owner, "test")), 503, "bad-store")


def counted(client: httpx.Client, signer: Signer, sequence: int, counts: dict[int, int], month: date = JUNE) -> httpx.Response:
    return posted(client, "/v1/aggregates", uploads.sign_counts(month, sequence, counts, signer, "test"))


def test_counts_are_shown_from_ten_on_and_no_total_tells_the_rest(region: Region, world: World) -> None:
    key, client = region.key("export"), region.instance()
    station, other = world.station_signer, published_signer(20)
    assert counted(client, station, 1, {0: 60, 203: 30, 260: 10, 200: 9}).json() == {"organisation": "mx-rc", "entries": 4}
    assert counted(client, other, 1, {203: 4, 200: 12}).status_code == 200
    assert counted(client, station, 1, {0: 99}, TODAY.replace(day=1)).status_code == 200
    words = {entry["number"]: entry["key"] for entry in client.get("/v1/vocabulary").json()["services"]}
    first_aid = words[203]
    said = client.get("/v1/aggregates", headers=key).json()
    cells = {(cell["organisation"], cell["service"]): cell["count"] for cell in said["cells"]}
    assert said["smallest_cell"] == 10 and {cell["month"] for cell in said["cells"]} == {"2026-06"}, "the running month is not shown"
    assert cells["mx-rc", "contacts"] == 60 and cells["mx-rc", first_aid] == 30
    assert ("pa-rc", first_aid) not in cells and ("mx-rc", words[200]) not in cells
    totals = {total["service"]: total["count"] for total in said["totals_of_cells"]}
    assert totals[first_aid] == 30, "34 less 30 would tell the 4"
    assert counted(client, station, 1, {0: 60, 203: 30, 260: 10, 200: 9}).status_code == 200
    assert client.get("/v1/aggregates", headers=key).json() == said, "sent twice, counted once"
    assert is_problem(counted(client, station, 1, {0: 61}), 409, "superseded-upload")
    assert counted(client, station, 2, {0: 61}).status_code == 200
    assert is_problem(counted(client, station, 1, {0: 60, 203: 30, 260: 10, 200: 9}), 409, "superseded-upload")
    left = {(cell["organisation"], cell["count"]) for cell in client.get("/v1/aggregates", headers=key).json()["cells"]}
    assert left == {("mx-rc", 60), ("pa-rc", 10)}, "61 and 12: asked before and after, nothing below ten is told"


def test_a_month_is_counted_once_though_the_key_of_the_station_changed(region: Region, world: World) -> None:
    client, station = region.instance(), world.station_signer
    first = world.bundle.match(station.key).station.first.replace(day=1)
    assert counted(client, station, 1, {0: 60}, first).status_code == 200
    assert is_problem(counted(client, station, 1, {0: 60}, (first - timedelta(1)).replace(day=1)), 403, "not-authorised")


def test_sensitive_and_unknown_services_are_not_shown(world: World, tmp_path: Path) -> None:
    sensitive = next(entry["number"] for entry in verifier.vocabulary_json()["services"] if entry["sensitivity"] >= 2)
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        key, client = region.key("export"), region.instance()
        assert counted(client, world.station_signer, 1, {sensitive: 50, 999_999: 50}).status_code == 200
        assert client.get("/v1/aggregates", headers=key).json()["cells"] == []


def test_a_station_signs_its_uploads_by_command(demo: Path, tmp_path: Path) -> None:
    """The files of the desk and of `issue` become uploads that a service of that network takes."""
    bundle, station = tmp_path / "trust.bundle", demo / "station.key"
    bundle.write_bytes((demo / "trust.bundle").read_bytes())
    issued.add(tmp_path / "station.issued", [n.to_bytes(16) for n in range(4001)])
    words, today = {"contacts": 40, "first_aid": 12, "unknown": 99}, date.today()
    month = f"{today:%Y-%m}"
    (tmp_path / "counts").write_text(json.dumps({"day": str(today), "today": {}, "months": {month: words, "2020-01": words}}))
    signed = ("--key", station, "--out", tmp_path / "out.cose")
    told = [
        healthcard("upload", "issued", bundle, tmp_path / "station.issued", *signed),
        healthcard("upload", "counts", bundle, tmp_path / "counts", "--month", month, *signed),
        healthcard("upload", "withdrawals", bundle, "5f0c9a3be1d27486", "--key", station, "--out", tmp_path / "withdrawn.cose"),
    ]
    assert [done.code for done in told] == [0, 0, 0] and "application/cose' ADDRESS/v1/aggregates" in told[1].out
    with running_app(verifier.create_app(Settings(bundle), now=lambda: today + timedelta(31))) as client:
        entries = [posted(client, "/v1/issued", (tmp_path / f"out-{n}.cose").read_bytes()).json()["entries"] for n in (1, 2)]
        assert entries == [4000, 1]
        sent = (tmp_path / "out.cose").read_bytes()
        assert posted(client, "/v1/aggregates", sent).json()["entries"] == 2
        refused = posted(client, "/v1/revocations", (tmp_path / "withdrawn.cose").read_bytes())
        assert is_problem(refused, 403, "not-authorised"), "the station of the demonstration may not revoke"
        assert {cell["service"] for cell in client.get("/v1/aggregates").json()["cells"]} == {"contacts", "first_aid"}
    wrong = healthcard("upload", "counts", bundle, tmp_path / "counts", "--month", "June", *signed)
    assert wrong.code == 2 and "a month as 2026-06" in wrong.said
    early = healthcard("upload", "counts", bundle, tmp_path / "counts", "--month", "2020-01", *signed)
    assert early.code == 1 and "outside the window" in early.said and sent == (tmp_path / "out.cose").read_bytes()
    assert healthcard("upload", "counts", bundle, tmp_path / "counts", "--month", month, "--number", "99", *signed).code == 0
    assert uploads.read_counts((tmp_path / "out.cose").read_bytes(), TrustBundle.load(bundle), today).sequence == 99
    assert healthcard("upload", "withdrawals", bundle, "61.7", *signed).code == 2
    root = healthcard("upload", "issued", bundle, tmp_path / "station.issued", "--key", demo / "root.key", "--out", tmp_path / "x")
    assert root.code == 1 and "not a key of a station or organisation" in root.said


# --- the trust bundle --------------------------------------------------------------------------------------------------


def test_a_newer_bundle_reaches_every_instance_and_an_older_one_none(region: Region, world: World) -> None:
    one, two = region.instance(), region.instance()
    key, newer = admin(region, one), world.next_bundle()
    put = key | CBOR
    assert one.put("/v1/trust", content=newer.raw, headers=put).json() == {"bundle_version": newer.version}
    assert one.get("/v1/trust").content == newer.raw
    waited(lambda: two.get("/healthz").json()["bundle_version"] == newer.version)
    assert is_problem(one.put("/v1/trust", content=world.bundle.raw, headers=put), 409, "rollback")
    stranger = custody.found("test", [published_signer(31)], 1, TODAY)
    for wrong in (stranger.raw, newer.raw[:-1], b""):
        assert is_problem(one.put("/v1/trust", content=wrong, headers=put), 422, "bad-bundle")
    assert is_problem(one.put("/v1/trust", content=newer.raw, headers=key), 415, "unsupported-upload")
    restarted = region.instance()  # whose own file still has the older one
    assert restarted.get("/v1/trust").content == newer.raw


def test_a_database_of_another_network_is_refused(world: World, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.bundle"
    custody.found("test", [published_signer(31)], 1, TODAY).save(stranger)
    with Region(world, str(tmp_path / "shared.db"), tmp_path) as region:
        region.store.keep_bundle(world.bundle)
        with pytest.raises(TrustError, match=r"stranger\.bundle: the database is of a service with another trust bundle"):
            verifier.create_app(Settings(stranger, **region.settings))


# --- sealed entries ----------------------------------------------------------------------------------------------------


def test_only_a_partner_with_that_scope_gets_sealed_entries(world: World, tmp_path: Path) -> None:
    epoch, passphrase = tmp_path / "epoch.key", tmp_path / "passphrase"
    passphrase.write_text("demo\n")
    passphrase.chmod(0o600)
    public = seal.generate_epoch_key(epoch, "test", "", "demo").public
    content = changes.add_sealing_key(world.bundle.content, public, TODAY, TODAY + timedelta(30))
    bundle = custody.complete(custody.next_version(world.bundle, content, TODAY).signed_by(world.root_signer))
    sealing = World(TODAY, bundle, world.root_signer, world.organisation_signers, world.station_signer)
    made = sealing.issue(builders.mother(on=TODAY - timedelta(1), findings=["thoughts_of_self_harm"], observations={"systolic": 120}))
    folder = tmp_path / "instances"
    folder.mkdir()
    settings = {"unseal": (epoch,), "unseal_passphrase_file": passphrase}
    with Region(sealing, str(tmp_path / "shared.db"), folder, **settings) as region:
        plain, wide, client = region.key("decode"), region.key("decode", "unseal"), region.instance()
        for key, state in ((plain, "closed"), (wide, "opened")):
            said = client.post("/v1/decode", json={"texts": [made.text]}, headers=key).json()
            assert said["parts"][0]["sealed"] == state
            assert ("thoughts_of_self_harm" in json.dumps(said)) == (state == "opened")


# --- the command -------------------------------------------------------------------------------------------------------


def test_partners_are_added_listed_and_revoked_by_command(world: World, tmp_path: Path, card: Card) -> None:
    bundle = tmp_path / "trust.bundle"
    world.bundle.save(bundle)
    added = healthcard("partner", "add", "Clínica San Juan", "--scope", "decode", "--days", "9", "--bundle", bundle)
    assert added.code == 0 and access.KEY.fullmatch(added.out.strip()) and "can't be shown again" in added.err
    other = healthcard("partner", "add", "Other", "--database", tmp_path / "trust.db")
    own = access.KEY.fullmatch(added.out.strip())
    assert own and other.code == 0
    lines = [line.split("\t") for line in healthcard("partner", "list", "--bundle", bundle).out.splitlines()]
    until = str(date.today() + timedelta(9))
    assert [line[1:] for line in lines] == [
        ["Clínica San Juan", "decode", until, "good"],
        ["Other", "decode verify", str(date.today() + timedelta(365)), "good"],
    ]
    assert healthcard("partner", "revoke", own[1], "--bundle", bundle).code == 0
    assert "revoked" in healthcard("partner", "list", "--bundle", bundle).out.splitlines()[0]
    with running_app(verifier.create_app(Settings(bundle))) as client:
        for given, status in ((added.out, 403), (other.out, 200)):
            headers = {"Authorization": f"Bearer {given.strip()}"}
            assert client.post("/v1/decode", json={"texts": [card.text]}, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["add", "x", "--database", "{}"], 0, ""),
        (["add", "x", "--scope", "everything", "--database", "{}"], 2, "one of verify, decode, export, unseal, admin"),
        (["add", "a\tb", "--database", "{}"], 2, "1 to 60 letters"),
        (["add", "x"], 1, "which service? give --bundle or --database"),
        (["revoke", "nobody", "--database", "{}"], 1, "nobody: no such partner"),
        (["add", "x", "--database", "/nowhere/x.db"], 1, "/nowhere/x.db: No such file"),
        (["add", "x", "--database", ":memory:"], 1, "HEALTHCARD_DATABASE: the path of an SQLite file"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    Store.open(str(tmp_path / "trust.db")).close()
    done = healthcard("partner", *(argument.format(tmp_path / "trust.db") for argument in arguments))
    assert done.code == code and said in done.said


@pytest.mark.parametrize("arguments", [["list"], ["revoke", "k7m2p4qz"]])
def test_a_database_that_is_not_there_is_not_made_by_a_look(tmp_path: Path, arguments: list[str]) -> None:
    done = healthcard("partner", *arguments, "--bundle", tmp_path / "trust.bundle")
    assert done.code == 1 and f"HEALTHCARD_DATABASE: there is no {tmp_path / 'trust.db'}; set it" in done.said
    assert not list(tmp_path.iterdir())
    (tmp_path / "trust.db").touch()
    done = healthcard("partner", *arguments, "--bundle", tmp_path / "trust.bundle")
    assert done.code == 1 and "no service has used this database" in done.said
    (tmp_path / "trust.db").unlink()
    added = healthcard("partner", "add", "Clinic", "--bundle", tmp_path / "trust.bundle")
    assert added.code == 0 and f"{tmp_path / 'trust.db'} is made; if the service has another database" in added.err


# --- what it never says ------------------------------------------------------------------------------------------------


def test_a_seized_database_holds_nothing_of_any_card(region: Region, world: World, request: pytest.FixtureRequest) -> None:
    """DP-15: whatever was verified, decoded and withdrawn, every file of the database is searched for it."""
    made = [world.issue(builders.mother(on=TODAY - timedelta(1), observations={"weight": 40 + n / 10})) for n in range(5)]
    start, key, owner = time.time(), region.key("verify", "decode"), world.organisation_signers["mx-rc"]
    client, listed = region.instance(), [issued.issued_hash(one.token, "test") for one in made]
    for one in made:
        for path in ("/v1/verify", "/v1/decode"):
            assert client.post(path, json={"texts": [one.text]}, headers=key).status_code == 200
    posted(client, "/v1/revocations", uploads.sign_withdrawals([one.id for one in made], owner, "test"))
    posted(client, "/v1/issued", uploads.sign_issued(world.station_signer.key, listed, owner, "test"))
    seized = seized_files(region, request, start)
    markers = [marker for one in made for marker in (one.id, one.id.hex().encode(), one.text[:40].encode(), one.token[14:46])]
    assert card_hash(made[0].id) in seized and listed[0] in seized, "what is there is found"
    assert not [marker for marker in markers if marker in seized]


def seized_files(region: Region, request: pytest.FixtureRequest, start: float) -> bytes:
    """Every byte of the region's database that was written since `start`, on the disk."""
    if not str(region.settings["database"]).startswith("postgresql"):
        return b"".join(path.read_bytes() for path in region.folder.glob("shared.db*"))
    server: postgres.Server = request.getfixturevalue("postgresql")
    server.run("psql", "--command=CHECKPOINT", "postgres")
    files = [path for path in (server.folder / "data").rglob("*") if path.is_file() and path.stat().st_mtime >= start - 1]
    return b"".join(path.read_bytes() for path in files)


def test_no_key_and_no_address_is_in_any_log_line(region: Region, card: Card, world: World, caplog: pytest.LogCaptureFixture) -> None:
    key, client = region.key("verify"), region.instance()
    with caplog.at_level("DEBUG", "healthcard"):
        client.post("/v1/verify", json={"texts": [card.text]}, headers=key)
        client.post("/v1/verify", json={"texts": [altered(card)]}, headers=key | {"X-Forwarded-For": "203.0.113.7"})
        client.post("/v1/decode", json={"texts": [card.text]}, headers=key)
        posted(client, "/v1/revocations", uploads.sign_withdrawals([card.id], world.organisation_signers["mx-rc"], "test"))
        waited(lambda: "/v1/revocations" in caplog.text)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("healthcard")]
    version = world.bundle.version
    lines = ("/v1/verify verified", "/v1/verify altered", "/v1/decode not-in-scope", "/v1/revocations 200")
    assert ours == [f"{line} bundle={version}" for line in lines]


def test_documented_refusals_are_word_for_word_what_is_answered(world: World, tmp_path: Path, card: Card) -> None:
    with Region(world, str(tmp_path / "shared.db"), tmp_path, rate=1) as region:
        key, client = region.key("verify"), region.instance()
        document = client.get("/openapi.json").json()
        assert document["components"]["securitySchemes"] == {"partner": verifier.documents.SCHEMES["partner"]}
        shown = document["paths"]["/v1/verify"]["post"]["responses"]
        for headers, code in (({}, "key-needed"), ({"Authorization": "x"}, "unknown-key"), (key, ""), (key, "too-many-requests")):
            answer = client.post("/v1/verify", json={"texts": [card.text]}, headers=headers)
            if code:
                examples = shown[str(answer.status_code)]["content"]["application/problem+json"]["examples"]
                assert answer.json() == examples[code]["value"]
    for code, (status, detail) in problems.FURTHER.items():
        assert re.fullmatch(r"[a-z-]+", code) and 400 <= status < 600 and detail
