"""Pictures: a file of any common format becomes one uint8 RGB array; then geometry, scaling and statistics.

A picture is a NumPy array, uint8, (height, width, 3), values 0 to 255, red first. The geometric functions
also take grey (height, width) and four-channel (height, width, 4) arrays. A size is (height, width), or one
whole number for a square. Introduced in lesson 01.
"""

import io
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, TiffImagePlugin, UnidentifiedImageError

from course_utils import arguments
from course_utils.errors import CourseError, shown
from course_utils.files import describe_content, require_file
from course_utils.preprocessing import containers
from course_utils.words import tell

__all__ = [
    "FITS",
    "MAX_PIXELS",
    "center_crop",
    "channel_statistics",
    "jitter_brightness",
    "letterbox",
    "load_image",
    "preprocess_batch",
    "preprocess_image",
    "psnr",
    "random_crop",
    "random_flip",
    "resize",
    "resize_shorter_side",
    "scale_pixels",
    "standardise",
]

# The largest picture that is decoded. The hungriest decoder, JPEG 2000, was measured to need 24 bytes per
# pixel at its peak, so reading any file takes less than 500 MB.
MAX_PIXELS = 16_000_000

# The formats that people meet, with decoders in C for nearly all they can hold. Pillow knows as many again:
# old, rare, or, like EPS, programs, for which it would start an interpreter on a file of unknown origin.
_FORMATS = ("AVIF", "BMP", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "SGI")
_FORMATS += ("TGA", "TIFF", "WEBP")

# The largest picture for a decoder in Python (PPM in letters, BMP in runs), which needs seconds per million.
_MAX_SLOW_PIXELS = 1_000_000

# The ways to make a picture square: cut the longer side, add bars to the shorter one, or distort.
FITS = ("crop", "letterbox", "stretch")

# A JPEG decoded at reduced size keeps every side at least this many times as long as needed: closer to the
# wanted size, the decoder's own averaging of blocks would show in the result of the Lanczos filter.
_DRAFT_MARGIN = 3

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

_WHITE = (255, 255, 255)
_WHITE_IS_ZERO = 0  # of a TIFF's photometric interpretations
_BAND_PIXELS = 1 << 20

