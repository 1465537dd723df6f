"""The other side of the interop test: signs and verifies COSE_Sign1 tokens with `cwt`, a library that shares no code with ours.

Runs in an environment of its own (`cwt` needs an older cbor2 than ours), and so imports nothing of healthcard. Reads one JSON list
of requests from stdin, writes the list of answers to stdout; byte strings travel as hexadecimal:

    {"do": "sign", "key": KEY, "payload": H, "aad": H}     -> {"token": H}
    {"do": "verify", "key": KEY, "token": H, "aad": H}     -> {"payload": H, "algorithm": n, "kid": H} or {"refused": "why"}

A token has our shape: untagged, and an ESP256 signature with its low s (cwt leaves that to chance, so it signs again until it is).

KEY is {"algorithm": -19, "kid": H, "x": H} or {"algorithm": -9, "kid": H, "x": H, "y": H}, with "d" where it signs.
"""

import json
import sys
from typing import Any

import cbor2
from cwt import COSE, COSEKey
from cwt.exceptions import CWTError

ED25519, ESP256 = -19, -9
SIGN1 = 18  # the CBOR tag of COSE_Sign1: cwt wants it, our tokens leave it out
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def key(fields: dict[str, Any]) -> Any:
    """A COSE_Key (RFC 9052 section 7) of the request's fields."""
    curve = {1: 1, -1: 6} if fields["algorithm"] == ED25519 else {1: 2, -1: 1}
    labels = {"kid": 2, "x": -2, "y": -3, "d": -4}
    numbers = {label: bytes.fromhex(fields[name]) for name, label in labels.items() if name in fields}
    return COSEKey.new({**curve, 3: fields["algorithm"], **numbers})


def sign(request: dict[str, Any]) -> dict[str, Any]:
    signing = key(request["key"])
    header = {1: request["key"]["algorithm"], 4: bytes.fromhex(request["key"]["kid"])}
    payload, aad = bytes.fromhex(request["payload"]), bytes.fromhex(request["aad"])
    while True:
        tagged = COSE.new().encode_and_sign(payload, signing, protected=header, unprotected={}, external_aad=aad)
        token = cbor2.loads(tagged).value
        if header[1] == ED25519 or int.from_bytes(token[3][32:], "big") <= P256_ORDER // 2:
            return {"token": cbor2.dumps(token).hex()}


def verify(request: dict[str, Any]) -> dict[str, Any]:
    token = cbor2.CBORTag(SIGN1, cbor2.loads(bytes.fromhex(request["token"])))
    try:
        protected, _, payload = COSE.new(verify_kid=True).decode_with_headers(
            token, key(request["key"]), external_aad=bytes.fromhex(request["aad"])
        )
    except (CWTError, ValueError) as error:
        return {"refused": str(error)}
    return {"payload": payload.hex(), "algorithm": protected[1], "kid": protected[4].hex()}


def main() -> None:
    actions = {"sign": sign, "verify": verify}
    json.dump([actions[request["do"]](request) for request in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
