"""Who may call what: the keys of partners and what each may do (DP-18).

A key is hck_<id>_<secret>, sent as `Authorization: Bearer hck_...`. The secret is 256 random bits that are shown once; the store has its
SHA-256, and the id to find it by. What needs no key is a setting (settings.py): at most verifying, or a service of one machine.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import date

from fastapi import Request

from . import problems
from .held import Held
from .settings import Settings
from .store import Partner

# decode shows the record; export turns it into other systems' forms; unseal adds the sealed entries; admin is for the network's keepers.
SCOPES = ("verify", "decode", "export", "unseal", "admin")
LOCAL = ("verify", "decode", "export")
KEY = re.compile(r"hck_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
NAME = re.compile(r"[\w][\w .-]{0,59}")
WITHOUT_KEY, UPLOADS, REPORTS = "open", "uploads", "reports"  # subjects of limits that are no partner
_NOBODY = bytes(32)


def new_partner(name: str, scopes: frozenset[str], added: date, expires: date) -> tuple[Partner, str]:
    """A partner and its key, which is not kept anywhere."""
    partner_id = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(8))
    secret = secrets.token_urlsafe(32)
    return Partner(partner_id, name, _hash(secret), scopes, added, expires), f"hck_{partner_id}_{secret}"


class Access:
    """Says of each request whether it may go on."""

    def __init__(self, settings: Settings, held: Held, now: Callable[[], date]) -> None:
        self._settings, self._held, self._now = settings, held, now

    def needs(self, scope: str) -> Callable[[Request], Awaitable[None]]:
        """A dependency for routes: lets those pass who may do `scope`, and notes in the request's state who it is, or None."""

        async def admit(request: Request) -> None:
            self.admit(request, scope)

        return admit

    def admit(self, request: Request, scope: str) -> None:
        """Refuses who may not do `scope`; notes in the request's state who it is, or None."""
        request.state.partner = self._admitted(request.headers.get("authorization"), scope)

    def count_more(self, partner: Partner | None, requests: int) -> None:
        """What is as much work as so many further requests counts as such for who sent it."""
        if partner:
            self._limit(partner.id, self._settings.rate, requests)
        elif self._settings.open == "verify":
            self._limit(WITHOUT_KEY, self._settings.open_rate, requests)

    async def watcher(self, request: Request) -> None:
        """A dependency for the routes of whoever runs the service: this machine where no other reaches it, else a key for admin."""
        if not self._settings.only_this_machine:
            self.admit(request, "admin")

    def count_refused(self, subject: str) -> None:
        """One more request that was refused for what it said; raises the refusal of too many where they are."""
        self._limit(subject, self._settings.open_rate)

    def anybody(self, subject: str) -> Callable[[Request], Awaitable[None]]:
        """A dependency for routes that need no key, each with a limit for all callers together: REPORTS."""

        async def admit(_: Request) -> None:
            self._limit(subject, self._settings.open_rate)

        return admit

    def may_unseal(self, partner: Partner | None) -> bool:
        """Whether sealed entries are opened for this caller."""
        return partner is not None and "unseal" in partner.scopes

    def _admitted(self, authorization: str | None, scope: str) -> Partner | None:
        if authorization is None:
            self._admit_without_key(scope)
            return None
        partner = self._known(authorization)
        if partner.revoked:
            raise problems.refusal("key-revoked")
        if partner.expires < self._now():
            raise problems.refusal("key-expired")
        if scope not in partner.scopes:
            raise problems.refusal("not-in-scope")
        self._limit(partner.id, self._settings.rate)
        return partner

    def _admit_without_key(self, scope: str) -> None:
        if self._settings.open == "local" and scope in LOCAL and not self._held.partners:
            return  # whoever is on this machine can read a card without us
        if self._settings.open == "verify" and scope == "verify":
            return self._limit(WITHOUT_KEY, self._settings.open_rate)
        raise problems.refusal("key-needed", {"WWW-Authenticate": "Bearer"})

    def _known(self, authorization: str) -> Partner:
        """The partner whose key this is; takes as long for a wrong secret as for a right one."""
        scheme, _, given = authorization.partition(" ")
        if not self._held.fresh:
            raise problems.refusal("not-ready", {"Retry-After": "15"})
        key = KEY.fullmatch(given.strip()) if scheme.lower() == "bearer" else None
        partner = self._held.partners.get(key[1]) if key else None
        right = hmac.compare_digest(_hash(key[2] if key else ""), partner.key_hash if partner else _NOBODY)
        if partner is None or not right:
            raise problems.refusal("unknown-key", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return partner

    def _limit(self, subject: str, most: int, requests: int = 1) -> None:
        if wait := self._held.limits.take(subject, most, requests):
            raise problems.refusal("too-many-requests", {"Retry-After": str(wait)})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
