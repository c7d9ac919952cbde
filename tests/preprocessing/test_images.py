"""Any file becomes the right uint8 RGB array or one clear error; geometry and statistics are as defined."""

import struct
import warnings
import zlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from course_utils import CourseError
from course_utils.preprocessing import images

SAMPLE = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 60), (30, 60, 220), (240, 220, 40)


def quarters(height=24, width=36):
    """Four colours that show every turn and flip: red green over blue yellow."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = RED, GREEN
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = BLUE, YELLOW
    return picture


def random_picture(rng, channels=3):
    height, width = rng.integers(1, 60, 2)
    shape = (height, width, channels) if channels else (height, width)
    return rng.integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def saved(tmp_path):
    def save(picture, name="picture.png", **options):
        path = tmp_path / name
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        picture.save(path, **options)
        return path

    return save


# ---- reading every mode ----


def test_rgb_comes_as_it_is(saved):
    path = saved(quarters())
    loaded = images.load_image(str(path))
    np.testing.assert_array_equal(loaded, quarters())
    assert loaded.dtype == np.uint8
    assert loaded.flags.c_contiguous
    assert loaded.flags.writeable


def test_a_picture_of_several_bands_has_no_seams(saved, monkeypatch):
    monkeypatch.setattr(images, "_BAND_PIXELS", 100)
    picture = np.random.default_rng(0).integers(0, 256, (37, 23, 3), dtype=np.uint8)
    np.testing.assert_array_equal(images.load_image(saved(picture)), picture)


# Each with a format that Pillow writes it in; the others follow below.
MODES = {"1": "png", "L": "png", "P": "gif", "RGB": "png", "RGBA": "png", "LA": "png"}
MODES |= {"YCbCr": "tiff", "CMYK": "tiff"}


@pytest.mark.parametrize("mode", MODES)
def test_every_8_bit_mode_keeps_its_colours(saved, mode):
    grey = Image.fromarray(np.repeat(np.array([0, 255], np.uint8), 8).reshape(2, 8))
    path = saved(grey.convert("RGB").convert(mode), f"picture.{MODES[mode]}")
    assert Image.open(path).mode == mode
    np.testing.assert_allclose(images.load_image(path), np.asarray(grey.convert("RGB")), atol=1)


@pytest.mark.parametrize("mode", ["HSV", "RGBX", "PA", "RGBa", "La"])
def test_modes_that_only_plugins_make_are_converted_too(mode):
    by_way_of = {"PA": "P", "RGBa": "RGBA", "La": "LA"}.get(mode, "RGB")
    grey = Image.new("RGB", (4, 3), (102, 102, 102))
    picture = grey.convert(by_way_of).convert(mode)
    np.testing.assert_allclose(images._to_rgb(picture, (255, 255, 255)), np.asarray(grey), atol=1)


def test_transparent_parts_show_the_background(saved):
    picture = np.zeros((2, 3, 4), np.uint8)
    picture[:, 0] = (200, 100, 50, 255)
    picture[:, 1] = (200, 100, 50, 0)
    picture[:, 2] = (200, 100, 50, 128)
    path = saved(picture)
    white, black = images.load_image(path), images.load_image(path, background=(0, 0, 0))
    np.testing.assert_array_equal(white[0, :2], [(200, 100, 50), (255, 255, 255)])
    np.testing.assert_array_equal(black[0, :2], [(200, 100, 50), (0, 0, 0)])
    np.testing.assert_allclose(black[0, 2], np.array([200, 100, 50]) * 128 / 255, atol=1)


def test_grey_with_alpha_shows_the_background(saved):
    picture = Image.merge("LA", [Image.new("L", (4, 4), 90), Image.new("L", (4, 4), 0)])
    np.testing.assert_array_equal(images.load_image(saved(picture), background=RED), np.full((4, 4, 3), RED))


def test_premultiplied_alpha_shows_the_background(saved):
    # Pillow writes tag 338 of a TIFF as 2, straight alpha; 1 says that colours are already multiplied by it.
    tag, straight, premultiplied = b"\x52\1\3\0\1\0\0\0", b"\2\0", b"\1\0"
    grey = Image.merge("LA", [Image.new("L", (4, 4), 60), Image.new("L", (4, 4), 128)])
    colour = Image.new("RGBA", (4, 4), (60, 30, 10, 128))
    for picture, over_black in [(grey, (60, 60, 60)), (colour, (60, 30, 10))]:
        path = saved(picture, "picture.tiff")
        data = path.read_bytes()
        assert data.count(tag + straight) == 1
        path.write_bytes(data.replace(tag + straight, tag + premultiplied))
        loaded = images.load_image(path, background=(0, 0, 0))
        np.testing.assert_allclose(loaded, np.full((4, 4, 3), over_black), atol=1)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_colour_shows_the_background(saved, mode):
    colour = (7, 7, 7) if mode == "RGB" else 1
    picture = Image.new(mode, (4, 4), colour)
    if mode == "P":
        picture.putpalette([9, 9, 9, 80, 80, 80])
    path = saved(picture, transparency=colour)
    np.testing.assert_array_equal(images.load_image(path, background=BLUE), np.full((4, 4, 3), BLUE))


def test_a_palette_with_alpha_per_entry_shows_the_background(saved):
    picture = Image.new("P", (4, 1))
    picture.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200, 9, 9, 9])
    picture.putdata([0, 1, 2, 3])
    loaded = images.load_image(saved(picture, transparency=bytes([255, 0, 255, 0])))
    np.testing.assert_array_equal(loaded[0], [(200, 0, 0), (255, 255, 255), (0, 0, 200), (255, 255, 255)])


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff"])
def test_16_bit_grey_is_divided_by_257(saved, name):
    values = np.array([[0, 128, 257, 1000, 32896, 65535]], np.uint16)
    loaded = images.load_image(saved(values, name))
    np.testing.assert_array_equal(loaded[0, :, 0], np.rint(values[0] / 257))
    assert (loaded == loaded[..., :1]).all()


def test_big_endian_16_bit_grey_is_read_alike(tmp_path):
    values = np.array([[0, 257, 65535], [514, 25700, 300]], ">u2")
    path = tmp_path / "deep.tiff"
    Image.frombytes("I;16B", (3, 2), values.tobytes()).save(path)
    np.testing.assert_array_equal(images.load_image(path)[..., 1], np.rint(values / 257))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 25700, 65535]], np.int32), [0, 100, 255]),
        (np.array([[-100, 0, 100]], np.int32), [0, 127.5, 255]),
        (np.array([[0, 0, 1_000_000]], np.int32), [0, 0, 255]),
        (np.array([[0, 0.5, 1]], np.float32), [0, 127.5, 255]),
        (np.array([[10, 20, 30]], np.float32), [0, 127.5, 255]),
        (np.array([[7, 7, 7]], np.float32), [0, 0, 0]),
    ],
)
def test_deeper_grey_is_scaled_as_documented(saved, values, expected):
    loaded = images.load_image(saved(values, "deep.tiff"))
    np.testing.assert_allclose(loaded[0, :, 2], expected, atol=0.5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_float_picture_with_holes_is_refused(saved, bad):
    values = np.ones((4, 4), np.float32)
    values[2, 1] = bad
    with pytest.raises(CourseError, match=r"deep\.tiff.*not finite"):
        images.load_image(saved(values, "deep.tiff"))


def test_lab_keeps_its_colours(saved):
    rgb = Image.fromarray(quarters())
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    path = saved(ImageCms.applyTransform(rgb, to_lab), "lab.tiff")
    assert Image.open(path).mode == "LAB"
    np.testing.assert_allclose(images.load_image(path), quarters(), atol=4)


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png", "moving.tiff"])
def test_of_an_animation_the_first_frame_counts(saved, name):
    frames = [Image.new("RGB", (8, 6), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(frames[0], name, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(images.load_image(path), np.full((6, 8, 3), RED))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.png", "turned.jpg", "turned.tiff", "turned.webp"])
def test_every_exif_orientation_comes_out_upright(saved, orientation, name):
    stored = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a.swapaxes(0, 1), 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](quarters())
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"jpg": {"quality": 95, "subsampling": 0}, "webp": {"lossless": True}}.get(
        name.split(".")[1], {}
    )
    path = saved(np.ascontiguousarray(stored), name, exif=exif, **options)
    np.testing.assert_allclose(images.load_image(path), quarters(), atol=25)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(saved, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(images.load_image(saved(quarters(), exif=exif)), quarters())


@pytest.mark.parametrize(
    "block", [b"Exif\0\0" + bytes(range(60)), b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"]
)
def test_a_broken_exif_block_costs_neither_the_picture_nor_a_warning(saved, block, recwarn):
    warnings.simplefilter("always")
    path = saved(quarters(), "picture.jpg", exif=block, quality=95)
    assert images.load_image(path).shape == (24, 36, 3)
    assert not recwarn.list


# ---- refusing ----


def refusal(path, **options):
    with pytest.raises(CourseError) as caught:
        images.load_image(path, **options)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_an_empty_file_is_named_as_such(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    assert "empty (0 bytes)" in refusal(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"milk, bread, two lemons\n", "plain text"),
        (b"<!doctype html><title>404</title>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
    ],
)
def test_what_is_no_picture_is_described(tmp_path, content, said):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert said in refusal(path)


def test_postscript_is_never_run(tmp_path, monkeypatch):
    path = tmp_path / "figure.eps"
    Image.new("RGB", (4, 4)).save(path)
    monkeypatch.setattr(
        "PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started")
    )
    assert "export it as PNG" in refusal(path)


@pytest.mark.parametrize(
    "name", ["photo.jpg", "photo.png", "photo.webp", "photo.gif", "photo.bmp", "photo.tiff"]
)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_truncated_picture_is_refused(saved, name, share):
    path = saved(np.asarray(Image.open(SAMPLE)), name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    message = refusal(path)
    assert "truncated" in message or "damaged" in message or "no picture that can be read" in message
    if name == "photo.jpg":
        assert "truncated" in message


@pytest.mark.parametrize("length", range(2, 8))
def test_a_jpeg_cut_off_in_its_first_bytes_is_refused(saved, length):
    path = saved(np.asarray(Image.open(SAMPLE)), "photo.jpg")
    path.write_bytes(path.read_bytes()[:length])
    assert "photo.jpg" in refusal(path)


def png_header(width, height):
    """A PNG that declares a size and holds hardly any pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (16_000, 1_001), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, size, monkeypatch):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda _: pytest.fail("it was decoded"))
    assert f"{images.MAX_PIXELS:,}" in refusal(path)


