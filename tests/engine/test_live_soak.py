"""The soak test, for seconds instead of minutes; the long one is ``python -m tests.soak_live``."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.pulse import needs_pulse

REPOSITORY = Path(__file__).resolve().parents[2]


@needs_pulse
def test_live_sound_beside_a_busy_window():
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.soak_live", "--minutes", "0.25", "--idle", "--latency-ms", "100"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    measured = json.loads(done.stdout)
    # How many frames were painted and how often a device broke off is for the long run on a quiet machine.
    assert measured["in_all"]["input_overflows"] == 0
    assert measured["heard_s"] > 12
    assert measured["frames_per_second"] > 2
    assert measured["memory_mb"] < 500
