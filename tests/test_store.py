"""The state of the service: the same behaviour from SQLite and from a real PostgreSQL, which this file starts."""

import multiprocessing
import os
import re
import signal
import sqlite3
import stat
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from api import access, schema
from api import postgresql as driver
from api.store import Count, Partner, Store, newest
from healthcard.errors import ServiceError, StoreError, StoreFull, Superseded, TrustError
from healthcard.trust import custody, uploads
from healthcard.trust.bundle import published_signer
from healthcard.trust.uploads import IssuedHashes, MonthlyCounts, Sender, Withdrawals
from tests import postgres
from tests.world import World

TODAY = date(2026, 7, 2)
MONTH = date(2026, 6, 1)
KINDS = ("SQLite", "PostgreSQL")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    made: str = str(tmp_path / "trust.db") if request.param == "SQLite" else request.getfixturevalue("postgresql").database()
    return made


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store.open(database)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def sender(world: World) -> Sender:
    match = world.bundle.match(world.station_signer.key)
    assert match
    return Sender(match.organisation, match.station)


def partner(name: str = "Clinic", **changed: object) -> Partner:
    made, _ = access.new_partner(name, frozenset({"verify"}), TODAY, TODAY + timedelta(30))
    return replace(made, **changed)  # type: ignore[arg-type]


def document(sender: Sender, sequence: int, counts: dict[int, int], month: date = MONTH) -> MonthlyCounts:
    return MonthlyCounts(sender, month, sequence, counts)


# --- what it keeps -------------------------------------------------------------------------------------------------


def test_partners_come_back_as_they_were_and_stay_revoked(store: Store) -> None:
    first, second = partner("First"), partner("Second", scopes=frozenset({"export", "decode"}))
    for one in (first, second):
        store.add_partner(one)
    assert store.partners() == (first, second)
    store.revoke_partner(first.id, TODAY)
    store.revoke_partner(first.id, TODAY + timedelta(9))
    assert store.partners() == (replace(first, revoked=TODAY), second), "the first day stands"
    with pytest.raises(ServiceError, match="no such partner"):
        store.revoke_partner("nobody", TODAY)
    with pytest.raises(StoreError):
        store.add_partner(first)


def test_the_newest_bundle_is_kept_whichever_is_offered(store: Store, world: World) -> None:
    newer = world.next_bundle()
    assert store.keep_bundle(world.bundle).raw == world.bundle.raw
    assert store.keep_bundle(newer).raw == newer.raw
    assert store.keep_bundle(world.bundle).raw == newer.raw, "the version never goes down"
    with pytest.raises(TrustError):
        store.keep_bundle(custody.found("test", [published_signer(31)], 1, TODAY))
    twin = custody.revise(world.bundle, [world.root_signer], TODAY + timedelta(1))
    with pytest.raises(TrustError, match="two trust bundles"):
        store.keep_bundle(twin)
    assert store.keep_bundle(world.bundle).raw == newer.raw


def test_an_older_bundle_is_known_as_older_across_a_rotation_of_the_root(world: World) -> None:
    draft = custody.rotation(world.bundle, custody.found("test", [published_signer(40)], 1, TODAY).roots[0], TODAY)
    rotated = custody.complete(draft.signed_by(world.root_signer).signed_by(published_signer(40)))
    assert newest(world.bundle, rotated) is rotated and newest(rotated, world.bundle) is rotated


def test_uploads_are_kept_once_with_their_first_day(store: Store, sender: Sender) -> None:
    hashes = frozenset(bytes([n]) * 5 for n in range(7))
    for day in (TODAY, TODAY + timedelta(1)):
        store.add_withdrawals(Withdrawals(sender, hashes, b"message"), day)
    assert store.withdrawals() == {(sender.organisation.number, one) for one in hashes}
    early, late = frozenset({b"e" * 16}), frozenset({b"l" * 16})
    store.add_issued(IssuedHashes(sender, b"station1", early), TODAY)
    store.add_issued(IssuedHashes(sender, b"station1", early | late), TODAY + timedelta(5))
    assert store.issued(b"station1", TODAY) == store.issued(b"station1", TODAY + timedelta(4)) == early
    assert store.issued(b"station1", TODAY + timedelta(5)) == early | late
    assert store.issued(b"station2", TODAY + timedelta(5)) == frozenset()
    store.add_withdrawals(Withdrawals(sender, frozenset(), b"message"), TODAY)


