"""The data of the three fusion problems is what it says, and every method is built and measured alike."""

import numpy as np
import pytest

from course_utils import CourseError, runtime
from course_utils.datasets import scenes
from course_utils.datasets.pairs import standardised
from course_utils.datasets.scenes import hide_empty_cells
from course_utils.experiments import fusion, results
from course_utils.features import cache

runtime.start()


@pytest.fixture
def small(monkeypatch):
    """The experiment with so little data that a run takes a second."""
    settings = {
        key: dict(value) if isinstance(value, dict) else value for key, value in fusion.CONFIGURATION.items()
    }
    for problem in ("digits", "parity"):
        settings[problem].update({"pairs": {"train": 40, "test": 20}, "epochs": 3, "samples for EMAP": 5})
    settings["scenes"].update(
        {"scenes": dict.fromkeys(settings["scenes"]["scenes"], 12), "epochs": 3, "samples for EMAP": 3}
    )
    monkeypatch.setattr(fusion, "CONFIGURATION", settings)
    monkeypatch.setattr(fusion, "regions_of", lambda pictures: _block_means(pictures))
    for cached in (fusion.draw_scenes, fusion.draw_sets, fusion.load_sets):
        cached.cache_clear()
    yield settings
    for cached in (fusion.draw_scenes, fusion.draw_sets, fusion.load_sets):
        cached.cache_clear()


def _block_means(pictures):
    """36 × 192 numbers of a picture without any encoder: its pixels in blocks of 8 × 8 of every 16 × 16."""
    blocks = pictures.reshape(len(pictures), 6, 16, 6, 16, 3)[:, :, ::2, :, ::2].transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(len(pictures), 36, 192).astype(np.float32)


@pytest.mark.parametrize("pictures", [np.ones((2, 96, 96, 3)), np.zeros((2, 64, 96, 3), np.uint8), np.eye(3)])
def test_regions_of_pictures_from_0_to_1_or_of_another_size_are_refused(pictures):
    with pytest.raises(CourseError, match=r"pictures have shape \(.*expected \(n, 96, 96, 3\) from 0 to 255"):
        fusion.regions_of(pictures)


def test_who_needs_the_first_scenes_only_finds_their_regions_beside_those_of_all(tmp_path, monkeypatch):
    encoded = []

    def window_features(pictures, encoder):
        encoded.append(len(pictures))
        return pictures.mean(axis=(1, 2))

    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    monkeypatch.setattr("course_utils.features.pretrained.window_features", window_features)
    n = 2 * fusion.KEPT_TOGETHER + 3
    pictures = np.random.default_rng(0).integers(0, 256, (n, 96, 96, 3), np.uint8)
    found = fusion.regions_of(pictures)
    np.testing.assert_array_equal(found, pictures.mean(axis=(1, 2)))
    first = slice(fusion.KEPT_TOGETHER)
    np.testing.assert_array_equal(fusion.regions_of(pictures[first]), found[first])
    assert encoded == [fusion.KEPT_TOGETHER, fusion.KEPT_TOGETHER, 3]  # and nothing the second time


def test_the_training_set_has_mean_0_and_deviation_1_and_words_stay_words(small):
    for problem in ("digits", "parity"):
        train = fusion.load_sets(problem, seed=0)["train"]
        for x in (train.a, train.b):
            assert np.allclose(x.mean(axis=(0, 1)), 0, atol=1e-4)
            assert np.isin(x.std(axis=(0, 1)).round(2), (0, 1)).all()
    drawn, ready = fusion.draw_sets("scenes", seed=0), fusion.load_sets("scenes", seed=0)
    assert (ready["test"].a == drawn["test"].a).all()
    whole = standardised(drawn["train"], drawn["train"]).b
    assert np.allclose(whole.mean(axis=(0, 1)), 0, atol=1e-3)
    assert not np.allclose(
        ready["test"].b.mean(axis=(0, 1)), 0, atol=1e-3
    )  # by the training set's statistics


@pytest.mark.slow
def test_hidden_regions_are_not_looked_at(small):
    pairs, some = fusion.load_sets("scenes", seed=0)["test"], fusion.draw_scenes("test")
    model, both = fusion.build("scenes", "cross-attention"), fusion.both(len(pairs))
    fewer = hide_empty_cells(pairs.b, some, 1.0)
    hidden = (fewer == 0).all(axis=-1)
    weights = fusion.attention_maps(model)(pairs.a, fewer, both)  # (12, 2, 4, 8, 36)
    assert weights.max(axis=(1, 2, 3))[hidden].max() == 0
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    answers = [fusion.predictor(model)(pairs.a, regions, both) for regions in (fewer, pairs.b)]
    assert not np.allclose(*answers)


