import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from train_cli.architectures.band_gru import BandGru, BandGruSize  # noqa: E402
from train_cli.architectures.layers import BatchNorm, Gru  # noqa: E402
from train_cli.convert import ddae_step, nc_step, to_litert  # noqa: E402
from train_cli.nc import build_network  # noqa: E402
from workbench.errors import WorkbenchError  # noqa: E402


@pytest.fixture(scope="module")
def network():
    tf.random.set_seed(0)
    return BandGru(BandGruSize())


def _parameters(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


@pytest.mark.parametrize(("window", "hop"), [(512, 256), (128, 64)])
def test_the_denoiser_is_small_enough_for_a_hearing_aid(window, hop):
    network = BandGru(BandGruSize.for_window(window))
    assert network.size.n_bins == window // 2
    assert _parameters(network) <= 300_000
    if window == 512:
        assert network.multiply_accumulates() * 16_000 / hop <= 100e6


def test_multiply_accumulates_count_all_matrix_products(network):
    size = network.size
    rows = {"embed": [n // s for _, n, s in size.zones], "estimate": [n // s for _, n, s in size.zones]}
    total = sum(
        int(np.prod(linear.weight.shape)) * n
        for name, counts in rows.items()
        for linear, n in zip(getattr(network, name), counts, strict=True)
    )
    for layer in (network.encode.linear, network.decode.linear, network.enter, network.leave,
                  network.skip_deep, network.skip_shallow):  # fmt: skip
        total += int(np.prod(layer.weight.shape)) * size.n_bands
    total += int(np.prod(network.film.weight.shape))
    for block in network.blocks:
        names = ("squeeze", "spread") if hasattr(block, "squeeze") else ("gru_out",)
        gru_rows = 1 if hasattr(block, "squeeze") else size.n_bands
        total += sum(int(np.prod(getattr(block, name).weight.shape)) for name in names) * gru_rows
        total += (
            int(np.prod(block.gru.input.weight.shape)) + int(np.prod(block.gru.recurrent.shape))
        ) * gru_rows
        if hasattr(block, "mix_in"):
            total += 2 * int(np.prod(block.mix_in.weight.shape)) * size.hidden
    assert network.multiply_accumulates() == total


def test_a_window_that_does_not_divide_into_bands_is_refused():
    with pytest.raises(WorkbenchError, match="does not fit"):
        BandGruSize.for_window(400)


def test_frame_by_frame_equals_the_whole_sequence(network):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((1, 12, network.size.n_bins, 3)).astype(np.float32)
    condition = np.eye(5, dtype=np.float32)[None, 2]
    whole = network.over_sequences(tf.constant(features), tf.constant(condition), training=False).numpy()
    states = [tf.zeros(shape) for shape in network.state_shapes]
    for index in range(12):
        mask, states = network.step(tf.constant(features[:, index]), tf.constant(condition), states)
        np.testing.assert_allclose(mask.numpy(), whole[:, index], atol=1e-5)


def test_the_mask_depends_on_the_past_and_the_class_but_not_on_the_future(network):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((1, 10, network.size.n_bins, 3)).astype(np.float32)
    condition = np.zeros((1, 5), np.float32)

    def masks(changed, told=condition):
        return network.over_sequences(tf.constant(changed), tf.constant(told), training=False).numpy()[0]

    later, earlier = features.copy(), features.copy()
    later[:, 6:] += 1.0
    earlier[:, 2] += 1.0
    np.testing.assert_allclose(masks(later)[:6], masks(features)[:6], atol=1e-5)
    assert np.abs(masks(earlier)[5:] - masks(features)[5:]).max() > 1e-4
    assert np.abs(masks(features, np.eye(5, dtype=np.float32)[None, 1]) - masks(features)).max() > 1e-4


def test_the_litert_model_gives_the_same_masks(network, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=to_litert(ddae_step(network)), num_threads=1)
    runner = interpreter.get_signature_runner("serving_default")
    states = {f"state_{i}": np.zeros(shape, np.float32) for i, shape in enumerate(network.state_shapes)}
    tf_states = [tf.zeros(shape) for shape in network.state_shapes]
    rng = np.random.default_rng(1)
    condition = np.eye(5, dtype=np.float32)[None, 0]
    for _ in range(5):
        features = rng.standard_normal((1, network.size.n_bins, 3)).astype(np.float32)
        out = runner(features=features, condition=condition, **states)
        mask, tf_states = network.step(tf.constant(features), tf.constant(condition), tf_states)
        np.testing.assert_allclose(out.pop("mask"), mask.numpy(), atol=1e-4)
        states = out


@pytest.mark.parametrize(
    ("architecture", "size"), [("chunk-net", "standard"), ("chunk-net", "wide"), ("stream-net", "standard")]
)
def test_the_classifier_streams_as_it_was_trained(architecture, size):
    from ai_edge_litert.interpreter import Interpreter

    tf.random.set_seed(0)
    network = build_network(architecture, size, n_kinds=50)
    assert _parameters(network) <= 150_000
    network.members.assign(np.eye(5, dtype=np.float32)[np.arange(50) % 5])
    shape = (1, 4, network.size.chunk_frames, network.size.n_bands)
    chunks = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    whole = network.probabilities(network.over_sequences(tf.constant(chunks), training=False)).numpy()[0]
    interpreter = Interpreter(model_content=to_litert(nc_step(network)), num_threads=1)
    runner = interpreter.get_signature_runner("serving_default")
    details = runner.get_input_details()
    states = {
        name: np.zeros(each["shape"], np.float32) for name, each in details.items() if name != "features"
    }
    assert len(states) == len(network.state_shapes)
    for index in range(4):
        states = runner(features=chunks[:, index, ..., None], **states)
        np.testing.assert_allclose(states.pop("probabilities")[0], whole[index], atol=1e-5)


def test_gru_matches_keras():
    keras = tf.keras.layers.GRU(7, reset_after=True, return_sequences=True)
    x = tf.random.normal((2, 9, 5), seed=1)
    keras(x)
    ours = Gru(5, 7)
    kernel, recurrent, bias = (w.numpy() for w in keras.weights)
    ours.input.weight.assign(kernel)
    ours.recurrent.assign(recurrent)
    # Keras keeps two biases; those of the gates add up, the candidate's recurrent one is gated by the reset.
    joint = bias[0].copy()
    joint[:14] += bias[1][:14]
    ours.input.bias.assign(joint)
    ours.candidate_bias.assign(bias[1][14:])
    mine = tf.transpose(ours.sequence(tf.transpose(x, (1, 0, 2))), (1, 0, 2))
    np.testing.assert_allclose(mine.numpy(), keras(x).numpy(), atol=1e-5)


@pytest.mark.parametrize("shape", [(4000, 3), (40, 10, 10, 3)])
def test_batch_norm_normalises_in_training_and_remembers_for_inference(shape):
    norm = BatchNorm(3)
    norm.gain.assign([1.0, 2.0, 3.0])
    norm.shift.assign([0.0, -1.0, 1.0])
    x = tf.random.normal(shape, mean=5.0, stddev=2.0, seed=2)
    out = norm(x, training=True).numpy()
    np.testing.assert_allclose(out.reshape(-1, 3).mean(0), norm.shift, atol=1e-3)
    np.testing.assert_allclose(out.reshape(-1, 3).std(0), norm.gain, atol=1e-2)
    for _ in range(1000):
        norm(x, training=True)
    np.testing.assert_allclose(norm(x, training=False).numpy(), out, atol=1e-2)
