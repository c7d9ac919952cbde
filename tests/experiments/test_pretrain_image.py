"""The training of the image encoder: its pictures, its loss, and one short run of it all."""

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import emoji

runtime.start()

import keras  # noqa: E402 - after the quiet start
from keras import ops  # noqa: E402

from course_utils.experiments import pretrain_image  # noqa: E402
from course_utils.features import pretrained  # noqa: E402


@pytest.fixture(scope="module")
def world():
    return emoji.load(emoji.TRAIN_STYLES)


@pytest.fixture(scope="module")
def sprites(world):
    return np.stack([pretrain_image.premultiplied(pictures[:12], 48) for pictures in world.pictures.values()])


def test_no_colour_exceeds_its_alpha(sprites):
    assert sprites.shape == (3, 12, 48, 48, 4) and sprites.dtype == np.uint8
    assert (sprites[..., :3] <= sprites[..., 3:]).all()


def test_pictures_differ_each_time_and_follow_the_seed(sprites):
    concepts = np.arange(12, dtype=np.int32)
    layer = pretrain_image.DrawnPictures(sprites, seed=3)
    first, second = np.asarray(layer(concepts)), np.asarray(layer(concepts))
    again = np.asarray(pretrain_image.DrawnPictures(sprites, seed=3)(concepts))
    assert first.shape == (12, 48, 48, 3)
    assert np.abs(first - second).mean() > 10
    np.testing.assert_array_equal(first, again)
    assert first.min() > -60 and first.max() < 315  # 0 to 255, and the noise


def test_the_unmoved_sprite_stays_where_it_was(sprites, monkeypatch):
    layer = pretrain_image.DrawnPictures(sprites, seed=0)
    settings = {**pretrain_image.CONFIGURATION, "size": [1.0, 1.0], "turn in radians": 0.0}
    monkeypatch.setattr(pretrain_image, "CONFIGURATION", settings)
    monkeypatch.setattr(layer, "uniform", lambda shape, low=0.0, high=1.0: ops.full(shape, (low + high) / 2))
    found = np.asarray(layer.place(ops.cast(sprites[0], "float32"), 12))
    # In the middle of every range the sprite is neither turned nor moved: only its size is the middle one.
    assert np.abs(found - sprites[0]).max() < 1


def test_bending_shifts_pixels_smoothly_and_by_as_much_as_is_asked_for(sprites, monkeypatch):
    layer = pretrain_image.DrawnPictures(sprites, seed=0)
    # Sprites whose value is the pixel's own place, so that what is found tells where it comes from.
    down, right = np.meshgrid(*[np.arange(48, dtype=np.float32)] * 2, indexing="ij")
    places = np.tile(np.stack([down, right, down, right], axis=-1), (30, 1, 1, 1))
    shifts = {}
    for amount in (0.0, 1.0, 3.0):
        settings = {**pretrain_image.CONFIGURATION, "bend in pixels": amount}
        monkeypatch.setattr(pretrain_image, "CONFIGURATION", settings)
        shifts[amount] = (np.asarray(layer.bend(ops.array(places), 30)) - places)[:, 8:40, 8:40, :2]
    assert np.abs(shifts[0.0]).max() < 1e-3
    assert shifts[3.0].std() == pytest.approx(3 * shifts[1.0].std(), rel=0.2)
    assert 0.4 < shifts[1.0].std() < 1.2  # what is interpolated varies less than what it is drawn from
    assert np.abs(np.diff(shifts[1.0], axis=1)).mean() < 0.15  # neighbours move together
    assert np.corrcoef(shifts[1.0][..., 0].ravel(), shifts[1.0][..., 1].ravel())[0, 1] < 0.3


def test_half_of_the_pictures_have_one_rectangle_hidden(sprites):
    hidden = np.asarray(pretrain_image.DrawnPictures(sprites, seed=0).hidden(400))[..., 0]
    assert hidden.shape == (400, 48, 48)
    some = hidden.any(axis=(1, 2))
    assert 0.4 < some.mean() < 0.6
    for one in hidden[some]:
        rows, columns = one.any(axis=1), one.any(axis=0)
        assert (one == np.outer(rows, columns)).all()  # a rectangle, and no more than 16 pixels a side
        assert rows.sum() <= 16 and columns.sum() <= 16


@pytest.fixture
def in_the_world(sprites, world):
    return pretrain_image.PicturesInTheWorld(sprites, 0, pretrain_image.one_sided(world)[:12])


