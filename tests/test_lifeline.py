import os
import signal
import subprocess
import sys

from tests.processes import end_within, needs_proc

PROGRAM = """
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from workbench.lifeline import end_with_parent
import os

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


@needs_proc
def test_a_pool_ends_with_a_program_that_is_killed(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    program = subprocess.Popen([sys.executable, tmp_path / "program.py"], stdout=subprocess.PIPE, text=True)
    worker = int(program.stdout.readline())
    os.kill(program.pid, signal.SIGKILL)
    program.communicate()
    assert end_within([worker], 20)
