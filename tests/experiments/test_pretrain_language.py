"""What the course's own language model learns from, how its answers are counted, and what is shipped."""

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import scenes
from course_utils.errors import CourseError
from course_utils.places import DATA

runtime.start()

from course_utils.experiments import pretrain_language as experiment  # noqa: E402 - after the quiet start
from course_utils.experiments import results  # noqa: E402
from course_utils.language_model import low_rank, own, writing  # noqa: E402

BOARD = {0: "cat", 1: "owl", 4: "key", 8: "pizza"}

_CACHED = (
    *("draw_scenes", "asked", "cells", "learned", "named_boards", "tokenizer"),
    *("_standardised", "_holding"),
)


@pytest.fixture
def small(monkeypatch):
    """The experiment with so few scenes, and so little training, that a run takes seconds."""
    settings = {
        name: {**value, "steps": 2} if isinstance(value, dict) and "steps" in value else value
        for name, value in experiment.CONFIGURATION.items()
    }
    settings["model"] = {"layers": 1, "width": 16, "hidden": 16, "heads": 2, "kv_heads": 1}
    settings["scenes"] = dict.fromkeys(settings["scenes"], 4)
    settings |= {"captions": 2, "batch size": 2}
    monkeypatch.setattr(experiment, "CONFIGURATION", settings)
    few = scenes.generate(150, seed=5)
    monkeypatch.setattr(experiment.fusion, "draw_scenes", lambda split: few)
    monkeypatch.setattr(experiment, "texts", lambda kind, split: ["the key is at the top left\n", "好\n"])
    for name in _CACHED:
        getattr(experiment, name).cache_clear()
    yield settings
    for name in _CACHED:
        getattr(experiment, name).cache_clear()


# Scenes in words


def test_a_board_is_told_short_and_described_as_a_scene_is():
    assert experiment.listed(BOARD).startswith("top left cat top centre owl middle centre key bottom right")
    some = scenes.generate(20, seed=1)
    boards = experiment.boards_of(some)
    assert [experiment.described(board) for board in boards] == scenes.full_captions(some)


def test_boards_hold_up_to_six_different_things():
    rng = np.random.default_rng(0)
    boards = [experiment.draw_board(rng) for _ in range(300)]
    assert {len(board) for board in boards} == {1, 2, 3, 4, 5, 6}
    assert all(len({*board.values()}) == len(board) for board in boards)
    assert {cell for board in boards for cell in board} == {*range(9)}


def test_questions_of_the_board_are_those_of_the_scenes_with_the_same_answers():
    some = scenes.generate(40, seed=2)
    rng = np.random.default_rng(0)
    for scene, board in enumerate(experiment.boards_of(some)):
        drawn = {
            question.text: question.answer
            for question in (experiment.draw_question(board, rng) for _ in range(200))
        }
        for words, answer in zip(some.questions[scene], some.answers[scene], strict=True):
            assert drawn.get(f"{some.read(words)}?", some.answer_names[answer]) == some.answer_names[answer]


def test_half_of_what_is_asked_by_yes_and_no_is_so():
    rng = np.random.default_rng(0)
    facts = {("object", name) for name in BOARD.values()}
    for kind in experiment.YES_NO:
        for true in (True, False):
            question = experiment.draw_yes_no(BOARD, kind, true, rng)
            assert question.answer == ("yes" if true else "no")
            if kind == "is there":
                assert (("object", question.text.rstrip("?").split()[-1]) in facts) == true
            else:
                name, place = question.text.removeprefix("is the ").rstrip("?").split(" at the ")
                assert (BOARD.get(scenes.POSITIONS.index(place)) == name) == true
    scene, questions = experiment.asked("validation")
    closed = [question.answer for question in questions if question.kind in experiment.YES_NO]
    assert closed.count("yes") == closed.count("no") == 2 * len({*scene})
    assert len(questions) == 12 * len({*scene})


def test_no_split_of_scenes_is_another_nor_that_of_the_training():
    splits = [experiment.draw_scenes(split) for split in experiment.CONFIGURATION["scenes"]]
    pictures = [{picture.tobytes() for picture in some.pictures} for some in splits]
    assert not pictures[0] & pictures[1] and not pictures[1] & pictures[2]
    assert splits[2].style_names == ("fluent",) and "fluent" not in splits[1].style_names
    assert not {*experiment._SEEDS.values()} & {*experiment.fusion._SCENE_SEEDS.values()}


# What is learned from


def test_the_words_of_the_scenes_are_tokens():
    cut = experiment.tokenizer()
    assert len(cut) == experiment.CONFIGURATION["vocabulary"]
    text = f"{experiment.listed(BOARD)}\nwhere is the pizza? bottom right\n"
    # Of the first word, which no space precedes, there may be several.
    assert len(cut.encode(text)) <= 12 + 1 + 5 + 3 + 1 and cut.decode(cut.encode(text)) == text