def test_counts_of_a_month_are_replaced_and_never_added_twice(store: Store, sender: Sender) -> None:
    own = sender.organisation.number
    store.replace_counts(b"one", document(sender, 1, {200: 4, 203: 30}), b"a")
    store.replace_counts(b"one", document(sender, 1, {200: 4, 203: 30}), b"a")
    store.replace_counts(b"two", document(sender, 8, {200: 7}), b"b")
    store.replace_counts(b"two", document(sender, 1, {200: 1}, TODAY.replace(day=1)), b"c")
    assert store.counts(TODAY.replace(day=1)) == (Count(MONTH, own, 200, 11), Count(MONTH, own, 203, 30))
    store.replace_counts(b"one", document(sender, 5, {200: 5}), b"d")
    assert store.counts(TODAY.replace(day=1)) == (Count(MONTH, own, 200, 12),)
    for sequence, digest in ((5, b"e"), (4, b"d2"), (1, b"a")):
        with pytest.raises(Superseded):
            store.replace_counts(b"one", document(sender, sequence, {200: 100}), digest)
    store.replace_counts(b"one", document(sender, 6, {}), b"f")
    assert store.counts(TODAY.replace(day=1)) == (Count(MONTH, own, 200, 7),)


def test_vital_interest_is_counted_by_month_and_reason_and_nothing_else(store: Store) -> None:
    for day, reason in ((TODAY, "unconscious"), (TODAY + timedelta(3), "unconscious"), (TODAY, "danger")):
        store.count_vital_interest(day, reason)
    first = TODAY.replace(day=1)
    assert store.vital_interest() == {(first, "unconscious"): 2, (first, "danger"): 1}


def test_instances_learn_what_the_others_let_through_in_this_minute(store: Store) -> None:
    assert store.exchange_usage("a", 100, {"p": 3, "q": 1}) == {}
    assert store.exchange_usage("b", 100, {"p": 2}) == {"p": 3, "q": 1}
    assert store.exchange_usage("c", 100, {}) == {"p": 5, "q": 1}
    assert store.exchange_usage("a", 100, {"p": 4, "q": 1}) == {"p": 2}, "what it tells again takes the place of what it told"
    assert store.exchange_usage("b", 101, {}) == {}
    assert store.exchange_usage("a", 103, {}) == {} == store.exchange_usage("b", 103, {}) == store.exchange_usage("d", 100, {})


def test_a_change_that_fails_leaves_nothing_behind(store: Store, sender: Sender) -> None:
    store.replace_counts(b"one", document(sender, 1, {200: 4}), b"a")
    with pytest.raises(StoreError):
        store.replace_counts(b"one", document(sender, 2, {200: None}), b"b")  # type: ignore[dict-item]
    assert store.counts(TODAY) == (Count(MONTH, sender.organisation.number, 200, 4),)
    store.replace_counts(b"one", document(sender, 1, {200: 4}), b"a")


def test_what_the_database_says_of_a_failure_is_not_passed_on(store: Store) -> None:
    marked = partner("Xochiquetzal")
    store.add_partner(marked)
    with pytest.raises(StoreError) as failed:
        store.add_partner(marked)
    assert "Xochiquetzal" not in str(failed.value) and failed.value.__suppress_context__


# --- migrations ----------------------------------------------------------------------------------------------------


