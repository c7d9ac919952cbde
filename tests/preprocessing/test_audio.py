"""Recordings of every kind become mono float32 or one clear error; spectra equal independent libraries."""

import math
import struct

import numpy as np
import pytest
import soundfile

from course_utils import CourseError
from course_utils.preprocessing import audio

FORMATS = {
    "wav": {},
    "flac": {},
    "ogg": {},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {},
    "aiff": {},
    "au": {},
    "caf": {},
    "w64": {},
    "rf64": {},
}
LOSSY = ("ogg", "opus", "mp3")


def tone(frequency, rate=8000, seconds=1.0, level=0.5):
    time = np.arange(round(rate * seconds)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def loudest_frequency(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate / len(samples)


@pytest.fixture
def recorded(tmp_path):
    def record(samples, name="sound.wav", rate=8000, **options):
        path = tmp_path / name
        soundfile.write(path, samples, rate, **options)
        return path

    return record


# ---- reading ----


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_read(recorded, suffix):
    path = recorded(tone(440), f"录音.{suffix}", **FORMATS[suffix])
    samples, rate = audio.read_audio(str(path))
    assert (samples.dtype, samples.ndim, rate) == (np.float32, 1, 8000)
    assert abs(loudest_frequency(samples, rate) - 440) < 2
    if suffix not in LOSSY:
        np.testing.assert_allclose(samples, tone(440), atol=1e-4)


@pytest.mark.parametrize(
    ("subtype", "step"),
    [
        ("PCM_U8", 1 / 64),
        ("PCM_16", 1e-4),
        ("PCM_24", 1e-6),
        ("PCM_32", 1e-6),
        ("FLOAT", 1e-7),
        ("ULAW", 0.05),
    ],
)
def test_every_sample_type_is_scaled_to_1(recorded, subtype, step):
    samples, _ = audio.read_audio(recorded(tone(300), subtype=subtype))
    np.testing.assert_allclose(samples, tone(300), atol=step)


def test_channels_are_mixed_by_their_mean(recorded):
    left, right = tone(200), tone(700)
    samples, _ = audio.read_audio(recorded(np.stack([left, right], 1), subtype="FLOAT"))
    np.testing.assert_allclose(samples, (left + right) / 2, atol=1e-6)
    np.testing.assert_array_equal(audio.to_mono(left), left)


def test_the_rate_can_be_changed(recorded):
    samples, rate = audio.read_audio(recorded(tone(440, 44100), rate=44100), 16000)
    assert (len(samples), rate) == (16000, 16000)
    np.testing.assert_allclose(samples[500:-500], tone(440, 16000)[500:-500], atol=2e-3)


def test_lossy_overshoot_is_limited(recorded):
    samples, _ = audio.read_audio(recorded(tone(300, level=0.999) ** 3, "sound.ogg"), 11025)
    assert np.abs(samples).max() <= 1


# ---- refusing ----


def refusal(path, **options):
    with pytest.raises(CourseError) as caught:
        audio.read_audio(path, **options)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.55, 0.9, 0.999])
def test_a_truncated_recording_is_refused(recorded, suffix, share):
    rng = np.random.default_rng(0)
    noise = (rng.standard_normal(60_000) * 0.1).astype(np.float32)
    path = recorded(noise, f"sound.{suffix}", **FORMATS[suffix])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    message = refusal(path)
    assert "truncated" in message or "no recording that can be read" in message
    if suffix == "wav":
        assert "truncated" in message


def with_lengths(path, riff, data):
    """Write other lengths into a WAV; of the whole file, and of its samples unless None."""
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack("<I", riff)
    if data is not None:
        place = content.index(b"data") + 4
        content[place : place + 4] = struct.pack("<I", data)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("riff", "data"),
    [
        (2**32 - 1, 2**32 - 1),  # ffmpeg into a pipe
        (0x7FFFF024, 0x7FFFF000),  # SoX into a pipe
        (0x7FFFEFFE + 36, 0x7FFFEFFE),  # the same in whole blocks of 6 bytes
        (0x7FFFEFC0 + 36, 0x7FFFEFC0),  # and of 65
        (0x7FFFFF24, 0x7FFFFF00),  # arecord into a pipe
        (0, 0),  # GStreamer into a pipe, or a recorder that was ended
        (2**32 - 1, 0),
        (36, 0),
    ],
)
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "GSM610", "MS_ADPCM"])
def test_a_streamed_wav_without_a_length_is_read(recorded, riff, data, subtype):
    # A whole number of blocks: nothing else says where the sound ends.
    whole = tone(440, seconds=8)
    expected, _ = audio.read_audio(recorded(whole, subtype=subtype))
    samples, _ = audio.read_audio(with_lengths(recorded(whole, subtype=subtype), riff, data))
    np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize("riff", [16036 + 8, 16036 - 8, 0, 2**32 - 1, 10**6])