_SRGB = ImageCms.createProfile("sRGB")
# The mode that fits a profile's colour space, and the modes of pictures that it can belong to.
_PROFILED_MODES = {
    "RGB": ("RGB", ("RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "L", "LA", "La", "1", "YCbCr", "HSV")),
    "GRAY": ("L", ("L", "LA", "La", "1")),
    "CMYK": ("CMYK", ("CMYK",)),
    "Lab": ("LAB", ("LAB",)),
}


def load_image(
    path: str | Path,
    *,
    at_least: int | tuple[int, int] | None = None,
    background: tuple[int, int, int] = _WHITE,
) -> np.ndarray:
    """Reads a picture file as one uint8 RGB array, upright and opaque (lesson 01).

    Formats: PNG, JPEG, GIF, WebP, AVIF, TIFF, BMP, JPEG 2000, PPM, ICO, ICNS, TGA, PCX, PSD and SGI. Of an
    animation you get the first frame. EXIF orientation is applied, so that rows run downwards.
    Transparent parts are laid over `background`. Grey of more than 8 bits is scaled: 16-bit values (0 to
    65535) are divided by 257, floats from 0 to 1 are multiplied by 255, and a picture with values outside
    these ranges is stretched so that its minimum becomes 0 and its maximum 255. Colours are converted to
    sRGB by the profile that the file brings (Display P3, Adobe RGB, a printer's CMYK), unless they are
    deeper than 8 bits; without one they are taken for sRGB, CMYK is converted by the plain formula and LAB by
    the CIE definition. Metadata that cannot be read is ignored: the pixels are whole.

    Args:
        path: str or Path of the file.
        at_least: None, or the size that you need. A JPEG may then be decoded at a half, a quarter or an
            eighth of its size (never below 3 times `at_least`), which is much faster: fine detail is skipped.
        background: (red, green, blue), each 0 to 255.

    Returns:
        uint8 (height, width, 3).

    Raises:
        CourseError: when the file is missing, empty, no picture, a camera's raw file, truncated, otherwise
            damaged, or when what would be decoded has more than `MAX_PIXELS` pixels.
    """
    return _load(path, at_least, background)[0]


def _load(
    path: str | Path, at_least: int | tuple[int, int] | None, background: tuple[int, int, int]
) -> tuple[np.ndarray, tuple[float, float]]:
    """The array of `load_image`, and the (height, width) of the original in its pixels.

    The two differ from the array's shape by a fraction when a JPEG's sides are no multiples of its reduction:
    4031 pixels at a quarter are 1007.75, of which the decoder makes 1008.
    """
    needed = None if at_least is None else _size("at_least", at_least)
    background = _colour("background", background)
    path = require_file(path)
    # Pillow warns of broken EXIF blocks and odd palettes, about which a learner can do nothing, and of large
    # pictures, which are refused below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if containers.is_camera_raw(path):
            raise CourseError(
                f"{path}: this is camera raw, what the sensor saw and no picture yet: open it in the camera's"
                " program or a photo editor, export it as JPEG or PNG, and use that."
            )
        for source in _sources(path):
            try:
                with source, Image.open(source, formats=_FORMATS) as picture:
                    return _decode(picture, path, needed, background)
            except CourseError:
                raise
            # On damaged files Pillow's plugins raise nearly anything: struct.error, IndexError, SyntaxError …
            except Exception as error:
                failure = error
    raise CourseError(f"{path}: {_finding(path, failure)}") from failure


def _sources(path: Path) -> Iterator[BinaryIO]:
    """The file, then copies without its metadata, over which Pillow may have stumbled."""
    yield path.open("rb")
    content = path.read_bytes()
    for keep_profile in (True, False):
        copy = containers.without_metadata(content, keep_profile)
        if copy != content:
            yield io.BytesIO(copy)
        content = copy


def _decode(
    picture: Image.Image, path: Path, needed: tuple[int, int] | None, background: tuple[int, int, int]
) -> tuple[np.ndarray, tuple[float, float]]:
    reduced = None
    if needed is not None:
        # The longer side is asked of both, because EXIF may swap them once the picture is decoded.
        reduced = picture.draft(None, (_DRAFT_MARGIN * max(needed),) * 2)
    if picture.width * picture.height > MAX_PIXELS:
        raise CourseError(_too_large(picture, path))
    is_slow = any(tile.codec_name in Image.DECODERS for tile in picture.tile)
    if is_slow and picture.width * picture.height > _MAX_SLOW_PIXELS:
        raise CourseError(
            f"{path}: this kind of {picture.format} is decoded slowly, so at most {_MAX_SLOW_PIXELS:,}"
            f" pixels are accepted; it has {picture.width:,} x {picture.height:,}. Save it as PNG."
        )
    picture.load()
    _, _, width, height = reduced[1] if reduced else (0, 0, *picture.size)
    array, orientation = _to_rgb(picture, background), containers.orientation(picture)
    if orientation == 1:
        return array, (height, width)
    return _upright(array, orientation), (width, height) if orientation >= 5 else (height, width)


def _too_large(picture: Image.Image, path: Path) -> str:
    width, height = picture.size
    message = (
        f"{path}: {width:,} x {height:,} pixels are more than the {MAX_PIXELS:,} that the course decodes."
    )
    scale = next((scale for scale in (2, 4, 8) if width * height <= MAX_PIXELS * scale**2), None)
    side = min(width, height) // (scale * _DRAFT_MARGIN) if scale else 0
    if picture.format in ("JPEG", "MPO") and side:
        return f"{message} Pass at_least=({side}, {side}) or less to decode this JPEG at reduced size."
    return f"{message} If you trust the file, make it smaller in a picture editor first."


def _to_rgb(picture: Image.Image, background: tuple[int, int, int]) -> np.ndarray:
    """The pixels of a picture of any mode, uint8 (height, width, 3)."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        grey = _deep_grey_to_8_bits(np.asarray(picture))
        # A TIFF may count from white; Pillow turns that round only where there are 8 bits or fewer.
        tags = getattr(picture, "tag_v2", {})
        grey = 255 - grey if tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO else grey
        return np.repeat(grey[..., np.newaxis], 3, axis=-1)
    convert = _converter(picture, background)
    array = np.empty((picture.height, picture.width, 3), np.uint8)
    # Converting a band of rows at a time keeps the peak memory at the decoded picture plus the result.
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(top + rows, picture.height)
        array[top:bottom] = convert(picture.crop((0, top, picture.width, bottom)))
    return array


def _converter(
    picture: Image.Image, background: tuple[int, int, int]
) -> Callable[[Image.Image], Image.Image]:
    """Chooses the function that turns a part of this picture into one of mode RGB."""
    to_srgb = _to_srgb(picture)
    if picture.has_transparency_data:
        return lambda part: _over(part, background, to_srgb)
    return to_srgb


def _to_srgb(picture: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Chooses the function that turns the colours of a part of this picture, without alpha, into sRGB."""
    profile = containers.profile(picture)
    mode, modes = _PROFILED_MODES.get(profile.profile.xcolor_space.strip(), ("", ())) if profile else ("", ())
    if picture.mode not in modes:  # there is none, or it is not about this picture's colours
        if picture.mode != "LAB":
            return lambda part: part.convert("RGB")
        profile, mode = ImageCms.createProfile("LAB"), "LAB"
    try:
        transform = ImageCms.buildTransform(profile, _SRGB, mode, "RGB")
    except ImageCms.PyCMSError:
        return lambda part: part.convert("RGB")
    return lambda part: ImageCms.applyTransform(part.convert(mode), transform)


def _deep_grey_to_8_bits(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are not finite (NaN or infinity)")
    low, high = float(values.min()), float(values.max())
    usual = 1.0 if values.dtype.kind == "f" else 65535.0
    if low >= 0 and high <= usual:
        low, high = 0.0, usual
    grey = np.empty(values.shape, np.uint8)
    for row, source in zip(grey, values, strict=True):
        row[:] = np.rint((source - low) / ((high - low) or 1) * 255)
    return grey


def _over(
    part: Image.Image, background: tuple[int, int, int], to_srgb: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    # Premultiplied grey, La, reaches RGBA only through LA.
    rgba = (part.convert("LA") if part.mode == "La" else part).convert("RGBA")
    colours = to_srgb(rgba.convert("RGB"))
    colours.putalpha(rgba.getchannel("A"))
    canvas = Image.new("RGBA", rgba.size, (*background, 255))
    return Image.alpha_composite(canvas, colours).convert("RGB")


def _upright(array: np.ndarray, orientation: int) -> np.ndarray:
    # The file's own EXIF may be damaged further on, and Pillow would write it anew.
    picture = Image.fromarray(array)
    picture.getexif()[ExifTags.Base.Orientation] = orientation
    return np.array(ImageOps.exif_transpose(picture))


def _finding(path: Path, error: Exception) -> str:
    """Says in one sentence or two what is wrong with a file that Pillow refused, and what to do."""
    content = describe_content(path)
    if "PostScript" in content:
        return "this is PostScript (EPS), a program and no picture: export it as PNG and use that."
    if isinstance(error, UnidentifiedImageError):
        return (
            f"this is no picture that can be read: the file {content}. Get the original again, or export it"
            " as PNG or JPEG."
        )
    if isinstance(error, Image.DecompressionBombError):
        return (
            f"it declares far more pixels than the {MAX_PIXELS:,} that the course decodes. If you trust the"
            " file, make it smaller in a picture editor first."
        )
    if isinstance(error, EOFError) or "truncated" in str(error):
        return "the picture is truncated: its end is missing. Copy or download the file again."
    return f"the picture is damaged ({type(error).__name__}: {error}). Copy or download the file again."


def resize(
    image: np.ndarray, size: int | tuple[int, int], filter: str = "lanczos", box: tuple | None = None
) -> np.ndarray:
    """Resizes a picture, by default with the Lanczos filter, which lets no fine detail alias (lesson 01).

    Args:
        image: uint8 (height, width), (height, width, 3) or (height, width, 4). Of four channels the last is
            alpha, and colours count in proportion to it.
        size: (height, width) or int of the result.
        filter: "nearest", "box", "bilinear", "bicubic" or "lanczos". All but "nearest" average over the whole
            area that an output pixel covers.
        box: None for the whole picture, or the part to take, (top, left, bottom, right) in pixels; fractions
            are allowed.

    Returns:
        uint8, (height, width) of the size and the channels of the image.

    Raises:
        CourseError: when an argument is wrong, or the result would have more than `MAX_PIXELS` pixels.
    """
    image = _image(image)
    height, width = _size("size", size)
    chosen = _FILTERS[arguments.choice("filter", filter, tuple(_FILTERS))]
    top, left, bottom, right = _box(box, image)
    return np.array(Image.fromarray(image).resize((width, height), chosen, (left, top, right, bottom)))


def resize_shorter_side(image: np.ndarray, side: int, filter: str = "lanczos") -> np.ndarray:
    """Resizes a picture so that its shorter side has a given length, keeping its proportions (lesson 01).

    Args:
        image: uint8 (height, width) or (height, width, 3 or 4).
        side: int, pixels.
        filter: as in `resize`.

    Returns:
        uint8 (new height, new width) and the channels of the image.

    Raises:
        CourseError: when an argument is wrong, or the result would have more than `MAX_PIXELS` pixels.
    """
    height, width = _image(image).shape[:2]
    scale = arguments.whole_number("side", side) / min(height, width)
    return resize(image, (round(height * scale), round(width * scale)), filter)


def center_crop(image: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """Cuts the middle out of a picture (lesson 01).

    Args:
        image: uint8 (height, width) or (height, width, 3 or 4).
        size: (height, width) or int, at most that of the picture. An odd rest leaves one row or column more
            at the bottom or right.

    Returns:
        uint8, a copy of that part.

    Raises:
        CourseError: when an argument is wrong or the size is larger than the picture.
    """
    rows, columns = _spare(image, size)
    return _crop(image, size, rows // 2, columns // 2)


def random_crop(image: np.ndarray, size: int | tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Cuts a part out of a picture, every position being equally likely (lesson 01).

    Args:
        image: uint8 (height, width) or (height, width, 3 or 4).
        size: (height, width) or int, at most that of the picture.
        rng: numpy.random.Generator.

    Returns:
        uint8, a copy of that part.

    Raises:
        CourseError: when an argument is wrong or the size is larger than the picture.
    """
    rows, columns = _spare(image, size)
    arguments.generator(rng)
    return _crop(image, size, rng.integers(rows + 1), rng.integers(columns + 1))


def letterbox(
    image: np.ndarray,
    size: int | tuple[int, int],
    fill: tuple[int, int, int] = _WHITE,
    box: tuple | None = None,
) -> np.ndarray:
    """Fits a whole picture into a size, keeping its proportions, with bars of one colour (lesson 01).

    Args:
        image: uint8 (height, width, 3).
        size: (height, width) or int of the result.
        fill: (red, green, blue) of the bars.
        box: the part to take, as in `resize`.

    Returns:
        uint8 (height, width, 3).

    Raises:
        CourseError: when an argument is wrong.
    """
    image = _image(image, rgb_only=True)
    height, width = _size("size", size)
    box = _box(box, image)
    box_height, box_width = box[2] - box[0], box[3] - box[1]
    scale = min(height / box_height, width / box_width)
    # A very wide picture would otherwise vanish into zero rows.
    inner_height, inner_width = max(1, round(box_height * scale)), max(1, round(box_width * scale))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    result = np.empty((height, width, 3), np.uint8)
    result[:] = _colour("fill", fill)
    inner = resize(image, (inner_height, inner_width), box=box)
    result[top : top + inner_height, left : left + inner_width] = inner
    return result


def random_flip(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrors a picture left to right with probability one half (lesson 01).

    Not for pictures with writing, nor under captions that say left and right.

    Args:
        image: uint8 (height, width) or (height, width, 3 or 4).
        rng: numpy.random.Generator.

    Returns:
        uint8, a copy of the same shape.

    Raises:
        CourseError: when an argument is wrong.
    """
    image = _image(image)
    mirrored = arguments.generator(rng).random() < 0.5
    return (image[:, ::-1] if mirrored else image).copy()


def jitter_brightness(image: np.ndarray, rng: np.random.Generator, amount: float) -> np.ndarray:
    """Multiplies a picture by one random factor around 1 (lesson 01).

    Args:
        image: uint8 (height, width) or (height, width, 3).
        rng: numpy.random.Generator.
        amount: float, 0 to 1; the factor is drawn evenly from 1 - amount to 1 + amount.

    Returns:
        uint8, same shape, values above 255 clipped.

    Raises:
        CourseError: when an argument is wrong.
    """
    image = _image(image)
    amount = arguments.number("amount", amount, 0, 1)
    factor = arguments.generator(rng).uniform(1 - amount, 1 + amount)
    return np.rint(np.minimum(image * factor, 255)).astype(np.uint8)


def scale_pixels(images: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Maps bytes to floats, 0 to `low` and 255 to `high` (lesson 01).

    Args:
        images: uint8, any shape.
        low: float that 0 becomes.
        high: float that 255 becomes, above `low`.

    Returns:
        float32, same shape.

    Raises:
        CourseError: when an argument is wrong.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        raise CourseError(f"images is {_kind(images)}: expected a NumPy array of uint8, not scaled yet.")
    low, high = arguments.number("low", low), arguments.number("high", high)
    if low >= high:
        raise CourseError(f"low={low:g} and high={high:g}: expected low to be below high.")
    return images / np.float32(255) * np.float32(high - low) + np.float32(low)


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives the mean and standard deviation of each colour over a set of pictures (lesson 01).

    Compute them on the training split only: they are learned from data like any weight.

    Args:
        images: uint8 or float (n, height, width, 3), in any unit.

    Returns:
        mean and std, each float64 (3,), in the unit of the images; std is that of the population (divides by
        the number of pixels).

    Raises:
        CourseError: when `images` is something else or empty.
    """
    arguments.array("images", images, (np.uint8, np.floating), (("n", "height", "width", 3),))
    count = images.size / 3
    # One picture at a time: float64 copies of a whole data set would not fit into memory.
    mean = sum(image.sum((0, 1), dtype=np.float64) for image in images) / count
    variance = sum(np.square(image - mean).sum((0, 1)) for image in images) / count
    return mean, np.sqrt(variance)


def standardise(images: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Subtracts a mean per colour and divides by a standard deviation per colour (lesson 01).

    Args:
        images: uint8 or float (height, width, 3) or (n, height, width, 3).
        mean: (3,), in the unit of the images.
        std: (3,), same unit, all above zero.

    Returns:
        float32, same shape; on the set that mean and std come from, each colour has mean 0 and deviation 1.

    Raises:
        CourseError: when an argument is wrong.
    """
    shapes = (("height", "width", 3), ("n", "height", "width", 3))
    arguments.array("images", images, (np.uint8, np.floating), shapes)
    mean, std = _per_channel("mean", mean), _per_channel("std", std)
    if (std <= 0).any():
        raise CourseError(
            f"std is {std.tolist()}: expected three numbers above zero. A colour that never varies carries"
            " nothing to standardise."
        )
    result = images.astype(np.float32)
    result -= mean
    result /= std
    return result


def preprocess_image(
    path: str | Path, size: int = 224, fit: str = "crop", background: tuple[int, int, int] = _WHITE
) -> np.ndarray:
    """Turns a picture file into the square array that a network takes (lesson 01).

    This is the repaired `preprocess_img` of the course's document: right for every mode, upright, without
    distortion, and faster, because a large JPEG is decoded at reduced size.

    Args:
        path: str or Path of the file.
        size: int, the side of the result in pixels.
        fit: "crop" takes the largest square in the middle, "letterbox" keeps everything and adds bars,
            "stretch" squashes.
        background: (red, green, blue) under transparent parts and of the bars.

    Returns:
        uint8 (size, size, 3).

    Raises:
        CourseError: when the file cannot be read or an argument is wrong.
    """
    size = arguments.whole_number("size", size)
    arguments.choice("fit", fit, FITS)
    image, (height, width) = _load(path, size, background)
    if fit == "letterbox":
        return letterbox(image, size, background, box=(0, 0, height, width))
    if fit == "stretch":
        return resize(image, size, box=(0, 0, height, width))
    # In fractions of pixels: rounded to whole ones, the crop of a picture decoded at a quarter of its size
    # would be off by up to two of the original's pixels.
    side = min(height, width)
    top, left = (height - side) / 2, (width - side) / 2
    return resize(image, size, box=(top, left, top + side, left + side))


def preprocess_batch(
    paths: Iterable[str | Path],
    size: int = 224,
    fit: str = "crop",
    skip_bad: bool = False,
    progress: bool = True,
    background: tuple[int, int, int] = _WHITE,
) -> tuple[np.ndarray, list]:
    """Turns picture files into one array, with a progress bar when it takes longer than a second (lesson 01).

    Args:
        paths: list of str or Path.
        size: int, the side of each result in pixels.
        fit: as in `preprocess_image`.
        skip_bad: False stops at the first file that cannot be read; True leaves such files out and prints
            one line about each at the end.
        progress: whether to show the bar.
        background: as in `preprocess_image`.

    Returns:
        uint8 (n, size, size, 3), and the list of the n paths kept, in order.

    Raises:
        CourseError: when an argument is wrong, or a file cannot be read and `skip_bad` is False.
    """
    from tqdm import tqdm

    paths = arguments.items("paths", paths, "file names")
    size = arguments.whole_number("size", size)
    arguments.choice("fit", fit, FITS)
    batch = np.empty((len(paths), size, size, 3), np.uint8)
    kept, skipped = [], []
    for path in tqdm(paths, unit="picture", delay=1, leave=False, file=sys.stdout, disable=not progress):
        try:
            batch[len(kept)] = preprocess_image(path, size, fit, background)
            kept.append(path)
        except CourseError as error:
            if not skip_bad:
                raise
            # Printed at the end, because a line in the middle would break the bar in two.
            skipped.append(error)
    for error in skipped:
        tell(f"skipped {error}")
    return batch[: len(kept)], kept


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Gives the peak signal-to-noise ratio, 10 log10(255² / mean squared difference) (lesson 01).

    Args:
        a: uint8, any shape.
        b: uint8, same shape.

    Returns:
        float, decibels; infinite for equal pictures. Above 45 or so no eye sees a difference.

    Raises:
        CourseError: when the two are not uint8 arrays of the same shape.
    """
    for name, image in (("a", a), ("b", b)):
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.size == 0:
            raise CourseError(f"{name} is {_kind(image)}: expected a NumPy array of uint8 with pixels in it.")
    if a.shape != b.shape:
        raise CourseError(f"a has shape {a.shape} and b {b.shape}: expected the same.")
    squared_error = np.square(a.astype(np.float32) - b).mean(dtype=np.float64)
    return math.inf if squared_error == 0 else float(10 * np.log10(255**2 / squared_error))


def _image(image: object, rgb_only: bool = False) -> np.ndarray:
    rgb, grey, rgba = ("height", "width", 3), ("height", "width"), ("height", "width", 4)
    return arguments.array("image", image, np.uint8, (rgb,) if rgb_only else (rgb, grey, rgba))


def _size(name: str, size: object) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise CourseError(f"{name} is {shown(size)}: expected (height, width) or one whole number.")
    height, width = (arguments.whole_number(name, side) for side in sides)
    if height * width > MAX_PIXELS:
        raise CourseError(f"{name} is {height:,} x {width:,}: expected at most {MAX_PIXELS:,} pixels.")
    return height, width


def _box(box: object, image: np.ndarray) -> tuple[float, float, float, float]:
    height, width = image.shape[:2]
    if box is None:
        return 0, 0, height, width
    if not isinstance(box, tuple | list) or len(box) != 4:
        raise CourseError(f"box is {shown(box)}: expected (top, left, bottom, right).")
    limits = (height, width, height, width)
    top, left, bottom, right = (
        arguments.number("box", edge, 0, limit) for edge, limit in zip(box, limits, strict=True)
    )
    if top >= bottom or left >= right:
        raise CourseError(f"box is {shown(box)}: expected top above bottom and left before right.")
    return top, left, bottom, right


def _colour(name: str, colour: object) -> tuple[int, ...]:
    if not isinstance(colour, tuple | list) or len(colour) != 3:
        raise CourseError(f"{name} is {shown(colour)}: expected (red, green, blue), each 0 to 255.")
    return tuple(arguments.whole_number(name, value, 0, 255) for value in colour)


def _spare(image: object, size: object) -> tuple[int, int]:
    height, width = _image(image).shape[:2]
    wanted_height, wanted_width = _size("size", size)
    if wanted_height > height or wanted_width > width:
        raise CourseError(
            f"size is {wanted_height} x {wanted_width}, larger than the image, {height} x {width}: resize it"
            " first."
        )
    return height - wanted_height, width - wanted_width


def _crop(image: np.ndarray, size: int | tuple[int, int], top: int, left: int) -> np.ndarray:
    height, width = _size("size", size)
    return image[top : top + height, left : left + width].copy()


def _per_channel(name: str, values: object) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise CourseError(f"{name} is {shown(values)}: expected three numbers, one per colour.")
    return arguments.array(name, values.astype(np.float32), np.floating, ((3,),))


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"of type {type(value).__name__}"
