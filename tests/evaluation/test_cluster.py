import os
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from tests.evaluation.sweeps import run, small_plan, write_recordings
from workbench.errors import WorkbenchError
from workbench.evaluation.runner import run_sweep
from workbench.evaluation.tables import read_sweep, results_csv

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory):
    """Run a scheduler with two workers in processes of their own, as on a cluster, and give its address."""
    folder = tmp_path_factory.mktemp("cluster")
    script = folder / "cluster.py"
    script.write_text(
        textwrap.dedent(f"""
            from distributed import LocalCluster
            if __name__ == "__main__":
                with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                  local_directory={str(folder)!r}) as cluster:
                    print(cluster.scheduler_address, flush=True)
                    input()
        """)
    )
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_a_cluster_finds_what_this_machine_finds(address: str, tmp_path: Path) -> None:
    write_recordings(tmp_path)
    plan = small_plan(tmp_path)
    with closing(run_sweep(plan, tmp_path / "cluster.sweep", dask_address=address)) as events:
        for event in events:
            if event.n_done:
                break
    events = run(plan, tmp_path / "cluster.sweep", dask_address=address)
    assert events[0].n_done > 0
    assert events[-1].n_done == events[-1].n_total
    run(plan, tmp_path / "here.sweep")
    tables = [results_csv(read_sweep(tmp_path / f"{name}.sweep")) for name in ("cluster", "here")]
    assert tables[0] == tables[1]


def test_a_scheduler_that_is_not_there_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.evaluation.cluster._CONNECT_S", 1)
    write_recordings(tmp_path)
    with pytest.raises(WorkbenchError, match="no Dask scheduler at tcp"):
        run(small_plan(tmp_path), tmp_path / "a.sweep", dask_address="tcp://127.0.0.1:9")