def test_a_dialogue_fills_its_room_with_answers_that_count_more():
    cut, rng = experiment.tokenizer(), np.random.default_rng(0)
    tokens, weights = experiment.dialogue(BOARD, 80, rng, described_first=True)
    text = cut.decode(tokens)
    assert 60 < len(tokens) == len(weights) <= 80
    assert text.startswith(f"{experiment.DESCRIBE} {experiment.described(BOARD)}\n") and text.endswith("\n")
    counted = cut.decode(token for token, weight in zip(tokens, weights, strict=True) if weight == 1)
    assert counted == "".join(f"{line[line.index('?') + 1 :]}\n" for line in text.splitlines())


def test_targets_are_the_tokens_after_and_padding_does_not_count():
    tokens, targets, weights = next(experiment.batches_of_words(np.random.default_rng(0)))
    size, length = (experiment.CONFIGURATION[name] for name in ("batch size", "tokens"))
    assert tokens.shape == targets.shape == weights.shape == (size, length)
    np.testing.assert_array_equal(tokens[:, 1:], targets[:, :-1])
    ends = [np.flatnonzero(row)[-1] for row in weights]
    assert all((row[end + 1 :] == 0).all() for row, end in zip(targets, ends, strict=True))


def test_cells_come_back_into_their_rows():
    regions = np.arange(2 * 36 * 3, dtype=np.float32).reshape(2, 36, 3)
    cells = experiment.by_cell(regions)
    assert cells.shape == (18, 4, 3)
    np.testing.assert_array_equal(cells[1], regions[0, [2, 3, 8, 9]])
    np.testing.assert_array_equal(experiment.by_row(cells), regions)


def test_a_board_is_shown_by_cells_that_hold_the_same(small):
    small["noise"] = 0.0
    known = experiment.cells()
    np.testing.assert_allclose(known.features.mean(axis=(0, 1)), 0, atol=1e-3)
    shown = experiment.by_cell(experiment.draw_regions([BOARD], np.random.default_rng(0)))
    for cell, features in enumerate(shown):
        (row,) = np.flatnonzero((known.features == features).all(axis=(1, 2)))[:1]
        thing = known.content[row]
        assert (scenes.CONCEPTS[thing] if thing >= 0 else None) == BOARD.get(cell)


def test_only_answers_about_pictures_count(small):
    small["batch size"] = 12
    for stage in ("description", "everything"):
        inputs, targets, weights = next(experiment.batches_of_pictures(stage, np.random.default_rng(0)))
        assert inputs["regions"].shape == (12, 36, 192) and inputs["tokens"].shape == targets.shape
        assert {*np.unique(weights)} == {0.0, 1.0}
        for row, counted in zip(targets, weights == 1, strict=True):
            text = experiment.tokenizer().decode(row[counted])
            assert "?" not in text and (stage == "description" or text.endswith("\n"))
            if stage == "description" and text:  # that of six things is a token too long
                assert text.count("\n") == 1 and text.count(" is at ") < 6


# Scores


def test_padding_changes_nothing_in_what_is_likeliest():
    model, cut = experiment.build_model(), experiment.tokenizer()
    rows = [cut.encode(text) for text in ("where is the cat?", "what is right of the strawberry?", "is")]
    for row, likeliest in zip(rows, experiment.predicted(model, rows), strict=True):
        np.testing.assert_array_equal(likeliest[: len(row)], experiment.predicted(model, [row])[0])


def test_yes_to_what_is_not_so_is_counted():
    ask = experiment.Question
    questions = [ask("is there", "is there a cat?", answer) for answer in ("yes", "no", "no", "yes")]
    others = [ask(kind, "?", "key") for kind in scenes.QUESTION_KINDS] + [ask("is at", "?", "no")]
    exact, says = np.array([True, False, True, True]), np.array([True, True, False, True])
    figures = experiment._figures(
        questions + others, np.append(exact, [True] * 7), np.append(says, [False] * 7)
    )
    assert figures["right, is there"] == figures["yes, is there"] == 0.75
    assert figures["false yes, is there"] == 0.5
    assert figures["exact"] == 1 and figures["false yes, is at"] == 0