def test_a_wrong_length_of_the_whole_file_does_no_harm(recorded, riff):
    path = with_lengths(recorded(tone(440)), riff, None)
    np.testing.assert_allclose(audio.read_audio(path)[0], tone(440), atol=1e-4)


@pytest.mark.parametrize(("suffix", "place"), [("aiff", slice(4, 8)), ("rf64", slice(20, 22))])
def test_so_it_is_in_other_formats(recorded, suffix, place):
    path = recorded(tone(440), f"sound.{suffix}")
    content = bytearray(path.read_bytes())
    content[place] = b"\x7f" * len(content[place])
    path.write_bytes(content)
    np.testing.assert_allclose(audio.read_audio(path)[0], tone(440), atol=1e-4)


def test_what_follows_the_samples_may_be_missing(recorded):
    path = recorded(tone(440))
    path.write_bytes(with_lengths(path, 16036 + 60, None).read_bytes() + b"LIST\x34\0\0\0INFO")
    np.testing.assert_allclose(audio.read_audio(path)[0], tone(440), atol=1e-4)


@pytest.mark.parametrize("missing", [2, 100, 9000])
def test_samples_that_are_missing_are_noticed_whatever_the_length_of_the_file(recorded, missing):
    path = recorded(tone(440))
    path.write_bytes(path.read_bytes()[:-missing])
    assert "truncated" in refusal(with_lengths(path, 36 + 16000 - missing, None))


def test_a_recording_of_no_samples_is_not_filled_with_what_follows(recorded):
    path = recorded(np.zeros(0, np.float32))
    path.write_bytes(path.read_bytes() + b"LIST\x0e\0\0\0INFOISFT\2\0\0\0ab")
    assert "is empty" in refusal(path)


ODD_TYPES = [
    ("wav", "GSM610"),
    ("wav", "G721_32"),
    ("wav", "NMS_ADPCM_16"),
    ("wav", "NMS_ADPCM_24"),
    ("wav", "NMS_ADPCM_32"),
    ("wav", "MS_ADPCM"),
    ("wav", "IMA_ADPCM"),
    ("w64", "GSM610"),
    ("aiff", "GSM610"),
    ("au", "G721_32"),
    ("au", "G723_24"),
    ("au", "G723_40"),
    ("xi", "DPCM_16"),
    ("xi", "DPCM_8"),
    ("voc", "ULAW"),
    ("caf", "ALAC_16"),
]


@pytest.mark.parametrize(("suffix", "subtype"), ODD_TYPES)
def test_the_codecs_of_telephones_and_trackers_are_read(recorded, suffix, subtype):
    path = recorded(tone(440, level=0.4), f"sound.{suffix}", subtype=subtype)
    samples, rate = audio.read_audio(path)
    assert len(samples) >= 8000
    # An XI has no rate of its own; libsndfile takes 44,100.
    assert abs(loudest_frequency(samples, rate) * 8000 / rate - 440) < 3
    assert np.corrcoef(samples[:8000], tone(440))[0, 1] > 0.9


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32", "NMS_ADPCM_16"])
def test_what_fills_up_the_last_block_is_no_sound(recorded, subtype):
    samples, _ = audio.read_audio(recorded(tone(440)[:7777], subtype=subtype))
    assert len(samples) == 7777


@pytest.mark.parametrize("suffix", ["wav", "aiff", "w64"])
def test_a_truncated_telephone_recording_is_refused(recorded, suffix):
    path = recorded(tone(440), f"sound.{suffix}", subtype="GSM610")
    path.write_bytes(path.read_bytes()[:-700])
    assert "truncated" in refusal(path)


def test_an_empty_recording_is_refused(recorded):
    assert "is empty" in refusal(recorded(np.zeros(0, np.float32)))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty (0 bytes)"), (b"\x89PNG\r\n\x1a\n", "PNG picture"), (b"hello there", "plain text")],
)
@pytest.mark.parametrize("name", ["sound.wav", "sound.raw", "sound"])
def test_what_is_no_recording_is_described(tmp_path, content, said, name):
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refusal(path)


