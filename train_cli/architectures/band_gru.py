"""The band-recurrent denoising autoencoder of the bundled DDAE.

An encoder folds the compressed complex spectrum into bands that are narrow below 2 kHz and wide above. The
bottleneck carries every band through time with a GRU whose weights all bands share (the sub-band idea of
FullSubNet, Hao et al. 2021, and FastEnhancer, Ahn et al. 2025), lets the bands exchange with each other, and
holds one full-band GRU for what all bands have in common. A decoder with skip connections unfolds a complex
mask. The noise class enters by feature-wise scale and shift (FiLM, Perez et al. 2018).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import tensorflow as tf

from train_cli.architectures.layers import BatchNorm, FrequencyConv, Gru, Linear, hard_swish, neighbours
from workbench.errors import WorkbenchError

Recur = Callable[[int, Gru, tf.Tensor], tf.Tensor]
"""Runs the i-th GRU over (n, rows, channels): a whole sequence in training, one frame in streaming."""


@dataclass(frozen=True)
class BandGruSize:
    """Dimensions of the network.

    Attributes
    ----------
    low_bins, low_stride : int
        Bins of the lower zone and bins per band there.
    high_bins, high_stride : int
        The same above it.
    channels : int
        Channels of encoder and decoder.
    hidden : int
        Channels and GRU units per band of the bottleneck.
    n_blocks : int
        Sub-band blocks.
    mixer_hidden : int
        Hidden width of the exchange between bands.
    full_band_hidden : int
        Units of the full-band GRU.
    n_conditions : int
        Length of the class vector.
    """

    low_bins: int = 64
    low_stride: int = 4
    high_bins: int = 192
    high_stride: int = 12
    channels: int = 32
    hidden: int = 32
    n_blocks: int = 2
    mixer_hidden: int = 48
    full_band_hidden: int = 80
    n_conditions: int = 5

    @classmethod
    def for_window(cls, window_samples: int, size: str = "standard") -> "BandGruSize":
        """Return the dimensions for a window at 16 kHz: the bands keep their width in Hz.

        "compact" is for hops of 6 ms, where "standard" is for 16 ms: as many operations per second.

        Raises
        ------
        WorkbenchError
            The window does not divide into such bands.
        """
        n_bins = window_samples // 2
        if n_bins % 64 or window_samples > 2048:
            raise WorkbenchError(f"--window {window_samples} does not fit; choose 128, 256, 512 or 1024.")
        low = (n_bins // 4, n_bins // 64, 3 * n_bins // 4)
        if size == "compact":
            return cls(*low, n_bins // 16, channels=20, hidden=24, mixer_hidden=24, full_band_hidden=48)
        return cls(*low, 3 * n_bins // 64)

    @property
    def n_bins(self) -> int:
        """Spectral bins that enter and leave."""
        return self.low_bins + self.high_bins

    @property
    def zones(self) -> list[tuple[int, int, int]]:
        """First bin, number of bins and stride of each zone."""
        return [(0, self.low_bins, self.low_stride), (self.low_bins, self.high_bins, self.high_stride)]

    @property
    def n_bands(self) -> int:
        """Bands of the whole network."""
        return self.low_bins // self.low_stride + self.high_bins // self.high_stride

    def as_dict(self) -> dict[str, int]:
        """Return the dimensions for the bundle's manifest."""
        return asdict(self)


class _SubBandBlock(tf.Module):
    """Exchange along time (one GRU for every band), then between bands, both residual."""

    def __init__(self, size: BandGruSize) -> None:
        super().__init__()
        n = size.hidden
        self.gru = Gru(n, n)
        self.gru_out, self.gru_norm = Linear(n, n), BatchNorm(n)
        self.mix_in = Linear(size.n_bands, size.mixer_hidden)
        self.mix_out = Linear(size.mixer_hidden, size.n_bands)
        self.mix_norm = BatchNorm(n)

    def __call__(self, x: tf.Tensor, index: int, recur: Recur, training: bool) -> tf.Tensor:
        x = x + self.gru_norm(self.gru_out(recur(index, self.gru, x)), training)
        mixed = self.mix_out(hard_swish(self.mix_in(tf.transpose(x, (0, 2, 1)))))
        return x + self.mix_norm(tf.transpose(mixed, (0, 2, 1)), training)