def test_the_remedy_for_a_large_jpeg_works(saved, monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 100_000)
    path = saved(Image.open(SAMPLE), "large.jpg")
    message = refusal(path)
    assert "at_least=(85, 85)" in message
    assert images.load_image(path, at_least=(85, 85)).shape == (300, 256, 3)
    assert "at_least" not in refusal(saved(Image.open(SAMPLE), "large.png"))


def test_no_warning_of_pillow_reaches_the_learner(saved, monkeypatch, recwarn):
    warnings.simplefilter("always")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    images.load_image(saved(quarters()))
    assert not recwarn.list


@pytest.mark.parametrize(
    "options",
    [
        {"at_least": 0},
        {"at_least": (10, 10, 3)},
        {"at_least": (10.5, 10)},
        {"at_least": True},
        {"at_least": "224"},
        {"background": 255},
        {"background": (0, 0, 256)},
        {"background": (0, 0)},
        {"background": "white"},
    ],
)
def test_wrong_arguments_are_named(saved, options):
    with pytest.raises(CourseError, match=f"^{next(iter(options))} is"):
        images.load_image(saved(quarters()), **options)


def test_missing_files_and_folders_are_explained(tmp_path):
    assert "no such file" in refusal(tmp_path / "nothing.jpg")
    assert "folder" in refusal(tmp_path)


