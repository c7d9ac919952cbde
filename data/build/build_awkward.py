"""Make the awkward files of data/awkward: small pictures, sounds and texts, each with one trap.

needs
  Python    numpy, pillow

Everything is drawn or computed here, so nothing has to be fetched. WAV, text and hand-written files come out
byte for byte; PNG, JPEG and GIF files depend on the versions of their codecs, but decode to the same pixels
(JPEG and GIF: nearly).
"""

import argparse
import io
import struct
import wave
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from files import DATA, write_atomically
from PIL import Image

WIDTH, HEIGHT = 160, 120
RATE = 8000


def inside_polygon(x: np.ndarray, y: np.ndarray, corners: Sequence[tuple[float, float]]) -> np.ndarray:
    """Which points lie inside a polygon (even-odd rule)."""
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def cover(
    shape: Callable[[np.ndarray, np.ndarray], np.ndarray], width: int, height: int, finer: int = 4
) -> np.ndarray:
    """How much of each pixel a shape covers: float64 (height, width); `shape` takes coordinates 0–1."""
    y, x = np.mgrid[0 : height * finer, 0 : width * finer] + 0.5
    mask = shape(x / (width * finer), y / (height * finer)).astype(float)
    return mask.reshape(height, finer, width, finer).mean(axis=(1, 3))


