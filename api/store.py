"""The state of the service in SQLite or PostgreSQL: the same statements, each method one transaction.

    store = Store.open("trust.db")                      # or postgresql://verifier@database/verifier
    store.add_withdrawals(told, date.today())           # when it returns, a power cut does not lose it

SQLite writes ahead (WAL) and waits for the disk at each commit (synchronous FULL). A method blocks until then, so the service calls it
from a thread; raises StoreFull where there is no room, StoreError where the database can't be used otherwise.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, delete, event, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from healthcard.errors import ServiceError, StoreError, StoreFull, Superseded, TrustError
from healthcard.trust.bundle import TrustBundle
from healthcard.trust.uploads import IssuedHashes, MonthlyCounts, Withdrawals

from . import schema
from .settings import POSTGRESQL

BUSY_SECONDS = 10
SQLITE_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
POSTGRESQL_FULL = "53100"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


@dataclass(frozen=True)
class Partner:
    """An organisation's program that may call the service; of its key only a hash is kept."""

    id: str
    name: str
    key_hash: bytes = field(repr=False)
    scopes: frozenset[str]
    added: date
    expires: date
    revoked: date | None = None


@dataclass(frozen=True)
class Revocation:
    """A message by which an organisation (by number) withdrew cards, as it was signed, and the day it came."""

    organisation: int
    day: date
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Count:
    """How many people of one organisation had a service in a month."""

    month: date
    organisation: int
    service: int
    count: int