def test_the_steps_lead_to_the_tables_that_the_statements_use(store: Store) -> None:
    found = inspect(store._engine)
    assert set(found.get_table_names()) == set(schema.metadata.tables)
    for name, table in schema.metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns]
        assert found.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
        for column in table.columns:
            made = columns[column.name]
            assert column.primary_key or made["nullable"] == column.nullable, f"{name}.{column.name}"
            dialect = store._engine.dialect
            assert str(made["type"].compile(dialect)) == str(column.type.compile(dialect)), f"{name}.{column.name}"


def test_a_later_step_finds_what_an_earlier_release_wrote(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier, kept = Store.open(database), partner()
    earlier.add_partner(kept)
    earlier.close()
    more = (*schema.STEPS, ("ALTER TABLE partners ADD COLUMN remark {bytes}", "CREATE TABLE more (number INTEGER PRIMARY KEY)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", more)
        for _ in range(2):
            later = Store.open(database)
            assert later.partners() == (kept,) and inspect(later._engine).has_table("more")
            later.close()
    with pytest.raises(StoreError, match="newer release"):
        Store.open(database)


def test_a_look_makes_no_table_and_runs_no_step(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="no service has used"):
        Store.open(database, make=False)
    Store.open(database).close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, ("CREATE TABLE more (number INTEGER PRIMARY KEY)",)))
        looked = Store.open(database, make=False)
        assert looked.partners() == () and not inspect(looked._engine).has_table("more")
        looked.close()
    monkeypatch.setattr(schema, "STEPS", schema.STEPS[:-1])
    with pytest.raises(StoreError, match="newer release"):
        Store.open(database, make=False)


def test_a_step_that_fails_leaves_the_database_as_it_was(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, ("CREATE TABLE more (number INTEGER)", "no statement at all")))
        with pytest.raises(StoreError):
            Store.open(database)
    store = Store.open(database)
    assert store.partners() == () and not inspect(store._engine).has_table("more")
    store.close()


def opened_at_once(database: str, barrier: "multiprocessing.synchronize.Barrier", name: str) -> None:
    barrier.wait()
    store = Store.open(database)
    store.add_partner(partner(name))
    store.close()


def test_instances_that_start_at_once_make_the_tables_once(database: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    processes = [context.Process(target=opened_at_once, args=(database, barrier, f"p{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = Store.open(database)
    assert sorted(one.name for one in store.partners()) == ["p0", "p1", "p2"]
    store.close()


def test_threads_that_write_at_once_lose_and_double_nothing(store: Store, sender: Sender) -> None:
    failed: list[Exception] = []

    def work(own: int) -> None:
        try:
            for n in range(10):
                store.count_vital_interest(TODAY, "danger")
                store.add_withdrawals(Withdrawals(sender, frozenset({bytes([n]) * 5}), bytes([n])), TODAY)
                with suppress(Superseded):
                    store.replace_counts(b"one", document(sender, n * 4 + own, {200: n * 4 + own}), bytes([n, own]))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert store.vital_interest() == {(TODAY.replace(day=1), "danger"): 40} and len(store.withdrawals()) == 10
    assert store.counts(TODAY) == (Count(MONTH, sender.organisation.number, 200, 40),)


# --- SQLite alone ----------------------------------------------------------------------------------------------------


def test_an_sqlite_file_writes_ahead_waits_for_the_disk_and_is_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "a name with blanks?.db"
    store = Store.open(str(path))
    with store._engine.connect() as connection:
        said = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "busy_timeout")]
    assert said == ["wal", 2, 10_000]
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    store.close()


def test_a_copy_that_was_put_back_is_for_nobody_else_either(tmp_path: Path) -> None:
    path = tmp_path / "trust.db"
    Store.open(str(path)).close()
    path.chmod(0o644)
    store = Store.open(str(path))
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    store.close()


def test_a_full_database_says_so_and_keeps_what_it_acknowledged(tmp_path: Path, sender: Sender) -> None:
    store, kept = Store.open(str(tmp_path / "trust.db")), set[bytes]()
    with store._engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 6}")
    with pytest.raises(StoreFull):
        for n in range(1000):
            hashes = {os.urandom(5) for _ in range(50)}
            store.add_withdrawals(Withdrawals(sender, frozenset(hashes), b"message"), TODAY + timedelta(n))
            kept |= hashes
    assert kept and {one for _, one in store.withdrawals()} == kept
    store.close()


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(100)])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trust.db").write_bytes(content * 50)
    with pytest.raises(StoreError):
        Store.open(str(tmp_path / "trust.db"))
    with pytest.raises(StoreError, match="No such file"):
        Store.open(str(tmp_path / "nowhere" / "trust.db"))


