"""Takes speech by people out of Debian's packages of telephone prompts: data/people.

Writes data/people/LANGUAGE/NAME.flac (the package's samples, not one changed), people.tsv beside them (one
row per recording: what is said, by whom, under which licence, its split) and licences/copyright (the
package's own statement, with the text of both licences).

needs
  Debian    in one folder, as files, asterisk-core-sounds-LANGUAGE (the lists of what is said) and
            asterisk-core-sounds-LANGUAGE-wav (the recordings) 1.6.1-1, for en, es, fr, it and ru:
            apt-get download asterisk-core-sounds-{en,es,fr,it,ru}{,-wav}
  Python    soundfile and the repository around it
  data/build/people.tsv: corrections of what the English list says

  1. Digits: 0 to 9 in every language. Where a list has a name twice, the first line counts.
  2. Prompts: whatever else is in the English list, has a recording of 5 s at most, and holds words.
  3. A transcript is the list's text in lower case, without notes in brackets, each single digit as a word,
     everything but letters and apostrophes as a space. The table replaces the text of single prompts, and
     leaves out those ("-") whose words nobody can tell from the text.
  4. A prompt's split is a hash of its transcript, so that equal texts have one split.

Any computer gives the same samples, and the same bytes under one version of libsndfile; a package of another
version is refused.
"""

import argparse
import gzip
import hashlib
import io
import re
import sys
from pathlib import Path

import soundfile
from files import DATA, open_package, read_table, write_atomically

from course_utils.datasets.people import LANGUAGES, RATE
from course_utils.datasets.speech import DIGITS

FOLDER = DATA / "people"
TABLE = Path(__file__).with_name("people.tsv")
VERSION = "1.6.1-1"
FINGERPRINTS = {  # SHA-256 of the .deb files
    "en": "973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50",
    "en-wav": "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d",
    "es": "9afdab7f559f036649fb406e625899306ca1004df8ebe39c30bfbd5912d66f74",
    "es-wav": "9283a09a6d56fccdcc2bcfe86c48f0f844289cfbd46a3184d8785a6f7f569903",
    "fr": "04c82c78c570c43a7136cbc5e2488d0c470b775468dff9fbce4a131b18cf1056",
    "fr-wav": "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e",
    "it": "3884d9457e12f21caa018c18f0d587df5d53ebea14b673d8453a134c5941ab3b",
    "it-wav": "5a26638089e134b8ac39363fe249c5c93c50cd8bfdc9b2499ae61ec4a35e2fcb",
    "ru": "28a61616bb0cd3345a7ea532dec4df9f071e5d0fa9f8c1a563ea9669002f39ab",
    "ru-wav": "ccbfaebfa450b7a9ddf644ae0f3d1e9017d5df7c0aebe816e946345589d38201",
}
VOICES = {  # the folder of a language's recordings, who speaks, the licence
    "en": ("en_US_f_Allison", "Allison Smith", "CC BY-SA 3.0"),
    "es": ("es_MX_f_Allison", "Allison Smith", "CC BY-SA 3.0"),
    "fr": ("fr_CA_f_June", "June Wallack", "CC BY-SA 3.0"),
    "it": ("it_IT_m_Carlo", "Carlo Flora", "CC BY 3.0"),
    "ru": ("ru_RU_f_IvrvoiceRU", "IvrvoiceRU", "CC BY 3.0"),  # the package gives no name
}
COLUMNS = ("file", "kind", "language", "transcript", "original", "speaker", "split", "licence", "path")
LEFT_OUT = "-"
MOST_SECONDS = 5.0
TEST_SHARE = 0.2
NAMES = [f"digits/{digit}" for digit in range(10)]

ENTRY = re.compile(r"^([\w/-]+):[ \t]*(\S.*)$", re.MULTILINE)
NOTE = re.compile(r"\(.*?\)|\[.*?\]|<.*?>")
UNTOLD = re.compile(r"""\d\d|[^a-z0-9 .,;:!?'"-]""")  # what may be said in several ways: numbers and signs


def unpack(folder: Path, name: str) -> dict[str, bytes]:
    """The contents of a package of asterisk-core-sounds: {name: bytes}."""
    package = f"asterisk-core-sounds-{name}_{VERSION}_all.deb"
    with open_package(folder / package, package, FINGERPRINTS[name]) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def entries(text: str) -> dict[str, str]:
    """What a list says is said: {name: text}; of a name that stands there twice, the first."""
    return dict(reversed(ENTRY.findall(text)))


def plain(text: str) -> str:
    """A text in lower case without the notes in it."""
    return NOTE.sub(" ", text.lower())


def transcript_of(text: str) -> str:
    """The words of an English text: letters a to z, apostrophes and single spaces."""
    words = re.sub(r"\d", lambda found: f" {DIGITS['en'][int(found[0])]} ", plain(text))
    return " ".join(re.sub(r"[^a-z' ]", " ", words).split())


def split_of(transcript: str) -> str:
    return "test" if hashlib.sha256(transcript.encode()).digest()[0] < 256 * TEST_SHARE else "train"


