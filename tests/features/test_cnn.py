"""The NumPy references equal Keras over random shapes; what a network sees and costs is what is measured."""

import http.server
import itertools
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from course_utils import CourseError, runtime
from course_utils.features import cnn, imagenet

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402


def as_array(tensor):
    return ops.convert_to_numpy(tensor)


def random_pictures(rng, channels=None):
    high, wide = rng.integers(7, 16, 2)
    return rng.normal(size=(rng.integers(1, 4), high, wide, channels or rng.integers(1, 6))).astype(
        np.float32
    )


# --- the layers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_convolution_is_keras_convolution(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 1, 2, 3]))
    channels, filters = groups * rng.integers(1, 4), groups * rng.integers(1, 4)
    pictures = random_pictures(rng, channels)
    rows, columns = (int(side) for side in rng.integers(1, 5, 2))
    kernel = rng.normal(size=(rows, columns, channels // groups, filters)).astype(np.float32)
    bias = rng.normal(size=filters).astype(np.float32)
    # Keras takes a stride or a dilation above 1, not both.
    stride, dilation = [(int(rng.integers(1, 4)), 1), (1, int(rng.integers(1, 3)))][seed % 2]
    padding = str(rng.choice(["valid", "same"]))
    expected = ops.conv(pictures, kernel, strides=stride, padding=padding, dilation_rate=dilation)
    found = cnn.convolve(
        pictures, kernel, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    np.testing.assert_allclose(found, as_array(expected) + bias, rtol=1e-5, atol=1e-5)


def test_convolution_takes_a_stride_and_a_dilation_for_each_axis():
    rng = np.random.default_rng(0)
    pictures, kernel = random_pictures(rng, 2), rng.normal(size=(3, 2, 2, 3)).astype(np.float32)
    for options, ours in (({"strides": (1, 1)}, {}), ({"dilation_rate": (1, 2)}, {"dilation": (1, 2)})):
        expected = as_array(ops.conv(pictures, kernel, **options))
        np.testing.assert_allclose(cnn.convolve(pictures, kernel, **ours), expected, atol=1e-5)
    by_strides = cnn.convolve(pictures, kernel, stride=(2, 3))
    np.testing.assert_allclose(by_strides, cnn.convolve(pictures, kernel)[:, ::2, ::3], atol=1e-12)


def test_depthwise_convolution_is_one_group_per_channel():
    rng = np.random.default_rng(1)
    pictures = random_pictures(rng, 4)
    layer = layers.DepthwiseConv2D(3, padding="same", use_bias=False)
    expected = as_array(layer(pictures))
    kernel = layer.get_weights()[0].reshape(3, 3, 1, 4)
    np.testing.assert_allclose(cnn.convolve(pictures, kernel, padding="same", groups=4), expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(30))
def test_pooling_is_keras_pooling(seed):
    rng = np.random.default_rng(seed)
    pictures = random_pictures(rng) - 5  # zeros taken for pixels would be the largest
    size, stride = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    padding = str(rng.choice(["valid", "same"]))
    pools = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    for kind, layer in pools.items():
        expected = layer(size, strides=stride, padding=padding)(pictures)
        found = cnn.pool(pictures, size, stride=stride, padding=padding, kind=kind)
        np.testing.assert_allclose(found, as_array(expected), rtol=1e-5, atol=1e-5)
        default = as_array(layer(size)(pictures))
        np.testing.assert_allclose(cnn.pool(pictures, size, kind=kind), default, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_batch_norm_is_keras_batch_norm_at_inference(seed):
    rng = np.random.default_rng(seed)
    pictures = random_pictures(rng)
    layer = layers.BatchNormalization(epsilon=float(10 ** rng.uniform(-5, -2)))
    layer.build(pictures.shape)
    scale, shift, mean, variance = rng.uniform(0.1, 2, (4, pictures.shape[-1]))
    layer.set_weights([scale, shift, mean, variance])
    found = cnn.batch_norm(pictures, mean, variance, scale, shift, layer.epsilon)
    np.testing.assert_allclose(found, as_array(layer(pictures, training=False)), rtol=1e-5, atol=1e-5)


def test_lengths_are_those_of_keras_for_every_small_case():
    for length, kernel, stride, dilation in itertools.product(range(1, 9), range(1, 5), (1, 2, 3), (1, 2)):
        if dilation > 1 and stride > 1:
            continue
        for padding in ("valid", "same"):
            layer = layers.Conv1D(1, kernel, strides=stride, padding=padding, dilation_rate=dilation)
            arguments = (length, kernel, stride, padding, dilation)
            if padding == "valid" and dilation * (kernel - 1) + 1 > length:
                with pytest.raises(CourseError, match="expected a kernel that fits in"):
                    cnn.output_length(*arguments)
                continue
            assert cnn.output_length(*arguments) == layer.compute_output_shape((1, length, 1))[1], arguments


# --- what it sees, what it costs ----------------------------------------------------------------------------


def pixels_that_matter(chain, side, place):
    """First and last row of the picture that can change a place of the map: by changing each row."""
    rng = np.random.default_rng(0)
    picture = rng.normal(size=(1, side, 1, 1))

    def forward(x):
        for kernel, stride, dilation in chain:
            x = cnn.convolve(x, np.ones((kernel, 1, 1, 1)), stride=(stride, 1), dilation=dilation)
        return x[0, :, 0, 0]

    before, rows = forward(picture), []
    for row in range(side):
        changed = picture.copy()
        changed[0, row] += 1
        if forward(changed)[place] != before[place]:
            rows.append(row)
    return rows[0], rows[-1]


@pytest.mark.parametrize("seed", range(15))
def test_the_receptive_field_is_what_changing_pixels_shows(seed):
    rng = np.random.default_rng(seed)
    chain = [
        (int(kernel), int(stride), int(dilation))
        for kernel, stride, dilation in zip(
            rng.integers(1, 5, 3), rng.integers(1, 4, 3), rng.integers(1, 3, 3), strict=True
        )
    ]
    field = cnn.receptive_field(chain)
    side = field.size + 2 * field.step
    first, last = pixels_that_matter(chain, side, 0)
    assert last - first + 1 == field.size
    assert pixels_that_matter(chain, side, 1)[0] - first == field.step


def test_the_receptive_field_of_a_keras_network_is_what_its_gradient_shows():
    import tensorflow as tf

    model = keras.Sequential(
        [
            keras.Input((40, 40, 1)),
            layers.Conv2D(2, 3, kernel_initializer="ones"),
            layers.AveragePooling2D(2),
            layers.Conv2D(2, 3, dilation_rate=2, kernel_initializer="ones"),
            layers.Conv2D(1, 5, strides=2, kernel_initializer="ones"),
        ]
    )
    picture = tf.Variable(tf.ones((1, 40, 40, 1)))
    with tf.GradientTape() as tape:
        score = model(picture)[0, 1, 1, 0]
    touched = np.argwhere(as_array(tape.gradient(score, picture))[0, :, :, 0] != 0)
    field = cnn.receptive_field([(3, 1), (2, 2), (3, 1, 2), (5, 2)])
    assert (touched.max(axis=0) - touched.min(axis=0) + 1 == field.size).all()
    assert field == cnn.ReceptiveField(20, 4)


@pytest.mark.parametrize("seed", range(12))
def test_cost_is_what_keras_stores_and_what_a_loop_counts(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 2]))
    channels, filters = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    kernel, stride, bias = int(rng.integers(1, 4)), int(rng.integers(1, 3)), bool(seed % 2)
    layer = layers.Conv2D(filters, kernel, strides=stride, padding="same", groups=groups, use_bias=bias)
    layer.build((None, 7, 6, channels))
    _, high, wide, _ = layer.compute_output_shape((None, 7, 6, channels))
    counted = 0
    for _ in itertools.product(
        range(high), range(wide), range(filters), range(kernel), range(kernel), range(channels // groups)
    ):
        counted += 1
    cost = cnn.convolution_cost(kernel, channels, filters, (high, wide), groups=groups, bias=bias)
    assert cost == cnn.Cost(layer.count_params(), counted)


def test_cost_is_half_the_operations_that_tensorflow_reports():
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = keras.Sequential(
        [
            keras.Input((16, 16, 3), batch_size=1),
            layers.Conv2D(8, 3, strides=2, use_bias=False),
            layers.Flatten(),
            layers.Dense(5, use_bias=False),
        ]
    )
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 16, 16, 3)))
    graph = convert_variables_to_constants_v2(function).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    operations = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    cost = cnn.convolution_cost(3, 3, 8, (7, 7), bias=False) + cnn.dense_cost(7 * 7 * 8, 5, bias=False)
    assert 2 * cost.multiply_adds == operations
    assert cost.parameters == model.count_params()


