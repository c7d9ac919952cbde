"""Draws the emoji of data/emoji: one concept in four art styles, with its names in two languages.

Writes data/emoji/{noto,twemoji,openmoji,fluent}.webp (one sheet of tiles per style, with alpha) and
data/emoji/concepts.json (names, keywords, groups and the stored splits, in the order of the tiles).

needs
  Debian    fonts-noto-color-emoji (Noto's pictures), librsvg2-bin (draws SVG files)
            apt-get install fonts-noto-color-emoji librsvg2-bin
  npm       @twemoji/svg 15.0.0, openmoji 17.0.0, fluentui-emoji 1.3.0, emojibase-data 17.0.0
            npm pack @twemoji/svg@15.0.0 openmoji@17.0.0 fluentui-emoji@1.3.0 emojibase-data@17.0.0
  Python    numpy, pillow (with raqm, as in its wheels)

The folder given as PACKAGES holds the four .tgz files as `npm pack` leaves them, or each of them
unpacked as PACKAGES/NAME/package/. The same package versions give the same bytes.
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from files import DATA, write_atomically
from near_copies import near_copies
from PIL import Image, ImageDraw, ImageFont

from course_utils.datasets.emoji import STYLES, TEST_STYLE, split_sheet

SIDE = 64  # pixels of a tile; a multiple of 16, so that no WebP macroblock crosses into a neighbour
MARGIN = 2  # pixels left free around a picture
COLUMNS = 40
CANVAS = 256  # pixels an SVG is drawn at before it is reduced to a tile
QUALITY = 80  # of WebP's colour; alpha is stored without loss
PACKAGES = {
    "twemoji": ("twemoji-svg-15.0.0", "@twemoji/svg"),
    "openmoji": ("openmoji-17.0.0", "openmoji"),
    "fluent": ("fluentui-emoji-1.3.0", "fluentui-emoji"),
    "emojibase": ("emojibase-data-17.0.0", "emojibase-data"),
}
# The share of its canvas that a style's large pictures fill. Every picture of a style is scaled by the same
# factor, so that a small square stays smaller than a large one; only what would not fit is scaled down.
EXTENT = {"noto": 1.0, "twemoji": 1.0, "openmoji": 0.84, "fluent": 0.94}
NOTO_SIZE, NOTO_WIDTH = 109, 136  # the font holds bitmaps for this one size, this many pixels wide
COMPONENT = 2  # the group of skin tones and hair, which are no concepts

# The Fluent package names its files by older or other names than Unicode does.
FLUENT_NAMES = {
    "smiling face with open hands": "hugging-face",
    "face with crossed-out eyes": "knocked-out-face",
    "enraged face": "pouting-face",
    "person: blond hair": "person-blonde-hair-default",
    "woman: blond hair": "woman-blonde-hair-default",
    "man: blond hair": "man-blonde-hair-default",
    "deaf person": "person-deaf-default",
    "deaf man": "man-deaf-default",
    "deaf woman": "woman-deaf-default",
    "superhero": "person-superhero-default",
    "supervillain": "person-supervillain-default",
    "mage": "person-mage-default",
    "fairy": "person-fairy-default",
    "vampire": "person-vampire-default",
    "merperson": "person-merpeople-default",
    "merman": "man-merpeople-default",
    "mermaid": "woman-merpeople-default",
    "elf": "person-elf-default",
    "genie": "person-genie",
    "zombie": "person-zombie",
    "people with bunny ears": "person-with-bunny-ears",
    "men with bunny ears": "man-with-bunny-ears",
    "women with bunny ears": "woman-with-bunny-ears",
    "people wrestling": "person-wrestling",
    "men wrestling": "man-wrestling",
    "women wrestling": "woman-wrestling",
    "black bird": "blackbird",
    "phoenix": "phoenix-bird",
    "piñata": "pinata",
    "red triangle pointed up": "red-triangle",
    "stuffed flatbread": "stuffedbread",
    "keycap: #": "keycap-hashtag",
    "keycap: *": "keycap-asterisk",
}

MAN, WOMAN, PERSON = "1F468", "1F469", "1F9D1"
MALE, FEMALE = "2642", "2640"
PERSONS = {MAN, WOMAN, PERSON, "1F466", "1F467", "1F9D2"}
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white")
SHAPES = ("heart", "circle", "square")
HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def unpack(folder: Path, name: str) -> Path:
    """The folder of one npm package below `folder`, unpacked from its tarball if need be."""
    stem, package = PACKAGES[name]
    unpacked = folder / stem / "package"
    if not unpacked.is_dir():
        tarball = folder / f"{stem}.tgz"
        if not tarball.is_file():
            sys.exit(f"{folder} holds neither {stem}.tgz nor {stem}/package: run `npm pack {package}` there")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder / stem, filter="data")
    return unpacked


def without_selector(hexcode: str) -> str:
    """The code points without U+FE0F, which only asks for colour and which some file names leave out."""
    return "-".join(part for part in hexcode.split("-") if part != "FE0F")


def slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub("[’']", "", label.lower())).strip("-")


def svg_file(style: str, folder: Path, concept: dict) -> Path | None:
    """The concept's SVG file in a style's package, or None."""
    code, label = concept["hexcode"], concept["label"]
    if style == "twemoji":
        names = [name.lower().lstrip("0") for name in (code, without_selector(code))]
    elif style == "openmoji":
        folder, names = folder / "color" / "svg", [code, without_selector(code)]
    else:
        name = slug(label)
        folder, names = folder / "icons" / "modern", [FLUENT_NAMES.get(label, name), name, f"{name}-default"]
    return next((path for name in names if (path := folder / f"{name}.svg").is_file()), None)


def draw_svg(path: Path) -> Image.Image:
    drawn = subprocess.run(
        ["rsvg-convert", f"--width={CANVAS}", f"--height={CANVAS}", "--keep-aspect-ratio", str(path)],
        capture_output=True,
        check=True,
    )
    return Image.open(io.BytesIO(drawn.stdout)).convert("RGBA")


def character(concept: dict) -> str:
    """The emoji itself; with U+FE0F only where text would be shown in its place without (type 0)."""
    text = "".join(chr(int(code, 16)) for code in concept["hexcode"].split("-"))
    return text + "\ufe0f" if concept["type"] == 0 and len(text) == 1 else text


def draw_noto(concept: dict, font: ImageFont.FreeTypeFont) -> Image.Image | None:
    """The font's bitmap, or None where the font has no single glyph for the whole sequence."""
    text = character(concept)
    canvas = Image.new("RGBA", (2 * NOTO_WIDTH, 2 * NOTO_WIDTH))
    ImageDraw.Draw(canvas).text((24, 24), text, font=font, embedded_color=True)
    box = canvas.getbbox()
    single = font.getlength(text) <= NOTO_WIDTH + 1
    return canvas if box and single else None