def test_what_a_mirror_turns_into_another_thing_is_known_by_kind_and_name(world):
    found = dict(zip(world.names["en"], pretrain_image.one_sided(world), strict=True))
    for name in ("left arrow", "backhand index pointing right", "three o’clock", "currency exchange"):
        assert found[name], name
    for name in ("cat", "hammer", "pear"):
        assert not found.get(name), name
    assert 0.1 < np.mean(list(found.values())) < 0.35


def test_half_of_what_has_no_sides_is_mirrored(sprites):
    concepts = np.zeros(400, np.int32)
    for sided, low, high in ((True, 0.0, 0.0), (False, 0.4, 0.6)):
        layer = pretrain_image.PicturesInTheWorld(sprites[:1], 0, np.full(12, sided))
        mixed = np.asarray(layer.mix(concepts, 400))
        drawn = sprites[0, 0].astype(np.float32)
        mirrored = np.abs(mixed - drawn[:, ::-1]).max(axis=(1, 2, 3)) < 1e-3
        assert (mirrored | (np.abs(mixed - drawn).max(axis=(1, 2, 3)) < 1e-3)).all()
        assert low <= mirrored.mean() <= high


def test_light_and_grain_keep_every_colour_below_its_alpha(sprites, in_the_world):
    premultiplied = ops.cast(sprites[0], "float32") / 255
    colours, alpha = premultiplied[..., :3], premultiplied[..., 3:]
    lit = np.asarray(in_the_world.shade(colours, alpha, 12))
    assert (lit >= 0).all() and (lit <= np.asarray(alpha) + 1e-6).all()
    assert np.abs(lit - np.asarray(colours)).max() > 0.1


def test_grounds_are_white_plain_or_textured_by_the_shares_that_are_set(in_the_world):
    ground = np.asarray(in_the_world.background(ops.zeros((600, 48, 48, 1)), 600))
    assert ground.min() >= 0 and ground.max() <= 1
    white = (ground == 1).all(axis=(1, 2, 3))
    # A plain ground's colours change by a slope; what a texture adds changes from pixel to pixel.
    rough = np.abs(np.diff(ground, n=2, axis=1)).mean(axis=(1, 2, 3)) > 2e-3
    assert white.mean() == pytest.approx(0.35, abs=0.06)
    assert (~white & ~rough).mean() == pytest.approx(0.2, abs=0.07)


def test_a_shadow_darkens_the_ground_beside_the_thing_only(in_the_world):
    alpha = np.zeros((200, 48, 48, 1), np.float32)
    alpha[:, 16:32, 16:32] = 1
    ground = np.asarray(in_the_world.background(ops.array(alpha), 200))
    bright = (ground[:, :8, :8] == 1).all(axis=(1, 2, 3))
    assert (ground[bright][:, 40:] == 1).all()
    shaded = ground[bright][:, 24, 34].mean(axis=1) < 0.999  # right of the thing
    assert 0.1 < shaded.mean() < 0.5


def test_blurring_keeps_what_is_even_and_equals_a_gaussian_filter():
    from scipy.ndimage import gaussian_filter

    picture = np.random.default_rng(0).random((1, 24, 24, 3)).astype(np.float32)
    expected = gaussian_filter(picture[0], (0.7, 0.7, 0), mode="reflect", radius=(3, 3, 0))
    np.testing.assert_allclose(pretrain_image.blurred(picture, 0.7)[0], expected, atol=1e-5)
    np.testing.assert_allclose(pretrain_image.blurred(np.full_like(picture, 0.3), 1.5), 0.3, atol=1e-6)


def test_muon_of_a_kernel_is_keras_muon_of_the_same_numbers_as_a_matrix():
    rng = np.random.default_rng(0)
    start, steps = rng.normal(size=(3, 3, 4, 8)), rng.normal(size=(2, 3, 3, 4, 8))
    kernel = keras.Variable(start.astype("float32"))
    matrix = keras.Variable(start.reshape(36, 8).astype("float32"))
    optimizers = pretrain_image.MuonOfKernels(0.1), keras.optimizers.Muon(0.1)
    for step in steps.astype("float32"):
        optimizers[0].apply([ops.array(step)], [kernel])
        optimizers[1].apply([ops.array(step.reshape(36, 8))], [matrix])
    np.testing.assert_allclose(kernel.numpy().reshape(36, 8), matrix.numpy(), atol=1e-6)
    # A kernel's four axes are no matrix to Keras' own, which takes another way with them.
    plain = keras.Variable(start.astype("float32"))
    keras.optimizers.Muon(0.1).apply([ops.array(steps[0].astype("float32"))], [plain])
    assert np.abs(plain.numpy() - kernel.numpy()).max() > 1e-3
    # What is no kernel is left as it is in Keras' own.
    bias, kept = (keras.Variable(np.ones(8, np.float32)) for _ in range(2))
    pretrain_image.MuonOfKernels(0.1, adam_lr_ratio=0.5).apply(
        [ops.array(steps[0, 0, 0, 0], "float32")], [bias]
    )
    keras.optimizers.Muon(0.1, adam_lr_ratio=0.5).apply([ops.array(steps[0, 0, 0, 0], "float32")], [kept])
    np.testing.assert_array_equal(bias.numpy(), kept.numpy())