def test_vgg16_has_the_parameters_that_its_authors_report():
    cost, side, channels = cnn.Cost(0, 0), 224, 3
    for depth, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(depth):
            cost += cnn.convolution_cost(3, channels, filters, (side, side))
            channels = filters
        side //= 2
    for inputs, units in ((7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)):
        cost += cnn.dense_cost(inputs, units)
    assert cost.parameters == 138_357_544


# --- Grad-CAM -----------------------------------------------------------------------------------------------


def test_grad_cam_of_average_pooling_and_a_dense_layer_is_the_weighted_sum_of_the_maps():
    rng = np.random.default_rng(0)
    maps, weights = rng.normal(size=(5, 4, 6, 3)), rng.normal(size=(5, 3))
    gradients = np.broadcast_to(weights[:, np.newaxis, np.newaxis] / 24, maps.shape)
    found = cnn.grad_cam(maps, gradients)
    expected = np.maximum((maps * weights[:, np.newaxis, np.newaxis]).sum(axis=-1), 0)
    np.testing.assert_allclose(found, expected / expected.max(axis=(1, 2), keepdims=True), atol=1e-12)


def test_grad_cam_is_zero_where_nothing_speaks_for_the_score_and_knows_no_scale():
    maps = np.ones((2, 3, 3, 2))
    gradients = np.stack([-np.ones((3, 3, 2)), np.ones((3, 3, 2))])
    found = cnn.grad_cam(maps, gradients)
    assert (found[0] == 0).all()
    assert (found[1] == 1).all()
    np.testing.assert_array_equal(cnn.grad_cam(maps, 1e-9 * gradients), found)


