"""Time from the start of the process to the first frame and out again, files cached."""

import os
import subprocess
import sys

PROGRAM = """
import sys
from workbench.gui.app import run_app

if __name__ == "__main__":
    run_app(exit_after_first_paint=True)
    assert "tensorflow" not in sys.modules
"""


def test_first_paint(benchmark, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    environment = {**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"}
    benchmark.pedantic(
        lambda: subprocess.run([sys.executable, program], env=environment, check=True),
        rounds=5,
        warmup_rounds=1,
    )
