"""The active speech level of somebody who is speaking now: ITU-T P.56, followed instead of measured once."""

import math

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import HANGOVER_S, MARGIN_DB, TIME_CONSTANT_S

CELL_SAMPLES = 128
MEMORY_S = 8.0
"""Speech that is remembered, pauses between its words included."""

UPDATE_S = 0.25

_RISE_OVER_FLOOR_DB = 9.0
_FLOOR_S = 3.0
_LOWEST_DB = -60.0
_HANGOVER_CELLS = round(HANGOVER_S * SAMPLE_RATE / CELL_SAMPLES)
_MEMORY_CELLS = round(MEMORY_S * SAMPLE_RATE / CELL_SAMPLES)
_FLOOR_CELLS = round(_FLOOR_S * SAMPLE_RATE / CELL_SAMPLES)
_UPDATE_CELLS = round(UPDATE_S * SAMPLE_RATE / CELL_SAMPLES)


class RunningSpeechLevel:
    """Active speech level over the last `MEMORY_S` in which somebody spoke.

    Method B of P.56 on cells of 8 ms: their energies, and the twice smoothed envelope at their ends. Cells
    count as speech from 9 dB above the quietest envelope of the last 3 s on, hangover included; while nobody
    speaks nothing is added, so the level stays through any silence. It agrees with
    `workbench.dsp.level.active_speech_level` within 1 dB on running speech.

    Attributes
    ----------
    level_db : float or None
        dB re full scale; None until a second of speech has come.
    """

    def __init__(self) -> None:
        self.level_db: float | None = None
        self._rest = np.zeros(0, np.float32)
        self._state: list[float] = []
        self._energies = np.zeros(_MEMORY_CELLS)
        self._envelopes = np.zeros(_MEMORY_CELLS)
        self._n_cells = 0
        self._recent = np.full(_FLOOR_CELLS, math.inf)
        self._n_seen = 0
        self._hangover = 0

    def process(self, block: Signal) -> None:
        """Take in the next block, float32, shape (n_samples,)."""
        known = np.concatenate((self._rest, block))
        n_cells = len(known) // CELL_SAMPLES
        cells = known[: n_cells * CELL_SAMPLES].reshape(n_cells, CELL_SAMPLES)
        self._rest = known[cells.size :]
        energies = np.square(cells, dtype=np.float64).sum(axis=1)
        means = np.abs(cells, dtype=np.float64).mean(axis=1)
        for energy, mean in zip(energies.tolist(), means.tolist(), strict=True):
            self._add(energy, mean)

    def _add(self, energy: float, mean: float) -> None:
        # From the first sound on, as if it had always been there: a fan that runs already is no speech.
        self._state = self._state or [mean, mean]
        keep = math.exp(-CELL_SAMPLES / (SAMPLE_RATE * TIME_CONSTANT_S))
        for stage in range(2):
            mean = self._state[stage] = keep * self._state[stage] + (1 - keep) * mean
        self._recent[self._n_seen % _FLOOR_CELLS] = mean
        self._n_seen += 1
        floor = max(float(self._recent.min()) * 10 ** (_RISE_OVER_FLOOR_DB / 20), 10 ** (_LOWEST_DB / 20))
        self._hangover = _HANGOVER_CELLS if mean > floor else self._hangover - 1
        if self._hangover <= 0:
            return
        self._energies[self._n_cells % _MEMORY_CELLS] = energy
        self._envelopes[self._n_cells % _MEMORY_CELLS] = mean
        self._n_cells += 1
        if self._n_cells % _UPDATE_CELLS == 0 and self._n_cells * CELL_SAMPLES >= SAMPLE_RATE:
            self.level_db = self._measure()

    def _measure(self) -> float:
        """Return the level at which it lies the margin above its own threshold, as P.56 interpolates it."""
        n_cells = min(self._n_cells, _MEMORY_CELLS)
        begin = self._n_cells % n_cells
        energies = np.roll(self._energies[:n_cells], -begin)
        envelopes = np.roll(self._envelopes[:n_cells], -begin)
        total = float(energies.sum()) + 1e-12
        thresholds_db = np.arange(-72.0, 0.0, 3.0)
        excess_before, level_before = 0.0, 0.0
        for step, threshold_db in enumerate(thresholds_db.tolist()):
            above = np.flatnonzero(envelopes >= 10 ** (threshold_db / 20))
            if not len(above):
                return level_before
            gaps = np.minimum(np.diff(above), _HANGOVER_CELLS + 1).sum() + 1
            n_active = int(gaps) + min(_HANGOVER_CELLS, n_cells - 1 - int(above[-1]))
            level_db = 10 * math.log10(total / (n_active * CELL_SAMPLES))
            excess = level_db - threshold_db - MARGIN_DB
            if excess <= 0:
                share = 0.0 if step == 0 else excess_before / (excess_before - excess)
                return level_db if step == 0 else level_before + share * (level_db - level_before)
            excess_before, level_before = excess, level_db
        return level_before
