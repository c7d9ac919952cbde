"""Scenes are what they say: drawn where the boxes are, asked and described truly, and balanced."""

import hashlib
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binom, chisquare
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from course_utils import CourseError
from course_utils.datasets import emoji, scenes
from course_utils.places import ROOT

NUMBERS = {word: i for i, word in enumerate(("one", "two", "three", "four", "five", "six"), start=1)}
CONFIDENCE = 0.9999


@pytest.fixture(scope="module")
def some():
    return scenes.generate(400, seed=1, styles=emoji.STYLES, objects=(2, 6))


@pytest.fixture(scope="module")
def repeated():
    return scenes.generate(400, seed=2, repeats=True)


@pytest.fixture(scope="module")
def many():
    """Questions and captions of 12,000 scenes, read, without their pictures."""
    questions, answers, kinds, captions = [], [], [], []
    for seed in range(4):
        drawn = scenes.generate(3000, seed=100 + seed)
        questions += drawn.read(drawn.questions)
        captions += drawn.read(drawn.captions)
        answers.append(drawn.answers)
        kinds.append(drawn.kinds)
    return np.array(questions), np.concatenate(answers), np.concatenate(kinds), np.array(captions)


@pytest.fixture(scope="module")
def many_repeated():
    drawn = scenes.generate(4000, seed=200, repeats=True)
    return np.array(drawn.read(drawn.captions))


# An oracle that knows the names and the boxes only, and works on the sentences as text.


