import json
import re

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from tests.bundles.tiny import slice_manifest, slice_model, write_tiny_original  # noqa: E402
from train_cli import original  # noqa: E402
from train_cli.__main__ import main  # noqa: E402
from train_cli.architectures.original_fc import N_BINS, N_FRAMES, OriginalFc  # noqa: E402
from train_cli.architectures.original_gru import OriginalGru  # noqa: E402
from train_cli.architectures.original_nc import OriginalNc  # noqa: E402
from train_cli.spectral import stft  # noqa: E402
from workbench.audio import files  # noqa: E402
from workbench.bundles.check import check_bundle  # noqa: E402
from workbench.bundles.workload import macs_per_second  # noqa: E402
from workbench.bundles.write import write_bundle  # noqa: E402
from workbench.classifier.posterior import NOISES  # noqa: E402
from workbench.classifier.streaming import NoiseClassifier, classify  # noqa: E402
from workbench.denoisers.original import OriginalDenoiser  # noqa: E402
from workbench.denoisers.protocol import denoise  # noqa: E402
from workbench.dsp.mixing import mix  # noqa: E402
from workbench.dsp.stft import REFERENCE_SPEC  # noqa: E402


def _said(capfd):
    return " ".join(capfd.readouterr().err.split())


def _size(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


@pytest.fixture(scope="module")
def pair(timit_sphere, vehicle_noise):
    """Return a real sentence and its mixture with a real vehicle."""
    mixture = mix(files.read(timit_sphere), files.read(vehicle_noise), 0.0)
    return mixture.clean, mixture.noisy


def test_fc_has_the_size_of_the_original():
    network = OriginalFc()
    # Keras counts the running statistics of the normalisation too.
    assert _size(network.variables) == 1_138_626
    per_second = network.multiply_accumulates() / (N_FRAMES * 0.008)
    assert per_second == pytest.approx(144e6, rel=0.01)


def test_gru_has_the_layers_of_the_original():
    ours = OriginalGru()
    keras = tf.keras.Sequential(
        [tf.keras.Input((N_BINS, N_FRAMES))]
        + [tf.keras.layers.GRU(n, return_sequences=True) for n in OriginalGru.UNITS]
    )
    # Keras keeps a second bias for update and reset gate, which only adds to the first.
    assert _size(ours.variables) == keras.count_params() - 2 * sum(OriginalGru.UNITS)
    assert OriginalGru.UNITS == (126, 126, 63, 63, 32, 32, 63, 63, 126, 126)


@pytest.mark.parametrize(("n_classes", "size"), [(3, 18_163), (4, 18_564)])
def test_nc_has_the_size_of_the_original(n_classes, size):
    network = OriginalNc(n_classes)
    assert _size(network.variables) == size
    assert network(tf.zeros((2, 63, 64)), training=False).shape == (2, n_classes)


@pytest.mark.parametrize("make", [OriginalFc, OriginalGru])
def test_the_denoisers_keep_the_shape_of_a_slice(make):
    slices = tf.random.normal((2, N_BINS, N_FRAMES), seed=0)
    network = make()
    for training in (True, False):
        assert network(slices, training=training).shape == slices.shape


def test_fc_sees_one_bin_at_a_time_and_all_of_its_second():
    network = OriginalFc()
    x = np.random.default_rng(0).standard_normal((1, N_BINS, N_FRAMES)).astype(np.float32)
    changed = x.copy()
    changed[0, 40, -1] += 1.0
    before, after = (network(tf.constant(signal), training=False).numpy()[0] for signal in (x, changed))
    difference = np.abs(after - before)
    assert difference[40, 0] > 0
    assert difference[np.arange(N_BINS) != 40].max() == 0


def test_slices_in_db_are_those_of_librosa(pair):
    import librosa

    spectra = stft(tf.constant(pair[1][None, :32_768]), REFERENCE_SPEC)[:, : 2 * N_FRAMES]
    magnitude = tf.abs(original.slices_of(spectra))
    ours = original.slice_db(magnitude).numpy()
    assert ours.shape == (2, N_BINS, N_FRAMES)
    for slice_db, slice_magnitude in zip(ours, magnitude.numpy(), strict=True):
        np.testing.assert_allclose(slice_db, librosa.amplitude_to_db(slice_magnitude, ref=np.max), atol=1e-3)


def test_scales_are_those_of_the_original_and_can_be_undone():
    np.testing.assert_allclose(original.scale_input(np.array([-46.0, 4.0])), [0.0, 1.0])
    np.testing.assert_allclose(original.scale_target(np.array([6.0, 88.0])), [0.0, 1.0])
    residual_db = np.linspace(-80, 80, 9)
    np.testing.assert_allclose(original.unscale_target(original.scale_target(residual_db)), residual_db)


def test_a_network_that_removes_nothing_gives_the_signal_back(pair):
    """The whole way through slices, dB and the noisy phase."""
    nothing = float(original.scale_target(0.0))
    noisy = pair[1][:16_000]
    out = original.enhance(lambda x, training: tf.fill(x.shape, nothing), tf.constant(noisy[None]))
    out = out.numpy()[0]
    assert out.shape == noisy.shape
    np.testing.assert_allclose(out, noisy, atol=3e-4)


def test_a_perfect_residual_removes_the_noise(pair):
    clean, noisy = (tf.constant(signal[None, :16_000]) for signal in pair)

    class Oracle:
        def __call__(self, scaled, training):
            margin = REFERENCE_SPEC.window_samples - REFERENCE_SPEC.hop_samples
            spectra = stft(tf.pad(clean, [[0, 0], [margin, 20_000]]), REFERENCE_SPEC)
            clean_db = original.slice_db(tf.abs(original.slices_of(spectra[:, :N_FRAMES])))
            return original.scale_target(scaled * 50.0 - 46.0 - clean_db)

    out = original.enhance(Oracle(), noisy).numpy()[0]
    before, after = (np.corrcoef(x, clean.numpy()[0])[0, 1] for x in (noisy.numpy()[0], out))
    assert after > before + 0.1
    assert after > 0.9


def test_windows_do_not_overlap(pair):
    windows = original.windows_of(np.stack([pair[1][:32_000], pair[0][:32_000]]))
    # 249 frames of two seconds hold three windows of 63.
    assert windows.shape == (6, 63, 64)


@pytest.fixture(scope="module")
def fc_run(tiny_corpus, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "fc"
    arguments = ["--architecture=original-fc", "--noise-class=vehicle", "--steps=2", "--epoch-steps=2"]
    arguments += ["--batch=4", "--seconds=1.024", "--validation-mixtures=4", "--no-xla"]
    assert main(["train-ddae", f"--data={tiny_corpus}", f"--run={run}", *arguments]) == 0
    return run


def test_an_original_denoiser_is_trained_and_measured_on_its_class(fc_run, tiny_corpus, tmp_path):
    record = json.loads((fc_run / "run.json").read_text())
    assert record["mixing"]["classes"] == ["vehicle"]
    figures = tmp_path / "figures.json"
    arguments = [f"--bundle={fc_run}", f"--data={tiny_corpus}", "--per-cell=1", "--workers=1"]
    assert main(["evaluate", *arguments, f"--output={figures}"]) == 0
    measured = json.loads(figures.read_text())
    assert list(measured["By class"]) == ["Vehicles"]
    assert list(measured["All"]) == ["6 mixtures"]


def test_the_run_of_one_class_alone_is_not_exported(fc_run, tmp_path, capfd):
    assert main(["export", f"--run={fc_run}", f"--output={tmp_path / 'x'}"]) == 2
    said = " ".join(capfd.readouterr().err.split())
    assert "trained original-fc on vehicle; name a run of original-fc with --noise-class all" in said


def test_a_folder_that_lacks_a_class_is_not_exported(fc_run, tmp_path, capfd):
    (tmp_path / "run-vehicle").symlink_to(fc_run)
    assert main(["export", f"--run={tmp_path}", f"--output={tmp_path / 'x'}"]) == 2
    assert "run-human is missing; an original denoiser needs a run for each class" in _said(capfd)
    for noise_class in NOISES:
        if noise_class != "vehicle":
            (tmp_path / f"run-{noise_class}").symlink_to(fc_run)
    assert main(["export", f"--run={tmp_path}", f"--output={tmp_path / 'x'}"]) == 2
    assert "run-human trained original-fc on vehicle" in _said(capfd)


@pytest.mark.parametrize("architecture", ["original-fc", "original-gru"])
def test_the_stream_gives_the_samples_of_the_training_side(architecture, tiny_corpus, pair, tmp_path):
    run = tmp_path / "run"
    arguments = [f"--architecture={architecture}", "--steps=1", "--epoch-steps=1", "--batch=2"]
    arguments += ["--seconds=1.024", "--validation-mixtures=4", "--no-xla", f"--run={run}"]
    assert main(["train-ddae", f"--data={tiny_corpus}", *arguments]) == 0
    folder = tmp_path / "bundle"
    assert main(["export", f"--run={run}", f"--output={folder}", "--precisions", "float", "dynamic"]) == 0
    bundle = check_bundle(folder)
    assert list(bundle.manifest.files) == ["float", "dynamic"]
    wanted = original.load_denoiser(run)(pair[1])
    scale = np.abs(wanted).max()
    for noise_class in NOISES:
        streamed = denoise(pair[1], OriginalDenoiser(bundle, noise_class))
        np.testing.assert_allclose(streamed / scale, wanted / scale, atol=1e-4)
    coarse = denoise(pair[1], OriginalDenoiser(bundle, precision="dynamic"))
    assert 0 < np.sqrt(np.mean(np.square(coarse - wanted)) / np.mean(np.square(wanted))) < 0.3
    # The four signatures of one network share its weights.
    size = {each: bundle.manifest.files[each].n_bytes for each in ("float", "dynamic")}
    assert size["dynamic"] < size["float"] / 2 < 3e6
    said = re.search(r"Multiply-accumulates \| ([\d.]+) million", (folder / "CARD.md").read_text())
    assert macs_per_second(bundle) / 1e6 == pytest.approx(float(said[1]), abs=0.06)


def test_tools_for_streaming_networks_say_that_it_is_none(tmp_path, tiny_corpus, capfd):
    folder = write_tiny_original(tmp_path).folder
    assert main(["verify", str(folder)]) == 2
    assert "works on slices of a second; 'verify' is for networks that stream" in _said(capfd)
    assert main(["export", "--target=mcu", "--bundle", str(folder), f"--output={tmp_path / 'mcu'}"]) == 2
    assert "is of the original system, which has no C code" in _said(capfd)
    write_bundle(folder, slice_manifest(), {"float": slice_model()}, "# Old\n")
    assert main(["quantise", str(folder), f"--data={tiny_corpus}"]) == 2
    assert "can only be made dynamic; add --precisions dynamic" in _said(capfd)


def test_a_run_is_not_resumed_with_another_network(fc_run, tiny_corpus, capfd):
    arguments = ["--batch=4", "--seconds=1.024", f"--run={fc_run}", f"--data={tiny_corpus}"]
    assert main(["train-ddae", *arguments]) == 2
    assert "was trained with --architecture original-fc" in " ".join(capfd.readouterr().err.split())


def test_an_original_classifier_is_trained_measured_and_exported(tiny_corpus, pair, tmp_path):
    run, figures = tmp_path / "nc", tmp_path / "figures.json"
    arguments = ["--architecture=original-nc", "--steps=2", "--epoch-steps=2", "--batch=4", "--seconds=1.1"]
    arguments += ["--validation-mixtures=16"]
    assert main(["train-nc", f"--data={tiny_corpus}", f"--run={run}", *arguments]) == 0
    arguments = [f"--bundle={run}", f"--data={tiny_corpus}", "--per-cell=1", "--workers=1"]
    assert main(["evaluate", *arguments, f"--output={figures}"]) == 0
    assert main(["export", f"--run={run}", f"--output={tmp_path / 'old-nc'}"]) == 0
    bundle = check_bundle(tmp_path / "old-nc")
    assert bundle.manifest.classes == NOISES
    streamed = [NOISES.index(each.best) for each in classify(pair[1], NoiseClassifier(bundle))]
    np.testing.assert_array_equal(streamed, original.load_classifier(run)(pair[1]))
    said = re.search(r"Multiply-accumulates \| ([\d.]+) million", (bundle.folder / "CARD.md").read_text())
    assert macs_per_second(bundle) / 1e6 == pytest.approx(float(said[1]), abs=0.06)
    heard = json.loads(figures.read_text())["Heard as"]
    assert all(row["No noise"] == 0.0 for row in heard.values())
    assert sum(heard["Vehicles, mixed"].values()) == pytest.approx(1.0)
