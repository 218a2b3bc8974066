"""Models that the user adds: LiteRT and ONNX ones, built here, through ``denoiser.toml``."""

import re

import numpy as np
import pytest

from tests.bundles.tiny import _Graph
from tests.denoisers.conftest import BLOCK_SIZES, in_blocks
from workbench import resources
from workbench.denoisers.own_model import OwnModelDenoiser
from workbench.denoisers.own_model_file import read_own_model
from workbench.denoisers.protocol import Denoiser, denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp.stft import StftSpec, istft, stft
from workbench.errors import WorkbenchError

SPEC = StftSpec(512, 128, "sqrt_hann")
BINS = SPEC.n_bins
SPECTRUM = """\
format = 1
title = "Tiny"
file = "{file}"
domain = "spectrum"
sample_rate_hz = {rate}
window_samples = 512
hop_samples = 128
[input]
tensor = "x"
kind = "{input}"
[output]
tensor = "y"
kind = "{output}"
"""
STATE = '[[state]]\ninput = "before"\noutput = "after"\n'


def litert_smoother(shape=(1, 1, BINS)):
    """Make ``y = after = 0.5 before + 0.5 x``."""
    graph = _Graph()
    x, before = graph.tensor(shape), graph.tensor(shape)
    after = graph.scaled_sum(before, 0.5, x, 0.5, shape)
    y = graph.scaled_sum(after, 1.0, x, 0.0, shape)
    return graph.finish({"x": x, "before": before}, {"y": y, "after": after})


def onnx_model(shape, gain=1.0, offset=0.0, last=None, smooth=False):
    """Make ``y = gain x + offset``, of which the `last` values; or the smoother of `litert_smoother`."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT

    def constant(name, value):
        return helper.make_node("Constant", [], [name], value_float=float(value))

    inputs, outputs = ["x"], ["y"]
    if smooth:
        inputs, outputs = ["x", "before"], ["y", "after"]
        nodes = [
            constant("half", 0.5),
            helper.make_node("Add", ["x", "before"], ["sum"]),
            helper.make_node("Mul", ["sum", "half"], ["after"]),
            helper.make_node("Identity", ["after"], ["y"]),
        ]
    else:
        nodes = [
            constant("gain", gain),
            constant("offset", offset),
            helper.make_node("Mul", ["x", "gain"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["all"]),
            helper.make_node("Constant", [], ["from"], value_ints=[-(last or shape[-1])]),
            helper.make_node("Constant", [], ["to"], value_ints=[shape[-1]]),
            helper.make_node("Constant", [], ["axis"], value_ints=[len(shape) - 1]),
            helper.make_node("Slice", ["all", "from", "to", "axis"], ["y"]),
        ]
    out_shape = (*shape[:-1], last or shape[-1])
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info(name, kind, out_shape) for name in outputs],
    )
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Put a model into the user's folder: ``add(toml, content, name)``."""
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path)

    def put(toml, content, name="tiny"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "denoiser.toml").write_text(toml, "utf-8")
        file = re.search(r'file = "(.+)"', toml)
        if file and content is not None:
            (folder / file[1]).write_bytes(content)
        return folder

    return put


def spectrum_toml(file="tiny.onnx", rate=16_000, input_kind="complex", output_kind="complex"):
    return SPECTRUM.format(file=file, rate=rate, input=input_kind, output=output_kind)


def smoothed_magnitudes(signal):
    """What the smoother does to the magnitudes, with the phase left."""
    spectra = stft(signal, SPEC)
    state = np.zeros(BINS)
    for frame in spectra:
        state = 0.5 * state + 0.5 * np.abs(frame)
        frame[:] = state * np.exp(1j * np.angle(frame))
    return istft(spectra, SPEC, len(signal))


@pytest.mark.parametrize("file", ["tiny.tflite", "tiny.onnx"])
def test_states_are_carried_through_both_runtimes(add, noise, file):
    content = litert_smoother() if file.endswith("tflite") else onnx_model((1, 1, BINS), smooth=True)
    add(spectrum_toml(file, 16_000, "magnitude", "magnitude") + STATE, content)
    denoiser = make_denoiser("model@tiny")
    assert isinstance(denoiser, Denoiser)
    assert (denoiser.name, denoiser.latency_samples) == ("model@tiny", 511)
    expected = smoothed_magnitudes(noise)
    np.testing.assert_allclose(denoise(noise, denoiser), expected, atol=1e-5)
    for size in BLOCK_SIZES:
        out = in_blocks(denoiser, noise, size)
        np.testing.assert_allclose(out[511:], expected[:-511], atol=1e-5)


