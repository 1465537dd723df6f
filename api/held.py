"""What every request looks at, in memory: the trust bundle, the partners, what was withdrawn.

`HeldBundle` follows a file. `Held` follows the store too: it looks there every few seconds, so that what one instance is told all
instances know within a minute, and no verdict ever waits for a disk.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from healthcard.errors import StoreError, TrustError
from healthcard.trust.bundle import TrustBundle

from .guard import log
from .limits import Limits
from .store import Partner, Store, newest

FRESH_SECONDS = 60  # an older look at the store is not believed about keys


class HeldBundle:
    """The trust bundle of a file, read again when the file changes; only a newer one takes the place of the one held."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, _stamp(path)
        self._bundle = TrustBundle.load(path)

    def current(self) -> TrustBundle:
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._seen:
            self._seen = stamp
            try:
                self.take(self._bundle.update(TrustBundle.load(self._path)))
                log.info("trust bundle: version %d", self._bundle.version)
            except TrustError as error:
                log.warning("trust bundle: kept version %d, %s", self._bundle.version, error.code)
        return self._bundle

    @property
    def version(self) -> int:
        """Of the bundle held, without a look at the file."""
        return self._bundle.version

    def take(self, bundle: TrustBundle) -> None:
        """Hold another bundle, which the caller knows to be newer."""
        self._bundle = bundle


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@dataclass(frozen=True)
class Look:
    """What stood in the store at one moment."""

    at: float
    bundle: TrustBundle
    partners: Mapping[str, Partner]
    withdrawals: frozenset[tuple[int, bytes]]
    used_by_others: Mapping[str, int]
    vital_interest: Mapping[tuple[date, str], int]


class Held(HeldBundle):
    """The bundle of file and store, whichever is newer, with what organisations withdrew since; the partners."""

    def __init__(self, path: Path, store: Store, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises TrustError where file and store are of different networks, StoreError where the store can't be read."""
        super().__init__(path)
        self.store, self.limits, self._clock = store, limits, clock
        self._instance = secrets.token_hex(8)
        self._one_at_a_time = asyncio.Lock()
        try:
            self._look = self._looked(self._bundle, *limits.used())
        except TrustError as error:
            raise TrustError(f"{path}: the database is of a service with another trust bundle ({error})") from None
        self.take(self._look.bundle)

    @property
    def partners(self) -> Mapping[str, Partner]:
        """Every partner by the id in its key."""
        return self._look.partners

    @property
    def vital_interest(self) -> Mapping[tuple[date, str], int]:
        """How often all instances exported for a reason of vital interest, by month (its first day) and reason."""
        return self._look.vital_interest

    @property
    def fresh(self) -> bool:
        """Whether the last look at the store is recent enough to say whose key is revoked."""
        return self._clock() - self._look.at < FRESH_SECONDS

    def take(self, bundle: TrustBundle) -> None:
        super().take(bundle.with_reported(self._look.withdrawals))

    async def refresh(self) -> None:
        """Look at the store, and tell it what this instance let through; raises StoreError or TrustError."""
        async with self._one_at_a_time:
            minute, used = self.limits.used()
            before, self._look = self._look, await asyncio.to_thread(self._looked, self.current(), minute, used)
            self.limits.learn(minute, self._look.used_by_others)
            if self._look.withdrawals != before.withdrawals or self._look.bundle.raw != self._bundle.raw:
                self.take(newest(self._bundle, self._look.bundle))

    async def follow(self, seconds: float, stop: asyncio.Event) -> None:
        """Refresh again and again until `stop`; where the store can't be read, what was read last stands as long as it is fresh."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
            try:
                await self.refresh()
            except (StoreError, TrustError) as error:
                log.warning("store: %s", error.code)

    def _looked(self, bundle: TrustBundle, minute: int, used: Mapping[str, int]) -> Look:
        """Blocks for as long as the database does."""
        at = self._clock()
        others = self.store.exchange_usage(self._instance, minute, used)
        partners = {partner.id: partner for partner in self.store.partners()}
        return Look(at, self.store.keep_bundle(bundle), partners, self.store.withdrawals(), others, self.store.vital_interest())