class Store:
    """An open database of this release's form."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    def open(cls, database: str, *, make: bool = True) -> "Store":
        """The database of a path or of a postgresql:// address, made or brought up to date; without `make` it is used as it is."""
        try:
            engine = _postgresql(database) if database.startswith(POSTGRESQL) else _sqlite(database)
        except ImportError:
            raise StoreError("PostgreSQL needs one more package: pip install 'healthcard[postgresql]'") from None
        except (SQLAlchemyError, ValueError):  # which may quote a part of the password
            raise StoreError("HEALTHCARD_DATABASE is not an address of the form postgresql://user@host/name") from None
        store = cls(engine)
        try:
            with store._transaction() as connection:
                if make:
                    schema.migrate(connection)
                elif not schema.steps_done(connection):
                    raise StoreError("no service has used this database; name the one that the service has")
        except StoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        self._engine.dispose()

    # --- partners ------------------------------------------------------------------------------------------------

    def partners(self) -> tuple[Partner, ...]:
        """Every partner there ever was, by the day it was added."""
        table = schema.partners
        with self._transaction() as connection:
            rows = connection.execute(table.select().order_by(table.c.added, table.c.name, table.c.id)).all()
        return tuple(
            Partner(row.id, row.name, row.key_hash, frozenset(row.scopes.split()), row.added, row.expires, row.revoked) for row in rows
        )

    def add_partner(self, partner: Partner) -> None:
        values = vars(partner) | {"scopes": " ".join(sorted(partner.scopes))}
        with self._transaction() as connection:
            connection.execute(schema.partners.insert().values(values))

    def revoke_partner(self, partner_id: str, day: date) -> None:
        """From now on its key is refused, for good; raises ServiceError where there is no such partner."""
        table = schema.partners
        with self._transaction() as connection:
            revoked = func.coalesce(table.c.revoked, day)
            if not connection.execute(update(table).where(table.c.id == partner_id).values(revoked=revoked)).rowcount:
                raise ServiceError(f"{partner_id}: no such partner; `healthcard partner list` shows them")

    # --- trust ---------------------------------------------------------------------------------------------------

    def keep_bundle(self, offered: TrustBundle) -> TrustBundle:
        """The newest of `offered` and what is held, which is held from now on; raises TrustError where they do not belong together."""
        table = schema.bundles
        with self._transaction() as connection:
            schema.exclusive(connection)
            raw = connection.execute(select(table.c.raw).order_by(table.c.version.desc()).limit(1)).scalar()
            if raw == offered.raw:
                return offered
            if raw is not None:
                held = TrustBundle.load(raw)
                if newest(held, offered) is held:
                    return held
            connection.execute(table.insert().values(version=offered.version, raw=offered.raw))
        return offered

    def withdrawals(self) -> frozenset[tuple[int, bytes]]:
        """Every card that its organisation (by number) withdrew, by hash."""
        with self._transaction() as connection:
            return frozenset((row.organisation, row.hash) for row in connection.execute(schema.withdrawals.select()))

    def add_withdrawals(self, told: Withdrawals, day: date) -> None:
        """Those told before keep their day."""
        owner = told.sender.organisation.number
        rows = [{"organisation": owner, "hash": one, "day": day} for one in sorted(told.hashes)]
        message = {"digest": hashlib.sha256(told.token).digest(), "organisation": owner, "raw": told.token, "day": day}
        with self._transaction() as connection:
            self._add(connection, schema.withdrawals, rows)
            self._add(connection, schema.revocations, [message])

    def revocations(self) -> tuple[Revocation, ...]:
        """Every message by which cards were withdrawn, by the day it came."""
        table = schema.revocations
        with self._transaction() as connection:
            rows = connection.execute(table.select().order_by(table.c.day, table.c.digest)).all()
        return tuple(Revocation(row.organisation, row.day, row.raw) for row in rows)

    def issued(self, station: bytes, last: date) -> frozenset[bytes]:
        """What a station (by `key_hash`) told until a day that it had issued."""
        table = schema.issued
        with self._transaction() as connection:
            found = connection.execute(select(table.c.hash).where(table.c.station == station, table.c.day <= last))
            return frozenset(found.scalars())

    def add_issued(self, told: IssuedHashes, day: date) -> None:
        """Those told before keep their day."""
        rows = [{"station": told.station, "hash": one, "day": day} for one in sorted(told.hashes)]
        with self._transaction() as connection:
            self._add(connection, schema.issued, rows)

    # --- counts --------------------------------------------------------------------------------------------------

    def replace_counts(self, station: bytes, told: MonthlyCounts, digest: bytes) -> None:
        """Put a document in the place of the station's earlier one of that month; the same one again changes nothing.

        Raises Superseded where one of a higher number is held, or another one of the same.
        """
        table, key = schema.documents, {"station": station, "month": told.month}
        changed = {"organisation": told.sender.organisation.number, "sequence": told.sequence, "digest": digest}
        with self._transaction() as connection:
            upsert = self._insert(table).values(**key, **changed)
            later = upsert.on_conflict_do_update(index_elements=list(key), set_=changed, where=table.c.sequence < told.sequence)
            if connection.execute(later.returning(table.c.sequence)).first() is None:
                held = connection.execute(select(table.c.digest).filter_by(**key)).scalar_one()
                if held != digest:
                    raise Superseded(f"counts of this month with number {told.sequence} or a higher one are held; send the next number")
                return
            connection.execute(delete(schema.counts).filter_by(**key))
            rows = [key | {"service": service, "count": count} for service, count in told.counts.items()]
            if rows:
                connection.execute(schema.counts.insert(), rows)

    def counts(self, before: date) -> tuple[Count, ...]:
        """The sums of all stations by month, organisation and service, of the months before a day."""
        c, d = schema.counts.c, schema.documents.c
        columns = (c.month, d.organisation, c.service)
        sums = select(*columns, func.sum(c.count).label("people")).where(d.station == c.station, d.month == c.month, c.month < before)
        with self._transaction() as connection:
            rows = connection.execute(sums.group_by(*columns).order_by(*columns)).all()
        return tuple(Count(row.month, row.organisation, row.service, int(row.people)) for row in rows)

    def count_vital_interest(self, month: date, reason: str) -> None:
        """One more record that was taken over for this reason without the holder's yes.

        Not to be known again when it is asked twice, for what knows a request again links the count to somebody: who is told of a failure
        when it was written all the same (a server that falls silent in its COMMIT, a power cut before the answer) and tries again is
        counted twice. So it is never too low.
        """
        table = schema.vital_interest
        upsert = self._insert(table).values(month=month.replace(day=1), reason=reason, count=1)
        with self._transaction() as connection:
            connection.execute(upsert.on_conflict_do_update(index_elements=["month", "reason"], set_={"count": table.c.count + 1}))

    def vital_interest(self) -> dict[tuple[date, str], int]:
        """How often, by month (its first day) and reason."""
        with self._transaction() as connection:
            return {(month, reason): count for month, reason, count in connection.execute(schema.vital_interest.select())}

    # --- rate limits ---------------------------------------------------------------------------------------------

    def exchange_usage(self, instance: str, minute: int, used: Mapping[str, int]) -> dict[str, int]:
        """Tell what this instance let through in a minute, by subject; returns what the others did. Earlier minutes are forgotten."""
        table = schema.usage
        rows = [{"subject": subject, "minute": minute, "instance": instance, "used": count} for subject, count in sorted(used.items())]
        others = select(table.c.subject, func.sum(table.c.used).label("used")).where(table.c.minute == minute, table.c.instance != instance)
        with self._transaction() as connection:
            connection.execute(delete(table).where(table.c.instance == instance, table.c.minute != minute))
            connection.execute(delete(table).where(table.c.minute < minute - 1))
            if rows:
                upsert = self._insert(table)
                keys = ["subject", "minute", "instance"]
                connection.execute(upsert.on_conflict_do_update(index_elements=keys, set_={"used": upsert.excluded.used}), rows)
            return {row.subject: int(row.used) for row in connection.execute(others.group_by(table.c.subject))}

    # --- how -----------------------------------------------------------------------------------------------------

    def _add(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """All of it or nothing; what the database says of a failure may hold values and is not passed on."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
            if _full(error):
                raise StoreFull("the disk of the database is full") from None
            raise StoreError(f"the database can't be used ({type(error).__name__})") from None


def newest(held: TrustBundle, offered: TrustBundle) -> TrustBundle:
    """The newer of two bundles, whichever way round they are; raises TrustError where neither follows the other."""
    try:
        return held.update(offered)
    except TrustError:
        if offered.version >= held.version:
            raise
        return offered.update(held)


def _sqlite(path: str) -> Engine:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        os.chmod(path, 0o600)  # a copy that was put back too is for nobody else to read; SQLite gives its other files the same mode
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    engine = create_engine(URL.create("sqlite", database=path), connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # BEGIN is said below, not by the driver
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql(address: str) -> Engine:
    from . import postgresql

    return postgresql.engine("postgresql+psycopg://" + address.removeprefix(POSTGRESQL))


def _full(error: Exception) -> bool:
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlite_errorcode", None) in SQLITE_FULL or getattr(cause, "sqlstate", None) == POSTGRESQL_FULL