# ---- metadata that cannot be read ----


def png_chunk(kind, data, checksum=0):
    whole = zlib.crc32(kind + data) ^ checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", whole)


def jpeg_segment(kind, data):
    return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data


PNG_METADATA = {
    "text of 2 MB": png_chunk(b"tEXt", b"k\0" + b"a" * 2_000_000),
    "packed text of 2 MB": png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 2_000_000)),
    "packed bomb": png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 100_000_000)),
    "international text of 2 MB": png_chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(b"a" * 2_000_000)),
    "much text": png_chunk(b"tEXt", b"k\0" + b"a" * 999_000) * 68,
    "text, wrong checksum": png_chunk(b"tEXt", b"k\0abc", checksum=1),
    "EXIF in text": png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n   9\nno number"),
    "EXIF": png_chunk(b"eXIf", bytes(range(60))),
    "EXIF, cut": png_chunk(b"eXIf", b"MM\0*\0\0"),
    "EXIF, wrong checksum": png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0", checksum=1),
    "profile": png_chunk(b"iCCP", b"no zero"),
    "profile, unknown packing": png_chunk(b"iCCP", b"name\0\7abc"),
    "profile, packed wrongly": png_chunk(b"iCCP", b"name\0\0abc"),
    "profile, bomb": png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(50_000_000))),
    "profile, empty": png_chunk(b"iCCP", b"name\0\0" + zlib.compress(b"")),
    "profile of nothing": png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(200))),
    "profile, wrong checksum": png_chunk(b"iCCP", b"name\0\0abc", checksum=1),
    "resolution": png_chunk(b"pHYs", b"ab"),
    "gamma": png_chunk(b"gAMA", b"ab"),
    "primaries": png_chunk(b"cHRM", b"ab"),
    "intent": png_chunk(b"sRGB", b""),
    "animation": png_chunk(b"acTL", b"ab"),
    "frame": png_chunk(b"fcTL", bytes(8)),
    "somebody's own": png_chunk(b"abCd", b"xyz", checksum=1),
}


@pytest.mark.parametrize("what", PNG_METADATA)
@pytest.mark.parametrize("place", ["before", "after"])
def test_metadata_of_a_png_that_cannot_be_read_costs_no_pixel(saved, what, place):
    path = saved(quarters())
    data = path.read_bytes()
    start = 33 if place == "before" else data.rindex(b"IEND") - 4
    path.write_bytes(data[:start] + PNG_METADATA[what] + data[start:])
    np.testing.assert_array_equal(images.load_image(path), quarters())


JPEG_METADATA = {
    "JFIF": (0xE0, b"JFIF\0"),
    "EXIF": (0xE1, b"Exif\0\0" + bytes(range(60))),
    "EXIF, cut": (0xE1, b"Exif\0\0MM\0*\0\0"),
    "XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe<"),
    "profile": (0xE2, b"ICC_PROFILE\0"),
    "profile of nothing": (0xE2, b"ICC_PROFILE\0\1\1" + bytes(200)),
    "profile, parts missing": (0xE2, b"ICC_PROFILE\0\2\3abc"),
    "several pictures": (0xE2, b"MPF\0MM\0*\0\0\0\x08\0\0"),
    "Photoshop": (0xED, b"Photoshop 3.0\x008BIM\x03\xed"),
    "comment": (0xFE, b"\xff" * 60_000),
}


@pytest.mark.parametrize("what", JPEG_METADATA)
def test_metadata_of_a_jpeg_that_cannot_be_read_costs_no_pixel(saved, what):
    path = saved(quarters(), "picture.jpg", quality=95)
    data, expected = path.read_bytes(), np.asarray(Image.open(path))
    path.write_bytes(data[:2] + jpeg_segment(*JPEG_METADATA[what]) + data[2:])
    np.testing.assert_array_equal(images.load_image(path), expected)


@pytest.mark.parametrize("block", [bytes(range(60)), b"Exif\0\0MM\0*\0\0", b"II*\0\xff\xff\xff\xff"])
@pytest.mark.parametrize(("name", "options"), [("a.webp", {"lossless": True}), ("a.png", {})])
def test_exif_that_cannot_be_read_costs_no_pixel(saved, block, name, options):
    np.testing.assert_array_equal(
        images.load_image(saved(quarters(), name, exif=block, **options)), quarters()
    )


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tiff", "a.jpg", "a.gif", "a.jp2", "a.avif"])
@pytest.mark.parametrize("block", [b"", bytes(200), b"a profile" * 99])
def test_a_profile_that_cannot_be_read_costs_no_pixel(saved, name, block):
    plain = images.load_image(saved(quarters(), f"plain {name}"))
    np.testing.assert_array_equal(images.load_image(saved(quarters(), name, icc_profile=block)), plain)


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg"])
def test_beside_metadata_that_cannot_be_read_the_rest_still_counts(saved, name):
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = matrix_profile(DISPLAY_P3)
    turned = np.ascontiguousarray(np.rot90(quarters(), 1))
    path = saved(turned, name, exif=exif, icc_profile=profile, **({"quality": 95} if "j" in name else {}))
    data, expected = path.read_bytes(), images.load_image(path)
    broken = PNG_METADATA["packed bomb"] if "png" in name else jpeg_segment(0xE0, b"JFIF\0")
    start = 33 if "png" in name else 2
    path.write_bytes(data[:start] + broken + data[start:])
    with pytest.raises(Exception, match=r"too large|cannot identify"), Image.open(path) as plain:
        plain.load()
    np.testing.assert_array_equal(images.load_image(path), expected)
    assert expected.shape == (24, 36, 3)