def test_a_server_that_is_not_there_is_refused_in_our_words(postgresql: postgres.Server) -> None:
    for address in ("postgresql://nobody@127.0.0.1:1/nothing", postgresql.address("nothing"), "postgresql://["):
        with pytest.raises(StoreError) as refused:
            Store.open(address)
        assert "nobody" not in str(refused.value)


@pytest.mark.parametrize("address", ["u:half@half:secret@db/x", "u:secret@db:secret/x", "u:x@db/x?port=secret", f"u@{'secret' * 20}/x"])
def test_a_wrong_address_is_refused_without_a_part_of_its_password(address: str) -> None:
    with pytest.raises(StoreError) as refused:
        Store.open(f"postgresql://{address}")
    said = "".join(traceback.format_exception(refused.value))
    assert "secret" not in said and "half" not in said


def parent_of(status: Path) -> int | None:
    """The process that began another; None for one that has ended since it was listed."""
    try:
        return int(status.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


@contextmanager
def silent(server: postgres.Server) -> Iterator[None]:
    """Every process of a server stops, as on a machine that swaps, and goes on afterwards; after a minute in any case."""
    first = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if parent_of(path) == first]
    processes = [first, *children]

    def each(said: signal.Signals) -> None:
        for process in processes:
            with suppress(ProcessLookupError):  # one of them ended meanwhile
                os.kill(process, said)

    late = threading.Timer(60, each, [signal.SIGCONT])
    late.start()
    each(signal.SIGSTOP)
    try:
        yield
    finally:
        late.cancel()
        each(signal.SIGCONT)


def test_a_server_that_does_not_answer_is_given_up_and_nothing_is_lost_or_doubled(
    postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(postgresql.database())
    store.count_vital_interest(TODAY, "danger")
    monkeypatch.setattr(driver, "ANSWER_SECONDS", 1)
    with silent(postgresql):
        start = time.monotonic()
        with pytest.raises(StoreError):
            store.count_vital_interest(TODAY, "danger")
        assert time.monotonic() - start < 30
    with pytest.raises(StoreError), store._transaction() as connection:  # and in the middle of a change
        connection.execute(schema.vital_interest.insert().values(month=TODAY, reason="other", count=1))
        with silent(postgresql):
            connection.execute(schema.vital_interest.select())
    store.count_vital_interest(TODAY, "danger")
    assert store.vital_interest() == {(TODAY.replace(day=1), "danger"): 2}
    store.close()


def test_the_database_holds_no_time_finer_than_a_day_and_no_column_for_people(tmp_path: Path) -> None:
    columns = {(table.name, column.name): str(column.type) for table in schema.metadata.tables.values() for column in table.columns}
    assert set(columns.values()) == {"INTEGER", "BLOB", "DATE", "VARCHAR(16)", "VARCHAR(60)"}
    words = {name for names in columns for name in re.split(r"[_ ]", " ".join(names))}
    assert not words & {"card", "text", "record", "address", "ip", "client", "time", "timestamp", "patient", "person"}
    path = tmp_path / "trust.db"
    Store.open(str(path)).close()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_upload_is_read_as_it_was_signed(world: World, sender: Sender) -> None:
    token = uploads.sign_counts(MONTH, 3, {200: 12, 0: 40}, world.station_signer, "test")
    assert uploads.read_counts(token, world.bundle, TODAY) == document(sender, 3, {0: 40, 200: 12})