@pytest.mark.parametrize(
    ("kinds", "layout", "shape", "gain", "offset", "expected"),
    [
        (("complex", "complex"), "pairs", (1, BINS, 1, 2), 0.5, 0, 0.5),
        (("complex", "complex"), "planes", (1, 2, BINS), 0.5, 0, 0.5),
        (("log_power", "gain"), None, (1, BINS), 0, 0.25, 0.25),
        (("magnitude", "magnitude"), None, (BINS,), 0.7, 0, 0.7),
    ],
)
def test_kinds_of_spectra(add, noise, kinds, layout, shape, gain, offset, expected):
    toml = spectrum_toml("tiny.onnx", 16_000, *kinds)
    if layout:
        toml = re.sub('(kind = "complex")', f'\\1\nlayout = "{layout}"', toml)
    folder = add(toml, onnx_model(shape, gain, offset))
    np.testing.assert_allclose(denoise(noise, OwnModelDenoiser(folder)), expected * noise, atol=1e-5)


def test_features_are_as_documented(add, noise):
    """The log power goes in to the base of 10; the gain that comes out acts on the spectrum as it was."""
    toml = spectrum_toml("tiny.onnx", 16_000, "log_power", "gain")
    folder = add(toml, onnx_model((1, BINS), gain=0.1))
    spectra = stft(noise, SPEC)
    gains = 0.1 * np.log10(np.maximum(np.abs(spectra) ** 2, 1e-12))
    expected = istft((spectra * gains).astype(np.complex64), SPEC, len(noise))
    np.testing.assert_allclose(denoise(noise, OwnModelDenoiser(folder)), expected, atol=1e-4)


@pytest.mark.parametrize("layout", ["pairs", "planes"])
def test_a_complex_gain_turns_the_phase(add, noise, layout):
    """The spectrum as its own complex gain: its square."""
    toml = spectrum_toml("tiny.onnx", 16_000, "complex", "complex_gain")
    toml = re.sub('(kind = "complex.*")', f'\\1\nlayout = "{layout}"', toml)
    folder = add(toml, onnx_model((2 * BINS,)))
    expected = istft(stft(noise, SPEC) ** 2, SPEC, len(noise))
    np.testing.assert_allclose(denoise(noise, OwnModelDenoiser(folder)), expected, atol=1e-4)


def waveform_toml(kind, delay_samples=0, rate=16_000):
    return (
        f'format = 1\nfile = "tiny.onnx"\ndomain = "waveform"\nsample_rate_hz = {rate}\n'
        f"window_samples = 384\nhop_samples = 96\ndelay_samples = {delay_samples}\n"
        f'[input]\ntensor = "x"\nkind = "window"\n[output]\ntensor = "y"\nkind = "{kind}"\n'
    )


@pytest.mark.parametrize(
    ("kind", "rate", "latency_samples"),
    [("window", 16_000, 383), ("hop", 16_000, 95), ("window", 48_000, 127 + 64), ("hop", 48_000, 31 + 64)],
)
def test_waveforms(add, noise, kind, rate, latency_samples):
    four_overlap, newest = onnx_model((1, 1, 384), gain=0.25), onnx_model((1, 384), last=96)
    content = four_overlap if kind == "window" else newest
    denoiser = OwnModelDenoiser(add(waveform_toml(kind, rate=rate), content))
    assert denoiser.latency_samples == latency_samples
    tone = np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 16_000).astype(np.float32)
    np.testing.assert_allclose(denoise(tone, denoiser)[500:-500], tone[500:-500], atol=1e-3)
    assert denoiser.latency_samples == read_own_model(denoiser_folder(denoiser)).latency_samples


def denoiser_folder(denoiser):
    return resources.user_models_dir() / denoiser.name.removeprefix("model@")


def test_the_delay_of_the_model_counts(add):
    folder = add(waveform_toml("hop", delay_samples=480), None)
    assert read_own_model(folder).latency_samples == 95 + 480


def test_spectra_at_48_khz(add):
    toml = spectrum_toml(rate=48_000).replace("128", "192").replace("512", "576")
    denoiser = OwnModelDenoiser(add(toml, onnx_model((289, 2))))
    assert denoiser.latency_samples == 191 + 64
    tone = np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 16_000).astype(np.float32)
    np.testing.assert_allclose(denoise(tone, denoiser)[500:-500], tone[500:-500], atol=1e-3)


def test_own_models_are_listed(add):
    add(spectrum_toml("tiny.tflite", 16_000, "magnitude", "magnitude") + STATE, litert_smoother(), "good")
    add("format = 2", None, "bad")
    add(spectrum_toml("gone.tflite"), None, "gone")
    listed = {method.name: method for method in methods() if method.family == "yours"}
    assert list(listed) == ["model@bad", "model@gone", "model@good"]
    assert (listed["model@good"].title, listed["model@good"].latency_ms) == ("Tiny", 511 / 16)
    assert listed["model@good"].available
    assert not listed["model@bad"].available
    assert listed["model@bad"].how_to_install.endswith("denoiser.toml is not valid: format must be 1.")
    assert listed["model@gone"].how_to_install.endswith("mend file in denoiser.toml.")
    with pytest.raises(WorkbenchError, match=r"gone\.tflite cannot be read \(No such file"):
        make_denoiser("model@gone")
    with pytest.raises(WorkbenchError, match="There is no method 'model@goof'; did you mean model@good"):
        make_denoiser("model@goof")


