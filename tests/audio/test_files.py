import os
import re
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from workbench.audio import files
from workbench.audio.files import Writer, blocks, info, is_audio_name, read, write
from workbench.errors import WorkbenchError

ENCODINGS = {
    "WAV": ("wav", "PCM_16"),
    "FLAC": ("flac", "PCM_24"),
    "Vorbis": ("ogg", "VORBIS"),
    "Opus": ("ogg", "OPUS"),
    "MP3": ("mp3", "MPEG_LAYER_III"),
    "AIFF": ("aiff", "PCM_16"),
    "SPHERE": ("nist", "PCM_16"),
}


def noise(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    shape = (n_samples,) if n_channels == 1 else (n_samples, n_channels)
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def encoded(folder: Path, encoding: str, n_samples: int = 32_000, suffix: str = "") -> Path:
    """Write a low-passed noise, which the lossy codecs keep well, at 16 kHz."""
    container, subtype = ENCODINGS[encoding]
    signal = np.convolve(noise(n_samples), np.ones(16) / 4, mode="same").astype(np.float32)
    path = folder / f"sound-{encoding}{suffix or '.' + container}"
    soundfile.write(path, signal, 16_000, format=container.upper(), subtype=subtype)
    return path


def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused, after checking that it is one and names the file."""
    with pytest.raises(WorkbenchError) as caught:
        read(path)
    with pytest.raises(WorkbenchError):
        list(blocks(path, 1000))
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert "Error" not in sentence
    return sentence


# Reading what is whole


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("suffix", ["", ".WAV", ".bin"])
def test_content_decides_and_not_the_name(tmp_path: Path, encoding: str, suffix: str) -> None:
    path = encoded(tmp_path, encoding, suffix=suffix)
    signal = read(path)
    assert signal.dtype == np.float32
    assert signal.shape == (32_000,)
    original = np.convolve(noise(32_000), np.ones(16) / 4, mode="same")
    assert np.corrcoef(signal, original)[0, 1] > 0.95
    assert info(path).sample_rate_hz == 16_000


def test_real_sphere_file(timit_sphere: Path) -> None:
    signal = read(timit_sphere)
    raw = np.frombuffer(timit_sphere.read_bytes()[1024:], "<i2")
    np.testing.assert_array_equal(signal, raw.astype(np.float32) / 32768)
    header = info(timit_sphere)
    assert (header.sample_rate_hz, header.n_channels, header.n_samples) == (16_000, 1, len(raw))
    assert "NIST" in header.format


def test_every_real_recording_opens(shared_data: Path) -> None:
    folder = shared_data / "speech" / "timit"
    paths = [path for path in sorted(folder.rglob("*")) if is_audio_name(path)]
    assert len(paths) == 80
    for path in paths:
        assert 0.5 < len(read(path)) / 16_000 < 10


def test_vehicle_recording_in_opus(vehicle_noise: Path) -> None:
    signal = read(vehicle_noise)
    assert len(signal) == info(vehicle_noise).n_samples
    assert 1e-4 < np.sqrt(np.mean(signal**2)) < 1


@pytest.mark.parametrize("sample_rate_hz", [8000, 11025, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_any_rate_and_channel_count(tmp_path: Path, sample_rate_hz: int, n_channels: int) -> None:
    path = tmp_path / "sound.wav"
    frames = noise(sample_rate_hz // 2 + 1, n_channels)
    soundfile.write(path, frames, sample_rate_hz, subtype="FLOAT")
    mono = frames if n_channels == 1 else frames.mean(axis=1)
    expected = soxr.resample(mono, sample_rate_hz, 16_000, quality="VHQ")
    signal = read(path)
    assert abs(len(signal) - len(frames) * 16_000 / sample_rate_hz) <= 0.5
    n_common = min(len(signal), len(expected))
    np.testing.assert_allclose(signal[:n_common], expected[:n_common], atol=1e-5)
    header = info(path)
    assert (header.sample_rate_hz, header.n_channels, header.n_samples) == (
        sample_rate_hz,
        n_channels,
        len(frames),
    )
    assert header.duration_s == len(frames) / sample_rate_hz


@pytest.mark.parametrize("block_samples", [1, 37, 16_000, 10**6])
@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
def test_blocks_are_the_file(tmp_path: Path, block_samples: int, sample_rate_hz: int) -> None:
    path = tmp_path / "sound.flac"
    soundfile.write(path, noise(sample_rate_hz * (1 if block_samples < 100 else 20)), sample_rate_hz)
    parts = list(blocks(path, block_samples))
    assert {len(part) for part in parts[:-1]} <= {block_samples}
    assert 0 < len(parts[-1]) <= block_samples
    np.testing.assert_array_equal(np.concatenate(parts), read(path))


def test_max_seconds_gives_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, noise(20 * 44_100), 44_100)
    np.testing.assert_array_equal(read(path, max_seconds=7.5), read(path)[: round(7.5 * 16_000)])
    np.testing.assert_array_equal(read(path, max_seconds=60), read(path))


@pytest.mark.parametrize("sample_rate_hz", [8000, 16_000, 44_100, 48_000])
def test_a_hundredth_of_a_second(tmp_path: Path, sample_rate_hz: int) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, noise(sample_rate_hz // 100), sample_rate_hz)
    assert len(read(path)) == 160


def test_sound_from_a_pipe_has_no_length_in_its_header(tmp_path: Path) -> None:
    path = encoded(tmp_path, "WAV")
    data = bytearray(path.read_bytes())
    for offset in (4, 40):
        data[offset : offset + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(read(path)) == 32_000


def test_values_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.array([0, 3, -2], np.float32), 16_000, subtype="FLOAT")
    np.testing.assert_array_equal(read(path), [0, 3, -2])


@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
def test_three_hours_stream_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    n_samples = 3 * 3600 * 8000
    soundfile.write(path, np.zeros(8000, np.int16), 8000)
    with path.open("r+b") as file:
        file.seek(4)
        file.write((36 + 2 * n_samples).to_bytes(4, "little"))
        file.seek(40)
        file.write((2 * n_samples).to_bytes(4, "little"))
        file.truncate(44 + 2 * n_samples)
    tracemalloc.start()
    try:
        total = sum(len(block) for block in blocks(path, 16_000))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 2 * n_samples
    assert peak_bytes < 20e6


def test_copying_a_long_file_in_blocks_takes_bounded_memory(tmp_path: Path) -> None:
    source, target = tmp_path / "source.flac", tmp_path / "target.flac"
    soundfile.write(source, np.tile(noise(44_100), 300), 44_100)
    tracemalloc.start()
    try:
        with Writer(target, sample_rate_hz=44_100, n_samples=300 * 44_100) as writer:
            for block in blocks(source, 16_000):
                writer.write(block)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert info(target).n_samples == 300 * 44_100
    assert peak_bytes < 20e6


# Refusing what is not


def test_missing_folder_empty_and_odd_paths(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nothing.wav")
    (tmp_path / "folder.wav").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.wav")
    (tmp_path / "empty.wav").touch()
    assert "empty" in refusal(tmp_path / "empty.wav")
    with pytest.raises(WorkbenchError, match="cannot be opened"):
        read("with\0zero.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a file" in refusal(tmp_path / "pipe.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = encoded(tmp_path, "WAV")
    path.chmod(0)
    assert "permissions" in refusal(path)


def test_permission_error_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded(tmp_path, "WAV")

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "permissions" in refusal(path)


@pytest.mark.parametrize("container", ["wav", "aiff"])
def test_no_samples(tmp_path: Path, container: str) -> None:
    path = tmp_path / f"none.{container}"
    soundfile.write(path, noise(0), 16_000)
    assert "holds no samples" in refusal(path)


def test_shorter_than_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    soundfile.write(path, noise(1), 96_000)
    assert "too short" in refusal(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"Not a sound at all.\n" * 100),
        ("notes.wav", b"Not a sound at all.\n" * 100),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
        ("zeros.wav", bytes(5000)),
        ("ones.mp3", b"\xff" * 5000),
        ("one-byte.flac", b"f"),
        *(
            (f"random{suffix}", np.random.default_rng(3).bytes(4000))
            for suffix in (".wav", ".mp3", ".au", ".vox")
        ),
    ],
)
def test_not_audio(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert "is not a sound file" in refusal(path)


@pytest.mark.parametrize(
    ("name", "head", "what"),
    [
        ("a.m4a", b"\0\0\0\x20ftypM4A ", "MPEG-4"),
        ("a.mp4", b"\0\0\0\x20ftypisom", "MPEG-4"),
        ("a.wma", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "Windows Media"),
        ("a.webm", b"\x1a\x45\xdf\xa3", "WebM"),
        ("a.aac", b"\xff\xf1\x50\x80", "AAC"),
        ("a.amr", b"#!AMR\n", "AMR"),
        ("a clip.avi", b"RIFF\0\0\0\0AVI LIST", "video"),
        ("a.raw", b"\1\2\3\4", "no header"),
    ],
)
def test_sound_that_cannot_be_decoded_says_how_to_convert(
    tmp_path: Path, name: str, head: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(head + bytes(3000))
    sentence = refusal(path)
    assert what in sentence
    quoted = f'"{name}"' if " " in name else name
    assert re.search(rf"ffmpeg .*-i {re.escape(quoted)} \S", sentence)


def test_shorten_compressed_sphere(tmp_path: Path) -> None:
    header = (
        b"NIST_1A\n   1024\nchannel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
        b"sample_coding -s26 pcm,embedded-shorten-v2.00\nsample_count -i 44032\nend_head\n"
    )
    path = tmp_path / "sa1.wav"
    path.write_bytes(header.ljust(1024) + b"ajkg\2" + bytes(4000))
    sentence = refusal(path)
    assert "Shorten" in sentence
    assert "sph2pipe -f wav sa1.wav sa1-converted.wav" in sentence


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("n_bytes", [5, 20, 60, 100])
def test_cut_in_the_header(tmp_path: Path, encoding: str, n_bytes: int) -> None:
    path = encoded(tmp_path, encoding)
    path.write_bytes(path.read_bytes()[:n_bytes])
    refusal(path)


@pytest.mark.parametrize("encoding", ["WAV", "FLAC", "MP3", "AIFF", "SPHERE"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_cut_in_the_sound(tmp_path: Path, encoding: str, part: float) -> None:
    path = encoded(tmp_path, encoding)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    assert "is damaged" in refusal(path)


@pytest.mark.parametrize("encoding", ["FLAC", "Vorbis"])
def test_damage_in_the_middle(tmp_path: Path, encoding: str) -> None:
    path = encoded(tmp_path, encoding, n_samples=160_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(5).bytes(3000)
    path.write_bytes(data)
    assert "is damaged" in refusal(path)


def test_senseless_rate(tmp_path: Path) -> None:
    path = encoded(tmp_path, "WAV")
    data = bytearray(path.read_bytes())
    data[24:28] = (7).to_bytes(4, "little")
    path.write_bytes(data)
    assert "7 Hz" in refusal(path)


@pytest.mark.parametrize("bitrate_mode", ["CONSTANT", "VARIABLE"])
def test_mp3_without_an_index(tmp_path: Path, bitrate_mode: str) -> None:
    path = tmp_path / "sound.mp3"
    signal = noise(320_000)
    signal[16_000:] *= 0.01
    soundfile.write(path, signal, 16_000, compression_level=0.5, bitrate_mode=bitrate_mode)
    assert len(read(path)) == len(signal)
    whole = path.read_bytes()
    # The first frame is the encoder's, without sound: it tells the length.
    second_frame = whole.index(whole[:2], 4)
    assert b"Info" in whole[:second_frame] or b"Xing" in whole[:second_frame]
    path.write_bytes(whole[second_frame:])
    if bitrate_mode == "CONSTANT":
        assert abs(len(read(path)) / len(signal) - 1) < 0.05
    else:
        assert "without an index" in refusal(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers(tmp_path: Path, bad: float, subtype: str) -> None:
    path = tmp_path / "sound.wav"
    frames = noise(400_000, 2).astype(np.float64)
    frames[-4000, 1] = bad
    soundfile.write(path, frames, 16_000, subtype=subtype)
    assert "24.750 s" in refusal(path)
    assert len(read(path, max_seconds=1)) == 16_000


def test_all_nan(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.full(1000, np.nan, np.float32), 16_000, subtype="FLOAT")
    assert "0.000 s" in refusal(path)


def test_info_refuses_as_read_does(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Hello.")
    with pytest.raises(WorkbenchError, match="is not a sound file"):
        info(tmp_path / "notes.txt")


def test_audio_names() -> None:
    assert all(
        is_audio_name(name) for name in ("a.wav", "b/SA1.WAV", "c.Flac", "d.opus", Path("e.mp3"), "f.sph")
    )
    assert not any(is_audio_name(name) for name in ("a.txt", "wav", "b.m4a", "c.wav.part", ""))


# Writing


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_written_file_reads_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    signal = np.clip(noise(16_001), -1, 1)
    assert write(path, signal) == 0
    np.testing.assert_allclose(read(path), signal, atol=2**-23)
    assert soundfile.info(path).subtype == "PCM_24"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_float_wav_keeps_every_bit(tmp_path: Path) -> None:
    signal = 10 * noise(5000)
    assert write(tmp_path / "out.wav", signal, subtype="FLOAT") == 0
    np.testing.assert_array_equal(read(tmp_path / "out.wav"), signal)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_overload_is_clipped_and_counted_and_never_wraps(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"out{suffix}"
    signal = np.array([0, 0.5, 1.0, 1.5, 100, -1.0, -1.5, -100, 0.25], np.float32)
    assert write(path, signal, subtype=subtype) == 4
    np.testing.assert_allclose(read(path), np.clip(signal, -1, 1), atol=2**-14)


@pytest.mark.parametrize("sample_rate_hz", [8000, 44_100, 48_000])
def test_file_at_another_rate(tmp_path: Path, sample_rate_hz: int) -> None:
    path = tmp_path / "out.wav"
    signal = np.sin(2 * np.pi * 500 * np.arange(16_000) / 16_000).astype(np.float32) / 2
    write(path, signal, sample_rate_hz=sample_rate_hz)
    assert info(path).sample_rate_hz == sample_rate_hz
    assert info(path).n_samples == sample_rate_hz
    np.testing.assert_allclose(read(path)[500:-500], signal[500:-500], atol=1e-3)


@pytest.mark.parametrize("n_samples", [44_100, 44_101, 44_102, 44_103])
def test_source_length_is_restored(tmp_path: Path, n_samples: int) -> None:
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, noise(n_samples), 44_100)
    with Writer(target, sample_rate_hz=44_100, n_samples=n_samples) as writer:
        for block in blocks(source, 1000):
            writer.write(block)
    assert info(target).n_samples == n_samples


def test_exact_length_cuts_and_fills(tmp_path: Path) -> None:
    for n_samples in (90, 110):
        with Writer(tmp_path / "out.wav", n_samples=n_samples) as writer:
            writer.write(np.full(100, 0.5, np.float32))
        assert info(tmp_path / "out.wav").n_samples == n_samples


def test_stream_is_the_same_as_whole(tmp_path: Path) -> None:
    signal = noise(20_000)
    write(tmp_path / "whole.wav", signal, sample_rate_hz=44_100)
    with Writer(tmp_path / "stream.wav", sample_rate_hz=44_100) as writer:
        for start in range(0, len(signal), 333):
            writer.write(signal[start : start + 333])
    np.testing.assert_array_equal(read(tmp_path / "stream.wav"), read(tmp_path / "whole.wav"))


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.flac"
    write(path, noise(1000))
    before = path.read_bytes()

    def interrupted() -> None:
        with Writer(path) as writer:
            writer.write(noise(50_000))
            assert len(list(tmp_path.iterdir())) == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.flac"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["out.mp3", "out.ogg", "out", "out.wav.bak"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkbenchError, match=r"\.wav or \.flac"):
        write(tmp_path / name, noise(10))


def test_subtype_that_the_format_lacks(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="PCM_24"):
        write(tmp_path / "out.flac", noise(10), subtype="FLOAT")


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="does not exist"):
        write(tmp_path / "missing" / "out.wav", noise(10))
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(WorkbenchError, match="is a folder"):
        write(tmp_path / "folder.wav", noise(10))
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write(tmp_path / ("x" * 300 + ".wav"), noise(10))
    with pytest.raises(WorkbenchError, match="no samples"):
        write(tmp_path / "out.wav", noise(0))
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.wav"]


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.wav"
    write(path, noise(10))
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *args: False)
        with pytest.raises(WorkbenchError, match="write-protected"):
            write(path, noise(20))

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(WorkbenchError, match="Permission denied"):
            write(path, noise(20))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.wav"]
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("limit_bytes", [1, 40_000])
def test_full_disk(tmp_path: Path, suffix: str, limit_bytes: int) -> None:
    """A limit on the size of files fails as a full disk does: the write comes back short."""
    program = f"""
import resource, sys
import numpy as np
from workbench.audio.files import write
from workbench.errors import WorkbenchError
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))
noise = np.random.default_rng(0).uniform(-1, 1, 20_000).astype(np.float32)
try:
    write(sys.argv[1], noise)
except WorkbenchError as error:
    print(error)
"""
    command = [sys.executable, "-B", "-c", program, str(tmp_path / f"out{suffix}")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=files.__file__.split("workbench")[0])
    assert "cannot be written" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_wav_beyond_4_gib_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAX_WAV_BYTES", 10_000)
    with pytest.raises(WorkbenchError, match=r"4 GiB.*\.flac"):
        write(tmp_path / "out.wav", noise(5000))
    assert list(tmp_path.iterdir()) == []


def test_nan_is_a_defect_and_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NaN"):
        write(tmp_path / "out.wav", np.array([0, np.nan], np.float32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links and modes")
def test_links_are_followed_and_modes_are_those_of_new_files(tmp_path: Path) -> None:
    target = tmp_path / "target.wav"
    write(target, noise(10))
    link = tmp_path / "link.wav"
    link.symlink_to(target)
    write(link, noise(20))
    assert link.is_symlink()
    assert info(target).n_samples == 20
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
