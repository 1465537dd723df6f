"""The project's photo simulator: phone pictures of a printed card: damage the print, then photograph it.

    picture = photograph(card, px_per_mm, code_box, condition="three creases", seed=7)

`card` is the printed side as grey levels (uint8, height x width, white 255) at `px_per_mm` (24 is enough), `code_box` the symbol with
its quiet zone as (x, y, width, height) in pixels. The same arguments give the same picture. CONDITIONS are the fifteen graded ones that
decode rates are reported for, with seeds 0..39.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Box = tuple[int, int, int, int]
Damage = Callable[[np.ndarray, Box, float, random.Random], np.ndarray]


@dataclass(frozen=True)
class Camera:
    """How the picture is taken; lengths in picture pixels, angles in degrees."""

    px_per_mm: float = 8.0   # resolution on the card
    tilt: float = 0.0
    defocus: float = 0.5     # Gaussian sigma
    motion: float = 0.0      # length of the smear
    noise: float = 3.0
    gain: float = 1.0        # exposure
    shade: float = 0.0       # 0 even light .. 1 dark edge
    jpeg: int = 85
    contrast: float = 1.0    # 1 fresh print .. 0 faded away


def spots(share: float, mm: tuple[float, float] = (1.0, 3.0), dark: bool = True) -> Damage:
    """Scattered spots of `mm` diameter covering `share` of the whole code."""
    return lambda card, box, ppm, rng: _blobs(card, box, share, mm, dark, ppm, rng)


def spots_clear_of_finders(share: float) -> Damage:
    """Scattered dark spots covering `share` of the code, its three corners spared."""

    def damage(card: np.ndarray, box: Box, ppm: float, rng: random.Random) -> np.ndarray:
        x, y, w, h = box
        m = int(w * 0.23)
        inner = (x + m, y + m // 3, w - 2 * m, h - 2 * (m // 3))
        return _blobs(card, inner, share * w * h / (inner[2] * inner[3]), (1.0, 3.0), True, ppm, rng)

    return damage


def one_stain(share: float) -> Damage:
    """One contiguous dark stain covering `share` of the code, anywhere on it."""

    def damage(card: np.ndarray, box: Box, ppm: float, rng: random.Random) -> np.ndarray:
        x, y, w, h = box
        r = math.sqrt(share * w * h / math.pi)
        k = rng.uniform(0.7, 1.4)
        mask = np.zeros(card.shape, np.uint8)
        centre = (int(x + rng.uniform(0.05, 0.95) * w), int(y + rng.uniform(0.05, 0.95) * h))
        cv2.ellipse(mask, centre, (int(r * k), int(r / k)), rng.uniform(0, 180), 0, 360, 255, -1)
        return _stamp(card, mask, 40, ppm)

    return damage


def creases(count: int, mm: float) -> Damage:
    """White fold lines across the middle half of the code."""

    def damage(card: np.ndarray, box: Box, ppm: float, rng: random.Random) -> np.ndarray:
        x, y, w, h = box
        out = card.copy()
        for _ in range(count):
            a, b = rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.75)
            if rng.random() < 0.5:
                p, q = (x - 50, int(y + h * a)), (x + w + 50, int(y + h * b))
            else:
                p, q = (int(x + w * a), y - 50), (int(x + w * b), y + h + 50)
            cv2.line(out, p, q, 235, max(1, int(mm * ppm)))
        return out

    return damage


def both(first: Damage, second: Damage) -> Damage:
    return lambda card, box, ppm, rng: second(first(card, box, ppm, rng), box, ppm, rng)


FIELD = Camera(tilt=15, defocus=0.9, noise=4, gain=0.7, shade=0.5, jpeg=70, contrast=0.75)
NEAR = Camera(defocus=0.8)
CONDITIONS: dict[str, tuple[Damage | None, Camera]] = {
    "slight defocus": (None, Camera(defocus=1.0)),
    "defocus": (None, Camera(defocus=1.3)),
    "strong defocus": (None, Camera(defocus=1.6)),
    "motion": (None, Camera(motion=4)),
    "low light": (None, Camera(gain=0.35, noise=7, defocus=0.7, jpeg=70)),
    "far away": (None, Camera(px_per_mm=3.5, defocus=0.4)),
    "one crease": (creases(1, 0.5), NEAR),
    "three creases": (creases(3, 0.5), NEAR),
    "stains 3 %, finders clear": (spots_clear_of_finders(0.03), NEAR),
    "stains 6 %, finders clear": (spots_clear_of_finders(0.06), NEAR),
    "stains 9 %, finders clear": (spots_clear_of_finders(0.09), NEAR),
    "worn specks 2 %": (spots(0.02, (0.3, 0.8), dark=False), NEAR),
    "worn specks 4 %": (spots(0.04, (0.3, 0.8), dark=False), NEAR),
    "field mix": (both(spots(0.01, (0.5, 1.5)), creases(1, 0.4)), FIELD),
    "one stain 3 % anywhere": (one_stain(0.03), NEAR),
}


def photograph(card: np.ndarray, px_per_mm: float, code_box: Box, condition: str, seed: int) -> np.ndarray:
    """The card under `condition`, as a grey uint8 picture centred on the code."""
    damage, camera = CONDITIONS[condition]
    rng = random.Random(f"{condition}/{seed}")
    printed = cv2.GaussianBlur(card, (0, 0), 0.04 * px_per_mm)  # ink spread
    if damage:
        printed = damage(printed, code_box, px_per_mm, rng)
    return _shoot(printed, px_per_mm, code_box, camera, rng)


def _blobs(card: np.ndarray, box: Box, share: float, mm: tuple[float, float], dark: bool, ppm: float, rng: random.Random) -> np.ndarray:
    x, y, w, h = box
    mask = np.zeros(card.shape, np.uint8)
    for _ in range(4000):
        if (mask[y:y + h, x:x + w] > 0).sum() >= share * w * h:
            break
        r = rng.uniform(*mm) * ppm / 2
        axes = (int(r * rng.uniform(0.6, 1.4)), int(r * rng.uniform(0.6, 1.4)))
        cv2.ellipse(mask, (int(x + rng.random() * w), int(y + rng.random() * h)), axes, rng.uniform(0, 180), 0, 360, 255, -1)
    return _stamp(card, mask, 40 if dark else 245, ppm)


def _stamp(card: np.ndarray, mask: np.ndarray, level: int, ppm: float) -> np.ndarray:
    soft = cv2.GaussianBlur(mask, (0, 0), 0.1 * ppm).astype(np.float32) / 255
    return (card * (1 - soft) + level * soft).astype(np.uint8)


def _shoot(card: np.ndarray, ppm: float, box: Box, camera: Camera, rng: random.Random) -> np.ndarray:
    height, width = card.shape
    scale = camera.px_per_mm / ppm
    side = min(int(math.hypot(width, height) * scale * 1.02), 1280)
    ax = math.radians(camera.tilt) * rng.choice([-1, 1])
    ay = math.radians(camera.tilt) * rng.choice([-1, 1]) * rng.uniform(0.3, 1)
    az = math.radians(rng.uniform(-20, 20))
    rx = np.array([[1, 0, 0], [0, math.cos(ax), -math.sin(ax)], [0, math.sin(ax), math.cos(ax)]])
    ry = np.array([[math.cos(ay), 0, math.sin(ay)], [0, 1, 0], [-math.sin(ay), 0, math.cos(ay)]])
    rz = np.array([[math.cos(az), -math.sin(az), 0], [math.sin(az), math.cos(az), 0], [0, 0, 1]])
    pose, distance = rz @ rx @ ry, 3.0 * width * scale
    cx, cy = box[0] + box[2] / 2, box[1] + box[3] / 2
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = []
    for px, py in corners:
        p = pose @ np.array([(px - cx) * scale, (py - cy) * scale, 0])
        k = distance / (distance + p[2])
        seen.append([p[0] * k + side / 2, p[1] * k + side / 2])
    grey = card.astype(np.float32)
    if camera.contrast < 1:
        grey = 255 - (255 - grey) * camera.contrast
    grey = cv2.GaussianBlur(grey, (0, 0), max(0.3, 0.36 / scale))  # the sensor's aperture
    transform = cv2.getPerspectiveTransform(corners, np.array(seen, np.float32))
    grey = cv2.warpPerspective(grey, transform, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=150)
    if camera.defocus:
        grey = cv2.GaussianBlur(grey, (0, 0), camera.defocus)
    if camera.motion:
        kernel, a = np.zeros((31, 31), np.float32), rng.uniform(0, math.pi)
        dx, dy = camera.motion / 2 * math.cos(a), camera.motion / 2 * math.sin(a)
        cv2.line(kernel, (round(15 - dx), round(15 - dy)), (round(15 + dx), round(15 + dy)), 1, 1)
        grey = cv2.filter2D(grey, -1, kernel / kernel.sum())
    if camera.shade:
        yy, xx = np.mgrid[0:side, 0:side].astype(np.float32) / side
        a = rng.uniform(0, 2 * math.pi)
        across = math.cos(a) * (xx - 0.5) + math.sin(a) * (yy - 0.5)
        grey *= np.clip(1 - camera.shade * (across * 1.4 + 0.5), 0.05, 1)
    grey *= camera.gain
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 1, grey.shape)
    grey += noise * (camera.noise + 0.03 * np.sqrt(np.clip(grey, 0, 255)) * camera.noise)
    coded = cv2.imencode(".jpg", np.clip(grey, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