def test_metadata_is_no_excuse_for_damaged_pixels(saved):
    path = saved(np.asarray(Image.open(SAMPLE)))
    data = path.read_bytes()
    path.write_bytes((data[:33] + PNG_METADATA["packed bomb"] + data[33:])[:-90_000])
    assert "truncated" in refusal(path)
    path.write_bytes(data[:33] + png_chunk(b"tRNS", b"\0") + data[33:])
    assert "damaged" in refusal(path)


# ---- colour profiles ----

# ICC.1:2022: colorants of the three primaries, adapted to D50, one in a row.
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141))
D50 = (0.9642, 1.0, 0.8249)


def linear(values):
    """sRGB's curve, 0 to 1 → linear light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(light):
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def xyz(colour):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in colour))


def curve(function):
    table = np.rint(function(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(table)) + table.tobytes()


def profile_bytes(space, tags, pcs=b"XYZ ", kind=b"mntr"):
    """An ICC profile of version 2.4 with these tags."""
    text = b"desc\0\0\0\0\0\0\0\2x\0" + bytes(78)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0x\0", b"wtpt": xyz(D50), **tags}
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">2I", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s", start + len(body), 0x02400000, kind, space, pcs, b"acsp")
    return (head + bytes(28) + xyz(D50)[8:]).ljust(128, b"\0") + table + body


def matrix_profile(colorants, function=linear):
    names = (b"r", b"g", b"b")
    tags = {name + b"XYZ": xyz(colour) for name, colour in zip(names, colorants, strict=True)}
    return profile_bytes(b"RGB ", tags | {name + b"TRC": curve(function) for name in names})


def to_srgb(picture, colorants, function=linear):
    """The definition: to light, to XYZ, to the light of sRGB's primaries, to sRGB."""
    light = function(picture / 255) @ np.array(colorants) @ np.linalg.inv(np.array(SRGB))
    return np.rint(encoded(light) * 255)


@pytest.mark.parametrize(
    ("colorants", "function"), [(DISPLAY_P3, linear), (ADOBE_RGB, lambda x: x**2.2), (SRGB, lambda x: x)]
)
@pytest.mark.parametrize("name", ["wide.png", "wide.tiff", "wide.webp", "wide.avif"])
def test_wide_colours_become_srgb(saved, colorants, function, name):
    picture = np.repeat(np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8), 4, axis=0)
    options = {"lossless": True} if "webp" in name else {"quality": 100, "subsampling": "4:4:4"}
    path = saved(picture, name, icc_profile=matrix_profile(colorants, function), **options)
    stored = np.asarray(Image.open(path))
    loaded = images.load_image(path)
    np.testing.assert_allclose(loaded, to_srgb(stored, colorants, function), atol=2)
    assert np.abs(loaded.astype(int) - stored).max() > 15


def test_the_reddest_red_of_a_phone_keeps_its_hue(saved):
    red = np.zeros((8, 8, 3), np.uint8)
    red[:] = 234, 51, 35
    loaded = images.load_image(saved(red, "red.jpg", icc_profile=matrix_profile(DISPLAY_P3), quality=100))
    np.testing.assert_allclose(loaded, to_srgb(red, DISPLAY_P3), atol=4)


def test_a_profile_that_is_srgb_changes_nothing(saved):
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    for profile in (matrix_profile(SRGB), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        loaded = images.load_image(saved(picture, icc_profile=profile))
        np.testing.assert_allclose(loaded, picture, atol=1)


def test_transparency_and_palettes_keep_their_profile(saved):
    colour = np.array([[[200, 60, 90]]], np.uint8)
    expected = to_srgb(colour, DISPLAY_P3)[0, 0]
    half = np.dstack([np.tile(colour, (4, 4, 1)), np.full((4, 4), 128, np.uint8)])
    profile = matrix_profile(DISPLAY_P3)
    loaded = images.load_image(saved(half, icc_profile=profile), background=(0, 0, 0))
    np.testing.assert_allclose(loaded[0, 0], expected * 128 / 255, atol=2)
    palette = Image.new("P", (4, 4))
    palette.putpalette(colour.ravel().tolist())
    np.testing.assert_allclose(images.load_image(saved(palette, icc_profile=profile))[0, 0], expected, atol=2)
    np.testing.assert_allclose(
        images.load_image(saved(palette, transparency=0, icc_profile=profile), background=BLUE)[0, 0], BLUE
    )


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_has_profiles_too(saved, mode):
    values = np.arange(0, 256, 5, dtype=np.uint8)[np.newaxis]
    path = saved(
        Image.fromarray(values).convert(mode),
        icc_profile=profile_bytes(b"GRAY", {b"kTRC": curve(lambda x: x**1.8)}),
    )
    expected = np.rint(encoded((values / 255) ** 1.8) * 255)
    np.testing.assert_allclose(images.load_image(path)[..., 1], expected, atol=2)
    assert np.abs(expected - values).max() > 10


def test_ink_is_converted_by_its_profile(saved):
    # Two points on each of four axes: black ink alone counts, and more weakly than by the plain formula.
    inks = bytes(round(x * x / 255) for x in range(256)) * 4
    lab = b"".join(bytes([0 if corner % 2 else 255, 128, 128]) for corner in range(16))
    identity = struct.pack(">9i", *(np.eye(3, dtype=int).ravel() * 65536).tolist())
    table = b"mft1\0\0\0\0\4\3\2\0" + identity + inks + lab + bytes(range(256)) * 3
    profile = profile_bytes(b"CMYK", {b"A2B0": table}, pcs=b"Lab ", kind=b"prtr")
    picture = Image.new("CMYK", (16, 16), (0, 0, 0, 128))
    lightness = 100 * (1 - 64 / 255)
    expected = encoded(np.array(((lightness + 16) / 116) ** 3)) * 255
    for name in ("ink.jpg", "ink.tiff"):
        loaded = images.load_image(saved(picture, name, icc_profile=profile))
        np.testing.assert_allclose(loaded, np.full((16, 16, 3), expected), atol=3)
        assert abs(images.load_image(saved(picture, name))[0, 0, 0] - 127) < 3


def test_a_profile_of_other_colours_is_ignored(saved):
    grey = profile_bytes(b"GRAY", {b"kTRC": curve(lambda x: x**5)})
    np.testing.assert_array_equal(images.load_image(saved(quarters(), icc_profile=grey)), quarters())
    ink = Image.fromarray(quarters()).convert("CMYK")
    plain = images.load_image(saved(ink, "ink.tiff"))
    for profile in (grey, matrix_profile(DISPLAY_P3)):
        np.testing.assert_array_equal(images.load_image(saved(ink, "ink.tiff", icc_profile=profile)), plain)


def test_a_profile_without_its_curves_is_ignored(saved):
    profile = profile_bytes(b"RGB ", {})
    np.testing.assert_array_equal(images.load_image(saved(quarters(), icc_profile=profile)), quarters())


# ---- white is zero ----


def from_white(path):
    """Turn a TIFF's photometric interpretation from black is zero, 1, to white is zero, 0."""
    data = path.read_bytes()
    tag = b"\x06\x01\x03\0\1\0\0\0"
    assert data.count(tag + b"\1\0") == 1
    path.write_bytes(data.replace(tag + b"\1\0", tag + b"\0\0"))
    return path


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 257, 25700, 65535]], np.uint16), [255, 254, 155, 0]),
        (np.array([[0, 1, 100, 255]], np.uint8), [255, 254, 155, 0]),
        (np.array([[0, 0.2, 1, 1]], np.float32), [255, 204, 0, 0]),
        (np.array([[10, 20, 30]], np.float32), [255, 127.5, 0]),
        (np.array([[False, True, True]]), [255, 0, 0]),
    ],
    ids=["16 bits", "8 bits", "float", "stretched", "1 bit"],
)
def test_a_tiff_that_counts_from_white_is_no_negative(saved, compression, values, expected):
    path = from_white(saved(values, "white.tiff", compression=compression))
    loaded = images.load_image(path)
    np.testing.assert_allclose(loaded[0, :, 0], expected, atol=0.5)
    assert (loaded == loaded[..., :1]).all()


