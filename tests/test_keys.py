"""Public keys that must not be believed: points of small order, numbers beyond the field, points off the curve."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from healthcard.errors import TrustError
from healthcard.sign import ESP256, Key

# The twisted Edwards curve of RFC 8032 section 5.1: -x^2 + y^2 = 1 + d x^2 y^2 over integers modulo P.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
L = 2**252 + 27742317777372353535851937790883648493  # order of the base point; the group has 8 L points
Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def times(n: int, point: Point) -> Point:
    result = NEUTRAL
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def point_with(y: int) -> Point | None:
    """A point of this y, by the square root of RFC 8032 section 5.1.3."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    for x in (pow(square, (P + 3) // 8, P), pow(square, (P + 3) // 8, P) * pow(2, (P - 1) // 4, P) % P):
        if x * x % P == square:
            return x, y
    return None


def small_order_points() -> list[Point]:
    """All points whose order divides 8. The group has 8 L points, L an odd prime: L times any point lies among them, and the
    multiples of one of order 8 are all of them."""
    for y in range(2, 100):
        point = point_with(y)
        if point and times(4, generator := times(L, point)) != NEUTRAL:
            return [times(n, generator) for n in range(8)]
    raise AssertionError("no generator found")


def encodings(point: Point) -> set[bytes]:
    """Every 32 bytes that a reader could take for the point: y reduced or not, either sign bit."""
    y = point[1]
    return {(value | sign_bit << 255).to_bytes(32, "little") for value in (y, y + P) if value < 2**255 for sign_bit in (0, 1)}


def test_every_encoding_of_every_point_of_small_order_is_refused() -> None:
    points = small_order_points()
    assert len(set(points)) == 8
    assert all((-x * x + y * y - 1 - D * x * x * y * y) % P == 0 and times(8, (x, y)) == NEUTRAL for x, y in points)
    tried = set().union(*map(encodings, points))
    assert len(tried) == 14  # five values of y, two of which have a second form below 2^255; two sign bits each
    for public in tried:
        with pytest.raises(TrustError):
            Key(public)


def test_a_key_of_small_order_would_sign_every_message_at_once() -> None:
    """What the rule is for: under the neutral point one fixed signature is right for anything."""
    neutral = (1).to_bytes(32, "little")
    for message in (b"one", b"another"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), message)


def test_a_y_beyond_the_field_is_refused() -> None:
    for value in range(P, 2**255):
        for sign_bit in (0, 1):
            with pytest.raises(TrustError):
                Key((value | sign_bit << 255).to_bytes(32, "little"))


def test_honest_keys_are_not_refused() -> None:
    for n in range(50):
        public = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bytes([n])).digest()).public_key().public_bytes_raw()
        assert Key(public).public == public


def test_half_of_all_y_are_no_point_and_refused() -> None:
    refused = 0
    for y in range(2, 60):
        if point_with(y) is None:
            refused += 1
            with pytest.raises(TrustError):
                Key(y.to_bytes(32, "little"))
        else:
            Key(y.to_bytes(32, "little"))
    assert refused > 15


def test_keys_of_other_forms_are_refused() -> None:
    private = ec.derive_private_key(7, ec.SECP256R1())
    compressed = private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    uncompressed = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    other_curve = ec.derive_private_key(7, ec.SECP384R1()).public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    p256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
    off_curve = next(x for x in range(1, 100) if pow(pow(x, 3, p256) - 3 * x + P256_B, (p256 - 1) // 2, p256) == p256 - 1)
    others = [
        b"", b"\x00", bytes(31), bytes(34), compressed + b"\x00", uncompressed, other_curve,
        b"\x00" * 33, b"\x04" + compressed[1:], b"\x05" + compressed[1:], b"\x00" + compressed[1:],
        b"\x02" + off_curve.to_bytes(32), b"\x02" + p256.to_bytes(32), b"\x02" + b"\xff" * 32,
    ]  # fmt: skip
    assert Key(compressed).algorithm == ESP256
    for public in others:
        with pytest.raises(TrustError):
            Key(public)


P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
