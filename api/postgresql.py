"""PostgreSQL for the store: an answer that does not come is given up, so that no thread waits for good on a server that hangs.

What was given up before its COMMIT was sent is rolled back by the server. Only the store of a PostgreSQL address imports this, for psycopg
comes with healthcard[postgresql].
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event

ANSWER_SECONDS = 10


def engine(address: str) -> Engine:
    """The engine of a postgresql+psycopg:// address; raises SQLAlchemyError or ValueError where it is none."""
    made = create_engine(address, pool_pre_ping=True, connect_args={"connect_timeout": ANSWER_SECONDS})

    @event.listens_for(made, "do_connect")
    def connect(_: object, __: object, arguments: list[Any], named: dict[str, Any]) -> Connection:
        return Connection.connect(*arguments, **named)

    return made


class Connection(psycopg.Connection[Any]):
    """One that closes where the server is silent for ANSWER_SECONDS."""

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **named: Any) -> Any:
        return super().wait(self._in_time(gen), *arguments, **named)

    def _in_time(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The steps of a talk with the server; psycopg asks for the next one every tenth of a second, also where nothing came."""
        end = time.monotonic() + ANSWER_SECONDS
        try:
            wanted = next(steps)
            while True:
                came = yield wanted
                if not came and time.monotonic() > end:
                    self.close()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = steps.send(came)
        except StopIteration as done:
            return done.value