# ---- camera raw ----


def tiff(entries, order="<"):
    """A TIFF of one directory, {tag: (type, value)} of numbers; a thumbnail of 6 x 4 grey pixels."""
    pixels = bytes(range(24))
    usual = {256: (3, 6), 257: (3, 4), 258: (3, 8), 259: (3, 1), 262: (3, 1), 273: (4, 8), 277: (3, 1)}
    usual |= {278: (3, 4), 279: (4, 24)}
    tags = sorted((usual | entries).items())
    directory = struct.pack(order + "H", len(tags))
    for tag, (kind, value) in tags:
        directory += struct.pack(order + "HHI", tag, kind, 1)
        directory += struct.pack(order + {1: "B3x", 3: "H2x", 4: "I"}[kind], value)
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "I", 8 + len(pixels)) + pixels + directory + bytes(4)


SUB_PICTURES = {254: (4, 1), 330: (4, 8)}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("photo.dng", {50706: (1, 1)}),
        ("renamed.tiff", {50706: (1, 1)}),
        ("renamed.tif", {50706: (1, 1), **SUB_PICTURES}),
        ("photo.nef", SUB_PICTURES),
        ("photo.ARW", SUB_PICTURES),
        ("renamed.jpg", SUB_PICTURES),
        ("photo.pef", {262: (3, 32803)}),
        ("sensor.tiff", {262: (3, 32803)}),
        ("linear.tiff", {262: (3, 34892)}),
        ("photo.srw", {}),
        ("photo.NEF", {}),
    ],
)
def test_camera_raw_is_refused_however_it_is_called(tmp_path, name, entries, order):
    path = tmp_path / name
    path.write_bytes(tiff(entries, order))
    assert "camera raw" in refusal(path)
    assert "export it as JPEG or PNG" in refusal(path)


@pytest.mark.parametrize(
    "head",
    [
        b"II*\0\x10\0\0\0CR\2\0",  # CR2
        b"\0\0\0\x18ftypcrx \0\0\0\1",  # CR3
        b"II\x1a\0\0\0HEAPCCDR",  # CRW
        b"IIRO\x08\0\0\0",  # ORF
        b"MMOR\0\0\0\x08",
        b"IIU\0\x18\0\0\0",  # RW2
        b"FUJIFILMCCD-RAW 0201",  # RAF
        b"\0MRM\0\0\0\0",  # MRW
        b"FOVb\0\0\3\0",  # X3F
    ],
)
def test_camera_raw_of_every_maker_is_refused(tmp_path, head):
    path = tmp_path / "photo"
    path.write_bytes(head + bytes(200))
    assert "camera raw" in refusal(path)


@pytest.mark.parametrize("entries", [{}, {254: (4, 0), 330: (4, 8)}, {254: (4, 1)}])
def test_other_tiffs_are_pictures(tmp_path, entries):
    path = tmp_path / "photo.tiff"
    path.write_bytes(tiff(entries))
    np.testing.assert_array_equal(images.load_image(path)[..., 0], np.arange(24).reshape(4, 6))


@pytest.mark.parametrize("cut", [4, 8, 20, 60])
def test_a_damaged_tiff_is_called_no_camera_raw(tmp_path, cut):
    path = tmp_path / "photo.tiff"
    path.write_bytes(tiff(SUB_PICTURES)[:cut])
    assert "camera raw" not in refusal(path)


# ---- slow decoders ----


def letters(side):
    return f"P3 {side} {side} 255\n".encode() + b"7 " * (3 * side * side)


