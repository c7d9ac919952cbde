"""Sound: a recording becomes one float32 array, then frames, spectra and the log-mel that networks take.

Samples are float32, (samples,), from -1 to 1, one channel; a rate is in samples per second (Hz); time runs
along the first axis of every spectrogram. Introduced in lesson 01.
"""

import io
import math
import re
from pathlib import Path

import numpy as np
import soundfile

from course_utils import arguments
from course_utils.errors import CourseError
from course_utils.files import describe_content, require_file

__all__ = [
    "CLIPPED_RUN",
    "CLIPPED_SHARE",
    "clipped_share",
    "hz_to_mel",
    "log_mel",
    "mel_filterbank",
    "mel_to_hz",
    "pad_frames",
    "read_audio",
    "resample",
    "split_frames",
    "stft",
    "to_mono",
]

# A recording counts as clipped when, in any channel, at least this share of its samples lies in runs of at
# least this many neighbours at full scale with the same sign: waves touch the limit at single points, a
# flat top does not happen by itself.
CLIPPED_RUN = 3
CLIPPED_SHARE = 0.001

# Ten minutes of stereo at 48 kHz; decoding more would need over 500 MB.
_MAX_VALUES = 60_000_000
_MIN_RATE, _MAX_RATE = 1_000, 384_000

# The largest positive sample that a format can hold, where it is not that of 16 bits.
_FULL_SCALE_16_BITS = 32767 / 32768
_FULL_SCALE = {"PCM_S8": 127 / 128, "PCM_U8": 127 / 128, "ULAW": 32124 / 32768, "ALAW": 32256 / 32768}

# Floats can lie beyond -1 and 1: slightly, where a filter overshot, as in a mix that is too loud, or because
# they count in another unit, such as that of 16-bit integers.
_FLOAT_TYPES = ("FLOAT", "DOUBLE")
_OVERSHOOT = 1.1
_LOUDEST_MIX = 8

# What programs that write into a pipe put in the header in place of a length that they cannot know: ffmpeg's,
# and those of SoX (WAV, AIFF) and arecord, rounded to whole blocks or with the rest of a header added.
_UNKNOWN_LENGTH = 0xFFFFFFFF
_UNKNOWN_LENGTHS_ABOUT = (0x7FFFF000, 0x7F000000, 0x7FFFFF00)
_LARGEST_BLOCK = 128