def located(drawn, i):
    """[(concept's name, row, column)] of scene i, from the centres of its boxes."""
    found = []
    for concept, (x, y, width, height) in zip(drawn.concepts[i], drawn.boxes[i], strict=True):
        if width:
            row, column = int((y + height / 2) // scenes.CELL), int((x + width / 2) // scenes.CELL)
            found.append((drawn.concept_names[concept], row, column))
    return found


def position(text):
    row, column = text.split()
    return ("top", "middle", "bottom").index(row), ("left", "centre", "right").index(column)


def answer_to(question, things):
    at = {(row, column): name for name, row, column in things}
    place = {name: cell for cell, name in at.items()}
    if match := re.fullmatch(r"what is at the (\w+ \w+)", question):
        return at[position(match[1])]
    if match := re.fullmatch(r"where is the (.+)", question):
        row, column = place[match[1]]
        return f"{('top', 'middle', 'bottom')[row]} {('left', 'centre', 'right')[column]}"
    relation, name = re.fullmatch(r"what is (right of|left of|above|below) the (.+)", question).groups()
    down, across = {"right of": (0, 1), "left of": (0, -1), "above": (-1, 0), "below": (1, 0)}[relation]
    row, column = place[name]
    return at[row + down, column + across]


def facts(caption):
    """(kind, the facts it states), from the text."""
    if match := re.fullmatch(r"an? (.+) and an? (.+)", caption):
        return "object", match.groups()
    if match := re.fullmatch(r"there (is|are) (\w+) (.+)", caption):
        assert (match[1] == "is") == (match[2] == "one") == (not match[3].endswith("s"))
        singular = re.sub(r"ies$", "y", match[3]).removesuffix("s")
        return "count", (NUMBERS[match[2]], singular)
    if match := re.fullmatch(r"the (.+) is (right of|left of|above|below) the (.+)", caption):
        return "relation", match.groups()
    name, where = re.fullmatch(r"the (.+) is at the (\w+ \w+)", caption).groups()
    return "position", (name, where)


def is_true(caption, things):
    kind, stated = facts(caption)
    names = [name for name, _, _ in things]
    place = {name: (row, column) for name, row, column in things}
    if kind == "object":
        return set(stated) <= set(names)
    if kind == "count":
        return stated[0] == (len(names) if stated[1] == "thing" else names.count(stated[1]))
    if kind == "position":
        return place[stated[0]] == position(stated[1])
    (row, column), (other_row, other_column) = place[stated[0]], place[stated[2]]
    return {
        "right of": column > other_column,
        "left of": column < other_column,
        "above": row < other_row,
        "below": row > other_row,
    }[stated[1]]


# What a scene is


def test_arrays_have_the_documented_shapes_and_types(some):
    n = len(some)
    assert n == 400
    assert some.pictures.shape == (n, 96, 96, 3) and some.pictures.dtype == np.uint8
    assert some.mask.shape == (n, 6) and some.mask.dtype == bool
    shapes = {"concepts": (6,), "cells": (6,), "styles": (6,), "boxes": (6, 4), "areas": (6,)}
    shapes |= dict.fromkeys(("kinds", "answers", "asked", "answered"), (8,))
    shapes |= {"questions": (8, 7), "captions": (4, 2, 7)}
    for name, shape in shapes.items():
        array = getattr(some, name)
        assert array.shape == (n, *shape) and array.dtype == np.int32, name
    assert some.style_names == emoji.STYLES
    assert some.caption_kinds == scenes.CAPTION_KINDS
    assert some.concept_names == scenes.CONCEPTS and len(set(scenes.CONCEPTS)) == 12
    assert some.answer_names == scenes.CONCEPTS + scenes.POSITIONS and len(some.answer_names) == 21
    assert some.vocabulary[0] == "" and len(set(some.vocabulary)) == len(some.vocabulary) < 64


def test_objects_come_first_each_of_another_concept_in_a_cell_of_its_own(some):
    count = some.mask.sum(axis=1)
    np.testing.assert_array_equal(some.mask, np.arange(6) < count[:, np.newaxis])
    for name in ("concepts", "cells", "styles"):
        np.testing.assert_array_equal(getattr(some, name) >= 0, some.mask)
    assert not some.boxes[~some.mask].any() and not some.areas[~some.mask].any()
    for concepts, cells, mask in zip(some.concepts, some.cells, some.mask, strict=True):
        assert len(set(concepts[mask])) == len(set(cells[mask])) == mask.sum()
    assert set(count) == {2, 3, 4, 5, 6}
    assert some.concepts.max() == 11 and some.cells.max() == 8 and set(some.styles[some.mask]) == {0, 1, 2, 3}


def test_the_numbers_of_objects_and_the_styles_are_those_asked_for():
    drawn = scenes.generate(60, seed=0, styles=["openmoji"], objects=(4, 5))
    assert set(drawn.mask.sum(axis=1)) == {4, 5}
    assert drawn.style_names == ("openmoji",) and set(drawn.styles[drawn.mask]) == {0}


def test_boxes_lie_in_their_cells_and_vary_in_size_and_place(some):
    x, y, width, height = some.boxes[some.mask].T
    row, column = np.divmod(some.cells[some.mask], 3)
    assert (x >= 32 * column).all() and (x + width <= 32 * column + 32).all()
    assert (y >= 32 * row).all() and (y + height <= 32 * row + 32).all()
    assert (np.maximum(width, height) >= 16).all() and (some.areas[some.mask] <= width * height).all()
    assert len(set(np.maximum(width, height))) > 10 and len(set(x - 32 * column)) > 10


def test_boxes_and_areas_are_those_of_the_visible_pixels():
    arguments = {"seed": 5, "styles": emoji.STYLES}
    white = scenes.generate(100, background="white", **arguments)
    plain = scenes.generate(100, background="plain", **arguments)
    np.testing.assert_array_equal(white.boxes, plain.boxes)
    for i in range(100):
        # An empty cell shows the background; where both pictures differ by as much, nothing is drawn.
        empty = min(set(range(9)) - set(white.cells[i]))
        colour = plain.pictures[i, 32 * (empty // 3) + 5, 32 * (empty % 3) + 5].astype(float)
        difference = white.pictures[i].astype(float) - plain.pictures[i]
        alpha = 1 - (difference / (255 - colour)).mean(axis=-1)
        assert alpha.min() > -0.1 and alpha.max() < 1.1
        covered = np.zeros((96, 96), bool)
        for (x, y, width, height), area in zip(white.boxes[i], white.areas[i], strict=True):
            if width:
                part = alpha[y : y + height, x : x + width]
                assert part.max(axis=1)[[0, -1]].min() > 0.45 and part.max(axis=0)[[0, -1]].min() > 0.45
                assert abs((part >= 0.5).sum() - area) <= 0.05 * area
                covered[y : y + height, x : x + width] = True
        assert alpha[~covered].max() < 0.55


def test_a_picture_is_its_sprite_laid_over_the_background():
    drawn = scenes.generate(40, seed=3, styles=["noto"], background="white")
    loaded = emoji.load(["noto"])
    for i in range(40):
        for concept, (x, y, width, height) in zip(drawn.concepts[i], drawn.boxes[i], strict=True):
            if not width:
                continue
            original = loaded.pictures["noto"][loaded.index(drawn.concept_names[concept])]
            found = drawn.pictures[i, y : y + height, x : x + width].astype(int)
            # The box does not tell the size for sure, but one of the seven must give the picture.
            worst = [np.abs(sprite - found).max() for sprite in cut_out(original, (width, height))]
            assert min(worst) <= 2, (i, drawn.concept_names[concept])


def cut_out(original, extent):
    """What Pillow makes of a sprite on white in all sizes in which its box has that width and height."""
    for size in range(26, 33):
        sprite = Image.fromarray(original).resize((size, size), Image.Resampling.LANCZOS)
        left, top, right, bottom = sprite.getchannel("A").point(lambda alpha: 255 * (alpha >= 128)).getbbox()
        if (right - left, bottom - top) == extent:
            white = Image.new("RGBA", (size, size), "white")
            white.alpha_composite(sprite)
            yield np.asarray(white.crop((left, top, right, bottom)).convert("RGB")).astype(int)


def test_backgrounds_are_white_plain_or_soft():
    drawn = {
        name: scenes.generate(50, seed=6, objects=(2, 3), background=name).pictures.astype(int)
        for name in scenes.BACKGROUNDS
    }
    white, plain, soft = (drawn[name] for name in scenes.BACKGROUNDS)
    # Two or three objects leave most of the picture free, so the median is the background's.
    assert (np.median(white, axis=(1, 2)) == 255).all()
    colours = np.median(plain, axis=(1, 2))
    assert len(np.unique(colours, axis=0)) == 50 and colours.min() >= 190
    assert ((plain == colours[:, np.newaxis, np.newaxis]).all(axis=-1).mean(axis=(1, 2)) > 0.6).all()
    assert np.median(np.ptp(soft[:, :, 47], axis=1)) > 10
    assert np.median(np.abs(np.diff(soft, axis=2)).max(axis=-1)) <= 1


# Determinism


def digest(drawn):
    names = ("concepts", "cells", "boxes", "questions", "answers", "asked", "answered", "captions")
    content = b"".join(np.ascontiguousarray(getattr(drawn, name), "<i4").tobytes() for name in names)
    return hashlib.sha256(content).hexdigest()[:16]


@pytest.mark.slow
def test_the_seed_decides_in_this_process_and_in_another():
    first = scenes.generate(30, seed=7)
    second = scenes.generate(30, seed=7)
    other = scenes.generate(30, seed=8)
    code = (
        "import hashlib\n"
        "from course_utils.datasets import scenes\n"
        "print(hashlib.sha256(scenes.generate(30, seed=7).pictures.tobytes()).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(first.pictures.tobytes()).hexdigest()
    assert digest(first) == digest(second) != digest(other)
    np.testing.assert_array_equal(first.pictures, second.pictures)


def test_scenes_are_the_same_on_every_machine():
    assert digest(scenes.generate(200, seed=0)) == "aac086860a13e3f4"


def test_another_style_or_background_changes_the_pictures_only():
    base = scenes.generate(50, seed=9)
    other = scenes.generate(50, seed=9, styles=[emoji.TEST_STYLE], background="white")
    for name in ("concepts", "cells", "questions", "answers", "asked", "answered", "captions"):
        np.testing.assert_array_equal(getattr(base, name), getattr(other, name))
    assert (base.pictures != other.pictures).any(axis=(1, 2, 3)).all()


def test_more_scenes_than_are_drawn_at_once_have_their_own_pictures():
    drawn = scenes.generate(300, seed=10, styles=["noto"], background="white")
    inked = (drawn.pictures.reshape(300, 3, 32, 3, 32, 3) < 250).any(axis=(2, 4, 5)).reshape(300, 9)
    expected = np.zeros((300, 9), bool)
    scene, place = np.nonzero(drawn.mask)
    expected[scene, drawn.cells[scene, place]] = True
    np.testing.assert_array_equal(inked, expected)


# Questions


@pytest.mark.parametrize("objects", [(2, 2), (2, 6), (6, 6)])
def test_answers_are_those_of_an_oracle_that_reads_the_question_and_looks_at_the_boxes(objects):
    drawn = scenes.generate(300, seed=11, objects=objects)
    for i, questions in enumerate(drawn.read(drawn.questions)):
        things = located(drawn, i)
        for question, answer in zip(questions, drawn.answers[i], strict=True):
            assert answer_to(question, things) == drawn.answer_names[answer], question


def test_the_evidence_is_the_object_asked_about_and_the_one_that_answers(some):
    for i, questions in enumerate(some.read(some.questions)):
        things = located(some, i)
        for j, question in enumerate(questions):
            kind = scenes.QUESTION_KINDS[some.kinds[i, j]]
            asked, answered = things[some.asked[i, j]], things[some.answered[i, j]]
            answer = some.answer_names[some.answers[i, j]]
            if kind == "what is at":
                assert some.asked[i, j] == some.answered[i, j] and answered[0] == answer
                assert question.endswith(scenes.POSITIONS[3 * answered[1] + answered[2]])
            elif kind == "where is":
                assert some.asked[i, j] == some.answered[i, j] and question == f"where is the {asked[0]}"
            else:
                assert question == f"what is {kind} the {asked[0]}" and answered[0] == answer


def test_each_scene_gets_its_kinds_and_no_question_twice_while_there_are_others(some):
    np.testing.assert_array_equal(some.kinds[:, :4], np.tile([0, 0, 1, 1], (len(some), 1)))
    without = 0
    for i, questions in enumerate(some.read(some.questions)):
        cells = [(row, column) for _, row, column in located(some, i)]
        beside = sum(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in itertools.permutations(cells, 2))
        assert len(set(questions[:2])) == len(set(questions[2:4])) == 2
        if beside:
            assert (some.kinds[i, 4:] > 1).all() and len(set(questions[4:])) == min(4, beside)
        else:
            without += 1
            assert (some.kinds[i, 4:] == 0).all()
            assert len(set(questions[:2] + questions[4:])) == min(6, len(cells))
    assert without > 20


def test_padding_is_masked(some):
    lengths = [[len(question.split()) for question in questions] for questions in some.read(some.questions)]
    np.testing.assert_array_equal(some.question_mask.sum(axis=-1), lengths)
    assert some.question_mask.dtype == bool and some.question_mask[..., 0].all()


def possible_answers(question):
    """The classes that can be the answer, from the text of a question or from its first word or words."""
    if question.startswith("where"):
        return np.arange(12, 21)
    return np.array([i for i, name in enumerate(scenes.CONCEPTS) if not question.endswith(f" {name}")])


def uneven(questions, answers):
    """Which questions have answers that are not uniform: counts beyond the binomial interval.

    Both each text for itself and, since more of them show smaller faults, all questions of one kind.
    """
    texts = {text: questions == text for text in np.unique(questions)}
    kinds = {kind: np.strings.startswith(questions, kind) for kind in ("what is at", "where is", "what is")}
    tail = (1 - CONFIDENCE) / 2 / (21 * (len(texts) + len(kinds)))  # for as many counts as there are at most
    found = []
    for text, chosen in {**texts, **kinds}.items():
        possible = possible_answers(text)
        counts = np.bincount(answers[chosen], minlength=21)[possible]
        low, high = binom.ppf([tail, 1 - tail], chosen.sum(), 1 / len(possible))
        if counts.sum() < chosen.sum() or counts.min() < low or counts.max() > high:
            found.append(text)
    return found


@pytest.mark.slow
def test_each_question_has_uniform_answers(many):
    questions, answers, _, _ = many
    assert len(np.unique(questions)) == 9 + 12 + 4 * 12
    assert uneven(questions.ravel(), answers.ravel()) == []
    for text in np.unique(questions):
        counts = np.bincount(answers[questions == text], minlength=21)[possible_answers(text)]
        assert counts.min() > 40 and chisquare(counts).pvalue > 1e-5, text


def test_the_check_of_uniform_answers_notices_a_bias(many):
    """Had only those objects been looked for that something stands beside, the middle would be likelier."""
    questions, answers, _, _ = many
    beside = [text.split()[-1] in " ".join(others) for text, *others in questions[:, [2, 4, 5, 6, 7]]]
    assert "where is" in uneven(questions[beside, 2], answers[beside, 2])
    assert uneven(questions[: sum(beside), 2], answers[: sum(beside), 2]) == []


def test_text_alone_answers_at_chance(many):
    questions, answers, _, _ = many
    half = len(questions) // 2
    train, test = questions[:half].ravel(), questions[half:].ravel()
    known, asked = answers[:half].ravel(), answers[half:].ravel()
    # Nothing that sees one question only can do better than the most frequent answer to that text.
    best = {text: np.bincount(known[train == text]).argmax() for text in np.unique(train)}
    hits = sum(best[text] == answer for text, answer in zip(test, asked, strict=True))
    chances = np.array([1 / len(possible_answers(text)) for text in test])
    assert abs(hits - chances.sum()) < 4 * np.sqrt((chances * (1 - chances)).sum())


# Captions


@pytest.mark.parametrize("arguments", [{"objects": (2, 6)}, {"objects": (5, 5)}, {"repeats": True}], ids=str)
def test_captions_are_true_or_false_by_exactly_one_fact(arguments):
    drawn = scenes.generate(300, seed=12, **arguments)
    for i, pairs in enumerate(drawn.read(drawn.captions)):
        things = located(drawn, i)
        for kind, (false, true) in zip(drawn.caption_kinds, pairs, strict=True):
            assert is_true(true, things) and not is_true(false, things), (true, false)
            (kind_of_true, facts_of_true), (kind_of_false, facts_of_false) = facts(true), facts(false)
            assert kind == kind_of_true == kind_of_false
            different = [a != b for a, b in zip(facts_of_true, facts_of_false, strict=True)]
            assert sum(different) == 1
            assert (
                kind == "object" or different.index(True) == {"count": 0, "relation": 1, "position": 1}[kind]
            )


def test_false_captions_cannot_be_told_by_an_empty_cell_or_by_which_name_is_wrong(some):
    wrong_first = 0
    for i, pairs in enumerate(some.read(some.captions)):
        things = located(some, i)
        false_objects, _, _, false_position = (facts(false)[1] for false, _ in pairs)
        assert position(false_position[1]) in [(row, column) for _, row, column in things]
        wrong_first += false_objects[0] not in [name for name, _, _ in things]
    assert at_chance(wrong_first, len(some))


def test_a_fixed_number_of_objects_has_no_count_captions():
    drawn = scenes.generate(3, seed=0, objects=(4, 4))
    assert drawn.caption_kinds == ("object", "relation", "position") and drawn.captions.shape == (3, 3, 2, 7)


@pytest.mark.parametrize("kind", scenes.CAPTION_KINDS)
def test_a_caption_has_the_same_distribution_whether_true_or_false(many, kind):
    captions = many[3][:, scenes.CAPTION_KINDS.index(kind)]
    texts = np.unique(captions)
    expected = {"object": 12 * 11, "count": 4, "relation": 4 * 12 * 11, "position": 12 * 9}[kind]
    assert len(texts) == expected
    for truth in (0, 1):
        _, counts = np.unique(captions[:, truth], return_counts=True)
        assert chisquare(counts).pvalue > 1e-4


def blind_accuracy(captions, seed):
    """Of a classifier that sees a caption's words and pairs of words, on scenes it was not fitted on."""
    half = len(captions) // 2
    fitted = make_pipeline(
        CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+"), LogisticRegression(max_iter=300)
    )
    fitted.fit(captions[:half].ravel(), np.tile([0, 1], half))
    truth = np.random.default_rng(seed).integers(2, size=len(captions) - half)
    asked = captions[half:][np.arange(len(truth)), truth]
    return (fitted.predict(asked) == truth).sum(), len(truth)


def at_chance(hits, n):
    tail = (1 - CONFIDENCE) / 2
    low, high = binom.ppf([tail, 1 - tail], n, 0.5)
    return low <= hits <= high


@pytest.mark.parametrize("kind", scenes.CAPTION_KINDS)
def test_a_caption_alone_does_not_tell_whether_it_is_true(many, kind):
    assert at_chance(*blind_accuracy(many[3][:, scenes.CAPTION_KINDS.index(kind)], seed=0))


@pytest.mark.parametrize("kind", [0, 1])
def test_a_caption_alone_tells_nothing_where_concepts_repeat(many_repeated, kind):
    assert at_chance(*blind_accuracy(many_repeated[:, kind], seed=1))


def test_the_blind_classifier_notices_a_bias(many):
    captions = many[3][:, scenes.CAPTION_KINDS.index("count")].copy()
    captions[::10, 0] = "there are six things"
    assert not at_chance(*blind_accuracy(captions, seed=2))


def test_a_picture_alone_does_not_tell_whether_its_caption_is_true(some):
    seen = some.pictures[:, ::8, ::8].reshape(len(some), -1) / 255
    half = len(some) // 2
    for kind in range(len(some.caption_kinds)):
        assert (some.captions[:, kind, 0] != some.captions[:, kind, 1]).any(axis=-1).all()
    # Each picture has a true and a false caption, so whatever it makes one say is right for one of two.
    fitted = LogisticRegression(max_iter=200).fit(np.repeat(seen[:half], 2, axis=0), np.tile([0, 1], half))
    said = fitted.predict(np.repeat(seen[half:], 2, axis=0))
    assert (said == np.tile([0, 1], len(some) - half)).mean() == 0.5


def test_repeated_concepts_are_counted_and_nothing_is_asked(repeated):
    assert repeated.questions.shape == (400, 0, 7) and repeated.answers.shape == (400, 0)
    assert repeated.caption_kinds == ("object", "count")
    drawn = [concepts[mask] for concepts, mask in zip(repeated.concepts, repeated.mask, strict=True)]
    assert {np.bincount(concepts).max() for concepts in drawn} == {1, 2, 3}
    assert min(len(set(concepts)) for concepts in drawn) == 2
    numbers = {true.split()[2] for _, (_, true) in repeated.read(repeated.captions)}
    assert numbers == {"one", "two", "three"}


# More objects than captions can count


def test_up_to_nine_objects_are_drawn_asked_about_and_described_where_asked_for():
    drawn = scenes.generate(200, seed=25, objects=(7, 9), styles=emoji.STYLES)
    assert drawn.concepts.shape == drawn.areas.shape == (200, 9) and drawn.boxes.shape == (200, 9, 4)
    assert set(drawn.mask.sum(axis=1)) == {7, 8, 9}
    assert drawn.caption_kinds == ("object", "relation", "position")  # there is no word for seven
    assert drawn.vocabulary == scenes.generate(1, seed=0).vocabulary
    for i, (questions, pairs) in enumerate(
        zip(drawn.read(drawn.questions), drawn.read(drawn.captions), strict=True)
    ):
        things = located(drawn, i)
        assert 7 <= len({name for name, *_ in things}) == len({tuple(cell) for _, *cell in things}) <= 9
        for question, answer in zip(questions, drawn.answers[i], strict=True):
            assert answer_to(question, things) == drawn.answer_names[answer]
        assert all(is_true(true, things) and not is_true(false, things) for false, true in pairs)


def test_scenes_of_more_than_nine_objects_or_of_more_than_six_with_repeats_are_refused():
    with pytest.raises(CourseError, match=r"objects\[1\] is 10"):
        scenes.generate(1, seed=0, objects=(7, 10))
    with pytest.raises(CourseError, match=r"objects\[1\] is 7"):
        scenes.generate(1, seed=0, objects=(3, 7), repeats=True)


# Full captions


@pytest.mark.parametrize("objects", [(2, 6), (7, 9)])
def test_a_full_caption_says_every_object_and_position_in_reading_order_and_nothing_else(objects):
    drawn = scenes.generate(200, seed=26, objects=objects)
    whole, short = scenes.full_captions(drawn), scenes.full_captions(drawn, positions=False)
    for i, (caption, listed, so) in enumerate(zip(whole, short, drawn.facts, strict=True)):
        things = sorted(located(drawn, i), key=lambda thing: thing[1:])
        read, unread = scenes.facts_of(caption)
        assert read == {fact for fact in so if fact[0] in ("object", "position")} and not unread
        assert caption.split()[1::7] == [name for name, _, _ in things]
        assert scenes.facts_of(listed) == ({fact for fact in so if fact[0] == "object"}, 0)
        assert listed.replace("an ", "a ").split(" and ") == [f"a {name}" for name, _, _ in things]
        assert set(f"{caption} {listed}".split()) <= set(drawn.vocabulary)


def test_full_captions_know_articles_and_names_of_several_words():
    own = scenes.compose([("top hat", 8), ("owl", 1)], concepts=["top hat", "owl", "hut"])
    assert scenes.full_captions(own) == ["the owl is at the top centre the top hat is at the bottom right"]
    assert scenes.full_captions(own, positions=False) == ["an owl and a top hat"]


# Facts


@pytest.mark.parametrize("arguments", [{"objects": (2, 6)}, {"repeats": True}], ids=str)
def test_a_caption_is_true_exactly_if_the_scene_has_all_its_facts(arguments):
    drawn = scenes.generate(700, seed=21, **arguments)
    kinds = set()
    for i, (pairs, so) in enumerate(zip(drawn.read(drawn.captions), drawn.facts, strict=True)):
        things = located(drawn, i)
        for kind, pair in zip(drawn.caption_kinds, pairs, strict=True):
            for caption in pair:
                said, unread = scenes.facts_of(caption)
                assert unread == 0 and kind in {fact[0] for fact in said}, caption
                assert (said <= so) == is_true(caption, things), caption
                kinds |= {fact[0] for fact in said}
    assert kinds == {"object", *drawn.caption_kinds}


@pytest.mark.parametrize("arguments", [{"objects": (2, 6)}, {"repeats": True}], ids=str)
def test_every_fact_of_a_scene_can_be_said_and_read_again(arguments):
    drawn = scenes.generate(200, seed=22, **arguments)
    for i, so in enumerate(drawn.facts):
        things = located(drawn, i)
        for fact in so:
            assert fact in scenes.facts_of(said(fact)).facts
            if not arguments.get("repeats"):
                assert is_true(
                    said(fact) if fact[0] != "object" else f"{said(fact)} and {said(fact)}", things
                )
        names = [name for name, _, _ in things]
        counted = {("count", "thing", len(names)), *(("count", name, names.count(name)) for name in names)}
        assert {fact for fact in so if fact[0] == "count"} == counted
        assert {fact[1] for fact in so if fact[0] == "object"} == set(names)
        pairs = itertools.permutations([(row, column) for _, row, column in things], 2)
        relations = sum((a != c) + (b != d) for (a, b), (c, d) in pairs)
        listed = [fact for fact in so if fact[0] == "relation"]
        assert len(listed) == relations or arguments.get("repeats")


def said(fact):
    """A sentence for one fact."""
    kind, name, *rest = fact
    if kind == "object":
        return f"a {name}"
    if kind == "count":
        number = list(NUMBERS)[rest[0] - 1]
        plural = {"strawberry": "strawberries"}.get(name, f"{name}s")
        return f"there is one {name}" if number == "one" else f"there are {number} {plural}"
    if kind == "position":
        return f"the {name} is at the {rest[0]}"
    return f"the {name} is {rest[0]} the {rest[1]}"


@pytest.mark.parametrize(
    ("caption", "facts", "unread"),
    [
        ("a cat and an owl", {("object", "cat"), ("object", "owl")}, 0),
        (
            "The cat is left of the owl, and there are two things.",
            {
                ("object", "cat"),
                ("object", "owl"),
                ("relation", "cat", "left of", "owl"),
                ("count", "thing", 2),
            },
            0,
        ),
        ("there are three strawberries", {("object", "strawberry"), ("count", "strawberry", 3)}, 0),
        ("there is one thing", {("count", "thing", 1)}, 0),
        ("an cat", {("object", "cat")}, 0),
        ("there are two cat", {("object", "cat"), ("count", "cat", 2)}, 0),
        (
            "the key is at the middle centre a key",
            {("object", "key"), ("position", "key", "middle centre")},
            0,
        ),
        ("a cat and and an owl", {("object", "cat"), ("object", "owl")}, 2),
        ("a cat and", {("object", "cat")}, 1),
        ("a cat is left of the owl", {("object", "cat")}, 5),
        (
            "the the cat is above the owl",
            {("object", "cat"), ("object", "owl"), ("relation", "cat", "above", "owl")},
            1,
        ),
        ("the cat is at the left top", set(), 7),
        ("the cat is at the top", set(), 6),
        ("there are seven cats", set(), 4),
        ("a unicorn and a catfish", set(), 5),
        ("a | cat (?P<x>", {("object", "cat")}, 2),
        ("", set(), 0),
        ("  ...  ", set(), 0),
        ("猫在左边", set(), 1),
    ],
)
def test_what_cannot_be_read_is_counted(caption, facts, unread):
    assert scenes.facts_of(caption) == (frozenset(facts), unread)


def test_captions_in_disorder_are_read_without_an_error_and_without_inventing():
    drawn = scenes.generate(500, seed=23)
    rng = np.random.default_rng(0)
    words = [word for word in drawn.vocabulary if word]
    lost = 0
    for caption in np.ravel(drawn.read(drawn.captions)).tolist():
        whole, broken = scenes.facts_of(caption), caption.split()
        broken[rng.integers(len(broken))] = words[rng.integers(len(words))]
        found = scenes.facts_of(" ".join(broken))
        assert 0 <= found.unread <= len(broken)
        assert {fact[1] for fact in found.facts} <= {*scenes.CONCEPTS, "thing"}
        lost += found != whole
        shuffled = rng.permutation(words)[: rng.integers(1, 20)]
        assert scenes.facts_of(" ".join(shuffled)).unread <= " ".join(shuffled).count(" ") + 1
    assert lost > 3000


def test_facts_know_the_names_of_other_concepts():
    names = ("hot dog", "dog", "unicorn", "cat", "owl", "frog")
    assert scenes.facts_of("a hot dog and a unicorn", names).facts == {
        ("object", "hot dog"),
        ("object", "unicorn"),
    }
    assert scenes.facts_of("the dog is above the hot dog", names).unread == 0
    drawn = scenes.generate(
        100, seed=24, objects=(2, 4), concepts=["hot dog", "unicorn", "cat", "owl", "frog"]
    )
    for captions, so in zip(drawn.read(drawn.captions[:, :, 1]), drawn.facts, strict=True):
        for caption in captions:
            said, unread = scenes.facts_of(caption, drawn.concept_names)
            assert unread == 0 and said <= so


def test_no_caption_at_all_is_an_error():
    with pytest.raises(CourseError, match=r"caption is \['a', 'cat'\]: expected one string"):
        scenes.facts_of(["a", "cat"])


# Own concepts, own scenes, own questions


def test_own_concepts_are_taken_with_their_plurals_and_articles():
    names = ["unicorn", "umbrella", "bus", "wrapped gift", "butterfly", "fox", "key", "peach"]
    drawn = scenes.generate(200, seed=0, concepts=names, repeats=True)
    assert drawn.concept_names == tuple(names) and drawn.answer_names[:8] == tuple(names)
    said = {text for pairs in drawn.read(drawn.captions) for pair in pairs for text in pair}
    expected = "a unicorn, an umbrella, buses, wrapped gifts, butterflies, foxes, keys, peaches"
    assert all(words in " ".join(said) for words in expected.split(", "))


def test_concepts_may_be_given_in_any_of_their_names():
    drawn = scenes.generate(2, seed=0, concepts=["🐈", "猫头鹰", "FROG"], objects=(2, 2))
    assert drawn.concept_names == ("cat", "owl", "frog")
    assert (drawn.concepts[:, 2:] == -1).all()


def test_select_takes_the_same_rows_of_everything(some):
    few = some.select([5, 3])
    assert len(few) == 2 and few.vocabulary == some.vocabulary
    np.testing.assert_array_equal(few.pictures, some.pictures[[5, 3]])
    np.testing.assert_array_equal(few.answered, some.answered[[5, 3]])
    assert len(some.select(slice(7))) == 7 and len(some.select(some.mask[:, 5])) == some.mask[:, 5].sum()


def test_encode_is_the_opposite_of_read(some):
    for words in (*some.questions[0], *some.captions[0, :, 1]):
        text = some.read(words)
        np.testing.assert_array_equal(some.encode(text), words)
        np.testing.assert_array_equal(some.encode(f" {text.capitalize()}? "), words)
    assert some.encode("where is the cat").dtype == np.int32


def test_encode_knows_names_of_several_words():
    drawn = scenes.compose([("red apple", 0), ("top hat", 1)], concepts=["red apple", "top hat", "hut"])
    question = "where is the top hat"
    assert drawn.read(drawn.encode(question)) == question
    assert (drawn.encode(question) > 0).sum() == 4
    assert question in drawn.read(drawn.questions[0])


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("where is the catt?", "'catt'.*Similar: cat"),
        ("where is the unicorn?", "'unicorn'"),
        ("", "0 words: expected 1 to 7"),
        ("what is right of the cat and the owl", "9 words"),
        (None, "sentence is None"),
    ],
)
def test_encode_refuses_what_no_model_was_taught(some, sentence, message):
    with pytest.raises(CourseError, match=message):
        some.encode(sentence)


def test_a_scene_of_your_own_is_as_you_say():
    wanted = [("cat", "top left"), ("Owl", "top centre"), ("key", 8)]
    own = scenes.compose(wanted, style="openmoji", seed=3)
    assert len(own) == 1 and own.style_names == ("openmoji",)
    assert located(own, 0) == [("cat", 0, 0), ("owl", 0, 1), ("key", 2, 2)]
    things = located(own, 0)
    for question, answer in zip(own.read(own.questions[0]), own.answers[0], strict=True):
        assert answer_to(question, things) == own.answer_names[answer]
    for false, true in own.read(own.captions[0]):
        assert is_true(true, things) and not is_true(false, things)
    assert own.caption_kinds == scenes.CAPTION_KINDS
    assert own.pictures.tobytes() == scenes.compose(wanted, style="openmoji", seed=3).pictures.tobytes()
    assert own.pictures.tobytes() != scenes.compose(wanted, style="openmoji", seed=4).pictures.tobytes()
    assert own.vocabulary == scenes.generate(1, seed=0).vocabulary


def test_something_must_be_missing_for_a_false_caption():
    with pytest.raises(CourseError, match="2 names: expected at least 3"):
        scenes.compose({"cat": 0, "owl": 1}, concepts=["cat", "owl"])


def test_a_dict_of_concepts_and_cells_will_do():
    own = scenes.compose({"cat": "top left", "owl": "bottom right"})
    assert own.cells[0, :2].tolist() == [0, 8] and own.style_names == (emoji.TEST_STYLE,)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([("catt", 0), ("owl", 1)], "concept 'catt', which there is not. Similar: cat"),
        ([("unicorn", 0), ("owl", 1)], "concept 'unicorn', which there is not"),
        ([("cat", "top middle"), ("owl", 1)], "cell 'top middle'.*Similar: (top|middle)"),
        ([("cat", 9), ("owl", 1)], "9: expected a whole number from 0 to 8"),
        ([("cat", "top left"), ("owl", 0)], "'owl' at 'top left', where 'cat' is already"),
        ([("cat", 0), ("cat", 1)], "'cat' twice"),
        ([("cat", 0)], "1 of the pairs.*expected 2 to 6"),
        ([(name, i) for i, name in enumerate(scenes.CONCEPTS[:7])], "7 of the pairs.*expected 2 to 6"),
        ([], "0 of the pairs"),
        (["cat", "owl"], "'cat': expected a pair"),
        ([("cat", 0, 1), ("owl", 1)], "expected a pair"),
        ([(3, 0), ("owl", 1)], "expected one string"),
        ("cat", "expected a list"),
        (None, "expected a list"),
    ],
)
def test_compose_says_what_is_wrong(objects, message):
    with pytest.raises(CourseError, match=message):
        scenes.compose(objects)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": 2.0}, "n is 2.0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"styles": ["apple"]}, "a style is 'apple': expected one of 'noto'"),
        ({"styles": []}, "one or more different"),
        ({"styles": ["noto", "noto"]}, "one or more different"),
        ({"styles": "noto"}, "styles is 'noto'"),
        ({"objects": (1, 4)}, r"objects\[0\] is 1: expected a whole number from 2 to 9"),
        ({"objects": (3, 10)}, r"objects\[1\] is 10"),
        ({"objects": (5, 4)}, r"objects\[1\] is 4: expected a whole number from 5 to 9"),
        ({"objects": (2, 4), "repeats": True}, r"objects\[0\] is 2: expected a whole number from 3"),
        ({"objects": 4}, "objects is 4"),
        ({"objects": (3, 4, 5)}, "expected two whole numbers"),
        ({"concepts": ["cat", "owl", "frog"]}, "3 names: expected at least 7"),
        ({"concepts": ["cat", "cat", "owl"], "objects": (2, 2)}, "'cat' twice"),
        ({"concepts": ["catt"]}, "Similar: cat"),
        ({"background": "black"}, "background is 'black'"),
    ],
)
def test_generate_says_what_is_wrong(arguments, message):
    with pytest.raises(CourseError, match=message):
        scenes.generate(**{"n": 1, "seed": 0, **arguments})


def test_scenes_need_no_heavy_library():
    code = (
        "import sys\n"
        "from course_utils.datasets import official, scenes\n"
        "scenes.generate(2, seed=0)\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'scipy', 'sklearn', 'jieba', 'IPython'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