def arrow_up(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    head = inside_polygon(x, y, [(0.28, 0.08), (0.50, 0.40), (0.06, 0.40)])
    return head | ((abs(x - 0.28) < 0.09) & (y > 0.38) & (y < 0.90))


def word_up(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The letters U and P, so that anyone sees which way is up."""
    sides = ((abs(x - 0.58) < 0.025) | (abs(x - 0.72) < 0.025)) & (y > 0.5) & (y < 0.88)
    floor = (abs(x - 0.65) < 0.095) & (y > 0.82) & (y < 0.9)
    stem = (abs(x - 0.81) < 0.025) & (y > 0.5) & (y < 0.9)
    bowl = (abs(x - 0.87) < 0.085) & (y > 0.5) & (y < 0.74)
    hole = (abs(x - 0.87) < 0.035) & (y > 0.57) & (y < 0.67)
    return sides | floor | stem | (bowl & ~hole)


def picture(
    width: int = WIDTH, height: int = HEIGHT, arrow: tuple[int, int, int] = (200, 30, 40)
) -> np.ndarray:
    """A red arrow and the word UP on a sky that is darker at the top: uint8 RGB (height, width, 3)."""
    shade = np.linspace(0, 1, height)[:, None, None]
    colours = (1 - shade) * np.array([90, 150, 220]) + shade * np.array([235, 245, 255])
    image = np.broadcast_to(colours, (height, width, 3))
    for shape, colour in ((arrow_up, arrow), (word_up, (30, 40, 90))):
        alpha = cover(shape, width, height)[..., None]
        image = alpha * np.array(colour) + (1 - alpha) * image
    return np.round(image).astype(np.uint8)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def grey() -> bytes:
    return encode(Image.fromarray(picture()).convert("L"), "PNG", optimize=True)


def cut_out() -> np.ndarray:
    """The arrow and the word alone, with soft edges: uint8 RGBA."""
    alpha = np.maximum(cover(arrow_up, WIDTH, HEIGHT), cover(word_up, WIDTH, HEIGHT))
    colour = np.broadcast_to(np.array([200, 30, 40]), (HEIGHT, WIDTH, 3))
    return np.dstack([colour, np.round(255 * alpha)]).astype(np.uint8)


def rgba() -> bytes:
    pixels = cut_out()
    pixels[pixels[..., 3] == 0, :3] = 0  # as many programs do: dropping alpha turns the background black
    return encode(Image.fromarray(pixels, "RGBA"), "PNG", optimize=True)


def palette_transparent() -> bytes:
    alpha = cut_out()[..., 3]
    indices = np.where(alpha < 128, 0, np.where(np.arange(WIDTH) < WIDTH * 0.52, 1, 2)).astype(np.uint8)
    image = Image.fromarray(indices, "L")
    image.putpalette([255, 0, 255, 200, 30, 40, 30, 40, 90])
    return encode(image, "PNG", transparency=0, optimize=True)


def cmyk() -> bytes:
    return encode(Image.fromarray(picture()).convert("CMYK"), "JPEG", quality=85)


def sixteen_bit() -> bytes:
    """0–65535: a reader that keeps the low byte, or that clips at 255, sees noise or white."""
    grey_levels = np.asarray(Image.fromarray(picture()).convert("L"), dtype=np.uint16)
    return encode(Image.fromarray(grey_levels * 257), "PNG", optimize=True)


def rotated() -> bytes:
    """Stored lying on its side, with the EXIF note "turn me a quarter clockwise" (orientation 6)."""
    upright = picture(width=HEIGHT, height=WIDTH)
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(Image.fromarray(np.rot90(upright).copy()), "JPEG", quality=85, exif=exif.tobytes())


def progressive() -> bytes:
    return encode(Image.fromarray(picture()), "JPEG", quality=85, progressive=True)


def animated() -> bytes:
    """Three frames: the arrow is red, then green, then blue."""
    frames = [
        Image.fromarray(picture(arrow=colour)) for colour in ((200, 30, 40), (30, 150, 60), (40, 60, 200))
    ]
    frames = [
        frame.quantize(32, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE) for frame in frames
    ]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=400, loop=0)


def one_pixel() -> bytes:
    return encode(Image.new("RGB", (1, 1), (200, 30, 40)), "PNG")


def wide() -> bytes:
    """4,000 × 2: scaling the shorter side to 224 would make 448,000 × 224 pixels, 300 MB."""
    steps = np.arange(4000) * 255 // 3999
    row = np.stack([steps, 255 - steps, np.full(4000, 120)], axis=1).astype(np.uint8)
    return encode(Image.fromarray(np.stack([row, row])), "PNG", optimize=True)


def truncated_picture() -> bytes:
    whole = encode(Image.fromarray(picture()), "JPEG", quality=85)
    return whole[: len(whole) // 2]


def bomb() -> bytes:
    """A PNG that says 60,000 × 60,000 pixels, 10.8 GB, and holds one row of them."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    row = zlib.compress(bytes(1 + 3 * 60000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def chirp(seconds: float, rate: int, low: float, high: float) -> np.ndarray:
    """A tone that slides from `low` to `high` hertz, faded in and out: float64 in [-1, 1]."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * (low * time + (high - low) * time**2 / (2 * seconds))
    return 0.6 * np.sin(phase) * np.minimum(1, np.minimum(time, seconds - time) / 0.02)


def wav(samples: np.ndarray, rate: int, bytes_per_sample: int = 2) -> bytes:
    """A WAV file of samples (n,) or (n, channels) in [-1, 1]."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    if bytes_per_sample == 1:
        encoded = np.clip(np.round(samples * 127) + 128, 0, 255).astype(np.uint8)
    else:
        encoded = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(bytes_per_sample)
        out.setframerate(rate)
        out.writeframes(encoded.tobytes())
    return file.getvalue()


def stereo() -> bytes:
    left, right = chirp(0.25, 44100, 300, 1200), chirp(0.25, 44100, 1200, 300)
    return wav(np.stack([left, right], axis=1), 44100)


def build() -> dict[str, bytes]:
    """Every file: {name: bytes}."""
    sound = chirp(0.5, RATE, 300, 1200)
    whole = wav(sound, RATE)
    family, thumb, flag = "\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1eb\U0001f1ee"
    emoji = f"{family} {thumb} {flag} \u2764\ufe0f"
    marks = f"cafe\u0301 is the same word as caf\u00e9\n{emoji}\nn\u0303o\u0308 \u1e69\n"
    return {
        "grey.png": grey(),
        "palette_transparent.png": palette_transparent(),
        "rgba.png": rgba(),
        "cmyk.jpg": cmyk(),
        "sixteen_bit.png": sixteen_bit(),
        "rotated.jpg": rotated(),
        "progressive.jpg": progressive(),
        "animated.gif": animated(),
        "one_pixel.png": one_pixel(),
        "wide.png": wide(),
        "图片_caf\u00e9.png": encode(Image.fromarray(picture()), "PNG", optimize=True),
        "truncated.jpg": truncated_picture(),
        "empty.jpg": b"",
        "text.jpg": b"milk, bread, two lemons\nThis is a shopping list, whatever its name says.\n",
        "bomb.png": bomb(),
        "stereo_44100.wav": stereo(),
        "eight_bit.wav": wav(sound, RATE, bytes_per_sample=1),
        "truncated.wav": whole[: len(whole) // 2],
        "clipped.wav": wav(4 * sound, RATE),
        "empty.wav": wav(sound[:0], RATE),
        "gb18030.txt": "多模态模型把图像、文字和声音放在一起理解。\n".encode("gb18030"),
        "bom.txt": "\ufeffThe first word is The, not an invisible mark.\n".encode(),
        "marks.txt": marks.encode(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    for name, content in build().items():
        write_atomically(DATA / "awkward" / name, content)
        print(f"{name}: {len(content):,} bytes")
    print("now run: python3 data/build/manifest.py")


if __name__ == "__main__":
    main()
