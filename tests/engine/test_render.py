import numpy as np
import pytest
from scipy.signal import lfilter

from tests.engine.conftest import POSTERIOR_HOP_SAMPLES, with_settings
from workbench.engine.render import render_scene, render_steps
from workbench.errors import WorkbenchError


def test_the_rendered_signals_are_aligned(loaded):
    shares = []
    rendered = render_scene(loaded, progress=shares.append)

    np.testing.assert_array_equal(rendered.clean, rendered.mixture.clean)
    np.testing.assert_array_equal(rendered.mixed, rendered.mixture.noisy)
    np.testing.assert_allclose(rendered.denoised, lfilter([0.02], [1, -0.98], rendered.mixed), atol=1e-6)
    assert rendered.latency_samples == 200
    assert rendered.method == "late-200"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_posteriors_lie_within_the_scene(loaded):
    times = [posterior.time_samples for posterior in render_scene(loaded).posteriors]

    assert times == list(range(POSTERIOR_HOP_SAMPLES, loaded.duration_samples + 1, POSTERIOR_HOP_SAMPLES))


def test_a_recording_is_rendered_without_a_reference(recording):
    rendered = render_scene(recording)

    assert rendered.mixture is rendered.clean is None
    np.testing.assert_array_equal(rendered.mixed, recording.recording)


def test_rendering_can_be_cancelled(loaded):
    steps = render_steps(loaded)
    assert 0 < next(steps) < 1
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_strength_is_applied(loaded):
    dry = render_scene(with_settings(loaded, wet=0.0))

    np.testing.assert_allclose(dry.denoised, dry.mixed, atol=1e-7)
    with pytest.raises(WorkbenchError, match="0 to 1"):
        render_scene(with_settings(loaded, wet=1.5))
