"""What a LiteRT file is made of: operators, multiply-accumulates, parameters."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_NO_WORK = {"RESHAPE"}
"""Operators that move nothing: their output is their input under another shape."""


@dataclass(frozen=True)
class Work:
    """What one step of a model asks of a processor.

    Attributes
    ----------
    operators : dict of str to int
        How many there are of each.
    multiply_accumulates : int
        Of convolutions and matrix products.
    elements : int
        Values that all other operators write.
    parameters : int
        Weights and biases.
    """

    operators: dict[str, int]
    multiply_accumulates: int
    elements: int
    parameters: int


def read_model(content: bytes) -> schema.ModelT:
    """Return a LiteRT model as objects."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def write_model(model: schema.ModelT) -> bytes:
    """Return a LiteRT model as the content of its file."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def work_of(content: bytes) -> Work:
    """Count what one step of a model asks of a processor."""
    model = read_model(content)
    graph = model.subgraphs[0]
    operators: Counter[str] = Counter()
    macs = elements = 0
    weights: set[int] = set()
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
        operators[name] += 1
        written = sum(_size(graph.tensors[index]) for index in operator.outputs)
        if name in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"):
            kernel = graph.tensors[operator.inputs[1]].shape
            macs += written * int(np.prod(kernel[1:3] if name == "DEPTHWISE_CONV_2D" else kernel[1:]))
            weights.update(int(index) for index in operator.inputs[1:] if index >= 0)
        elif name not in _NO_WORK:
            elements += written
            weights.update(
                int(index)
                for index in operator.inputs
                if model.buffers[graph.tensors[index].buffer].data is not None
                and graph.tensors[index].type != schema.TensorType.INT32
            )
    parameters = sum(_size(graph.tensors[index]) for index in weights)
    return Work(dict(operators.most_common()), macs, elements, parameters)


def _size(tensor: schema.TensorT) -> int:
    return int(np.prod(tensor.shape)) if tensor.shape is not None else 1
