"""How busy a microcontroller would be: an estimate from published throughput, to be measured on the board.

Multiply-accumulates per cycle, int8, of whole networks (not of the inner loop):

- Cortex-M7: 0.58. Lai, Suda and Chandra, "CMSIS-NN: Efficient Neural Network Kernels for Arm Cortex-M CPUs"
  (arXiv 1801.06601, 2018), table 1: 24.7 million operations, two for each multiply-accumulate, in 99.1 ms at
  216 MHz.
- Cortex-M4F: half of that. It has the same DSP instructions, but issues one instruction per cycle where the
  M7 issues two.
- Cortex-M55: 2. Helium multiplies and accumulates 8 int8 values per cycle at most (Arm, Cortex-M55 processor
  data sheet); a quarter of it allows for loading, requantising and short rows.

With int16 activations the DSP instructions are as fast, since int8 values must first be widened to int16;
Helium then does half. All else that the network does (sums, products, activations, slices) is taken as a
number of cycles for each value written: an assumption of ours, on the safe side for scalar C code.
"""

from dataclasses import dataclass

from train_cli.litert_model import Work


@dataclass(frozen=True)
class Core:
    """A processor core.

    Attributes
    ----------
    name : str
    macs_per_cycle : dict of str to float
        Multiply-accumulates by precision.
    cycles_per_element : float
        Of everything that is no multiply-accumulate.
    """

    name: str
    macs_per_cycle: dict[str, float]
    cycles_per_element: float

    def load(self, work: Work, precision: str, steps_per_s: float, clock_hz: float) -> float:
        """Return the share of the core's time that a model takes, 1 for all of it."""
        cycles = work.multiply_accumulates / self.macs_per_cycle[precision]
        cycles += work.elements * self.cycles_per_element
        return cycles * steps_per_s / clock_hz


CORES = (
    Core("Cortex-M4F", {"int8": 0.29, "int16x8": 0.29, "float": 0.15}, 12.0),
    Core("Cortex-M7", {"int8": 0.58, "int16x8": 0.58, "float": 0.3}, 8.0),
    Core("Cortex-M55", {"int8": 2.0, "int16x8": 1.0, "float": 0.5}, 4.0),
)
