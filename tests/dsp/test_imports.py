import subprocess
import sys

PROGRAM = """
import sys
import numpy as np
from workbench.dsp import level, loudness, mel, mixing, stft
signal = np.sin(np.arange(16000) * 0.3).astype(np.float32)
mixing.mix(signal, signal, 0)
stft.FrameProcessor(stft.REFERENCE_SPEC, lambda spectra, first: spectra).process(signal)
mel.log_mel(signal)
loudness.StreamingLoudness().process(signal)
print(*sorted({"scipy", "librosa", "numba", "matplotlib"} & {name.partition(".")[0] for name in sys.modules}))
"""


def test_the_audio_path_loads_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