def complain(texts: dict[str, str], corrections: dict[str, str]) -> list[str]:
    """What is wrong with the table of corrections, for the texts of the prompts that are short enough."""
    wrong = [f"no prompt of {MOST_SECONDS} s at most is called {name}" for name in corrections.keys() - texts]
    wrong += [
        f"{transcript!r} holds more than a to z, apostrophes and single spaces"
        for transcript in corrections.values()
        if transcript not in (LEFT_OUT, transcript_of(transcript))
    ]
    wrong += [
        f"nobody can tell how {name} is said ({text}): add it"
        for name, text in texts.items()
        if UNTOLD.search(plain(text)) and name not in corrections
    ]
    return sorted(wrong)


def transcripts(texts: dict[str, str], corrections: dict[str, str]) -> dict[str, str]:
    """The words of every prompt that is speech and is not left out: {name: words}."""
    found = {name: corrections.get(name, transcript_of(text)) for name, text in texts.items()}
    return {name: words for name, words in found.items() if words not in ("", LEFT_OUT)}


class Source:
    """The list and the recordings of one language."""

    def __init__(self, folder: Path, language: str) -> None:
        self.language = language
        lists, recordings = unpack(folder, language), unpack(folder, f"{language}-wav")
        self.documents = f"./usr/share/doc/asterisk-core-sounds-{language}/"
        self.copyright = lists[f"{self.documents}copyright"]
        packed = lists[f"{self.documents}core-sounds-{language}.txt.gz"]
        self.texts = entries(gzip.decompress(packed).decode())
        self.place = f"./usr/share/asterisk/sounds/{VOICES[language][0]}/"
        self.recordings = {
            name.removeprefix(self.place).removesuffix(".wav"): content
            for name, content in recordings.items()
            if name.startswith(self.place)
        }

    def seconds(self, name: str) -> float:
        return soundfile.info(io.BytesIO(self.recordings[name])).duration

    def short_prompts(self) -> dict[str, str]:
        """The texts of what is recorded, no digit and short enough: {name: text}."""
        names = [name for name in self.texts if name in self.recordings and name not in NAMES]
        return {name: self.texts[name] for name in names if self.seconds(name) <= MOST_SECONDS}

    def row(self, name: str, kind: str, transcript: str) -> dict[str, str]:
        _, speaker, licence = VOICES[self.language]
        return {
            "file": f"{self.language}/{name.lower()}.flac",
            "kind": kind,
            "language": self.language,
            "transcript": transcript,
            "original": self.texts[name],
            "speaker": speaker,
            "split": split_of(transcript) if kind == "prompt" else "test",
            "licence": licence,
            "path": f"{self.place}{name}.wav".removeprefix("./"),
        }

    def write(self, name: str, target: Path) -> None:
        """Stores a recording as FLAC, which keeps every sample."""
        samples, rate = soundfile.read(io.BytesIO(self.recordings[name]), dtype="int16")
        if rate != RATE or samples.ndim != 1:
            sys.exit(f"{name} ({self.language}) has {rate} Hz, shape {samples.shape}: expected {RATE}, mono")
        packed = io.BytesIO()
        soundfile.write(packed, samples, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, packed.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the ten .deb files lie")
    folder = parser.parse_args().folder
    corrections = {row["path"]: row["transcript"] for row in read_table(TABLE)}
    sources = {language: Source(folder, language) for language in LANGUAGES}
    english = sources["en"]
    texts = english.short_prompts()
    if wrong := complain(texts, corrections):
        sys.exit(f"{TABLE.name}: {'; '.join(wrong)}")

    chosen = [(source, name, "digit", source.texts[name]) for source in sources.values() for name in NAMES]
    said = sorted(transcripts(texts, corrections).items())
    chosen += [(english, name, "prompt", transcript) for name, transcript in said]
    rows = [source.row(name, kind, transcript) for source, name, kind, transcript in chosen]
    for row, (source, name, *_) in zip(rows, chosen, strict=True):
        source.write(name, FOLDER / row["file"])
    lines = [COLUMNS, *([row[column] for column in COLUMNS] for row in rows)]
    write_atomically(FOLDER / "people.tsv", "".join("\t".join(line) + "\n" for line in lines))
    (FOLDER / "licences").mkdir(exist_ok=True)
    write_atomically(FOLDER / "licences" / "copyright", english.copyright)

    strays = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.flac")}
    strays -= {row["file"] for row in rows}
    if strays:
        sys.exit(f"remove what is not in people.tsv: {', '.join(sorted(strays))}")
    size = sum((FOLDER / row["file"]).stat().st_size for row in rows)
    long = len(english.texts.keys() & english.recordings.keys()) - len(texts) - len(NAMES)
    print(f"{len(rows)} recordings, {size:,} bytes; {len(said)} prompts")
    print(f"  left out: {long} longer than {MOST_SECONDS} s, {len(texts) - len(said)} without words to tell")
    print("now run: python3 data/build/manifest.py and python3 data/build/check_people.py")


if __name__ == "__main__":
    main()