def runs(side):
    pixels = (bytes([255, 7]) * (side // 255) + b"\0\0") * side + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    palette = b"".join(bytes([i, i, i, 0]) for i in range(256))
    return b"BM" + struct.pack("<IHHI", 1078 + len(pixels), 0, 0, 1078) + head + palette + pixels


@pytest.mark.parametrize(
    "make", [letters, runs, lambda side: f"P6 {side} {side} 9\n".encode() + b"\0" * 3 * side * side]
)
def test_a_decoder_that_is_slow_gets_few_pixels(tmp_path, make, monkeypatch):
    path = tmp_path / "picture"
    path.write_bytes(make(255))
    assert images.load_image(path).shape == (255, 255, 3)
    monkeypatch.setattr(images, "_MAX_SLOW_PIXELS", 255 * 254)
    message = refusal(path)
    assert "decoded slowly" in message
    assert "255 x 255" in message
    assert "PNG" in message
    np.testing.assert_array_equal(images.load_image(quick(tmp_path)), np.zeros((255, 255, 3)))


def quick(folder):
    path = folder / "quick.ppm"
    Image.new("RGB", (255, 255)).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.dds", "DDS"),
        ("a.xbm", "plain text"),
        ("a.msp", "no picture"),
    ],
)
def test_rare_formats_are_not_tried(saved, name, said):
    mode = "RGB" if name == "a.dds" else "1"
    message = refusal(saved(Image.new(mode, (64, 64)), name))
    assert said in message
    assert "export it as PNG or JPEG" in message


COMMON = ["bmp", "dib", "gif", "icns", "ico", "jp2", "pcx", "png", "ppm", "pgm", "sgi", "tga", "tiff", "webp"]


@pytest.mark.parametrize("suffix", [*COMMON, "avif", "jpg"])
def test_common_formats_are_read(saved, suffix):
    grey = saved(Image.new("RGB", (32, 32), (90, 90, 90)), f"picture.{suffix}")
    np.testing.assert_allclose(images.load_image(grey)[:32, :32], np.full((32, 32, 3), 90), atol=2)


# ---- reduced decoding ----


def photograph(path, height, width):
    """The sample photograph enlarged, with grain, as a JPEG of camera size."""
    sample = Image.open(SAMPLE).resize((width, height), Image.Resampling.LANCZOS)
    grain = np.random.default_rng(0).normal(0, 4, (height, width, 1))
    noisy = np.clip(np.asarray(sample) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path, quality=90)
    return Image.open(path).convert("RGB")


