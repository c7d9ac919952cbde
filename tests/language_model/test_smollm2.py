"""SmolLM2: its absence is said in one line, and where it has been fetched it equals the oracles."""

import json
import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from course_utils.errors import CourseError
from course_utils.language_model import smollm2, writing
from course_utils.places import CACHE, ROOT
from tests.language_model import oracles

needs_it = pytest.mark.skipif(not smollm2.fetched(), reason=smollm2.ABSENT)
STORED = json.loads(oracles.FILE.read_text(encoding="utf-8"))


@pytest.fixture
def absent(tmp_path, monkeypatch):
    monkeypatch.setattr(smollm2, "path", lambda: tmp_path / "model.gguf")
    return tmp_path / "model.gguf"


def test_its_absence_is_said_in_one_line(absent, capsys):
    assert smollm2.here() is False
    assert capsys.readouterr().out == f"{smollm2.ABSENT}\n"
    with pytest.raises(
        CourseError, match=r"^SmolLM2 is not here: `python3 -m course_utils fetch smollm2` fetches it"
    ):
        smollm2.load()


def test_its_presence_is_not_said(absent, capsys, monkeypatch):
    absent.write_bytes(b"12345")
    monkeypatch.setattr(smollm2, "MODEL", smollm2.dataclasses.replace(smollm2.MODEL, size=5))
    assert smollm2.here() is True and capsys.readouterr().out == ""


def test_another_file_in_its_place_is_refused(absent):
    absent.write_bytes(b"12345")
    assert smollm2.fetched() is False
    with pytest.raises(
        CourseError, match=r"5 bytes, SHA-256 5994471abb01…; expected 98,362,432 bytes, b179c9523d0e…"
    ):
        smollm2.load()


def test_it_lies_in_the_cache():
    assert smollm2.path().is_relative_to(CACHE) and smollm2.path().suffix == ".gguf"


def test_looking_for_it_needs_no_package():
    code = (
        "from course_utils.language_model import smollm2; import sys; smollm2.fetched(); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert not {"numpy", "keras", "regex"} & set(loaded.split())


def test_a_conversation_in_the_form_of_the_model():
    assert smollm2.chat("Hi", system="") == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    said = smollm2.chat("One?", "1.", "Two?")
    assert said.startswith(
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    )
    assert said.endswith(
        "<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n1.<|im_end|>\n"
        "<|im_start|>user\nTwo?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("turns", [(), ("a", "b"), (3,)])
def test_a_conversation_that_the_model_is_not_to_go_on_with_is_refused(turns):
    with pytest.raises(CourseError, match="expected an odd number of strings"):
        smollm2.chat(*turns)


@pytest.fixture(scope="module")
def loaded():
    return smollm2.load()


@needs_it
@pytest.mark.slow
def test_its_logits_are_those_of_kerashub(loaded):
    model, tokenizer = loaded
    for text, stored in zip(oracles.TEXTS, STORED["texts"], strict=True):
        hidden, _ = model(model.embed([tokenizer.encode(text)]))
        logits = ops.convert_to_numpy(model.logits(hidden[0, -1]))
        np.testing.assert_allclose(logits[stored["tokens"]], stored["logits"], atol=1e-3)
        assert logits.argmax() == stored["tokens"][0]


@needs_it
@pytest.mark.slow
def test_its_tokens_are_those_of_the_package_tokenizers(loaded):
    _, tokenizer = loaded
    lines = oracles.lines()
    found = [oracles.fingerprint(tokenizer.encode(line)) for line in lines]
    wrong = [line for line, mine, theirs in zip(lines, found, STORED["lines"], strict=True) if mine != theirs]
    assert len(lines) == 1000 and not wrong


@needs_it
@pytest.mark.slow
def test_it_is_frozen_and_as_large_as_counted_and_knows_a_capital(loaded):
    model, tokenizer = loaded
    assert model.count_params() == model.configuration.parameters() == 134_515_008
    assert not model.trainable_variables and len(tokenizer) == model.configuration.vocabulary == 49_152
    ids = tokenizer.encode("The capital of France is")
    _, cache = model(model.embed([ids]))
    assert sum(ops.convert_to_numpy(part).nbytes for pair in cache for part in pair) == (
        model.configuration.cache_bytes(len(ids))
    )
    assert tokenizer.decode(writing.write(model, model.embed([ids]), 2)[0]) == " Paris."
