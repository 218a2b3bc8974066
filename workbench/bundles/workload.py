"""How much a bundle's network computes, counted in its file: no card has to be believed."""

from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from workbench.bundles.check import Bundle
from workbench.bundles.slices import runs_per_step
from workbench.bundles.speed import hop_samples
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError


def macs_per_second(bundle: Bundle, precision: str | None = None) -> float:
    """Count the multiply-accumulate operations of a network, per second of sound.

    Those of dense layers, convolutions and products of matrices, as papers count them; element-wise
    operations are left out.

    Parameters
    ----------
    bundle : Bundle
        Whose model.
    precision : str, optional
        Which of its files; its default when None.

    Raises
    ------
    WorkbenchError
        If the file cannot be read as a LiteRT model.
    """
    file = bundle.manifest.files[precision or bundle.precision]
    per_step = _macs_per_run(bundle.model_path(precision), file.sha256) * runs_per_step(bundle.manifest)
    return per_step * SAMPLE_RATE / hop_samples(bundle.manifest)


@lru_cache(maxsize=256)
def _macs_per_run(path: Path, _sha256: str) -> int:
    """Count those of one signature; where there are several, they are alike."""
    from ai_edge_litert import schema_py_generated as schema

    operators = schema.BuiltinOperator

    def macs(graph: Any, codes: list[Any], operator: Any) -> int:
        code = codes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        shapes = [[int(n) for n in graph.tensors[index].shape] for index in operator.inputs[:3] if index >= 0]
        n_out = prod(int(n) for n in graph.tensors[operator.outputs[0]].shape)
        if kind == operators.FULLY_CONNECTED:
            return n_out * shapes[1][-1]
        if kind == operators.CONV_2D:
            return n_out * prod(shapes[1][1:])
        if kind == operators.DEPTHWISE_CONV_2D:
            return n_out * prod(shapes[1][1:3])
        if kind == operators.TRANSPOSE_CONV:
            # Its inputs are: shape of the output, weights, values.
            return prod(shapes[2]) * prod(shapes[1][:3])
        if kind == operators.BATCH_MATMUL:
            is_transposed = operator.builtinOptions is not None and operator.builtinOptions.adjX
            return n_out * shapes[0][-2 if is_transposed else -1]
        return 0

    try:
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        graph = model.subgraphs[model.signatureDefs[0].subgraphIndex]
        return sum(macs(graph, model.operatorCodes, operator) for operator in graph.operators)
    except Exception as error:  # Whatever a file that is not a model makes the reader stumble over.
        raise WorkbenchError(f"{path} cannot be read as a LiteRT model ({error}); get it again.") from None
