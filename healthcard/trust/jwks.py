"""The station keys of a trust bundle as a JSON Web Key Set (RFC 7517), for systems that check signatures and know no trust bundle.

A key set has no words for windows, scopes, lists of issued parts or withdrawn cards, and is not signed. So keys of delisted
organisations and revoked keys are left out; windows and scopes stand in members of ours, for those who look.
"""

from base64 import urlsafe_b64encode
from datetime import date
from typing import Any

from healthcard.sign import ED25519, Key
from healthcard.trust.bundle import SCOPES, TrustBundle


def key_set(bundle: TrustBundle) -> dict[str, Any]:
    """The keys of all stations that were not revoked; `issuer` is the organisation's short name, `kid` the one on its cards, in hex."""
    keys = []
    for organisation in bundle.content.organisations:
        for station in organisation.stations:
            match = bundle.match(station.key)
            if organisation.delisted or (match and match.revoked):
                continue
            keys.append(
                public_key(station.key)
                | {
                    "issuer": organisation.name,
                    "station": station.number,
                    "scope": [word for word, bit in SCOPES.items() if station.scope & bit],
                    "first_day": _iso(station.first),
                    "last_day": _iso(station.last),
                }
            )
    about = {"network": bundle.network, "version": bundle.version, "issued": _iso(bundle.issued), "expires": _iso(bundle.expires)}
    return {"keys": keys, "bundle": about}


def public_key(key: Key) -> dict[str, Any]:
    """A public key as a JSON Web Key (RFC 8037 for Ed25519, RFC 7518 section 6.2 for P-256; `alg` as in RFC 9864)."""
    about = {"kid": key.kid.hex(), "use": "sig", "key_ops": ["verify"]}
    if key.algorithm == ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": _base64url(key.public), **about}
    x, y = key.coordinates
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "x": _base64url(x), "y": _base64url(y), **about}


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _iso(day: date) -> str:
    return day.isoformat()