def wav_header(rate=8000, channels=1, size=16000, width=2):
    """A WAV whose header may promise anything, with 100 bytes of samples."""
    block = channels * width
    body = b"fmt " + struct.pack("<IHHII", 16, 1, channels, rate, (rate * block) % 2**32)
    body += struct.pack("<HH", block % 2**16, width * 8)
    body += b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", (len(body) + 4 + size) % 2**32) + b"WAVE" + body + bytes(100)


@pytest.mark.parametrize(
    "header",
    [
        {"size": 2**32 - 2},
        {"size": 2**31, "rate": 1000},
        {"channels": 1024, "size": 2**31},
        {"rate": 2**31 - 1},
        {"rate": 1},
        {"rate": 0},
        {"channels": 0},
        {"channels": 65535},
    ],
)
def test_absurd_headers_are_refused(tmp_path, header):
    path = tmp_path / "sound.wav"
    path.write_bytes(wav_header(**header))
    refusal(path)


def test_a_long_recording_is_refused_before_it_is_read(recorded, monkeypatch):
    path = recorded(tone(440, seconds=3), "sound.flac")
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was read"))
    assert "3 seconds" in refusal(path, max_seconds=2)


def test_many_samples_are_refused_before_they_are_read(recorded, monkeypatch):
    path = recorded(np.zeros((1000, 2), np.float32))
    monkeypatch.setattr(audio, "_MAX_VALUES", 1999)
    assert "1,999 samples" in refusal(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(recorded, bad):
    samples = tone(440)
    samples[17] = bad
    assert "not finite" in refusal(recorded(samples, subtype="FLOAT"))


# ---- clipping ----


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_clipped_channel_is_refused(recorded, subtype, channels):
    quiet, loud = tone(300, level=0.3), np.clip(tone(300, level=3), -1, 1)
    path = recorded(np.stack([quiet, loud], 1)[:, 2 - channels :], subtype=subtype)
    assert "clipped" in refusal(path)
    samples, _ = audio.read_audio(path, allow_clipping=True)
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
def test_a_loud_but_whole_recording_is_read(recorded, subtype):
    audio.read_audio(recorded(tone(440, level=0.9999), subtype=subtype))


@pytest.mark.parametrize("suffix", ["wav", "aiff", "caf"])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("peak", [1.02, 1.1, 2, 127, 20_000, 2**31])
def test_floats_beyond_1_are_not_called_clipped(recorded, suffix, subtype, peak):
    message = refusal(recorded(tone(440, level=peak), f"sound.{suffix}", subtype=subtype))
    assert f"that reach {np.abs(tone(440, level=peak)).max():,.2f}; expected -1 to 1" in message
    assert "divide them by their peak" in message
    assert "clipped" not in message


def test_the_remedy_for_floats_beyond_1_works(recorded, tmp_path):
    samples, rate = soundfile.read(recorded(tone(440, level=20_000), subtype="FLOAT"))
    soundfile.write(tmp_path / "new.wav", samples / abs(samples).max(), rate)
    np.testing.assert_allclose(audio.read_audio(tmp_path / "new.wav")[0], tone(440, level=1), atol=1e-3)


def test_few_floats_slightly_above_1_are_limited(recorded):
    samples = tone(440)
    samples[100] = 1.05
    assert audio.read_audio(recorded(samples, subtype="FLOAT"))[0].max() == 1
    samples[100] = 1.2
    assert "reach 1.20;" in refusal(recorded(samples, subtype="FLOAT"))


def test_a_mix_that_is_too_loud_may_be_limited_but_no_other_unit(recorded):
    samples, _ = audio.read_audio(recorded(tone(440, level=3), subtype="FLOAT"), allow_clipping=True)
    assert np.abs(samples).max() == 1
    assert "20,000" in refusal(recorded(tone(440, level=20_000), subtype="FLOAT"), allow_clipping=True)


def test_the_clipped_share_counts_runs_of_three_of_one_sign():
    samples = np.zeros(1000, np.float32)
    samples[[10, 11, 20, 900, 901, 902]] = 1, 1, 1, 1, -1, 1
    assert audio.clipped_share(samples) == 0
    samples[[0, 1, 2]] = 1
    samples[-4:] = -1
    assert audio.clipped_share(samples) == 7 / 1000
    assert audio.clipped_share(samples * np.float32(0.5)) == 0
    assert audio.clipped_share(samples * np.float32(0.5), 0.5) == 7 / 1000


# ---- resampling ----


@pytest.mark.parametrize(
    ("from_rate", "to_rate"), [(8000, 16000), (44100, 16000), (16000, 8000), (22050, 8000)]
)
def test_a_tone_keeps_its_frequency_and_level(from_rate, to_rate):
    rng = np.random.default_rng(from_rate)
    for frequency in rng.uniform(100, 3000, 5):
        resampled = audio.resample(tone(frequency, from_rate), from_rate, to_rate)
        assert len(resampled) == to_rate
        assert abs(loudest_frequency(resampled, to_rate) - frequency) <= 1
        middle = slice(to_rate // 10, -to_rate // 10)
        np.testing.assert_allclose(resampled[middle], tone(frequency, to_rate)[middle], atol=0.01)


def test_what_lies_above_the_new_limit_is_removed():
    for frequency in (4700, 6000, 7900):
        kept = audio.resample(tone(frequency, 16000), 16000, 8000)
        assert np.abs(kept[400:-400]).max() < 0.005
        assert np.abs(tone(frequency, 16000)[::2]).max() > 0.4


def test_the_same_rate_changes_nothing():
    np.testing.assert_array_equal(audio.resample(tone(440), 8000, 8000), tone(440))


# ---- frames and spectra ----


def test_frames_in_random_shapes():
    rng = np.random.default_rng(0)
    for _ in range(60):
        samples = rng.standard_normal(rng.integers(1, 200)).astype(np.float32)
        length, hop = int(rng.integers(1, len(samples) + 1)), int(rng.integers(1, 50))
        frames = audio.split_frames(samples, length, hop)
        assert frames.shape == (1 + (len(samples) - length) // hop, length)
        for number, frame in enumerate(frames):
            np.testing.assert_array_equal(frame, samples[number * hop : number * hop + length])


def test_mel_and_hertz_are_inverse():
    hertz = np.linspace(0, 8000, 50)
    np.testing.assert_allclose(audio.mel_to_hz(audio.hz_to_mel(hertz)), hertz, atol=1e-9)
    assert abs(audio.hz_to_mel(1000) - 1000) < 0.1


def test_a_tone_lights_up_its_own_filter():
    centres = audio.mel_to_hz(np.linspace(audio.hz_to_mel(20), audio.hz_to_mel(4000), 42))[1:-1]
    for number in (5, 17, 33):
        features = audio.log_mel(tone(centres[number]), 8000)
        assert (features.argmax(1) == number).all()


def test_silence_is_the_logarithm_of_the_floor():
    features = audio.log_mel(np.zeros(800, np.float32), 8000, floor=1e-6)
    np.testing.assert_allclose(features, math.log(1e-6), rtol=1e-6)
    assert features.dtype == np.float32
    assert features.shape == (8, 40)


def test_spectrograms_are_padded_and_masked():
    rng = np.random.default_rng(1)
    features = [rng.standard_normal((length, 5)).astype(np.float32) for length in (3, 7, 1)]
    batch, mask = audio.pad_frames(features)
    assert batch.shape == (3, 7, 5)
    assert mask.sum(1).tolist() == [3, 7, 1]
    assert (batch[~mask] == 0).all()
    for item, kept, real in zip(features, batch, mask, strict=True):
        np.testing.assert_array_equal(kept[real], item)
        assert real[: len(item)].all()


@pytest.fixture
def signals():
    """Recordings, (samples, rate) each: noise whose level rises and falls, with silence in the middle."""
    rng = np.random.default_rng(2)
    made = []
    for rate in (8000, 16000, 22050):
        samples = (rng.standard_normal(rate) * 0.2).astype(np.float32) * tone(3, rate)
        samples[rate // 3 : rate // 2] = 0
        made.append((samples, rate))
    return made


@pytest.mark.slow
def test_spectra_equal_tensorflows(signals):
    import tensorflow as tf

    for samples, rate in signals:
        # TensorFlow's window is periodic for even lengths only.
        frame, hop = rate // 80 * 2, rate // 100
        length = 1 << (frame - 1).bit_length()
        theirs = tf.signal.stft(samples, frame, hop, length).numpy()
        np.testing.assert_allclose(audio.stft(samples, frame, hop, length), theirs, atol=1e-4)
        weights = tf.signal.linear_to_mel_weight_matrix(40, length // 2 + 1, rate, 20.0, rate / 2, tf.float64)
        weights = weights.numpy()
        np.testing.assert_allclose(audio.mel_filterbank(rate, length), weights, atol=1e-4)
        logarithm = np.log(np.maximum(np.abs(theirs) ** 2 @ weights, 1e-10))
        ours = audio.log_mel(samples, rate, window=frame / rate, hop=hop / rate)
        np.testing.assert_allclose(ours, logarithm, atol=1e-4)
        print(f"{rate} Hz: largest difference from tf.signal {np.abs(ours - logarithm).max():.1e}")


@pytest.mark.slow
def test_log_mel_equals_keras(signals):
    import keras

    for samples, rate in signals:
        length, hop = 512, rate // 100
        layer = keras.layers.MelSpectrogram(
            fft_length=length, sequence_stride=hop, sampling_rate=rate, num_mel_bins=40, top_db=1000
        )
        # Keras mirrors half a frame at both ends, puts time last, and speaks in decibels.
        theirs = keras.ops.convert_to_numpy(layer(samples)).T * math.log(10) / 10
        mirrored = np.pad(samples, length // 2, mode="reflect")
        ours = audio.log_mel(mirrored, rate, window=length / rate, hop=hop / rate)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
        print(f"{rate} Hz: largest difference from Keras {np.abs(ours - theirs).max():.1e}")


# ---- wrong arguments ----

SAMPLES = tone(440)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: audio.read_audio("x.wav", 0), "rate"),
        (lambda: audio.read_audio("x.wav", 16000.0), "rate"),
        (lambda: audio.read_audio("x.wav", max_seconds=-1), "max_seconds"),
        (lambda: audio.read_audio("x.wav", max_seconds="long"), "max_seconds"),
        (lambda: audio.to_mono(SAMPLES.tolist()), "channels"),
        (lambda: audio.to_mono(np.zeros((2, 2, 2))), "channels"),
        (lambda: audio.to_mono(np.zeros(4, np.int16)), "channels"),
        (lambda: audio.clipped_share(np.zeros((4, 2))), "samples"),
        (lambda: audio.clipped_share(SAMPLES, 1.5), "full_scale"),
        (lambda: audio.resample(SAMPLES, 8000, -1), "to_rate"),
        (lambda: audio.resample(SAMPLES, 8000.5, 8000), "from_rate"),
        (lambda: audio.resample(np.zeros(0), 8000, 8000), "samples"),
        (lambda: audio.resample(np.array([np.nan]), 8000, 8000), "samples"),
        (lambda: audio.split_frames(SAMPLES, 0, 1), "frame_length"),
        (lambda: audio.split_frames(SAMPLES, 10, 0), "hop"),
        (lambda: audio.split_frames(SAMPLES[:9], 10, 1), "samples"),
        (lambda: audio.split_frames([0.0] * 20, 10, 1), "samples"),
        (lambda: audio.stft(SAMPLES, 200, 80, 199), "fft_length"),
        (lambda: audio.stft(np.zeros((8, 8)), 4, 2), "samples"),
        (lambda: audio.mel_filterbank(8000, 256, 0), "n_mels"),
        (lambda: audio.mel_filterbank(8000, 256, 400), "n_mels"),
        (lambda: audio.mel_filterbank(8000, 256, 40, 20, 5000), "high"),
        (lambda: audio.mel_filterbank(8000, 256, 40, 3000, 2000), "low"),
        (lambda: audio.mel_filterbank(8000, 256, 40, 2000, 2000), "low"),
        (lambda: audio.mel_filterbank(-8000, 256), "rate"),
        (lambda: audio.log_mel(SAMPLES, 8000, window=0), "window"),
        (lambda: audio.log_mel(SAMPLES, 8000, window=np.nan), "window"),
        (lambda: audio.log_mel(SAMPLES, 8000, hop=-0.01), "hop"),
        (lambda: audio.log_mel(SAMPLES, 8000, floor=0), "floor"),
        (lambda: audio.log_mel(SAMPLES, 8000, fft_length=100), "fft_length"),
        (lambda: audio.pad_frames([]), "features"),
        (lambda: audio.pad_frames(np.zeros((2, 3, 4))), "features"),
        (lambda: audio.pad_frames([np.zeros((2, 3)), np.zeros((2, 4))]), "features"),
        (lambda: audio.pad_frames([np.zeros(3)]), "features"),
        (lambda: audio.pad_frames([None]), "features"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(CourseError, match=rf"^(an item of )?{named}\b"):
        call()