@pytest.mark.slow
def test_every_row_runs_and_says_what_is_recorded(small, tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setattr(own, "DATA", tmp_path)
    record = results.load("pretrain_language")
    for row in experiment.ROWS:
        figures = experiment.run(row, 0)
        assert figures.keys() == record.row(row).keys(), row
        assert not any(value < 0 for value in figures.values())
    assert (tmp_path / own.CHECKPOINT).exists()
    before = experiment.learned(experiment.WORDS, 0)
    frozen, free = (experiment.learned(row, 0) for row in (experiment.LORA, experiment.EVERYTHING))
    assert all((one == other).all() for one, other in zip(before.weights, frozen.weights, strict=True))
    assert any((one != other).any() for one, other in zip(before.weights, free.weights, strict=True))


# What is shipped


@pytest.fixture(scope="module")
def shipped():
    model, cut = own.load_language_model()
    return model, cut, own.load_projector()


def test_an_answer_is_exact_if_the_model_writes_it(shipped):
    model, cut, _ = shipped
    told = cut.encode(experiment.listed(BOARD) + "\n")
    rng, right = np.random.default_rng(0), []
    for question in (experiment.draw_question(BOARD, rng) for _ in range(12)):
        answer = cut.encode(f" {question.answer}\n")
        vectors = model.embed(np.array([told + cut.encode(question.text)]))
        written = writing.write(model, vectors, new=len(answer))[0].tolist()
        figures = experiment.answer_scores(model, [question], [experiment.listed(BOARD)])
        name = "right, " if question.kind in experiment.YES_NO else "exact, "
        assert figures[name + question.kind] == (written == answer), question
        right.append(written == answer)
    assert any(right)


def test_the_checkpoint_is_small_and_frozen(shipped):
    model, cut, projector = shipped
    assert (DATA / own.CHECKPOINT).stat().st_size < 1_900_000
    assert not model.trainable_variables and not projector.trainable_variables
    assert model.count_params() == model.configuration.parameters()
    assert cut.to_dict() == experiment.tokenizer().to_dict()
    assert model.configuration.vocabulary == len(cut)


def test_the_lora_goes_onto_the_own_model_once(shipped):
    model, _ = own.load_language_model()
    before = model.count_params()
    own.load_lora(model)
    assert model.count_params() > before and not model.trainable_variables
    assert all(np.any(matrix) for matrix in low_rank.lora_arrays(model).values())
    with pytest.raises(CourseError, match="has LoRA already"):
        own.load_lora(model)


def test_lora_of_another_model_is_refused(monkeypatch):
    monkeypatch.setitem(experiment.CONFIGURATION["model"], "width", 64)
    with pytest.raises(CourseError, match="model has width 64: expected 128"):
        own.load_lora(experiment.build_model())


@pytest.mark.slow
def test_the_checkpoint_does_what_was_recorded_of_its_seed(shipped):
    model, _, projector = shipped
    record = results.load("pretrain_language")
    scene, questions = experiment.asked("test in the unseen style")
    some = experiment.draw_scenes("test in the unseen style")
    told = [experiment.listed(board) for board in experiment.boards_of(some)]
    found = experiment.answer_scores(model, questions, [told[i] for i in scene])
    recorded = record.row(experiment.TRUE)["exact, test in the unseen style"].values[0]
    assert found["exact"] == pytest.approx(recorded, abs=0.01)
    reading, _ = own.load_language_model()
    own.load_lora(reading)
    soft = projector.predict(experiment.fusion.regions_of(some.pictures), verbose=0)
    found = experiment.answer_scores(reading, questions, [""] * len(questions), soft[scene])
    for name in ("exact", "right, is there", "false yes, is there"):
        recorded = record.row(experiment.LORA)[f"{name}, test in the unseen style"].values[0]
        assert found[name] == pytest.approx(recorded, abs=0.015), name


def test_the_projector_alone_leaves_the_model_as_it_was():
    record = results.load("pretrain_language")
    before, after = (record.row(row) for row in (experiment.WORDS, experiment.PROJECTOR))
    for name in before.keys() - {"trained"}:
        np.testing.assert_array_equal(before[name].values, after[name].values)


def test_the_card_gives_the_recorded_figures():
    card = (DATA / "checkpoints" / "README.md").read_text(encoding="utf-8").split("## Language model")[1]
    card = card.split("\n## ")[0]
    record, unseen = results.load("pretrain_language"), experiment.TESTS[1]
    for row in experiment.ROWS:
        lines = "\n".join(line for line in card.splitlines() if line.startswith(f"| {row} |"))
        figures = record.row(row)
        names = [f"exact, {split}" for split in experiment.TESTS] + [f"false yes, is there, {unseen}"]
        names = ["exact, told in words", "perplexity, parallel"] if row == experiment.WORDS else names
        for name in names:
            assert f"| {figures[name]:.2f} " in lines, (row, name)
    assert f"{int(record.row(experiment.WORDS)['parameters'].mean):,} parameters" in card