# --- features from a network --------------------------------------------------------------------------------


def small_network(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, strides=2)])


def test_features_do_not_depend_on_the_batches_and_are_the_mean_over_the_map():
    pictures = np.random.default_rng(0).integers(0, 256, (7, 10, 12, 3), dtype=np.uint8)
    model, before = small_network(), pictures.copy()
    whole = cnn.extract_features(pictures, model, batch_size=7)
    expected = as_array(model(pictures.astype(np.float32))).mean(axis=(1, 2))
    np.testing.assert_allclose(whole, expected, rtol=1e-5)
    assert whole.shape == (7, 4)
    assert whole.dtype == np.float32
    for size in (1, 2, 3, 20):
        np.testing.assert_allclose(cnn.extract_features(pictures, model, batch_size=size), whole, rtol=1e-5)
    np.testing.assert_array_equal(pictures, before)


def test_pictures_are_prepared_once_each_and_stay_as_they_are():
    pictures = np.random.default_rng(1).integers(0, 256, (5, 33, 33, 3), dtype=np.uint8)
    model, before = small_network(), pictures.copy()
    found = cnn.extract_features(
        pictures, model, preprocess=keras.applications.vgg16.preprocess_input, batch_size=2
    )
    blue_first = pictures[..., ::-1].astype(np.float32) - np.array([103.939, 116.779, 123.68], np.float32)
    expected = as_array(model(blue_first)).mean(axis=(1, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(pictures, before)


# --- ImageNet weights ---------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "models"


@pytest.fixture
def server(tmp_path):
    """Serves the files of the test's folder; its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_nothing_is_fetched_that_was_not_asked_for(monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *arguments: pytest.fail("reached for the network"))
    with pytest.raises(CourseError, match=r"not used: download=False"):
        imagenet.vgg16()


def test_the_file_is_the_one_that_keras_takes():
    from keras.src.applications import vgg16

    assert vgg16.WEIGHTS_PATH_NO_TOP == imagenet._WEIGHTS
    assert imagenet._WEIGHTS_MD5 in Path(vgg16.__file__).read_text(encoding="utf-8")


def test_a_refused_connection_is_one_line(cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(imagenet, "_WEIGHTS", f"http://127.0.0.1:{port}/weights.h5")
    with pytest.raises(CourseError, match=r"cannot be had: 127.0.0.1:\d+ cannot be reached") as caught:
        imagenet.vgg16(download=True)
    assert "\n" not in str(caught.value)
    assert not cache.exists()


def test_a_silent_network_is_given_up(cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(imagenet, "_WEIGHTS", f"http://127.0.0.1:{silent.getsockname()[1]}/weights.h5")
        with pytest.raises(CourseError, match=r"has not answered in 0\.3 s"):  # while it still listens
            imagenet.vgg16(download=True, timeout=0.3)


@pytest.mark.parametrize(
    "error", [TimeoutError("timed out"), urllib.error.URLError(TimeoutError("timed out"))]
)
def test_a_connection_whose_own_clock_runs_out_first_is_told_alike(cache, monkeypatch, error):
    def give_up(*arguments, **options):
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", give_up)
    with pytest.raises(CourseError, match=r"has not answered in 60 s"):
        imagenet.vgg16(download=True, timeout=60)


def test_a_name_that_takes_for_ever_to_look_up_is_given_up(cache, monkeypatch):
    given_up = threading.Event()

    def look_up(*arguments, **options):
        given_up.wait()
        raise OSError("the test is over")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        with pytest.raises(CourseError, match=r"has not answered in 0\.2 s"):
            imagenet.vgg16(download=True, timeout=0.2)
    finally:
        given_up.set()


def test_a_damaged_file_is_refused(cache, monkeypatch, server, tmp_path):
    (tmp_path / "weights.h5").write_bytes(b"not these")
    monkeypatch.setattr(imagenet, "_WEIGHTS", f"{server}/weights.h5")
    with pytest.raises(CourseError, match=r"cannot be had: .*hash does not match"):
        imagenet.vgg16(download=True)


@pytest.mark.slow
def test_weights_that_can_be_had_are_used_kept_and_needed_once_only(cache, monkeypatch, server, tmp_path):
    import hashlib

    original = keras.applications.VGG16(weights=None, include_top=False)
    original.save_weights(tmp_path / "vgg.weights.h5")
    monkeypatch.setattr(imagenet, "_WEIGHTS", f"{server}/vgg.weights.h5")
    content = (tmp_path / "vgg.weights.h5").read_bytes()
    monkeypatch.setattr(imagenet, "_WEIGHTS_MD5", hashlib.md5(content).hexdigest())
    model = imagenet.vgg16(download=True)  # Keras reports the download as it goes
    assert not model.trainable_variables
    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    prepare = keras.applications.vgg16.preprocess_input
    features = cnn.extract_features(pictures, model, preprocess=prepare)
    np.testing.assert_allclose(
        features, cnn.extract_features(pictures, original, preprocess=prepare), rtol=1e-4
    )
    assert features.shape == (2, 512)
    (tmp_path / "vgg.weights.h5").unlink()  # from now on the cache is all there is
    assert (cache / "vgg.weights.h5").is_file()
    again = imagenet.vgg16(download=True)
    np.testing.assert_array_equal(features, cnn.extract_features(pictures, again, preprocess=prepare))


# --- errors -------------------------------------------------------------------------------------------------

PICTURES = np.zeros((1, 5, 5, 2))
KERNEL = np.zeros((3, 3, 2, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cnn.convolve(PICTURES[0], KERNEL), r"pictures has shape \(5, 5, 2\)"),
        (lambda: cnn.convolve(PICTURES, KERNEL[..., 0]), r"kernel has shape \(3, 3, 2\)"),
        (lambda: cnn.convolve(PICTURES, KERNEL, groups=2), "expected 2 / groups channels"),
        (lambda: cnn.convolve(PICTURES, KERNEL, stride=0), "stride is 0"),
        (lambda: cnn.convolve(PICTURES, KERNEL, stride=(1, 2, 3)), "stride is \\(1, 2, 3\\)"),
        (lambda: cnn.convolve(PICTURES, KERNEL, padding="full"), "padding is 'full'"),
        (lambda: cnn.convolve(PICTURES, KERNEL, dilation=3), "kernel spans 7 entries"),
        (lambda: cnn.convolve(PICTURES, KERNEL, np.zeros(3)), r"bias has shape \(3,\)"),
        (lambda: cnn.pool(PICTURES, 6), "kernel spans 6 entries"),
        (lambda: cnn.pool(PICTURES, kind="median"), "kind is 'median'"),
        (lambda: cnn.batch_norm(PICTURES, np.zeros(3), np.ones(2)), r"mean has shape \(3,\)"),
        (lambda: cnn.batch_norm(PICTURES, np.ones(2), -np.ones(2)), "variance goes down to -1"),
        (lambda: cnn.receptive_field([3, 2]), "layer 0 is 3"),
        (lambda: cnn.receptive_field([(3, 0)]), "stride of layer 0 is 0"),
        (lambda: cnn.convolution_cost(3, 3, 4, 9, groups=2), "groups is 2"),
        (lambda: cnn.dense_cost(0, 3), "inputs is 0"),
        (lambda: cnn.grad_cam(PICTURES, PICTURES[:, :3]), r"gradients has shape \(1, 3, 5, 2\)"),
        (lambda: cnn.extract_features(PICTURES, small_network()), "pictures has shape"),
        (
            lambda: cnn.extract_features(PICTURES[..., :1], small_network()),
            r"np\.repeat\(pictures, 3, axis=3",
        ),
        (
            lambda: cnn.extract_features(np.zeros((1, 8, 8, 3), np.uint8), lambda x, training: x[0]),
            r"model returned shape \(8, 8, 3\)",
        ),
        (lambda: imagenet.vgg16(download=True, timeout=0), "timeout is 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(CourseError, match=message):
        call()
