"""Damaged files give a right-shaped array or a CourseError: nothing else, never a hang, never much memory.

The files are read in a fresh process without TensorFlow, so that its peak memory is that of reading. A
watchdog ends that process with a traceback when one file takes too long.
"""

import faulthandler
import multiprocessing
import re
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import soundfile
from PIL import Image

from course_utils import CourseError
from course_utils.preprocessing import audio, images

PER_FORMAT = 334
FORMATS = ("png", "jpg", "webp", "gif", "wav", "flac")
SECONDS_PER_FILE, SECONDS_FOR_ALL = 20, 300
MEMORY_LIMIT = 500e6


def originals(folder):
    """Undamaged files of every format: name → list of their bytes."""
    rng = np.random.default_rng(0)
    sample = Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    photograph = sample.resize((160, 190))
    noise = Image.fromarray(rng.integers(0, 256, (40, 50, 4), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    moving = {"save_all": True, "append_images": [photograph.rotate(90), photograph.rotate(180)]}
    pictures = {
        "png": [(photograph, {"exif": exif}), (noise, {}), (photograph.quantize(16), {"transparency": 3})],
        "jpg": [
            (photograph, {"exif": exif}),
            (photograph.convert("CMYK"), {}),
            (sample, {"progressive": True}),
        ],
        "webp": [(photograph, {"exif": exif}), (noise, {"lossless": True}), (photograph, moving)],
        "gif": [(photograph, moving), (photograph.convert("L"), {})],
    }
    tones = rng.standard_normal((4000, 2)) * 0.1 + np.sin(np.arange(4000) * 0.3)[:, np.newaxis] * 0.3
    sounds = {
        "wav": [(tones, "PCM_16"), (tones[:, 0], "PCM_U8"), (tones, "FLOAT"), (tones[:, 0], "MS_ADPCM")],
        "flac": [(tones, "PCM_16"), (tones[:, 0], "PCM_24")],
    }
    made = {}
    for suffix, variants in pictures.items():
        for number, (picture, options) in enumerate(variants):
            path = folder / f"{number}.{suffix}"
            picture.save(path, **options)
            made.setdefault(suffix, []).append(path.read_bytes())
    for suffix, variants in sounds.items():
        for number, (samples, subtype) in enumerate(variants):
            path = folder / f"{number}.{suffix}"
            soundfile.write(path, samples, 8000, subtype=subtype)
            made.setdefault(suffix, []).append(path.read_bytes())
    return made


def damaged(data, rng):
    """A copy with one to four wounds, every other time in the first 200 bytes, where headers are."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        end = min(len(data), 200) if rng.random() < 0.5 else len(data)
        start = int(rng.integers(0, max(1, end)))
        length = int(rng.integers(1, 40))
        kind = rng.choice(["flip", "replace", "cut", "insert", "zero", "ones", "truncate"])
        if kind == "flip" and data:
            data[min(start, len(data) - 1)] ^= 1 << int(rng.integers(8))
        elif kind == "replace":
            data[start : start + length] = rng.bytes(len(data[start : start + length]))
        elif kind == "cut":
            del data[start : start + length]
        elif kind == "insert":
            data[start:start] = rng.bytes(length)
        elif kind in ("zero", "ones"):
            data[start : start + 4] = (b"\0" if kind == "zero" else b"\xff") * len(data[start : start + 4])
        elif kind == "truncate" and rng.random() < 0.5:
            del data[start:]
    return bytes(data)


def read(path):
    """Read a file as a learner would; returns what is wrong with the result, or None."""
    if path.suffix in (".wav", ".flac"):
        samples, rate = audio.read_audio(path, allow_clipping=True)
        right = (
            samples.dtype == np.float32 and samples.ndim == 1 and len(samples) and np.isfinite(samples).all()
        )
        return None if right and rate > 0 else f"{samples.dtype} {samples.shape} {rate}"
    image = images.load_image(path)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        return f"{image.dtype} {image.shape}"
    square = images.preprocess_image(path, 32)
    return None if square.shape == (32, 32, 3) else f"square {square.shape}"


def peak_memory():
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux getrusage begins with the peak of the process that started this one; this line does not.
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))[1])
    try:
        import resource
    except ImportError:  # Windows has no such measure
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def read_damaged_files(results):
    """Body of the fresh process: puts (files, arrays, what went wrong, peak in bytes) into the queue."""
    arrays, wrong, files = 0, [], 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        contents = originals(folder)
        for suffix in FORMATS:
            for number in range(PER_FORMAT):
                rng = np.random.default_rng([FORMATS.index(suffix), number])
                path = folder / f"damaged {suffix} {number}.{suffix}"
                path.write_bytes(damaged(contents[suffix][number % len(contents[suffix])], rng))
                faulthandler.dump_traceback_later(SECONDS_PER_FILE, exit=True)
                try:
                    problem = read(path)
                    arrays += problem is None
                except CourseError as error:
                    message = str(error)
                    problem = None if message.startswith(str(path)) and "\n" not in message else message
                except Exception as error:
                    problem = repr(error)
                faulthandler.cancel_dump_traceback_later()
                files += 1
                if problem:
                    wrong.append(f"{path.name}: {problem}")
                path.unlink()
    results.put((files, arrays, wrong, peak_memory()))


@pytest.mark.slow
def test_damaged_files_give_an_array_or_one_clear_error(monkeypatch):
    # A spawned process imports this module by name, which pytest's importlib mode does not offer.
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import test_fuzz

    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=test_fuzz.read_damaged_files, args=(results,))
    process.start()
    process.join(SECONDS_FOR_ALL)
    hung = process.is_alive()
    process.kill()
    process.join()
    assert not hung, "reading did not end"
    assert process.exitcode == 0, "a file crashed the process or took too long: see the traceback above"
    files, arrays, wrong, peak = results.get(timeout=10)
    print(f"{files} damaged files, {arrays} arrays, peak {peak / 1e6:.0f} MB")
    assert wrong == []
    assert files == PER_FORMAT * len(FORMATS) >= 2000
    assert files * 0.05 < arrays < files * 0.95
    assert peak < MEMORY_LIMIT