class _FullBandBlock(tf.Module):
    """One GRU over all bands together, residual."""

    def __init__(self, size: BandGruSize) -> None:
        super().__init__()
        width, n = size.n_bands * size.hidden, size.full_band_hidden
        self.squeeze, self.squeeze_norm = Linear(width, n), BatchNorm(n)
        self.gru = Gru(n, n)
        self.spread, self.spread_norm = Linear(n, width), BatchNorm(width)

    def __call__(self, x: tf.Tensor, index: int, recur: Recur, training: bool) -> tf.Tensor:
        bands, n = x.shape[1], x.shape[2]
        flat = hard_swish(self.squeeze_norm(self.squeeze(tf.reshape(x, (-1, bands * n))), training))
        recurrent = recur(index, self.gru, flat[:, None, :])[:, 0]
        return x + tf.reshape(self.spread_norm(self.spread(recurrent), training), (-1, bands, n))


class BandGru(tf.Module):
    """Complex-mask estimator over frames of compressed spectra."""

    def __init__(self, size: BandGruSize) -> None:
        super().__init__()
        self.size = size
        c, n = size.channels, size.hidden
        self.embed = [Linear(2 * stride * 3, c) for _, _, stride in size.zones]
        self.embed_norm = BatchNorm(c)
        self.encode, self.encode_norm = FrequencyConv(c, c), BatchNorm(c)
        self.enter, self.enter_norm = Linear(c, n), BatchNorm(n)
        self.position = tf.Variable(tf.random.normal((size.n_bands, n), stddev=0.1), name="position")
        self.film = Linear(size.n_conditions, 2 * n, scale=0.1)
        others = [_SubBandBlock(size) for _ in range(size.n_blocks - 1)]
        self.blocks: list[_SubBandBlock | _FullBandBlock]
        self.blocks = [_SubBandBlock(size), _FullBandBlock(size), *others]
        self.leave, self.leave_norm = Linear(n, c), BatchNorm(c)
        self.skip_deep, self.skip_deep_norm = Linear(2 * c, c), BatchNorm(c)
        self.decode, self.decode_norm = FrequencyConv(c, c), BatchNorm(c)
        self.skip_shallow, self.skip_shallow_norm = Linear(2 * c, c), BatchNorm(c)
        self.estimate = [Linear(3 * c, 2 * stride, scale=0.3) for _, _, stride in size.zones]
        for estimate, (_, _, stride) in zip(self.estimate, size.zones, strict=True):
            # Training starts from a mask that lets everything through.
            estimate.bias.assign(tf.tile([1.0, 0.0], [stride]))

    @property
    def state_shapes(self) -> list[tuple[int, int]]:
        """Shape of the recurrent state of each block, (rows, units)."""
        return [
            (1 if isinstance(block, _FullBandBlock) else self.size.n_bands, block.gru.n_hidden)
            for block in self.blocks
        ]

    def __call__(
        self, features: tf.Tensor, condition: tf.Tensor, recur: Recur, training: bool = False
    ) -> tf.Tensor:
        """Estimate the mask.

        Parameters
        ----------
        features : tf.Tensor
            (n, n_bins, 3): real part, imaginary part and magnitude of the compressed spectrum.
        condition : tf.Tensor
            (n, n_conditions): class weights; zeros where the class is unknown.
        recur : callable
            How the GRUs run through time.

        Returns
        -------
        tf.Tensor
            (n, n_bins, 2): complex mask for the compressed spectrum.
        """
        shallow = hard_swish(self.embed_norm(self._into_bands(features), training))
        deep = shallow + hard_swish(self.encode_norm(self.encode(shallow), training))

        x = self.enter_norm(self.enter(deep), training) + self.position
        scale, shift = tf.split(self.film(condition)[:, None, :], 2, axis=-1)
        x = x * (1.0 + scale) + shift
        for index, block in enumerate(self.blocks):
            x = block(x, index, recur, training)

        x = hard_swish(self.leave_norm(self.leave(x), training))
        x = hard_swish(self.skip_deep_norm(self.skip_deep(tf.concat([x, deep], -1)), training))
        x = x + hard_swish(self.decode_norm(self.decode(x), training))
        x = hard_swish(self.skip_shallow_norm(self.skip_shallow(tf.concat([x, shallow], -1)), training))
        return self._out_of_bands(x)

    def _into_bands(self, features: tf.Tensor) -> tf.Tensor:
        """Embed patches of two strides that overlap by half: (n, n_bands, channels)."""
        zones = []
        for embed, (first, n_bins, stride) in zip(self.embed, self.size.zones, strict=True):
            half = stride // 2
            below, above = min(half, first), min(half, self.size.n_bins - first - n_bins)
            zone = features[:, first - below : first + n_bins + above]
            zone = tf.pad(zone, [[0, 0], [half - below, half - above], [0, 0]])
            halves = tf.reshape(zone, (-1, n_bins // stride + 1, stride * 3))
            zones.append(embed(tf.concat([halves[:, :-1], halves[:, 1:]], axis=-1)))
        return tf.concat(zones, axis=1)

    def _out_of_bands(self, x: tf.Tensor) -> tf.Tensor:
        x = neighbours(x)
        masks, band = [], 0
        for estimate, (_, n_bins, stride) in zip(self.estimate, self.size.zones, strict=True):
            n_bands = n_bins // stride
            masks.append(tf.reshape(estimate(x[:, band : band + n_bands]), (-1, n_bins, 2)))
            band += n_bands
        return tf.concat(masks, axis=1)

    def over_sequences(self, features: tf.Tensor, condition: tf.Tensor, training: bool) -> tf.Tensor:
        """Masks of whole sequences: (batch, frames, n_bins, 3), (batch, n_conditions) -> (..., n_bins, 2)."""
        batch, n_frames, n_bins, _ = features.shape

        def recur(_: int, gru: Gru, x: tf.Tensor) -> tf.Tensor:
            rows, n_in = x.shape[1], x.shape[2]
            by_time = tf.transpose(tf.reshape(x, (batch, n_frames, rows, n_in)), (1, 0, 2, 3))
            out = gru.sequence(tf.reshape(by_time, (n_frames, batch * rows, n_in)))
            out = tf.reshape(out, (n_frames, batch, rows, gru.n_hidden))
            return tf.reshape(tf.transpose(out, (1, 0, 2, 3)), (batch * n_frames, rows, gru.n_hidden))

        flat = tf.reshape(features, (batch * n_frames, n_bins, 3))
        mask = self(flat, tf.repeat(condition, n_frames, axis=0), recur, training)
        return tf.reshape(mask, (batch, n_frames, n_bins, 2))

    def step(
        self, features: tf.Tensor, condition: tf.Tensor, states: list[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Advance by one frame: mask (1, n_bins, 2) and the new states, shaped as `state_shapes`."""
        new_states: list[tf.Tensor] = []

        def recur(index: int, gru: Gru, x: tf.Tensor) -> tf.Tensor:
            state = gru.step(x[0], states[index])
            new_states.append(state)
            return state[None]

        return self(features, condition, recur), new_states

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one frame."""
        s = self.size
        c, n, bands, full = s.channels, s.hidden, s.n_bands, s.full_band_hidden
        embed = sum(n_bins // stride * 6 * stride * c for _, n_bins, stride in s.zones)
        estimate = sum(n_bins // stride * 3 * c * 2 * stride for _, n_bins, stride in s.zones)
        convolutions = bands * (2 * 3 * c * c + 2 * 2 * c * c + 2 * c * n)
        sub_band = bands * 7 * n * n + 2 * bands * s.mixer_hidden * n
        full_band = 2 * bands * n * full + 6 * full * full
        return embed + estimate + convolutions + s.n_blocks * sub_band + full_band + s.n_conditions * 2 * n