def tile(picture: Image.Image, canvas_width: int, extent: float) -> Image.Image | None:
    """Crops to what is drawn, scales by the style's factor, centres it on a tile; None if blank."""
    box = picture.getbbox()
    if box is None:
        return None
    room = SIDE - 2 * MARGIN
    picture = picture.crop(box)
    scale = min(room / (canvas_width * extent), room / max(picture.size))
    size = tuple(max(1, round(length * scale)) for length in picture.size)
    picture = picture.resize(size, Image.Resampling.LANCZOS)  # Pillow premultiplies alpha for this
    out = Image.new("RGBA", (SIDE, SIDE))
    out.paste(picture, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return out


def draw(
    concept: dict, folders: dict[str, Path], font: ImageFont.FreeTypeFont
) -> dict[str, Image.Image | None]:
    """One concept in the four styles: {style: tile or None}."""
    noto = draw_noto(concept, font)
    tiles = {"noto": noto and tile(noto, NOTO_WIDTH, EXTENT["noto"])}
    for style in STYLES[1:]:
        path = svg_file(style, folders[style], concept)
        tiles[style] = path and tile(draw_svg(path), CANVAS, EXTENT[style])
    return tiles


def person_and_role(hexcode: str) -> tuple[str, str] | None:
    """("man" | "woman" | "person", code points of the role), or None for anything else.

    Unicode spells such emoji in two ways: MAN, joiner, microscope; and RUNNER, joiner, male sign.
    """
    codes = without_selector(hexcode).split("-")
    base, joined = codes[0], [code for code in codes[1:] if code != "200D"]
    if len(joined) != 1:
        return None
    if base in (MAN, WOMAN, PERSON) and joined[0] not in PERSONS:
        return {MAN: "man", WOMAN: "woman", PERSON: "person"}[base], joined[0]
    if joined[0] in (MALE, FEMALE):
        return {MALE: "man", FEMALE: "woman"}[joined[0]], base
    return None


def person_parts(concepts: list[dict]) -> dict[str, tuple[str, str]]:
    """{hexcode: (person, role)} for every role that is drawn as man, woman and person."""
    found = {}
    for concept in concepts:
        parts = person_and_role(concept["hexcode"])
        if parts:
            found.setdefault(parts[1], {})[parts[0]] = concept["hexcode"]
    by_code = {without_selector(concept["hexcode"]): concept for concept in concepts}
    parts = {}
    for role, people in found.items():
        if "person" not in people and role in by_code:
            people["person"] = by_code[role]["hexcode"]
        if len(people) == 3:
            neutral = by_code[without_selector(people["person"])]["label"]
            name = re.sub("^(person|people)(:| in| with)? | person$", "", neutral)
            parts.update({hexcode: (person, name) for person, hexcode in people.items()})
    return parts


def named_parts(concepts: list[dict]) -> dict[str, tuple[str, str]]:
    """{hexcode: parts} of the colour + shape and the hour + minute concepts, recognised by their names."""
    names = {f"{colour} {shape}": (colour, shape) for colour in COLOURS for shape in SHAPES}
    names |= {f"{colour} large square": (colour, "square") for colour in COLOURS}
    names |= {f"{hour} o’clock": (hour, "o’clock") for hour in HOURS}
    names |= {f"{hour}-thirty": (hour, "thirty") for hour in HOURS}
    return {c["hexcode"]: names[c["label"]] for c in concepts if c["label"] in names}


def hold_out(parts: dict[str, tuple[str, str]]) -> set[str]:
    """The combinations kept for the compositional test: every part of each is seen in others.

    Of every second role one person (woman, man and person in turn), of every colour one shape (in turn),
    of every second hour one of its two clocks (in turn).
    """
    roles = sorted({second for first, second in parts.values() if first in ("man", "woman", "person")})
    people = ("woman", "man", "person")
    wanted = {(people[i // 2 % 3], role) for i, role in enumerate(roles) if i % 2 == 1}
    wanted |= {(colour, SHAPES[i % 3]) for i, colour in enumerate(COLOURS)}
    wanted |= {(hour, ("o’clock", "thirty")[i // 2 % 2]) for i, hour in enumerate(HOURS) if i % 2 == 0}
    return {hexcode for hexcode, pair in parts.items() if pair in wanted}


def sheet(tiles: list[Image.Image]) -> bytes:
    rows = -(-len(tiles) // COLUMNS)
    out = Image.new("RGBA", (COLUMNS * SIDE, rows * SIDE))
    for i, picture in enumerate(tiles):
        out.paste(picture, (i % COLUMNS * SIDE, i // COLUMNS * SIDE))
    file = io.BytesIO()
    out.save(file, "WEBP", quality=QUALITY, alpha_quality=100, method=6)
    return file.getvalue()


def pictures_of(encoded: bytes, count: int) -> np.ndarray:
    """What a reader of the sheet will see: uint8 (count, SIDE, SIDE, 4)."""
    return split_sheet(np.asarray(Image.open(io.BytesIO(encoded)).convert("RGBA")), SIDE, COLUMNS, count)


def describe(
    concepts: list[dict], chinese: dict, groups: dict, parts: dict[str, tuple[str, str]], near: np.ndarray
) -> bytes:
    """The lines of concepts.json: one concept a line, so that a change is easy to see."""
    held = hold_out(parts)
    lines = []
    for i, concept in enumerate(concepts):
        zh = chinese[concept["hexcode"]]
        row = {
            "hexcode": concept["hexcode"],
            "character": character(concept),
            "name": {"en": concept["label"], "zh": zh["label"]},
            "keywords": {"en": concept.get("tags", []), "zh": zh.get("tags", [])},
            "group": groups["groups"][str(concept["group"])],
            "subgroup": groups["subgroups"][str(concept["subgroup"])],
            "parts": list(parts.get(concept["hexcode"], [])),
            "concept_split": "held-out" if concept["hexcode"] in held else "train",
            "near_copy": bool(near[i]),
        }
        lines.append(json.dumps(row, ensure_ascii=False))
    head = {
        "side": SIDE,
        "columns": COLUMNS,
        "styles": {s: "test" if s == TEST_STYLE else "train" for s in STYLES},
    }
    return (json.dumps(head)[:-1] + ', "concepts": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", type=Path, metavar="PACKAGES", help="folder with the four npm packages")
    parser.add_argument(
        "--font", default="NotoColorEmoji.ttf", help="Noto's font file, if Pillow cannot find it"
    )
    arguments = parser.parse_args()
    folders = {name: unpack(arguments.packages, name) for name in PACKAGES}
    english, chinese, groups = (
        json.loads((folders["emojibase"] / name).read_text(encoding="utf-8"))
        for name in ("en/data.json", "zh/data.json", "meta/groups.json")
    )
    chinese = {concept["hexcode"]: concept for concept in chinese}
    concepts = [c for c in english if c.get("group") not in (COMPONENT, None)]
    concepts.sort(key=lambda c: c["order"])
    font = ImageFont.truetype(arguments.font, NOTO_SIZE, layout_engine=ImageFont.Layout.RAQM)

    with ThreadPoolExecutor(2) as pool:
        drawn = list(pool.map(lambda concept: draw(concept, folders, font), concepts))
    complete = [i for i, tiles in enumerate(drawn) if all(tiles.values())]
    kept = [concepts[i] for i in complete]
    sheets = {style: sheet([drawn[i][style] for i in complete]) for style in STYLES}
    pictures = {style: pictures_of(encoded, len(kept)) for style, encoded in sheets.items()}
    parts = person_parts(kept) | named_parts(kept)
    for style, encoded in sheets.items():
        write_atomically(DATA / "emoji" / f"{style}.webp", encoded)
    near = near_copies(pictures)
    write_atomically(DATA / "emoji" / "concepts.json", describe(kept, chinese, groups, parts, near))

    print(f"{len(concepts)} concepts without skin tones, {len(kept)} drawn in all four styles")
    for style in STYLES:
        print(f"  {style}: {sum(1 for tiles in drawn if tiles[style])} drawn, {len(sheets[style]):,} bytes")
    left_out = {}
    for concept, tiles in zip(concepts, drawn, strict=True):
        if not all(tiles.values()):
            left_out.setdefault(groups["groups"][str(concept["group"])], []).append(concept["label"])
    for group, labels in left_out.items():
        print(f"  left out of {group}: {len(labels)}, such as {', '.join(labels[:8])}")
    print(
        f"{len(parts)} concepts made of two parts, {len(hold_out(parts))} held out; {sum(near)} near-copies"
    )
    print("now run: python3 data/build/manifest.py")


if __name__ == "__main__":
    main()
