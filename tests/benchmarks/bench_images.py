"""How much faster than the document's snippet a 12-megapixel photograph becomes 224 x 224, and how exact.

    python -m tests.benchmarks.bench_images

For each content it prints, from one run, the milliseconds of the document's snippet (decodes all, distorts),
of the full-size Lanczos with the same crop as ours, and of ours; how many times faster ours is than each; and
its PSNR against the full-size Lanczos. It ends with an error below 2.5 times the snippet's speed or 45 dB.
"""

import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from course_utils.preprocessing import images

HEIGHT, WIDTH = 3000, 4000
SIZE = 224
ROUNDS = 9
MIN_RATIO, MIN_PSNR = 2.5, 45.0


def photograph(rng, height=HEIGHT, width=WIDTH):
    """matplotlib's sample photograph, enlarged, with the grain and fine texture that a real sensor adds."""
    sample = images.load_image(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    side = min(sample.shape[0] / height, sample.shape[1] / width)
    top, left = (sample.shape[0] - height * side) / 2, (sample.shape[1] - width * side) / 2
    picture = images.resize(
        sample, (height, width), box=(top, left, top + height * side, left + width * side)
    )
    texture = cloud(rng, height, width) * 12 + rng.standard_normal((height, width), np.float32) * 3
    return _to_bytes(picture + texture[..., np.newaxis])


def landscape(rng, height=HEIGHT, width=WIDTH):
    """Noise with the 1/f spectrum of natural scenes, a different one per colour."""
    layers = [cloud(rng, height, width) for _ in range(3)]
    common = cloud(rng, height, width)
    return _to_bytes(np.stack([120 + 36 * common + 9 * layer for layer in layers], axis=-1))


def page(rng, height=HEIGHT, width=WIDTH):
    """A photographed page: rows of black marks on paper, whose edges a lens spreads over two pixels or so."""
    marks = rng.random((height // 12, width // 6)) < 0.45
    marks[::3] = False
    paper = images.resize(np.where(marks, 30, 235).astype(np.uint8), (height // 2, width // 2), "nearest")
    paper = images.resize(paper, (height, width), "bicubic")
    grain = rng.standard_normal((height, width), np.float32) * 4
    return _to_bytes(np.repeat((paper + grain)[..., np.newaxis], 3, axis=-1))


def cloud(rng, height, width):
    """1/f noise of deviation 1, float32 (height, width), softened at the pixel level as by a lens."""
    spectrum = np.fft.rfft2(rng.standard_normal((height, width), np.float32))
    frequency = np.hypot(np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width))
    frequency[0, 0] = np.inf
    # A good lens and sensor leave about an eighth of the contrast at the finest frequency, 0.5 per pixel.
    response = np.exp(-2 * (frequency / 0.5) ** 2) / frequency
    noise = np.fft.irfft2(spectrum * response.astype(np.float32), (height, width))
    return (noise / noise.std()).astype(np.float32)


def _to_bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def document_snippet(path):
    """`preprocess_img` as the course's document has it."""
    img = Image.open(path)
    img = img.resize((SIZE, SIZE))
    return np.array(img)


def full_size_lanczos(path):
    """The same result as ours is meant to have, from every pixel of the file."""
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=box))


def ours(path):
    """The course's version."""
    return images.preprocess_image(path, SIZE)


def fastest(path):
    """Milliseconds of the three: the best of several turns, since other programs can only slow one down."""
    times = {document_snippet: [], full_size_lanczos: [], ours: []}
    for _ in range(ROUNDS):
        for function, taken in times.items():
            start = time.perf_counter()
            function(path)
            taken.append((time.perf_counter() - start) * 1000)
    return [min(taken) for taken in times.values()]


def main():
    rng = np.random.default_rng(0)
    contents = {
        "photograph 4000 x 3000": photograph(rng),
        "photograph 3024 x 4032": photograph(rng, 4032, 3024),
        "photograph 4031 x 3023": photograph(rng, 3023, 4031),
        "landscape 4000 x 3000": landscape(rng),
        "page 4000 x 3000": page(rng),
    }
    print(f"{'':24}{'snippet':>9}{'Lanczos':>9}{'ours':>9}{'ratio':>14}{'PSNR':>9}")
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photograph.jpg"
        for name, array in contents.items():
            Image.fromarray(array).save(path, quality=90)
            snippet, lanczos, reduced = fastest(path)
            decibels = images.psnr(ours(path), full_size_lanczos(path))
            ratios = f"{snippet / reduced:.2f} / {lanczos / reduced:.2f}"
            times = f"{snippet:6.0f} ms{lanczos:6.0f} ms{reduced:6.0f} ms"
            print(
                f"{name:24}{times}{ratios:>14}{decibels:6.1f} dB   {path.stat().st_size / 1e6:.1f} MB",
                flush=True,
            )
            passed &= snippet / reduced >= MIN_RATIO and decibels >= MIN_PSNR
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
