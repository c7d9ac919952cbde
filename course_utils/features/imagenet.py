"""A network trained on ImageNet, downloaded when a learner asks for it. Introduced in lesson 02."""

import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.arguments import number
from course_utils.errors import CourseError
from course_utils.places import CACHE

if TYPE_CHECKING:
    import keras

__all__ = ["vgg16"]

# The file that keras.applications.VGG16(weights="imagenet", include_top=False) takes, and its fingerprint.
_WEIGHTS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_WEIGHTS_MD5 = "6d6bbae143d832006294945121d1f1fc"


def vgg16(*, download: bool = False, timeout: float = 10.0) -> "keras.Model":
    """Gives VGG16 up to its last pooling, frozen, with the weights that were trained on ImageNet.

    Simonyan & Zisserman, arXiv:1409.1556. Keras fetches the file once (59 MB), shows its progress and
    compares its fingerprint; it is kept in ``CACHE``. Introduced in lesson 02.

    Args:
        download: bool, whether you want that: a lesson runs without network unless you say so.
        timeout: float, seconds after which a silent network counts as none.

    Returns:
        keras.Model from pictures (batch, height, width, 3) as ``keras.applications.vgg16.preprocess_input``
        makes them, sides of at least 32, to features, float32 (batch, 512): the mean over the last map.

    Raises:
        CourseError: when the weights are not wanted or cannot be had; one line with the reason.
    """
    timeout = number("timeout", timeout, at_least=0.01)
    if not download:
        raise CourseError("VGG16's ImageNet weights are not used: download=False.")
    import keras

    try:
        if not (CACHE / "models" / Path(_WEIGHTS).name).exists():
            _reach(_WEIGHTS, timeout)
        path = _fetch(keras.utils.get_file, timeout)
        model = keras.applications.VGG16(weights=path, include_top=False, pooling="avg")
    except Exception as error:  # get_file raises a bare Exception for whatever the network does
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CourseError(f"VGG16's ImageNet weights cannot be had: {reason}") from error
    model.trainable = False
    return model


def _fetch(get_file: Callable[..., str], timeout: float) -> str:
    """The path of the weights; the file is fetched if it is not there, or not what it should be."""
    CACHE.mkdir(exist_ok=True)  # else get_file would take the system's folder for temporary files
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout)  # urllib.request, which get_file uses, has no limit of its own
    try:
        return get_file(
            Path(_WEIGHTS).name,
            _WEIGHTS,
            cache_dir=CACHE,
            cache_subdir="models",
            file_hash=_WEIGHTS_MD5,
        )
    finally:
        socket.setdefaulttimeout(before)


def _reach(address: str, timeout: float) -> None:
    """Asks for the head of a web page, and gives up in time: looking up a name knows no time limit."""
    found = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=timeout):
                found.append(None)
        except (OSError, ValueError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout)
    host = urllib.parse.urlsplit(address).netloc
    # Either clock may run out first, that of the thread's connection or that of waiting for the thread.
    if not found or isinstance(getattr(found[0], "reason", found[0]), TimeoutError):
        raise TimeoutError(f"{host} has not answered in {timeout:g} s.")
    if found[0] is not None:
        raise ConnectionError(f"{host} cannot be reached ({getattr(found[0], 'reason', found[0])}).")
