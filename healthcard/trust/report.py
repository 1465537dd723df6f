"""A trust bundle in words and as JSON: what it says, and what a newer one changes. Keepers read it before they sign."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from healthcard.sign import ALGORITHMS, Key
from healthcard.trust.bundle import SCOPES, Content, Envelope, Organisation, Root, Station


def fingerprint(key: Key) -> str:
    """The first 16 bytes of a key's thumbprint, in groups: what two people compare on the telephone."""
    digits = key.thumbprint[:16].hex()
    return " ".join(digits[n : n + 4] for n in range(0, len(digits), 4))


def lines(envelope: Envelope, content: Content, size: int) -> Iterator[str]:
    """What a bundle or draft says, line by line."""
    yield f"{envelope.network} network, {dated(content)}, {size} bytes"
    root = envelope.roots[-1]
    yield f"root: {root.threshold} of {len(root.keys)} keys, {len(envelope.rotations)} rotations"
    for key in root.keys:
        yield f"      {fingerprint(key)}"
    for o in content.organisations:
        yield f"{o.number:>5} {o.name}" + (f", delisted {o.delisted}" if o.delisted else "")
        yield f"      its key: {fingerprint(o.key)}, {o.first} to {o.last}"
        for s in o.stations:
            yield f"      {station(o, s)}"
    sealing = ", ".join(f"{s.first} to {s.last}" for s in content.sealing) or "none"
    yield f"{len(content.withdrawn)} cards withdrawn, {len(content.revoked)} keys revoked, sealing keys: {sealing}"


def dated(content: Content) -> str:
    """Version and days: a wrong clock is seen here, before a bundle with its date is signed."""
    return f"version {content.version}, issued {content.issued}, expires {content.expires}"


def new_root(old: Root | None, new: Root) -> Iterator[str]:
    """Who signs under `new`, and who no longer does, line by line; nothing where it is the old one."""
    if old == new:
        return
    yield f"{'from now on ' if old else ''}{new.threshold} of these {len(new.keys)} root keys must sign every bundle:"
    yield from (fingerprint(key) + (", new" if old and key not in old.keys else "") for key in new.keys)
    yield from (f"no longer a root key: {fingerprint(key)}" for key in (old.keys if old else ()) if key not in new.keys)


def differences(old: Content | None, new: Content) -> Iterator[str]:
    """What `new` changes, line by line; without `old`, all that it says."""
    before = {o.number: o for o in old.organisations} if old else {}
    after = {o.number: o for o in new.organisations}
    for number, o in after.items():
        held = before.get(number)
        if held is None:
            yield f"new organisation {number} {o.name}, key {fingerprint(o.key)}"
        elif held.name != o.name:
            yield f"organisation {number} is renamed: {held.name} to {o.name}"
        if held and held.key != o.key:
            yield f"new key of {o.name}: {fingerprint(o.key)}, until {o.last}"
        if o.delisted and not (held and held.delisted):
            yield f"delisted: {o.name}. Nothing it ever signed counts"
        if held and held.delisted and not o.delisted:
            yield f"listed again: {o.name}"
        known = set(held.stations) if held else set()
        yield from (f"new {station(o, s)}" for s in o.stations if s not in known)
        yield from (f"no longer listed: {station(o, s)}. Its cards read as unknown-issuer" for s in known - set(o.stations))
    yield from (f"no longer listed: {o.name}" for number, o in before.items() if number not in after)
    yield from _withdrawals(old, new)


def _withdrawals(old: Content | None, new: Content) -> Iterator[str]:
    cards, keys = dict(old.withdrawn) if old else {}, {r.key_hash: r for r in old.revoked} if old else {}
    if more := new.withdrawn.keys() - cards.keys():
        yield f"{len(more)} cards withdrawn"
    if fewer := cards.keys() - new.withdrawn.keys():
        yield f"{len(fewer)} cards no longer withdrawn"
    names = {s.key.thumbprint[:8]: f"{o.name}/{s.number}" for o in new.organisations for s in o.stations}
    for r in new.revoked:
        name = names.get(r.key_hash, f"key {r.key_hash.hex()}, which is not listed")
        if r == keys.get(r.key_hash):
            continue
        if r.listed is None:
            yield f"revoked: {name}. What it signs from {r.day} on does not count"
        else:
            yield f"issued-list mode: {name}. Only {len(r.listed)} listed parts count"
    yield from (f"no longer revoked: {names.get(hashed, hashed.hex())}" for hashed in keys.keys() - {r.key_hash for r in new.revoked})
    sealing = set(old.sealing) if old else set()
    yield from (f"new sealing key, {s.first} to {s.last}" for s in new.sealing if s not in sealing)
    yield from (f"retired: the sealing key of {s.first} to {s.last}" for s in sealing - set(new.sealing))


def station(owner: Organisation, s: Station) -> str:
    """One station in a line."""
    scopes = " ".join(_words(s.scope))
    return f"station {owner.name}/{s.number}: {s.key.kid.hex()} {ALGORITHMS[s.key.algorithm]} {s.first} to {s.last} {scopes}"


def as_json(envelope: Envelope, content: Content, size: int) -> dict[str, Any]:
    """A bundle or draft as JSON; `missing_signatures` is 0 for a bundle."""
    root = envelope.roots[-1]
    return {
        "network": envelope.network, "version": content.version, "issued": _iso(content.issued), "expires": _iso(content.expires),
        "bytes": size, "missing_signatures": envelope.missing(),
        "root": {
            "version": len(envelope.roots), "threshold": root.threshold,
            "keys": [{"public": key.public.hex(), "fingerprint": fingerprint(key)} for key in root.keys],
        },
        "organisations": [
            {
                "number": o.number, "name": o.name, "first": _iso(o.first), "last": _iso(o.last),
                "delisted": _iso(o.delisted) if o.delisted else None,
                "stations": [
                    {"number": s.number, "kid": s.key.kid.hex(), "algorithm": ALGORITHMS[s.key.algorithm],
                     "first": _iso(s.first), "last": _iso(s.last), "scope": _words(s.scope)}
                    for s in o.stations
                ],
            }
            for o in content.organisations
        ],
        "withdrawn": len(content.withdrawn), "revoked": len(content.revoked), "sealing": len(content.sealing),
    }  # fmt: skip


def _words(scope: int) -> list[str]:
    return [word for word, bit in SCOPES.items() if scope & bit]


def _iso(day: date) -> str:
    return day.isoformat()
