"""The tables of the service's database, and the numbered steps that lead there from any earlier release.

What is not here can't be seized: no record, no card id, no address, no time finer than a day but the running minute of the rate limits.
A step is never changed once released; a change to a table is one more step. `migrate` runs what is missing, in one transaction that
other instances wait for.
"""

from sqlalchemy import Column, Connection, Date, Integer, LargeBinary, MetaData, String, Table, inspect, text

from healthcard.errors import StoreError

metadata = MetaData()

steps = Table("steps", metadata, Column("number", Integer, primary_key=True, autoincrement=False))

partners = Table(
    "partners", metadata,
    Column("id", String(16), primary_key=True),  # stands openly in the partner's key
    Column("name", String(60), nullable=False),
    Column("key_hash", LargeBinary, nullable=False),  # SHA-256 of the secret in the key
    Column("scopes", String(60), nullable=False),  # with blanks between
    Column("added", Date, nullable=False),
    Column("expires", Date, nullable=False),  # the last day
    Column("revoked", Date),
)  # fmt: skip

bundles = Table(
    "bundles", metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
)  # fmt: skip

# Cards that their own organisation withdrew: 5 bytes of hash of the id (DP-21).
withdrawals = Table(
    "withdrawals", metadata,
    Column("organisation", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, primary_key=True),
    Column("day", Date, nullable=False),
)  # fmt: skip

# The messages that said so, as they were signed, for whoever believes nobody's word but the signature.
revocations = Table(
    "revocations", metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("organisation", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("day", Date, nullable=False),
)  # fmt: skip

# The issued lists of stations, for the day that a station's key is stolen: what came before that day is honest.
issued = Table(
    "issued", metadata,
    Column("station", LargeBinary, primary_key=True),  # its key's hash
    Column("hash", LargeBinary, primary_key=True),
    Column("day", Date, nullable=False),
)  # fmt: skip

# The newest document of each station and month, and what it counts.
documents = Table(
    "documents", metadata,
    Column("station", LargeBinary, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("organisation", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)  # fmt: skip
counts = Table(
    "counts", metadata,
    Column("station", LargeBinary, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("service", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)  # fmt: skip

# How often a record was taken over without the holder's yes, by stated reason; linked to nobody.
vital_interest = Table(
    "vital_interest", metadata,
    Column("month", Date, primary_key=True),
    Column("reason", String(60), primary_key=True),
    Column("count", Integer, nullable=False),
)  # fmt: skip

# What each instance let through in the running minute.
usage = Table(
    "usage", metadata,
    Column("subject", String(16), primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("instance", String(16), primary_key=True),
    Column("used", Integer, nullable=False),
)  # fmt: skip

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE partners (id VARCHAR(16) PRIMARY KEY, name VARCHAR(60) NOT NULL, key_hash {bytes} NOT NULL,"
        " scopes VARCHAR(60) NOT NULL, added DATE NOT NULL, expires DATE NOT NULL, revoked DATE)",
        "CREATE TABLE bundles (version INTEGER PRIMARY KEY, raw {bytes} NOT NULL)",
        "CREATE TABLE withdrawals (organisation INTEGER, hash {bytes}, day DATE NOT NULL, PRIMARY KEY (organisation, hash))",
        "CREATE TABLE issued (station {bytes}, hash {bytes}, day DATE NOT NULL, PRIMARY KEY (station, hash))",
        "CREATE TABLE documents (station {bytes}, month DATE, organisation INTEGER NOT NULL, sequence INTEGER NOT NULL,"
        " digest {bytes} NOT NULL, PRIMARY KEY (station, month))",
        "CREATE TABLE counts (station {bytes}, month DATE, service INTEGER, count INTEGER NOT NULL, PRIMARY KEY (station, month, service))",
        "CREATE TABLE vital_interest (month DATE, reason VARCHAR(60), count INTEGER NOT NULL, PRIMARY KEY (month, reason))",
        "CREATE TABLE usage (subject VARCHAR(16), minute INTEGER, instance VARCHAR(16), used INTEGER NOT NULL,"
        " PRIMARY KEY (subject, minute, instance))",
    ),
    (
        "CREATE TABLE revocations (digest {bytes} PRIMARY KEY, organisation INTEGER NOT NULL, raw {bytes} NOT NULL, day DATE NOT NULL)",
    ),
)

_LOCK = 0x68637631  # of PostgreSQL's advisory locks, the one that this service takes


def exclusive(connection: Connection) -> None:
    """Nobody else does the same until this transaction ends; with SQLite every transaction is so from its first moment."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def steps_done(connection: Connection) -> int:
    """How many steps led here, 0 for an empty database; raises StoreError where a newer release has run more than there are."""
    if not inspect(connection).has_table(steps.name):
        return 0
    done = len(connection.execute(steps.select()).all())
    if done > len(STEPS):
        raise StoreError("the database was made by a newer release of healthcard; run that one")
    return done


def migrate(connection: Connection) -> None:
    """Run the steps that this database lacks; raises StoreError as `steps_done`."""
    exclusive(connection)
    done = steps_done(connection)
    if not done:
        connection.execute(text("CREATE TABLE steps (number INTEGER PRIMARY KEY)"))
    kind = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    for number, statements in enumerate(STEPS[done:], done + 1):
        for statement in statements:
            connection.execute(text(statement.format(bytes=kind)))
        connection.execute(steps.insert().values(number=number))
