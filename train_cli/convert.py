"""From a trained network to LiteRT models of one streaming step."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from train_cli.architectures.band_gru import BandGru
from train_cli.architectures.chunk_net import ChunkNet
from train_cli.architectures.original_fc import N_FRAMES, OriginalFc
from train_cli.architectures.original_gru import OriginalGru
from train_cli.architectures.original_nc import N_BANDS, WINDOW_FRAMES, OriginalNc
from train_cli.architectures.stream_net import StreamNet
from train_cli.litert_model import read_model, write_model
from workbench.errors import WorkbenchError


def ddae_step(network: BandGru) -> tf.Module:
    """Wrap a denoiser as a module whose signature is one frame, states in and out."""
    names = [f"state_{index}" for index in range(len(network.state_shapes))]
    shapes = [
        tf.TensorSpec(shape, name=name) for name, shape in zip(names, network.state_shapes, strict=True)
    ]

    def step(features: tf.Tensor, condition: tf.Tensor, *states: tf.Tensor) -> dict[str, tf.Tensor]:
        mask, new_states = network.step(features, condition, list(states))
        return {"mask": mask, **dict(zip(names, new_states, strict=True))}

    size = network.size
    return _module(
        network,
        step,
        tf.TensorSpec((1, size.n_bins, 3), name="features"),
        tf.TensorSpec((1, size.n_conditions), name="condition"),
        *shapes,
    )


def nc_step(network: ChunkNet | StreamNet) -> tf.Module:
    """Wrap a classifier as a module whose signature is one chunk, states in and out."""
    size = network.size
    names = [f"state_{index}" for index in range(len(network.state_shapes) - 1)] + ["state_gru"]
    shapes = [
        tf.TensorSpec(shape, name=name) for name, shape in zip(names, network.state_shapes, strict=True)
    ]

    def step(features: tf.Tensor, *states: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities, new_states = network.step(features, states)
        return {"probabilities": probabilities, **dict(zip(names, new_states, strict=True))}

    chunk = tf.TensorSpec((1, size.chunk_frames, size.n_bands, 1), name="features")
    return _module(network, step, chunk, *shapes)


def original_ddae_step(network: OriginalFc | OriginalGru) -> tf.Module:
    """Wrap a denoiser of the original system as a module whose signature is one bin of a slice."""
    names = [f"state_{index}" for index in range(len(network.state_shapes))]
    shapes = [
        tf.TensorSpec(shape, name=name) for name, shape in zip(names, network.state_shapes, strict=True)
    ]

    def step(features: tf.Tensor, *states: tf.Tensor) -> dict[str, tf.Tensor]:
        residual, new_states = network.step(features, states)
        return {"residual": residual, **dict(zip(names, new_states, strict=True))}

    return _module(network, step, tf.TensorSpec((1, N_FRAMES), name="features"), *shapes)


def original_nc_step(network: OriginalNc) -> tf.Module:
    """Wrap the classifier of the original system as a module whose signature is one window."""

    def step(features: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": tf.nn.softmax(network(features[..., 0], training=False))}

    return _module(network, step, tf.TensorSpec((1, WINDOW_FRAMES, N_BANDS, 1), name="features"))


def to_litert(*modules: tf.Module, names: Sequence[str] = ("serving_default",)) -> bytes:
    """Convert steps to one float LiteRT model in which each is a signature of its own name."""
    whole = tf.Module()
    whole.parts = modules
    signatures = {name: module.step for name, module in zip(names, modules, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(whole, folder, signatures=signatures)
        model: bytes = tf.lite.TFLiteConverter.from_saved_model(folder, list(signatures)).convert()
    return _with_early_outputs(model)


def _with_early_outputs(model: bytes) -> bytes:
    """Let each operator that makes an output run as soon as it can.

    The converter puts those of the states last, so that whole layers are kept in memory for a few frames of
    each.
    """
    content = read_model(model)
    for graph in content.subgraphs:
        made_by = {tensor: number for number, each in enumerate(graph.operators) for tensor in each.outputs}
        final = [each for each in graph.operators if set(each.outputs) <= set(graph.outputs)]
        after: dict[int, list[object]] = {}
        for each in final:
            ready = max((made_by[tensor] for tensor in each.inputs if tensor in made_by), default=-1)
            after.setdefault(ready, []).append(each)
        order = after.get(-1, [])
        for number, each in enumerate(graph.operators):
            order += [*([] if each in final else [each]), *after.get(number, [])]
        graph.operators = order
    return write_model(content)


def best_step(run: Path) -> int:
    """Return the step of a run's best weights, 0 before the first validation."""
    path = tf.train.latest_checkpoint(str(run / "best"))
    return int(path.rsplit("-", 1)[1]) if path else 0


def restore_best(run: Path, averaged: tf.Module) -> int:
    """Load the best weights of a run into a network; returns the step at which they were validated."""
    step = tf.Variable(0, dtype=tf.int64, trainable=False)
    path = tf.train.latest_checkpoint(str(run / "best"))
    if path is None:
        return 0
    tf.train.Checkpoint(averaged=averaged, step=step).restore(path).assert_existing_objects_matched()
    return int(step)


def n_kinds(run: Path) -> int:
    """Return how many kinds of noise the classifier of a run tells apart; 0 where it knows classes alone."""
    path = tf.train.latest_checkpoint(str(run / "best"))
    shapes = tf.train.load_checkpoint(path).get_variable_to_shape_map() if path else {}
    return int(shapes.get("averaged/members/.ATTRIBUTES/VARIABLE_VALUE", [0])[0])


def require_best(run: Path, averaged: tf.Module) -> int:
    """Load the best weights of a run; returns their step.

    Raises
    ------
    WorkbenchError
        The run has not been validated yet.
    """
    step = restore_best(run, averaged)
    if not step:
        raise WorkbenchError(
            f"{run} has no validated weights yet; let the training reach its first validation."
        )
    return step


def _module(network: tf.Module, step: object, *specs: tf.TensorSpec) -> tf.Module:
    module = tf.Module()
    module.network = network
    module.step = tf.function(step, input_signature=specs)
    return module
