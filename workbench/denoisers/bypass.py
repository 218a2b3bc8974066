"""No denoising: what every other method is compared with."""

from workbench.dsp import Signal


class BypassDenoiser:
    """Passes the signal through unchanged and at once."""

    def __init__(self) -> None:
        self.name = "bypass"
        self.latency_samples = 0

    def reset(self) -> None:
        """Do nothing: there is no history."""

    def process(self, block: Signal) -> Signal:
        """Return a copy of the block."""
        return block.copy()
