"""LiteRT models as C arrays, with what the application must know of them."""

import numpy as np

from train_cli.litert_model import work_of
from train_cli.mcu.arrays import c_bytes, c_float
from train_cli.microkernels import MicroModel, Port
from workbench.bundles.runtime import STATE_PREFIX

_HEAD = "/* Made by `train_cli export --target mcu`; do not edit. */\n"
_ALIGNED = "#define DW_ALIGNED __attribute__((aligned(16)))\n"
_METHODS = {"CONV_2D": "Conv2D", "MAX_POOL_2D": "MaxPool2D", "BATCH_MATMUL": "BatchMatMul"}
_ARENA_SPARE = 1.05


def model_source(kind: str, title: str, content: bytes, micro: MicroModel) -> str:
    """Return the C source of one model.

    Parameters
    ----------
    kind : str
        "ddae" or "nc".
    title : str
        Name and precision, for the comment.
    content : bytes
        The LiteRT file.
    micro : MicroModel
        The same model, loaded.
    """
    states, offset = [], 0
    for name in sorted(each for each in micro.inputs if each.startswith(STATE_PREFIX)):
        source, target = micro.outputs[name], micro.inputs[name]
        numbers = f"{target.index}, {source.index}, {_n(target)}, {offset}"
        states.append(f"    {{{numbers}, {_scale(target)}, {_scale(source)}}}")
        offset += _n_bytes(target)
    output = micro.outputs["mask" if kind == "ddae" else "probabilities"]
    condition = _port(micro.inputs["condition"]) if "condition" in micro.inputs else "{0, 0, {0.0f, 0, 4}}"
    return (
        f'{_HEAD}/* {title} */\n#include "dw_model.h"\n\n{_ALIGNED}\n'
        + c_bytes("static const unsigned char data", content)
        + f"\nstatic const dw_state states[{len(states)}] = {{\n"
        + ",\n".join(states)
        + f"}};\n\nconst dw_model dw_{kind} = {{data, {_port(micro.inputs['features'])}, {condition},\n"
        + f"    {_port(output)}, {len(states)}, states}};\n"
    )


def state_bytes(micro: MicroModel) -> int:
    """Return the size of the buffer that keeps a model's states."""
    return sum(_n_bytes(port) for name, port in micro.inputs.items() if name.startswith(STATE_PREFIX))


def arena_bytes(*models: MicroModel) -> int:
    """Return the arena that models need together: what each keeps, and what the largest uses in turn.

    Measured on a 64-bit computer, whose pointers are twice as long as a microcontroller's: enough there.
    """
    used = [model.arena() for model in models]
    together = sum(total - shared for total, shared in used) + max(shared for _, shared in used)
    return round(together * _ARENA_SPARE / 1024 + 0.5) * 1024


def ops_header(contents: list[bytes], models: dict[str, MicroModel]) -> str:
    """Return ``dw_ops.h``: the operators to link, and the memory to set aside."""
    operators = sorted({name for content in contents for name in work_of(content).operators})
    calls = " \\\n".join(f"  (resolver).Add{method_name(name)}();" for name in operators)
    values = {
        "ARENA_BYTES": arena_bytes(*models.values()),
        **{f"{kind.upper()}_STATE_BYTES": state_bytes(model) for kind, model in models.items()},
        "N_OPS": len(operators),
    }
    defines = "".join(f"#define DW_{name} {value}\n" for name, value in values.items())
    guard = "#ifndef DW_OPS_H\n#define DW_OPS_H\n"
    return f"{_HEAD}{guard}\n{defines}#define DW_ADD_OPS(resolver) \\\n{calls}\n\n#endif\n"


def method_name(operator: str) -> str:
    """Return how `MicroMutableOpResolver` calls an operator, without its "Add"."""
    return _METHODS.get(operator) or "".join(part.capitalize() for part in operator.split("_"))


def _n(port: Port) -> int:
    return int(np.prod(port.shape))


def _n_bytes(port: Port) -> int:
    """Return the bytes of a value in the buffer, rounded up to whole words."""
    return -(-_n(port) * port.dtype.itemsize // 4) * 4


def _port(port: Port) -> str:
    return f"{{{port.index}, {_n(port)}, {_scale(port)}}}"


def _scale(port: Port) -> str:
    return f"{{{c_float(port.scale)}, {port.zero_point}, {port.dtype.itemsize}}}"
