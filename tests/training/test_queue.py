"""Jobs run, end, fail, are killed, and are found again."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.processes import needs_proc
from workbench.corpora.catalogue import read_catalogue
from workbench.errors import WorkbenchError
from workbench.training import processes
from workbench.training.diagnosis import what_went_wrong
from workbench.training.events import Tail, parse
from workbench.training.handover import command_line, write_job_folder
from workbench.training.history import History
from workbench.training.jobs import Asked, JobStore, State
from workbench.training.processes import Identity
from workbench.training.queue import JobQueue


def test_a_job_runs_to_its_end_and_tells_what_it_found(queue, scan_values, until):
    job = queue.add("scan", "My recordings", scan_values)
    assert job.state is State.WAITING
    until(queue, lambda: queue.job(job.name).is_over)
    done, history = queue.job(job.name), queue.watch(job).history
    assert (done.state, done.exit_code, done.problem) == (State.DONE, 0, "")
    assert history.share == 1.0
    assert len(read_catalogue(history.artifacts["catalogue"])) == 9
    assert set(history.tables) >= {"Used", "Not used"}
    assert list(history.left_out.values()) == ["too short: 0.01 s"] or len(history.left_out) == 1
    assert history.exit_code == 0


def test_jobs_wait_for_each_other(queue, scan_values, until):
    first, second = (queue.add("scan", title, scan_values) for title in ("first", "second"))
    queue.tick()
    assert [job.state for job in queue.jobs] == [State.RUNNING, State.WAITING]
    until(queue, lambda: queue.job(second.name).is_over)
    assert queue.job(first.name).ended_s <= queue.job(second.name).begun_s
    queue.store.remove(queue.job(first.name))
    assert [job.name for job in JobQueue(queue.store).jobs] == [second.name]


def test_a_job_that_went_on_alone_is_found_again(queue, scan_values, until):
    job = queue.add("scan", "alone", scan_values)
    queue.tick()
    pid = queue.job(job.name).identity.pid
    # Another start of the application: nothing but the folder is left of the first.
    process = processes._started.pop(pid)
    again = JobQueue(JobStore(queue.store.root))
    assert again.job(job.name).state is State.RUNNING
    assert processes.is_alive(again.job(job.name).identity)
    process.wait()
    until(again, lambda: again.job(job.name).is_over)
    assert again.job(job.name).state is State.DONE
    assert "catalogue" in again.watch(job).history.artifacts


def test_missing_data_is_told_in_the_commands_own_words(queue, scan_values, tmp_path, until):
    job = queue.add("scan", "nowhere", scan_values | {"data": str(tmp_path / "nowhere")})
    until(queue, lambda: queue.job(job.name).is_over)
    assert queue.job(job.name).state is State.FAILED
    assert "nowhere" in queue.job(job.name).problem
    assert any("train_cli:" in line for line in queue.watch(job).log_lines)
    (tmp_path / "nowhere" / "noise" / "vehicle").mkdir(parents=True)


@needs_proc
def test_a_killed_job_says_so_and_goes_on(queue, scan_values, until):
    job = queue.add("scan", "killed", scan_values)
    queue.tick()
    os.kill(queue.job(job.name).identity.pid, signal.SIGKILL)
    until(queue, lambda: queue.job(job.name).is_over)
    failed = queue.job(job.name)
    assert failed.state is State.FAILED
    assert "was killed" in failed.problem
    queue.go_on(failed)
    until(queue, lambda: queue.job(job.name).is_over)
    assert queue.job(job.name).state is State.DONE
    assert queue.watch(job).history.failure == ""


@needs_proc
def test_killed_application_and_job_leave_a_sentence(queue, scan_values, until):
    job = queue.add("scan", "both", scan_values)
    queue.tick()
    process = processes._started.pop(queue.job(job.name).identity.pid)
    process.kill()
    process.wait()
    again = JobQueue(JobStore(queue.store.root))
    again.tick()
    assert again.job(job.name).state is State.FAILED
    assert "without a word" in again.job(job.name).problem


def test_an_application_that_died_while_starting_a_job_leaves_a_sentence(queue, scan_values):
    job = queue.add("scan", "cut off", scan_values)
    queue.store.save(replace(job, state=State.RUNNING, begun_s=time.time()))
    again = JobQueue(queue.store)
    again.tick()
    assert again.job(job.name).state is State.FAILED
    assert "being started" in again.job(job.name).problem


def test_a_number_given_to_another_process_is_not_taken_for_the_job(queue, scan_values):
    job = queue.add("scan", "old", scan_values)
    foreign = Identity(os.getpid(), 1000.0)
    queue.store.save(replace(job, state=State.RUNNING, begun_s=1.0, identity=foreign))
    processes.kill(foreign)
    queue.tick()
    assert queue.job(job.name).state is State.FAILED


def test_cancelled_jobs_end(queue, scan_values, until):
    waiting = queue.add("scan", "one", scan_values)
    running = queue.add("scan", "two", scan_values)
    queue.cancel(waiting)
    assert queue.job(waiting.name).state is State.CANCELLED
    queue.tick()
    queue.cancel(queue.job(running.name))
    assert queue.job(running.name).asked is Asked.CANCEL
    until(queue, lambda: queue.job(running.name).is_over)
    assert queue.job(running.name).state is State.CANCELLED
    assert queue.job(running.name).problem == ""


def test_a_job_that_does_not_listen_is_killed(queue, scan_values, until, monkeypatch):
    monkeypatch.setattr("workbench.training.queue.CANCEL_GRACE_S", 0.2)
    job = queue.add("scan", "deaf", scan_values)
    deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf])
    processes._started[process.pid] = process
    identity = Identity(process.pid, processes.psutil.Process(process.pid).create_time())
    time.sleep(0.3)
    queue.store.save(replace(job, state=State.RUNNING, identity=identity))
    queue.tick()
    queue.cancel(queue.job(job.name))
    until(queue, lambda: queue.job(job.name).is_over, 20)
    assert queue.job(job.name).state is State.CANCELLED


def test_a_job_folder_that_cannot_be_written_is_one_sentence(queue, scan_values):
    queue.store.root.parent.mkdir(parents=True)
    queue.store.root.write_text("a file where the folder should be")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        queue.add("scan", "no room", scan_values)
    assert queue.jobs == []


def test_damaged_job_files_are_left_aside(queue, scan_values):
    job = queue.add("scan", "good", scan_values)
    for name, text in (
        ("a", "{"),
        ("b", "[]"),
        ("c", '{"format": 99}'),
        ("d", '{"format": 1, "command": "rm"}'),
    ):
        (queue.store.root / name).mkdir()
        (queue.store.root / name / "job.json").write_text(text)
    assert [found.name for found in JobQueue(queue.store).jobs] == [job.name]


def test_values_are_checked_before_anything_is_written(queue, scan_values):
    with pytest.raises(WorkbenchError, match=r"Share of dev is 3\.0"):
        queue.add("scan", "bad", scan_values | {"dev_share": "3"})
    assert not queue.store.root.exists()


def test_tail_gives_whole_lines_however_they_come(tmp_path):
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert tail.lines() == []
    path.write_bytes(b'{"event": "note", "mess')
    assert tail.lines() == []
    with path.open("ab") as file:
        file.write(b'age": "one"}\n{"event": "no')
    assert [event["message"] for event in parse(tail.lines())] == ["one"]
    assert tail.lines(at_end=True) == ['{"event": "no']
    assert list(parse(['{"event": "no', "[1]", "noise", '{"event": 3}'])) == []


def _history(*events):
    history = History()
    history.add({"time_s": 0.0, **event} for event in events)
    return history


def test_history_follows_a_run_that_was_killed_and_went_on():
    steps = [
        {"event": "progress", "step": s, "steps": 9, "remaining_s": 1, "loss": s / 10}
        for s in (2, 4, 6, 4, 6)
    ]
    epochs = [
        {"event": "epoch", "step": s, "quality": q, "pesq_wb": 1.0} for s, q in ((2, 1.0), (4, 3.0), (6, 2.0))
    ]
    history = _history(*steps, {"event": "failed", "message": "gone"}, {"event": "begun"}, *epochs)
    assert history.progress["loss"] == ([2, 4, 6], [0.2, 0.4, 0.6])
    assert history.best_step == 4
    assert history.failure == ""
    assert _history({"event": "epoch", "step": 1, "quality": float("nan")}).best_step is None


def test_sounds_are_gathered_by_number_and_step():
    def example(step, signal):
        path = f"/run/{signal}-{step}"
        return {"event": "artifact", "kind": "example", "path": path, "step": step, "number": 1,
                "signal": signal, "title": "Vehicles at 0 dB"}  # fmt: skip

    history = _history(*(example(step, s) for step in (5, 10) for s in ("clean", "noisy", "denoised")))
    sounds = history.sounds[1]
    assert sounds.title == "Vehicles at 0 dB"
    assert sorted(sounds.denoised) == [5, 10]
    assert sounds.clean.name == "clean-10"


@pytest.mark.parametrize(
    ("log", "exit_code", "says"),
    [
        (["OSError: [Errno 28] No space left on device"], 1, "The disk is full"),
        (["tensorflow...ResourceExhaustedError: OOM when allocating tensor"], 1, "The memory is full"),
        (["numpy.exceptions.MemoryError: Unable to allocate 3 GiB"], 1, "The memory is full"),
        ([], -9, "was killed"),
        ([], -11, "crashed (SIGSEGV)"),
        (["Traceback", "ValueError: shapes differ"], 1, "crashed (ValueError: shapes differ)"),
        ([], 3, "exit code 3"),
        ([], None, "without a word"),
    ],
)
def test_what_went_wrong_is_one_sentence_with_what_to_do(tmp_path, log, exit_code, says):
    sentence = what_went_wrong(History(), log, exit_code, [tmp_path])
    assert says in sentence
    assert "Go on" in sentence
    assert sentence.count(". ") == 0


def test_a_disk_with_no_room_left_is_named(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("workbench.training.diagnosis.shutil.disk_usage", lambda _: usage)
    assert "disk is full" in what_went_wrong(History(), [], None, [tmp_path / "not" / "yet"])


def test_command_line_and_job_folder_give_the_same_result(queue, scan_values, recordings, tmp_path, until):
    job = queue.add("scan", "Elsewhere's folders", scan_values)
    assert command_line(job).startswith("train_cli scan ")
    assert "--events" not in command_line(job)
    folder = write_job_folder(job, tmp_path / "job")
    elsewhere = tmp_path / "other data"
    recordings.rename(elsewhere)
    # The command as it is installed.
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "train_cli"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m train_cli "$@"\n')
    shim.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DATA": str(elsewhere), "PYTHONPATH": processes._search_path()}
    subprocess.run([folder / "run.sh"], env=environment, check=True, capture_output=True)
    assert len(read_catalogue(folder / "catalogue.csv")) == 9
    assert "%DATA%" in (folder / "run.cmd").read_text()
    assert str(tmp_path / "recordings") in (folder / "README.md").read_text()
    with pytest.raises(WorkbenchError, match="there already"):
        write_job_folder(job, folder)


def test_job_files_hold_no_more_than_json(queue, scan_values):
    job = queue.add("scan", "plain", scan_values)
    assert json.loads((job.folder / "job.json").read_text())["values"]["dev_share"] == "0.1"


def test_missing_tensorflow_names_the_command(monkeypatch):
    real = processes.find_spec
    monkeypatch.setattr(processes, "find_spec", lambda name: None if name == "tensorflow" else real(name))
    assert "TensorFlow" in processes.missing_piece()
    assert 'pip install "denoise-workbench[train]"' in processes.missing_piece()


@needs_proc
def test_a_full_disk_is_a_sentence_and_the_job_goes_on(queue, scan_values, until):
    """A limit on the size of files, which the process inherits, stands for the full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    job = queue.add("scan", "no room", scan_values)
    # The job's own files fit, the catalogue does not.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        queue.tick()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    until(queue, lambda: queue.job(job.name).is_over)
    failed = queue.job(job.name)
    assert failed.state is State.FAILED
    assert failed.problem.startswith("The disk is full")
    queue.go_on(failed)
    until(queue, lambda: queue.job(job.name).is_over)
    assert queue.job(job.name).state is State.DONE


@needs_proc
def test_a_job_outlives_an_application_that_is_killed(queue, scan_values, until):
    job = queue.add("scan", "outlives", scan_values)
    application = (
        "import os, signal, sys; from pathlib import Path\n"
        "from workbench.training.jobs import JobStore; from workbench.training.queue import JobQueue\n"
        "JobQueue(JobStore(Path(sys.argv[1]))).tick(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": processes._search_path()}
    killed = subprocess.run([sys.executable, "-c", application, queue.store.root], env=environment)
    assert killed.returncode == -signal.SIGKILL
    until(queue, lambda: queue.job(job.name).is_over)
    assert queue.job(job.name).state is State.DONE


def test_what_cannot_be_written_at_the_end_is_remembered(queue, scan_values, until, monkeypatch):
    job = queue.add("scan", "no room for the end", scan_values)
    queue.tick()

    def refuse(_):
        raise WorkbenchError("The job cannot be written: No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(queue.store, "save", refuse)
        until(queue, lambda: queue.job(job.name).is_over)
        assert queue.job(job.name).state is State.DONE
    again = JobQueue(JobStore(queue.store.root))
    until(again, lambda: again.job(job.name).is_over)
    assert again.job(job.name).state is State.DONE
