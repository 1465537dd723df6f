"""The other side of the sealing test: seals and opens with `pyhpke`, which shares no HPKE code with ours.

Runs in an environment of its own, and so imports nothing of healthcard. Reads one JSON list of requests from stdin, writes the list of
answers to stdout; byte strings travel as hexadecimal:

    {"do": "seal", "public": H, "plaintext": H, "info": H, "aad": H}             -> {"enc": H, "ciphertext": H}
    {"do": "open", "secret": H, "enc": H, "ciphertext": H, "info": H, "aad": H}  -> {"plaintext": H} or {"refused": "why"}

`seal` takes "ephemeral": H, a secret that only a test vector may fix.
"""

import json
import sys
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, KEMKeyPair, PyHPKEError

SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)


def seal(request: dict[str, Any]) -> dict[str, Any]:
    ephemeral = None
    if "ephemeral" in request:
        secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(request["ephemeral"]))
        ephemeral = KEMKeyPair(KEMKey.from_pyca_cryptography_key(secret), KEMKey.from_pyca_cryptography_key(secret.public_key()))
    public = SUITE.kem.deserialize_public_key(bytes.fromhex(request["public"]))
    enc, context = SUITE.create_sender_context(public, bytes.fromhex(request["info"]), eks=ephemeral)
    return {"enc": enc.hex(), "ciphertext": context.seal(bytes.fromhex(request["plaintext"]), bytes.fromhex(request["aad"])).hex()}


def open_(request: dict[str, Any]) -> dict[str, Any]:
    secret = SUITE.kem.deserialize_private_key(bytes.fromhex(request["secret"]))
    try:
        context = SUITE.create_recipient_context(bytes.fromhex(request["enc"]), secret, bytes.fromhex(request["info"]))
        return {"plaintext": context.open(bytes.fromhex(request["ciphertext"]), bytes.fromhex(request["aad"])).hex()}
    except PyHPKEError as error:
        return {"refused": type(error).__name__}


def main() -> None:
    actions = {"seal": seal, "open": open_}
    json.dump([actions[request["do"]](request) for request in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