@pytest.mark.parametrize(("height", "width"), [(1500, 2000), (2000, 1500), (1511, 2003), (1801, 1801)])
def test_reduced_decoding_is_close_to_full_size_lanczos(tmp_path, height, width, monkeypatch):
    path = tmp_path / "photo.jpg"
    full = photograph(path, height, width)
    decoded = []
    to_rgb = images._to_rgb
    monkeypatch.setattr(images, "_to_rgb", lambda *given: decoded.append(given[0].size) or to_rgb(*given))
    result = images.preprocess_image(path, 112)
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    reference = full.resize((112, 112), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    assert decoded == [(-(-width // 4), -(-height // 4))]
    assert images.psnr(result, np.asarray(reference)) >= 45


@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
def test_the_other_fits_are_as_close(tmp_path, fit):
    path = tmp_path / "photo.jpg"
    full = np.asarray(photograph(path, 1511, 2003))
    reference = images.letterbox(full, 112) if fit == "letterbox" else images.resize(full, 112)
    assert images.psnr(images.preprocess_image(path, 112, fit), reference) >= 45


def test_at_least_never_goes_below_three_times_the_size(tmp_path):
    path = tmp_path / "photo.jpg"
    photograph(path, 600, 900)
    rng = np.random.default_rng(0)
    for at_least in rng.integers(1, 300, (40, 2)).tolist():
        height, width = images.load_image(path, at_least=tuple(at_least)).shape[:2]
        assert (height, width) == (600, 900) or min(height, width) >= 3 * max(at_least)


def test_a_rotated_jpeg_is_reduced_and_upright(tmp_path):
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(quarters(811, 1203), 1)).save(path, quality=95, exif=exif)
    loaded = images.load_image(path, at_least=60)
    assert loaded.shape == (203, 301, 3)
    np.testing.assert_allclose(images.resize(loaded, (2, 2), "box"), quarters(2, 2), atol=6)
    assert (
        images.psnr(images.preprocess_image(path, 100, "stretch"), images.resize(quarters(811, 1203), 100))
        > 30
    )


# ---- geometry ----


@pytest.mark.parametrize("channels", [0, 3, 4])
@pytest.mark.parametrize("name", ["nearest", "box", "bilinear", "bicubic", "lanczos"])
def test_resize_is_pillows(channels, name):
    rng = np.random.default_rng(channels)
    picture = random_picture(rng, channels)
    height, width = (int(side) for side in rng.integers(1, 90, 2))
    expected = Image.fromarray(picture).resize((width, height), Image.Resampling[name.upper()])
    np.testing.assert_array_equal(images.resize(picture, (height, width), name), np.asarray(expected))


def test_resize_takes_the_box_only():
    np.testing.assert_array_equal(
        images.resize(quarters(), (5, 7), "box", box=(12, 0, 24, 18)), np.full((5, 7, 3), BLUE)
    )


def test_a_constant_picture_stays_constant_in_random_shapes():
    rng = np.random.default_rng(1)
    for _ in range(30):
        picture = np.full((*rng.integers(1, 50, 2), 3), rng.integers(0, 256, 3), np.uint8)
        size = tuple(rng.integers(1, 70, 2).tolist())
        assert (images.resize(picture, size) == picture[0, 0]).all()


def test_the_shorter_side_gets_its_length_and_proportions_stay():
    rng = np.random.default_rng(2)
    for _ in range(40):
        picture = random_picture(rng)
        side = int(rng.integers(1, 80))
        height, width = images.resize_shorter_side(picture, side).shape[:2]
        scale = side / min(picture.shape[:2])
        assert min(height, width) == side
        assert abs(height - picture.shape[0] * scale) <= 0.5
        assert abs(width - picture.shape[1] * scale) <= 0.5


def test_center_crop_leaves_equal_margins():
    rng = np.random.default_rng(3)
    for _ in range(40):
        picture = random_picture(rng)
        height, width = (int(rng.integers(1, side + 1)) for side in picture.shape[:2])
        top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
        cropped = images.center_crop(picture, (height, width))
        np.testing.assert_array_equal(cropped, picture[top : top + height, left : left + width])
        assert not np.shares_memory(cropped, picture)


def test_random_crop_reaches_every_position_evenly():
    picture = np.arange(4 * 6, dtype=np.uint8).reshape(4, 6)
    rng = np.random.default_rng(4)
    corners = np.bincount([images.random_crop(picture, (3, 4), rng)[0, 0] for _ in range(1200)], minlength=24)
    assert set(np.flatnonzero(corners)) == {0, 1, 2, 6, 7, 8}
    assert corners[corners > 0].min() > 140


def test_the_same_seed_gives_the_same_randomness():
    picture = random_picture(np.random.default_rng(5))
    size = tuple((np.array(picture.shape[:2]) + 1) // 2)
    size = (int(size[0]), int(size[1]))

    def drawn(seed):
        rng = np.random.default_rng(seed)
        cropped = images.random_crop(picture, size, rng)
        return images.jitter_brightness(images.random_flip(cropped, rng), rng, 0.5)

    np.testing.assert_array_equal(drawn(0), drawn(0))


def test_letterbox_keeps_everything_and_centres_it():
    wide = np.full((10, 40, 3), GREEN, np.uint8)
    boxed = images.letterbox(wide, 20, fill=RED)
    np.testing.assert_array_equal(boxed[7:12], np.full((5, 20, 3), GREEN))
    np.testing.assert_array_equal(boxed[:7], np.full((7, 20, 3), RED))
    np.testing.assert_array_equal(boxed[12:], np.full((8, 20, 3), RED))


def test_letterbox_of_extreme_pictures_still_shows_them():
    for shape in [(1, 4000, 3), (4000, 1, 3), (1, 1, 3)]:
        boxed = images.letterbox(np.zeros(shape, np.uint8), 32)
        assert boxed.shape == (32, 32, 3)
        assert (boxed == 0).any()


def test_random_flip_mirrors_half_of_the_time():
    picture = quarters()
    rng = np.random.default_rng(6)
    flipped = [images.random_flip(picture, rng) for _ in range(400)]
    mirrored = sum(np.array_equal(result, picture[:, ::-1]) for result in flipped)
    assert all(np.array_equal(r, picture) or np.array_equal(r, picture[:, ::-1]) for r in flipped)
    assert 160 < mirrored < 240
    assert not np.shares_memory(flipped[0], picture)


def test_brightness_scales_every_pixel_by_one_factor():
    picture = np.full((4, 4, 3), 100, np.uint8)
    rng = np.random.default_rng(7)
    factors = np.array([images.jitter_brightness(picture, rng, 0.3)[0, 0, 0] / 100 for _ in range(500)])
    assert 0.69 <= factors.min() < 0.72
    assert 1.28 < factors.max() <= 1.31
    np.testing.assert_array_equal(images.jitter_brightness(picture, rng, 0), picture)


def test_brightness_does_not_wrap_around():
    white = np.full((2, 2, 3), 255, np.uint8)
    rng = np.random.default_rng(8)
    assert max(images.jitter_brightness(white, rng, 1).max() for _ in range(50)) == 255
    assert min(images.jitter_brightness(white, rng, 0.1).min() for _ in range(50)) >= 229


# ---- scaling ----


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (-0.3, 7.0)])
def test_scaling_maps_the_ends_exactly(low, high):
    scaled = images.scale_pixels(np.arange(256, dtype=np.uint8), low, high)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, np.linspace(low, high, 256), atol=1e-6)
    assert scaled[0] == np.float32(low)


def test_statistics_are_numpys():
    rng = np.random.default_rng(9)
    batch = rng.integers(0, 256, (5, 7, 9, 3), dtype=np.uint8)
    for data in (batch, images.scale_pixels(batch)):
        mean, std = images.channel_statistics(data)
        np.testing.assert_allclose(mean, data.mean((0, 1, 2), dtype=np.float64))
        np.testing.assert_allclose(std, data.std((0, 1, 2), dtype=np.float64))
        assert mean.dtype == std.dtype == np.float64


def test_standardised_pictures_have_mean_0_and_deviation_1():
    batch = np.random.default_rng(10).integers(0, 200, (5, 16, 16, 3), dtype=np.uint8)
    result = images.standardise(batch, *images.channel_statistics(batch))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std((0, 1, 2)), 1, atol=1e-5)
    one = images.standardise(batch[0], *images.channel_statistics(batch))
    np.testing.assert_array_equal(one, result[0])


def test_psnr_follows_its_formula():
    a = np.zeros((4, 4), np.uint8)
    b = a.copy()
    b[0, 0] = 4
    assert images.psnr(a, b) == pytest.approx(10 * np.log10(255**2 / 1))
    assert images.psnr(b, a) == images.psnr(a, b)
    assert images.psnr(a, a) == float("inf")


# ---- files to batches ----


@pytest.mark.parametrize("fit", images.FITS)
def test_preprocess_image_gives_a_square_of_every_shape(saved, fit):
    for shape in [(24, 36, 3), (1, 1, 3), (2, 4000, 3), (999, 3, 3)]:
        result = images.preprocess_image(saved(np.full(shape, GREEN, np.uint8)), 32, fit, background=GREEN)
        np.testing.assert_array_equal(result, np.full((32, 32, 3), GREEN))


def test_crop_takes_the_middle(saved):
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    np.testing.assert_array_equal(images.preprocess_image(saved(picture), 20), picture[:, 20:40])


