import os
import sys
import threading

import pytest

from workbench.audio.urgency import CALLBACK_PRIORITY, run_ahead, urgent

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems hurry by themselves")


def in_a_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@needs_linux
def test_a_thread_runs_ahead_where_the_system_agrees_and_alone():
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK

    def hurry():
        return run_ahead(3), os.sched_getscheduler(0), os.sched_getparam(0).sched_priority

    usual = os.sched_getscheduler(0)
    assert in_a_thread(hurry) in ((True, policy, 3), (False, usual, 0))
    assert os.sched_getscheduler(0) == usual


def test_a_refusal_is_no_error(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)
    assert run_ahead(3) is False


def test_a_callback_asks_once_in_each_thread(monkeypatch):
    asked, called = [], []
    monkeypatch.setattr("workbench.audio.urgency.run_ahead", asked.append)
    callback = urgent(lambda *args: called.append(args))
    for _ in range(2):
        in_a_thread(lambda: [callback(1, 2), callback(3, 4)])
    assert asked == [CALLBACK_PRIORITY] * 2
    assert called == [(1, 2), (3, 4)] * 2