def test_without_onnx_runtime_an_onnx_model_says_so(add, monkeypatch):
    add(spectrum_toml(), b"")
    monkeypatch.setattr("workbench.denoisers.own_model_file.find_spec", lambda name: None)
    told = next(method for method in methods() if method.name == "model@tiny")
    assert told.how_to_install == "Tiny needs onnxruntime; run: pip install onnxruntime"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('domain = "spectrum"', 'domain = "cepstrum"'), "domain must be one of spectrum, waveform"),
        (("= 16000", "= 44100"), "sample_rate_hz must be 16000, 32000 or 48000"),
        (("= 16000", "= 48000"), "must be multiples of 3"),
        (("hop_samples = 128", "hop_samples = 0"), "hop_samples must be at least 1"),
        (
            ("hop_samples = 128", "hop_samples = 128\ndelay_samples = -1"),
            "delay_samples must not be negative",
        ),
        (("hop_samples = 128", 'hop_samples = 128\nwindow = "kaiser"'), "There is no window named 'kaiser'"),
        (("hop_samples = 128", "hop_samples = 128\nhop = 1"), "'hop' is not a known key"),
        (("hop_samples = 128\n", ""), "hop_samples is missing"),
        (('file = "tiny.onnx"', 'file = "../tiny.onnx"'), "in the same folder"),
        (('file = "tiny.onnx"', 'file = "tiny.pt"'), "file must name a .tflite or .onnx file"),
        (('kind = "complex"', 'kind = "phase"'), "kind must be one of magnitude, log_power, complex"),
        (("[output]", "[output]\n  [oops"), "is not valid TOML"),
        (("format = 1", "state = [1]\nformat = 1"), "each state must be a table"),
    ],
)
def test_mistakes_in_the_file_have_a_sentence(add, change, sentence):
    toml = spectrum_toml()
    assert change[0] in toml
    folder = add(toml.replace(*change, 1), None)
    with pytest.raises(WorkbenchError) as raised:
        read_own_model(folder)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (spectrum_toml("t.tflite", 16_000, "magnitude", "gain"), "'before' is neither the input nor"),
        (
            spectrum_toml("t.tflite", 16_000, "complex", "gain") + STATE,
            "'x' is of shape (1, 1, 257), and 514",
        ),
        (
            spectrum_toml("t.tflite", 16_000, "magnitude", "complex") + STATE,
            "'y' is of shape (1, 1, 257), and 514",
        ),
        (
            spectrum_toml("t.tflite", 16_000, "magnitude", "gain").replace('"y"', '"z"') + STATE,
            "it has no output 'z' but 'y'",
        ),
        (
            spectrum_toml("t.tflite", 16_000, "magnitude", "gain") + STATE.replace("after", "later"),
            "it has no output 'later' but 'after', 'y'",
        ),
    ],
)
def test_a_model_that_is_not_as_told_has_a_sentence(add, toml, sentence):
    folder = add(toml, litert_smoother())
    with pytest.raises(WorkbenchError) as raised:
        OwnModelDenoiser(folder)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("file", ["tiny.tflite", "tiny.onnx"])
def test_a_damaged_model_has_a_sentence(add, file):
    if file.endswith("onnx"):
        pytest.importorskip("onnxruntime")
    folder = add(spectrum_toml(file), b"\x80\x04not a model")
    with pytest.raises(WorkbenchError, match=r"The model .*tiny\.\w+ cannot be run: "):
        OwnModelDenoiser(folder)


def test_a_model_that_fails_when_it_runs_has_a_sentence(add):
    """A size that may vary is taken as 1, which this model cannot do with."""
    onnx = pytest.importorskip("onnx")
    content = onnx.load_model_from_string(onnx_model((1, BINS), last=BINS))
    weights = onnx.helper.make_tensor("weights", onnx.TensorProto.FLOAT, (7, BINS), np.ones(7 * BINS))
    content.graph.initializer.append(weights)
    del content.graph.node[:]
    content.graph.node.append(onnx.helper.make_node("MatMul", ["x", "weights"], ["y"]))
    content.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "n"
    del content.graph.output[0].type.tensor_type.shape.dim[:]
    toml = spectrum_toml("tiny.onnx", 16_000, "magnitude", "gain")
    with pytest.raises(WorkbenchError, match=r"denoiser\.toml does not fit the model: "):
        OwnModelDenoiser(add(toml, content.SerializeToString()))


def test_the_example_of_the_documentation_is_valid(add):
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "own-models.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.+?)```", text, re.DOTALL)
    assert examples
    for number, example in enumerate(examples):
        folder = add(example, None, f"example-{number}")
        assert read_own_model(folder).latency_samples > 0