@pytest.mark.slow
def test_the_weight_of_cells_is_what_loops_find(small):
    pairs, some = fusion.load_sets("scenes", seed=0)["test"], fusion.draw_scenes("test")
    model = fusion.build("scenes", "cross-attention")
    weights = fusion.attention_maps(model)(pairs.a, pairs.b, fusion.both(len(pairs)))
    found = fusion.weight_by_cell(weights, some)
    kept = {"asked": [], "another": [], "empty": []}
    for number, sentences in enumerate(some.read(some.questions)):
        taken = set(some.cells[number][some.mask[number]])
        for question, sentence in enumerate(sentences):
            if sentence.startswith("where is"):
                cells = weights[number, :, :, question].reshape(2, 4, 6, 6)
                for cell in range(9):
                    row, column = 2 * (cell // 3), 2 * (cell % 3)
                    weight = cells[..., row : row + 2, column : column + 2].sum(axis=(-1, -2))
                    asked = cell == some.cells[number, some.asked[number, question]]
                    kept["asked" if asked else "another" if cell in taken else "empty"].append(weight)
    expected = np.stack([np.mean(weight, axis=0) for weight in kept.values()], axis=-1)
    assert found.shape == (2, 4, 3)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_scenes_of_the_splits_differ_and_the_unseen_style_is_unseen(small):
    sets = {split: fusion.draw_scenes(split) for split in small["scenes"]["scenes"]}
    assert len({some.cells.tobytes() for some in sets.values()}) == len(sets)
    assert not set(sets["test in the unseen style"].style_names) & set(sets["train"].style_names)


def test_questions_are_sorted_into_three_kinds(small):
    some = fusion.draw_scenes("test")
    kinds = fusion.kinds_of(some)
    for sentences, names in zip(some.read(some.questions), kinds, strict=True):
        for sentence, name in zip(sentences, names, strict=True):
            assert sentence.startswith(name) or name == "beside"
            words = sentence.split()
            assert (name == "beside") == (words[:2] == ["what", "is"] and words[2] != "at")


@pytest.mark.slow
@pytest.mark.parametrize("method", fusion.METHODS)
def test_no_answer_depends_on_batch_mates_or_on_other_questions(method, small):
    pairs = fusion.load_sets("scenes", seed=0)["test"]
    model = fusion.build("scenes", method)
    whole = fusion.predictor(model)(pairs.a, pairs.b, fusion.both(len(pairs)))
    assert whole.shape == (12, 8, 21)
    assert np.allclose(
        whole, fusion.predictor(model, batch_size=5)(pairs.a, pairs.b, fusion.both(12)), atol=1e-4
    )
    other = pairs.a.copy()
    other[:, 1:] = other[::-1, 1:]
    assert np.allclose(whole[:, 0], fusion.predictor(model)(other, pairs.b, fusion.both(12))[:, 0], atol=1e-4)


def test_the_learning_rate_is_that_of_keras_schedule(small):
    import keras

    small["digits"].update({"pairs": {"train": 2400}, "epochs": 10, "batch size": 100})
    full = fusion.CONFIGURATION["digits"]["learning rate"]
    rates = fusion.learning_rates("digits")
    keras_rate = keras.optimizers.schedules.CosineDecay(0.0, 220, warmup_target=full, warmup_steps=20)
    assert len(rates) == 240 and rates[0] == 0 and np.isclose(rates[20], full)
    assert np.allclose(rates, [float(keras_rate(step)) for step in range(240)], atol=1e-8)
    assert len(fusion.learning_rates("scenes")) == 3  # epochs of one batch


@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    [
        "digits: concatenation + modality dropout",
        "parity: late",
        "scenes: cross-attention",
        "scenes: cross-attention, no cell hidden",
    ],
)
def test_a_run_measures_what_the_record_has(row, small):
    figures = fusion.run(row, 0)
    assert figures.keys() == results.load("fusion").row(row).keys()
    assert all(0 <= value <= 1 for name, value in figures.items() if "accuracy" in name)
    if row.startswith("scenes"):
        some = fusion.draw_scenes("test")
        scene, question = np.nonzero(some.kinds == scenes.QUESTION_KINDS.index("where is"))
        # A region counts by its centre, and a sprite lies where four centres of 36 are: more than its area.
        x, y, width, height = some.boxes[scene, some.asked[scene, question]].T[..., np.newaxis]
        centres = np.arange(6) * 16 + 8
        across = ((x <= centres) & (centres < x + width)).sum(axis=1)
        down = ((y <= centres) & (centres < y + height)).sum(axis=1)
        assert np.isclose(figures["chance in the pointing game"], (across * down / 36).mean())


def test_the_record_is_of_this_experiment_and_has_every_row_with_five_seeds_or_scenes_with_three():
    record = results.load("fusion")
    assert record.configuration == fusion.CONFIGURATION
    assert set(record.rows) == set(fusion.ROWS)
    for row in record.rows:
        assert len(set(record.row(row)["accuracy"].seeds)) >= (3 if row.startswith("scenes") else 5)