@pytest.mark.slow
def test_the_optimizer_takes_the_steps_of_the_one_that_trained_the_checkpoint():
    class Former(pretrain_image.MuonOfKernels):
        build = keras.optimizers.Muon.build

        def _should_use_adamw(self, variable):
            return len(variable.shape) != 4 and super()._should_use_adamw(variable)

    def trained(kind):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                keras.layers.Conv2D(4, 3),
                keras.layers.BatchNormalization(),
                keras.layers.Flatten(),
                keras.layers.Dense(6, name="embedding"),
                keras.layers.Dense(3, name="concepts"),
            ]
        )
        settings = {"adam_lr_ratio": 0.67, "weight_decay": 0.02, "adam_weight_decay": 0.02}
        optimizer = kind(0.01, exclude_embeddings=False, exclude_layers=["concepts"], **settings)
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        rng = np.random.default_rng(0)
        for _ in range(5):
            model.train_on_batch(rng.normal(size=(16, 8, 8, 3)), rng.integers(3, size=16))
        return model.get_weights()

    for now, before in zip(trained(pretrain_image.MuonOfKernels), trained(Former), strict=True):
        np.testing.assert_array_equal(now, before)


def test_the_loss_is_the_sum_over_the_levels_by_hand(world):
    logits = np.random.default_rng(0).normal(0, 3, (5, len(world))).astype(np.float32)
    labels = np.array([0, 5, 700, 900, 1570])
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    expected = np.zeros(5)
    for weight, numbers in ((1, np.arange(len(world))), (0.3, world.subgroups), (0.2, world.groups)):
        classes = numbers.max() + 1
        for i, label in enumerate(labels):
            summed = np.array([p[i, numbers == k].sum() for k in range(classes)])
            target = 0.95 * (np.arange(classes) == numbers[label]) + 0.05 / classes
            expected[i] -= weight * (target * np.log(summed + 1e-12)).sum()
    found = np.asarray(pretrain_image.hierarchical_loss(world)(labels, logits))
    np.testing.assert_allclose(found, expected, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.weekly  # it takes more than a minute
def test_a_short_run_learns_and_leaves_the_checkpoint_alone(monkeypatch):
    before = pretrain_image.CHECKPOINT.read_bytes()
    in_the_world = {**pretrain_image.CONFIGURATION["in the world"], "epochs": 2}
    short = {"epochs": 5, "warm-up steps": 30, "in the world": in_the_world}
    monkeypatch.setattr(pretrain_image, "CONFIGURATION", {**pretrain_image.CONFIGURATION, **short})
    monkeypatch.setattr(emoji, "TRAIN_STYLES", ("noto",))  # a third of the pictures takes a third of the time
    # In full precision: processors that do not know bfloat16 take several times as long with it.
    monkeypatch.setattr(keras.config, "set_dtype_policy", lambda policy: None)
    figures = pretrain_image.run(pretrain_image.ROWS[-1], seed=1)
    assert pretrain_image.CHECKPOINT.read_bytes() == before
    chance_of_five = 5 / pretrained.CONCEPTS
    assert figures["training styles: concept among five accuracy"] > 4 * chance_of_five
    assert figures["unseen style: concept among five accuracy"] > 2 * chance_of_five


def test_the_mean_of_the_weights_lies_where_its_share_says():
    before, after = [np.zeros((2, 3)), np.ones(4)], [np.full((2, 3), 4.0), np.full(4, 3.0)]
    first, second = pretrain_image.mean_of_weights(before, after, 0.25)
    np.testing.assert_array_equal(first, np.ones((2, 3)))
    np.testing.assert_array_equal(second, np.full(4, 1.5))
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        pretrain_image.mean_of_weights(before, after[:1], 0.5)