def test_stretch_is_a_plain_resize(saved):
    np.testing.assert_array_equal(
        images.preprocess_image(saved(quarters()), 16, "stretch"), images.resize(quarters(), 16)
    )


def test_a_batch_holds_its_pictures_in_order(saved):
    paths = [saved(np.full((9, 9, 3), colour, np.uint8), f"{i}.png") for i, colour in enumerate([RED, GREEN])]
    batch, kept = images.preprocess_batch(iter(paths), 8)
    assert kept == paths
    np.testing.assert_array_equal(batch[:, 0, 0], [RED, GREEN])
    assert batch.shape == (2, 8, 8, 3)


def test_a_bad_file_stops_the_batch_by_name(saved, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    with pytest.raises(CourseError, match=r"bad\.png"):
        images.preprocess_batch([saved(quarters()), bad])


def test_bad_files_can_be_skipped_with_one_line_each(saved, tmp_path, capfd):
    good = saved(quarters())
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    batch, kept = images.preprocess_batch([bad, good, tmp_path / "missing.png"], 8, skip_bad=True)
    assert kept == [good]
    np.testing.assert_array_equal(batch, images.preprocess_image(good, 8)[np.newaxis])
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert len(lines) == 2
    assert "bad.png" in lines[0]
    assert "missing.png" in lines[1]
    assert err == ""


def test_an_empty_batch_keeps_its_shape():
    batch, kept = images.preprocess_batch([], 8)
    assert batch.shape == (0, 8, 8, 3)
    assert kept == []


# ---- wrong arguments ----

PICTURE = quarters()
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: images.resize(PICTURE.astype(np.float32), 8), "image"),
        (lambda: images.resize(PICTURE.tolist(), 8), "image"),
        (lambda: images.resize(PICTURE[..., :2], 8), "image"),
        (lambda: images.resize(PICTURE[:0], 8), "image"),
        (lambda: images.resize(PICTURE[0, 0], 8), "image"),
        (lambda: images.resize(None, 8), "image"),
        (lambda: images.resize(PICTURE, 0), "size"),
        (lambda: images.resize(PICTURE, -4), "size"),
        (lambda: images.resize(PICTURE, 8.0), "size"),
        (lambda: images.resize(PICTURE, (8, 8, 3)), "size"),
        (lambda: images.resize(PICTURE, (10**9, 10**9)), "size"),
        (lambda: images.resize(PICTURE, 8, "cubic"), "filter"),
        (lambda: images.resize(PICTURE, 8, box=(0, 0, 99, 3)), "box"),
        (lambda: images.resize(PICTURE, 8, box=(5, 5, 5, 9)), "box"),
        (lambda: images.resize(PICTURE, 8, box=(np.nan, 0, 5, 9)), "box"),
        (lambda: images.resize(PICTURE, 8, box=7), "box"),
        (lambda: images.resize_shorter_side(PICTURE, 0), "side"),
        (lambda: images.resize_shorter_side(np.zeros((1, 9000, 3), np.uint8), 224), "size"),
        (lambda: images.center_crop(PICTURE, (25, 3)), "size"),
        (lambda: images.center_crop(PICTURE, True), "size"),
        (lambda: images.random_crop(PICTURE, 30, RNG), "size"),
        (lambda: images.random_crop(PICTURE, 3, 0), "rng"),
        (lambda: images.random_crop(PICTURE, 3, np.random), "rng"),
        (lambda: images.letterbox(PICTURE[..., 0], 8), "image"),
        (lambda: images.letterbox(PICTURE, 8, fill=(1, 2)), "fill"),
        (lambda: images.random_flip(PICTURE, None), "rng"),
        (lambda: images.jitter_brightness(PICTURE, RNG, -0.1), "amount"),
        (lambda: images.jitter_brightness(PICTURE, RNG, 1.5), "amount"),
        (lambda: images.jitter_brightness(PICTURE, RNG, np.nan), "amount"),
        (lambda: images.jitter_brightness(PICTURE, RNG, "0.2"), "amount"),
        (lambda: images.scale_pixels(PICTURE / 255), "images"),
        (lambda: images.scale_pixels(PICTURE, 1, 1), "low"),
        (lambda: images.scale_pixels(PICTURE, 0, np.inf), "high"),
        (lambda: images.channel_statistics(PICTURE), "images"),
        (lambda: images.channel_statistics(PICTURE[np.newaxis, :0]), "images"),
        (lambda: images.channel_statistics(np.full((1, 2, 2, 3), np.nan)), "images"),
        (lambda: images.standardise(PICTURE, (0, 0), (1, 1, 1)), "mean"),
        (lambda: images.standardise(PICTURE, (0, 0, 0), (1, 0, 1)), "std"),
        (lambda: images.standardise(PICTURE, (0, 0, 0), "abc"), "std"),
        (lambda: images.standardise(PICTURE, (0, np.nan, 0), (1, 1, 1)), "mean"),
        (lambda: images.standardise(PICTURE[..., 0], (0, 0, 0), (1, 1, 1)), "images"),
        (lambda: images.psnr(PICTURE, PICTURE[:-1]), "a has shape"),
        (lambda: images.psnr(PICTURE, PICTURE / 255), "b"),
        (lambda: images.psnr(PICTURE[:0], PICTURE[:0]), "a"),
        (lambda: images.preprocess_image(SAMPLE, "224"), "size"),
        (lambda: images.preprocess_image(SAMPLE, (224, 224)), "size"),
        (lambda: images.preprocess_image(SAMPLE, 224, "squash"), "fit"),
        (lambda: images.preprocess_batch(str(SAMPLE)), "paths"),
        (lambda: images.preprocess_batch(SAMPLE), "paths"),
        (lambda: images.preprocess_batch([], 0), "size"),
        (lambda: images.preprocess_batch([], 8, "squash"), "fit"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(CourseError, match=rf"^{named}\b"):
        call()
