"""The pretrained image encoder: what it promises of shapes, of any side, and of the figures on its card."""

import hashlib

import numpy as np
import pytest

from course_utils import CourseError, runtime, training
from course_utils.datasets import emoji
from course_utils.places import DATA

runtime.start()

from course_utils.experiments import pretrain_image, results  # noqa: E402 - after the quiet start
from course_utils.features import pretrained  # noqa: E402


@pytest.fixture(scope="module")
def unseen():
    return emoji.on_background(
        emoji.resized(emoji.load(("fluent",)).pictures["fluent"][:64], pretrained.SIDE)
    )


@pytest.mark.parametrize("shape", [(3, 48, 48, 3), (2, 96, 96, 3), (1, 8, 64, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_encoder_takes_any_side_that_its_stride_divides(shape, dtype):
    pictures = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    maps = np.asarray(pretrained.load_image_encoder()(pictures))
    assert maps.shape == (shape[0], shape[1] // 8, shape[2] // 8, 192)
    assert maps.dtype == np.float32 and (maps >= 0).all()


def test_features_are_mean_and_maximum_of_the_map_in_batches_of_any_size(unseen):
    maps = np.asarray(pretrained.load_image_encoder()(unseen.astype(np.float32)))
    naive = np.stack([np.concatenate([one.mean(axis=(0, 1)), one.max(axis=(0, 1))]) for one in maps])
    for batch_size in (7, 64, 1000):
        features = pretrained.image_features(unseen, batch_size=batch_size)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, naive, atol=1e-4)


@pytest.mark.parametrize("shape", [(48, 48, 3), (2, 48, 48, 4), (2, 50, 48, 3)])
def test_other_pictures_are_refused(shape):
    with pytest.raises(CourseError, match="expected \\(n, height, width, 3\\)"):
        pretrained.image_features(np.zeros(shape, np.uint8))


def test_pictures_from_0_to_1_are_refused():
    with pytest.raises(CourseError, match=r"go from 0\.5 to 0\.5; expected 0 to 255"):
        pretrained.image_features(np.full((1, 8, 8, 3), 0.5))


def test_it_is_frozen_and_read_once():
    encoder = pretrained.load_image_encoder()
    assert encoder is pretrained.load_image_encoder()
    assert not encoder.trainable_variables and not pretrained.load_image_classifier().trainable_variables


def test_the_shipped_weights_are_those_of_the_recorded_run_to_the_last_bit():
    weights = pretrained.load_image_classifier().get_weights()
    assert all(value.dtype == np.float32 for value in weights)
    digest = hashlib.sha256(b"".join(value.astype("<f4").tobytes() for value in weights)).hexdigest()
    assert digest == "e0df75b692f07c92626d636b23c1ab9043f9103fba328bb442cea6ecd3c3bf82"
    assert (DATA / pretrained.CHECKPOINT).stat().st_size < 1.8e6
    with pytest.raises(CourseError, match="another model"):
        training.load_weights(DATA / pretrained.CHECKPOINT, pretrained.build_image_encoder())


@pytest.mark.slow
def test_the_checkpoint_reaches_the_figures_that_were_recorded_for_its_seed():
    recorded = results.load("pretrain_image").row(pretrain_image.ROWS[-1])
    classifier = pretrained.load_image_classifier()
    found = pretrain_image.evaluate(classifier) | pretrain_image.evaluate_on_photographs(classifier)
    assert found.keys() == recorded.keys()
    for name, value in found.items():
        first = recorded[name].values[recorded[name].seeds.index(0)]
        assert value == pytest.approx(first, abs=0.003), name


@pytest.mark.slow
def test_the_card_is_right_about_sides_and_groups():
    world, classifier = emoji.load(("fluent",)), pretrained.load_image_classifier()

    def right(side):
        pictures = emoji.on_background(emoji.resized(world.pictures["fluent"], side)).astype(np.float32)
        return classifier.predict(pictures, batch_size=256, verbose=0).argmax(axis=-1) == np.arange(
            len(world)
        )

    at = {side: right(side) for side in (40, 48, 64)}
    assert at[40].mean() == pytest.approx(at[48].mean() + 0.02, abs=0.01)
    assert at[64].mean() == pytest.approx(0.8 * at[48].mean(), abs=0.02)
    groups = [round(at[48][world.groups == number].mean(), 2) for number in range(len(world.group_names))]
    assert groups[world.group_names.index("people-body")] == min(groups) == pytest.approx(0.49, abs=0.01)
    assert groups[world.group_names.index("symbols")] == pytest.approx(0.91, abs=0.01)


def test_it_ignores_what_a_picture_is_beside_itself(unseen):
    together = pretrained.image_features(unseen)
    alone = np.concatenate([pretrained.image_features(picture[np.newaxis]) for picture in unseen[:4]])
    np.testing.assert_allclose(together[:4], alone, atol=1e-4)


def test_regions_are_means_of_two_by_two_places_row_by_row():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 96, 64, 3), dtype=np.uint8)
    encoder = pretrained.load_image_encoder()
    maps = np.asarray(encoder(pictures.astype(np.float32), training=False))  # (3, 12, 8, 192)
    expected = np.stack(
        [maps[:, y : y + 2, x : x + 2].mean(axis=(1, 2)) for y in range(0, 12, 2) for x in range(0, 8, 2)]
    )
    found = pretrained.region_features(pictures, batch_size=2)
    assert found.shape == (3, 24, 192)
    assert found.dtype == np.float32
    assert np.allclose(found, expected.swapaxes(0, 1), atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 96, 96), (96, 96, 3), (2, 96, 40, 3), (2, 96, 96, 4)])
def test_regions_of_anything_but_pictures_are_refused(shape):
    with pytest.raises(CourseError, match="multiples of 16"):
        pretrained.region_features(np.zeros(shape, np.uint8))


def test_a_window_is_encoded_as_if_it_were_the_whole_picture():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    found = pretrained.window_features(pictures).reshape(2, 4, 6, 192)
    for row in range(2):
        for column in range(3):
            window = pictures[:, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
            alone = pretrained.region_features(window).reshape(2, 2, 2, 192)
            there = found[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            np.testing.assert_allclose(there, alone, atol=1e-4)
    # what is painted in one window changes nothing in the others
    pictures[:, :32, :32] = 0
    changed = (
        np.abs(pretrained.window_features(pictures).reshape(found.shape) - found).max(axis=(0, 3)) > 1e-3
    )
    assert changed[:2, :2].all() and changed.sum() == 4


@pytest.mark.parametrize(
    ("shape", "window"), [((96, 96, 3), 32), ((2, 96, 80, 3), 32), ((2, 96, 96, 3), 24), ((2, 96, 96, 4), 32)]
)
def test_windows_that_do_not_fit_are_refused(shape, window):
    with pytest.raises(CourseError, match="multiple"):
        pretrained.window_features(np.zeros(shape, np.uint8), window=window)


@pytest.mark.slow
def test_a_region_of_a_whole_picture_sees_seventy_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (1, 160, 160, 3), dtype=np.uint8)
    before, seen = pretrained.region_features(picture).reshape(10, 10, 192), []
    for column in range(0, 160, 2):
        changed = picture.copy()
        changed[:, :, column : column + 2] = 255 - changed[:, :, column : column + 2]
        after = pretrained.region_features(changed).reshape(10, 10, 192)
        if np.abs(after - before)[5, 5].max() > 1e-5:
            seen += [column, column + 1]
    assert seen[-1] - seen[0] + 1 == pytest.approx(70, abs=2)
