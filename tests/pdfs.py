"""Small PDFs that ask much of whoever looks at them."""

import zlib

SHAPE = b"0 0 m 500 700 l 300 20 l 17 400 l h f\n"
MANY = 8_000_000


def stream(content: bytes, form: bytes = b"", times: int = 1) -> bytes:
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(content) for _ in range(times)) + packing.flush()
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (form, len(packed), packed)


def page(*streams: bytes) -> bytes:
    """A PDF of one page with a content stream and, where there is another one, that form."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</XObject<</F 5 0 R>>>>/Contents 4 0 R>>", *streams,
    ]  # fmt: skip
    return b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % one for one in enumerate(objects, 1)) + b"trailer<</Root 1 0 R>>\n%%EOF"


ENDLESS = page(stream(b"/F Do\n" * 100), stream(SHAPE * 1_000, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]"))  # ten minutes


def bomb() -> bytes:
    """MANY shapes in less than a thousandth of their size."""
    return page(stream(SHAPE * 1_000, times=MANY // 1_000))