# libsndfile reads a file that ends too early without an error. It only notes in its log what the header
# promises, and what there is: "data : 40000 (should be 23982)". The length of the whole file (RIFF, FORM),
# which many programs get wrong, stands there too, and decides only for Wave64, whose data has no such note.
_PROMISES = re.compile(r"^ *(?:data|SSND|BODY|riff|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_PROMISED_FRAMES = re.compile(r"Calculated frame count (\d+) does not match value from 'ds64' chunk of (\d+)")

# What a WAV says of a codec that comes in blocks: "fact : 4", and in the next line "frames  : 8000".
_SAID_FRAMES = re.compile(r"^fact : \d+\n +frames *: (\d+)", re.MULTILINE)
_LONGEST_BLOCK = 2048

# RFC 3533: the fixed part of a page's header, the longest page, and the flag of the last page.
_OGG_HEADER = 27
_OGG_LONGEST_PAGE = 65_307
_OGG_END_OF_STREAM = 0x04


def read_audio(
    path: str | Path, rate: int | None = None, *, max_seconds: float = 600, allow_clipping: bool = False
) -> tuple[np.ndarray, int]:
    """Reads a recording of any format that libsndfile knows, mixed to one channel (lesson 01).

    Formats: WAV, FLAC, Ogg (Vorbis, Opus), MP3, AIFF, AU, CAF and others, of any sample type. Samples that a
    lossy format or the resampling pushes slightly beyond -1 or 1 are limited to that range. Whether a WAV is
    whole is judged by its samples: a wrong length of the file in its header, or none, does no harm.

    Args:
        path: str or Path of the file.
        rate: None to keep the file's own, or the rate to resample to, in Hz.
        max_seconds: number, the longest recording to accept. Its header is asked before memory is taken.
        allow_clipping: True reads a clipped recording (see `clipped_share`) without complaint, and limits a
            recording of floats that was mixed too loud.

    Returns:
        samples, float32 (samples,), -1 to 1, and their rate in Hz, int.

    Raises:
        CourseError: when the file is missing, empty, no recording, truncated, otherwise damaged, too long, or
            clipped, or holds floats beyond -1 and 1 or that are not finite. A truncated MP3 without a length
            in its header cannot be told from a whole one.
    """
    if rate is not None:
        arguments.whole_number("rate", rate, 1, _MAX_RATE)
    arguments.number("max_seconds", max_seconds, 0, math.inf)
    path = require_file(path)
    try:
        with soundfile.SoundFile(_source(path)) as file:
            _refuse_absurd(file, path, max_seconds)
            channels = file.read(_frames(file), dtype="float32", always_2d=True)
            _refuse_truncated(file, path, len(channels))
            sample_type, file_rate = file.subtype, file.samplerate
    # TypeError: soundfile asks for the rate of a file called .raw, which has no header to say it.
    except (soundfile.SoundFileError, TypeError) as error:
        raise CourseError(
            f"{path}: this is no recording that can be read ({error}): the file {describe_content(path)}. Get"
            " the original again, or convert it to WAV or FLAC."
        ) from error
    if not np.isfinite(channels).all():
        raise CourseError(
            f"{path}: the recording holds samples that are not finite (NaN or infinity): export it again."
        )
    if sample_type in _FLOAT_TYPES:
        _refuse_out_of_range(channels, path, allow_clipping)
    if not allow_clipping:
        _refuse_clipped(channels, path, _FULL_SCALE.get(sample_type, _FULL_SCALE_16_BITS))
    samples = np.clip(to_mono(channels), -1, 1)
    if rate is None:
        return samples, file_rate
    return np.clip(resample(samples, file_rate, rate), -1, 1), rate


def _source(path: Path) -> Path | io.BytesIO:
    """What to hand to libsndfile: the file, or a copy of a WAV whose length 0 was never filled in.

    That is how a program leaves it that writes into a pipe, or that was ended while it recorded. libsndfile
    mends it by itself, but only if the length of the whole file is what its own unfinished files have.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return path
        while len(chunk := file.read(8)) == 8 and chunk[:4] != b"data":
            length = int.from_bytes(chunk[4:], "little")
            file.seek(length + length % 2, io.SEEK_CUR)
        samples = file.tell()
        follows = file.read(8)
        is_chunk = follows[:4].isascii() and follows[:4].decode("ascii").isprintable()
        if chunk != b"data\0\0\0\0" or not follows or is_chunk:
            return path
        file.seek(0)
        # Of a file that is too long enough is taken to say so.
        return io.BytesIO(b"RIFF\x08\0\0\0" + file.read(samples + 8 * _MAX_VALUES + 8)[8:])


def _refuse_absurd(file: soundfile.SoundFile, path: Path, max_seconds: float) -> None:
    if not _MIN_RATE <= file.samplerate <= _MAX_RATE:
        raise CourseError(
            f"{path}: its header declares {file.samplerate:,} samples per second; expected {_MIN_RATE:,} to"
            f" {_MAX_RATE:,}: the header is damaged, get the original again."
        )
    seconds = file.frames / file.samplerate
    if seconds > max_seconds or file.frames * file.channels > _MAX_VALUES:
        raise CourseError(
            f"{path}: its header declares {seconds:,.0f} seconds of {file.channels} channels at"
            f" {file.samplerate:,} Hz; accepted are {max_seconds:,} seconds, {_MAX_VALUES:,} samples in all."
            " Cut it, or, if it is short, get the original again."
        )
    if file.frames == 0:
        raise CourseError(f"{path}: the recording is empty: it has a header and no samples. Record it again.")


def _refuse_truncated(file: soundfile.SoundFile, path: Path, frames_read: int) -> None:
    log = file.extra_info
    lengths = [(int(found), int(promised)) for promised, found in _PROMISES.findall(log)]
    lengths += [(int(found), int(promised)) for found, promised in _PROMISED_FRAMES.findall(log)]
    too_short = any(found < promised and not _is_unknown(promised) for found, promised in lengths)
    if too_short or frames_read < _frames(file) or (file.format == "OGG" and not _ogg_is_complete(path)):
        raise CourseError(
            f"{path}: the recording is truncated: its header promises more than the {frames_read:,} samples"
            " that are there. Copy or download the file again."
        )


def _frames(file: soundfile.SoundFile) -> int:
    """How many frames are sound: GSM and its like come in blocks, of which the last is filled up.

    soundfile has to be told: it does not ask such a codec where the file ends.
    """
    said = _SAID_FRAMES.search(file.extra_info)
    frames = int(said[1]) if said else file.frames
    return frames if 0 < file.frames - frames < _LONGEST_BLOCK and not file.seekable() else file.frames


def _is_unknown(length: int) -> bool:
    return length == _UNKNOWN_LENGTH or any(
        abs(length - about) < _LARGEST_BLOCK for about in _UNKNOWN_LENGTHS_ABOUT
    )


def _ogg_is_complete(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _OGG_LONGEST_PAGE))
        end = file.read()
    page = end[max(0, end.rfind(b"OggS")) :]
    if len(page) < _OGG_HEADER:
        return False
    # Byte 26 counts the segments of the page, whose lengths follow.
    segments = page[_OGG_HEADER : _OGG_HEADER + page[26]]
    is_whole = len(page) >= _OGG_HEADER + page[26] + sum(segments)
    return is_whole and bool(page[5] & _OGG_END_OF_STREAM)


def _refuse_out_of_range(channels: np.ndarray, path: Path, allow_clipping: bool) -> None:
    peak = max(channels.max(), -channels.min())
    beyond = (np.count_nonzero(channels > 1) + np.count_nonzero(channels < -1)) / channels.size
    # A few samples slightly above 1 are what a filter leaves of a loud recording; limiting them is not heard.
    is_too_loud = peak > _OVERSHOOT or beyond >= CLIPPED_SHARE
    if peak > _LOUDEST_MIX or (is_too_loud and not allow_clipping):
        raise CourseError(
            f"{path}: its samples are floats that reach {peak:,.2f}; expected -1 to 1. Nothing is lost:"
            " divide them by their peak and save them under a new name, with samples, rate ="
            " soundfile.read(old) and soundfile.write(new, samples / abs(samples).max(), rate)."
        )


def _refuse_clipped(channels: np.ndarray, path: Path, full_scale: float) -> None:
    share = max(clipped_share(channel, full_scale) for channel in channels.T)
    if share >= CLIPPED_SHARE:
        raise CourseError(
            f"{path}: the recording is clipped: {share:.1%} of its samples lie on flat tops at full scale, so"
            " the shape of the wave is lost. Record it again at a lower level, or pass allow_clipping=True."
        )


def clipped_share(samples: np.ndarray, full_scale: float = _FULL_SCALE_16_BITS) -> float:
    """Gives the share of samples on flat tops, in runs of `CLIPPED_RUN` or more at one limit (lesson 01).

    Args:
        samples: float (samples,), one channel.
        full_scale: float, the magnitude from which a sample counts as being at the limit; the default is the
            largest of 16 bits, 32767 / 32768.

    Returns:
        float, 0 to 1.

    Raises:
        CourseError: when an argument is wrong.
    """
    samples = _samples(samples)
    full_scale = arguments.number("full_scale", full_scale, 0, 1)
    count = 0
    for at_limit in (samples >= full_scale, samples <= -full_scale):
        edges = np.flatnonzero(np.diff(at_limit, prepend=False, append=False))
        lengths = edges[1::2] - edges[::2]
        count += lengths[lengths >= CLIPPED_RUN].sum()
    return float(count / len(samples))


def to_mono(channels: np.ndarray) -> np.ndarray:
    """Mixes the channels of a recording by their mean (lesson 01).

    Args:
        channels: float (samples,) or (samples, channels).

    Returns:
        float32 (samples,).

    Raises:
        CourseError: when the argument is wrong.
    """
    arguments.array("channels", channels, np.floating, (("samples",), ("samples", "channels")))
    mono = channels if channels.ndim == 1 else channels.mean(1)
    return mono.astype(np.float32)


def resample(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Changes the sampling rate, with a low-pass filter against aliasing (lesson 01).

    A polyphase filter with a Kaiser window (scipy.signal.resample_poly): insert zeros, filter, keep every
    nth.

    Args:
        samples: float (samples,).
        from_rate: int, Hz.
        to_rate: int, Hz.

    Returns:
        float32 (ceil(samples * to_rate / from_rate),). Frequencies above half the lower rate are removed.
        Sharp edges overshoot a little, so values may pass -1 and 1.

    Raises:
        CourseError: when an argument is wrong.
    """
    from scipy.signal import resample_poly

    samples = _samples(samples)
    from_rate = arguments.whole_number("from_rate", from_rate, 1, _MAX_RATE)
    to_rate = arguments.whole_number("to_rate", to_rate, 1, _MAX_RATE)
    common = math.gcd(from_rate, to_rate)
    return resample_poly(samples, to_rate // common, from_rate // common).astype(np.float32)


def split_frames(samples: np.ndarray, frame_length: int, hop: int) -> np.ndarray:
    """Cuts a signal into overlapping frames (lesson 01).

    Args:
        samples: float (samples,), at least one frame long.
        frame_length: int, samples per frame.
        hop: int, samples from the start of a frame to the start of the next.

    Returns:
        (frames, frame_length), 1 + (samples - frame_length) // hop frames: a rest at the end that fills no
        frame is left out. A read-only view: overlapping frames share memory.

    Raises:
        CourseError: when an argument is wrong or the signal is shorter than a frame.
    """
    samples = _samples(samples)
    frame_length = arguments.whole_number("frame_length", frame_length)
    hop = arguments.whole_number("hop", hop)
    if len(samples) < frame_length:
        raise CourseError(
            f"samples has {len(samples):,} values, less than one frame of {frame_length:,}: pad it with"
            " zeros, or use a shorter frame."
        )
    return np.lib.stride_tricks.sliding_window_view(samples, frame_length)[::hop]


def stft(samples: np.ndarray, frame_length: int, hop: int, fft_length: int | None = None) -> np.ndarray:
    """Gives the short-time Fourier transform with a periodic Hann window (lesson 01).

    Equal to tf.signal.stft with the same fft_length (its own default is the next power of two), except that
    TensorFlow's window is not periodic when frame_length is odd.

    Args:
        samples: float (samples,), at least one frame long.
        frame_length: int, samples per frame.
        hop: int, samples from frame to frame.
        fft_length: int, at least `frame_length`: frames are padded with zeros to it; None takes
            `frame_length`.

    Returns:
        complex64 (frames, fft_length // 2 + 1); bin k stands for k * rate / fft_length Hz.

    Raises:
        CourseError: when an argument is wrong or the signal is shorter than a frame.
    """
    frames = split_frames(samples, frame_length, hop)
    if fft_length is None:
        fft_length = frame_length
    fft_length = arguments.whole_number("fft_length", fft_length, frame_length)
    # Periodic: one sample of a Hann window one longer is left out, so that shifted copies add up to a
    # constant.
    window = np.hanning(frame_length + 1)[:-1].astype(np.float32)
    return np.fft.rfft(frames.astype(np.float32) * window, fft_length)


def hz_to_mel(hz: float | np.ndarray) -> np.ndarray:
    """Gives a frequency on the mel scale, 2595 log10(1 + f / 700), as in HTK (lesson 01).

    Args:
        hz: number or array, Hz, not negative.

    Returns:
        float64 of the same shape, mel.
    """
    return 2595 * np.log10(1 + np.asarray(hz, np.float64) / 700)


def mel_to_hz(mel: float | np.ndarray) -> np.ndarray:
    """Inverts `hz_to_mel`: 700 (10^(m / 2595) - 1) (lesson 01).

    Args:
        mel: number or array, mel, not negative.

    Returns:
        float64 of the same shape, Hz.
    """
    return 700 * (10 ** (np.asarray(mel, np.float64) / 2595) - 1)


def mel_filterbank(
    rate: int, fft_length: int, n_mels: int = 40, low: float = 20.0, high: float | None = None
) -> np.ndarray:
    """Gives triangular filters, evenly spaced on the mel scale, to multiply spectra with (lesson 01).

    HTK's definition, as in tf.signal and Keras: triangles straight on the mel axis, peak 1, hence no weight
    for bin 0.

    Args:
        rate: int, Hz.
        fft_length: int, samples.
        n_mels: int, number of filters.
        low: float, Hz, lower edge of the first filter.
        high: float, Hz, upper edge of the last filter, at most rate / 2; None takes rate / 2.

    Returns:
        float32 (fft_length // 2 + 1, n_mels).

    Raises:
        CourseError: when an argument is wrong, or a filter falls between two bins and would always be silent.
    """
    rate = arguments.whole_number("rate", rate, 1, _MAX_RATE)
    fft_length = arguments.whole_number("fft_length", fft_length, 2)
    n_mels = arguments.whole_number("n_mels", n_mels)
    high = arguments.number("high", rate / 2 if high is None else high, 0, rate / 2)
    low = arguments.number("low", low, 0, high)
    if low == high:
        raise CourseError(f"low and high are both {low:g} Hz: expected low below high.")
    edges = np.linspace(hz_to_mel(low), hz_to_mel(high), n_mels + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    bins = hz_to_mel(np.linspace(0, rate / 2, fft_length // 2 + 1))[:, np.newaxis]
    filters = np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    silent = np.count_nonzero(filters.max(0) == 0)
    if silent:
        raise CourseError(
            f"n_mels is {n_mels}: {silent} of these filters fall between two bins, which lie"
            f" {rate / fft_length:.1f} Hz apart with fft_length={fft_length}, and would always be silent. Use"
            " fewer filters or a longer FFT."
        )
    return filters.astype(np.float32)


def log_mel(
    samples: np.ndarray,
    rate: int,
    *,
    window: float = 0.025,
    hop: float = 0.010,
    fft_length: int | None = None,
    n_mels: int = 40,
    low: float = 20.0,
    high: float | None = None,
    floor: float = 1e-10,
) -> np.ndarray:
    """Gives the log-mel spectrogram, the natural logarithm of the power in mel filters (lesson 01).

    ``log(max(|STFT|² · filters, floor))``, frames not centred and not padded. tf.signal gives the same; so
    does keras.layers.MelSpectrogram, which first mirrors half an FFT at both ends, and whose decibels are
    10 / ln 10 of it.

    Args:
        samples: float (samples,), at least one window long.
        rate: int, Hz.
        window: float, seconds per frame; rounded to whole samples.
        hop: float, seconds from frame to frame; rounded to whole samples.
        fft_length: int, samples, at least one window; None takes the next power of two.
        n_mels: int, number of filters.
        low: float, Hz, lower edge of the first filter.
        high: float, Hz, upper edge of the last filter; None takes rate / 2.
        floor: float above zero, the smallest power, so that silence has a logarithm.

    Returns:
        float32 (frames, n_mels).

    Raises:
        CourseError: when an argument is wrong or the recording is shorter than a window.
    """
    rate = arguments.whole_number("rate", rate, 1, _MAX_RATE)
    frame_length = arguments.whole_number("window * rate", round(arguments.number("window", window) * rate))
    hop_length = arguments.whole_number("hop * rate", round(arguments.number("hop", hop) * rate))
    if fft_length is None:
        fft_length = 1 << (frame_length - 1).bit_length()
    if arguments.number("floor", floor, 0, 1) == 0:
        raise CourseError("floor is 0: expected a small number above zero, because log(0) is minus infinity.")
    filters = mel_filterbank(rate, fft_length, n_mels, low, high)
    spectra = stft(samples, frame_length, hop_length, fft_length)
    power = spectra.real**2 + spectra.imag**2
    return np.log(np.maximum(power @ filters, np.float32(floor)))


def pad_frames(features: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Stacks spectrograms of different lengths into one batch, with zeros at the ends (lesson 01).

    Args:
        features: list of float (frames, n_mels) with the same n_mels.

    Returns:
        float32 (batch, longest frames, n_mels), and the mask, bool (batch, longest frames), True = a real
        frame.

    Raises:
        CourseError: when the list is empty or its items do not fit together.
    """
    if not isinstance(features, list | tuple) or not features:
        raise CourseError("features is empty or no list: expected a list of arrays (frames, n_mels).")
    for item in features:
        n_mels = np.shape(features[0])[-1:]
        arguments.array("features", item, np.floating, (("frames", *n_mels),))
    lengths = np.array([len(item) for item in features])
    mask = np.arange(lengths.max()) < lengths[:, np.newaxis]
    batch = np.zeros((*mask.shape, features[0].shape[1]), np.float32)
    batch[mask] = np.concatenate(features)
    return batch, mask


def _samples(samples: np.ndarray) -> np.ndarray:
    return arguments.array("samples", samples, np.floating, (("samples",),))
