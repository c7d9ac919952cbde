"""What a picture file holds besides pixels: metadata, which may be broken, or what is no picture yet.

Introduced in lesson 01.
"""

import io
import zlib
from pathlib import Path

from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from course_utils.files import describe_content

__all__ = ["is_camera_raw", "orientation", "profile", "without_metadata"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG writes the type of a chunk that pixels do not need with a small letter at its start; all but this one.
_PNG_TRANSPARENCY = b"tRNS"

_JPEG_PIXELS, _JPEG_PROFILE = 0xDA, 0xE2
# JPEG's segments without which the pixels are the same: those of programs (APP0 to APP15) and comments. APP1
# holds EXIF, which says what is up, APP14 in which colours the pixels are.
_JPEG_METADATA = frozenset({*range(0xE0, 0xF0), 0xFE} - {0xE1, _JPEG_PROFILE, 0xEE})

_TIFF_STARTS = (b"II*\0", b"MM\0*")
_REDUCED, _SUB_PICTURES, _DNG_VERSION = 254, 330, 50706
_RAW_COLOURS = (32803, 34892)  # one colour per pixel under the filters of a sensor; the same, made linear
_RAW_ENDINGS = (
    ".3fr",
    ".arw",
    ".cr2",
    ".dcr",
    ".dng",
    ".erf",
    ".fff",
    ".gpr",
    ".iiq",
    ".kdc",
    ".mef",
    ".mos",
)
_RAW_ENDINGS += (".nef", ".nrw", ".pef", ".rwl", ".sr2", ".srf", ".srw")


def is_camera_raw(path: Path) -> bool:
    """Says whether a file is what a camera's sensor saw, with at most a thumbnail of the picture.

    Many such files are TIFFs whose first page is the thumbnail: any reader of TIFF would take it for the
    picture. Adobe, Digital Negative Specification 1.7.1 (2023).

    Args:
        path: Path of a readable file.

    Returns:
        bool.
    """
    if "camera raw" in describe_content(path):
        return True
    with path.open("rb") as file:
        header = file.read(8)
        if header[:4] not in _TIFF_STARTS:
            return False
        if path.suffix.lower() in _RAW_ENDINGS:
            return True
        try:
            page = TiffImagePlugin.ImageFileDirectory_v2(header)
            file.seek(page.next)
            page.load(file)
            is_thumbnail = page.get(_REDUCED, 0) & 1 and _SUB_PICTURES in page
            colours = page.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION)
        # A directory that cannot be read is damaged; reading the picture will say so.
        except Exception:
            return False
    return bool(_DNG_VERSION in page or colours in _RAW_COLOURS or is_thumbnail)


def orientation(picture: Image.Image) -> int:
    """Reads how a picture has to be turned; EXIF that cannot be read is ignored, the pixels being whole.

    Args:
        picture: loaded Pillow picture.

    Returns:
        int, EXIF's number from 1 (upright) to 8.
    """
    # On damaged EXIF Pillow raises nearly anything: SyntaxError, struct.error, ValueError …
    try:
        number = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        return 1
    return number if number in range(1, 9) else 1


def profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """Reads the colour profile that a picture brings; one that cannot be read is ignored.

    Args:
        picture: Pillow picture.

    Returns:
        ImageCmsProfile, or None.
    """
    content = picture.info.get("icc_profile")
    if not content:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(content))
    except (OSError, ImageCms.PyCMSError):
        return None


def without_metadata(content: bytes, keep_profile: bool) -> bytes:
    """Leaves out of a PNG or JPEG what says nothing about its pixels, for a decoder that stumbles over it.

    What turns the picture (EXIF) stays, if it is undamaged, and so does what the pixels need.

    Args:
        content: of the whole file.
        keep_profile: whether the colour profile stays, if it is undamaged.

    Returns:
        The file without its metadata; other formats as they are.
    """
    if content.startswith(_PNG_SIGNATURE):
        return _png_without_metadata(content, keep_profile)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg_without_metadata(content, keep_profile)
    return content


def _png_without_metadata(content: bytes, keep_profile: bool) -> bytes:
    useful = (b"eXIf", b"iCCP") if keep_profile else (b"eXIf",)
    parts, start = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while start < len(content):
        end = start + 12 + int.from_bytes(content[start : start + 4])
        chunk = content[start:end]
        kind = chunk[4:8]
        is_sound = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
        if kind[:1].isupper() or kind == _PNG_TRANSPARENCY or (kind in useful and is_sound):
            parts.append(chunk)
        start = end
    return b"".join(parts)


def _jpeg_without_metadata(content: bytes, keep_profile: bool) -> bytes:
    left_out = _JPEG_METADATA if keep_profile else _JPEG_METADATA | {_JPEG_PROFILE}
    parts, start = [content[:2]], 2
    # A file that was cut off may end within the four bytes that a segment begins with.
    while content[start : start + 1] == b"\xff" and start + 4 <= len(content):
        kind = content[start + 1]
        if kind == _JPEG_PIXELS:
            break
        end = start + 2 + int.from_bytes(content[start + 2 : start + 4])
        if kind not in left_out:
            parts.append(content[start:end])
        start = end
    return b"".join([*parts, content[start:]])
