import platform
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
import pytest

from workbench.background import NICENESS, keep_memory, step_back


@pytest.fixture
def sleeper():
    """Start a process in a session of its own, as a job has."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=sys.platform != "win32"
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority instead")
def test_a_process_steps_back(sleeper):
    step_back(sleeper.pid)
    assert psutil.Process(sleeper.pid).nice() == NICENESS


def test_so_does_its_whole_group_on_linux(sleeper):
    group = Path(f"/proc/{sleeper.pid}/autogroup")
    if not group.exists():
        pytest.skip("this system has no groups of processes")
    step_back(sleeper.pid)
    assert group.read_text().split()[-1] == str(NICENESS)


def test_a_process_that_is_gone_is_left_in_peace(sleeper):
    sleeper.kill()
    sleeper.wait()
    step_back(sleeper.pid)


def _faults_of_an_array(*prepare) -> int:
    import resource  # Not on Windows.

    for function in prepare:
        function()
    np.ones(10_000_000, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(10_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be told")
def test_memory_is_kept_rather_than_asked_for_again():
    with get_context("spawn").Pool(1) as pool:
        at_first = pool.apply(_faults_of_an_array)
        assert pool.apply(_faults_of_an_array, (keep_memory,)) < at_first / 3
