"""Live sessions on devices that obey the test."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from workbench.audio import files
from workbench.denoisers.protocol import denoise
from workbench.dsp import SAMPLE_RATE
from workbench.engine import chain, live
from workbench.engine.live import LiveSession
from workbench.engine.live_status import SILENT, LiveSettings
from workbench.engine.recording import read_take
from workbench.errors import WorkbenchError

pytestmark = pytest.mark.usefixtures("late_methods")


class FakeInput:
    """Brings what the test says, when it says so."""

    latency_s = 0.005
    burst_samples = 160

    def __init__(self, device, latency_s=None):
        if device == "broken":
            raise WorkbenchError("“broken” cannot be opened.")
        self.name = device
        self.message = None
        self.overflows = self.device_xruns = 0
        self.closed = False
        self._waiting = []
        self._lock = threading.Lock()

    def start(self):
        pass

    def close(self):
        self.closed = True

    def bring(self, signal):
        with self._lock:
            self._waiting.append(signal)

    @property
    def available_samples(self):
        with self._lock:
            return sum(map(len, self._waiting))

    def read(self):
        with self._lock:
            waiting, self._waiting = self._waiting, []
        return np.concatenate(waiting) if waiting else np.zeros(0, np.float32)


class FakeSink:
    """Takes everything at once."""

    latency_s = 0.01
    burst_samples = 160
    queued_samples = 0

    def __init__(self, device, latency_s=None):
        if device == "broken":
            raise WorkbenchError("“broken” cannot be opened.")
        self.name = device
        self.latency_asked_s = latency_s
        self.message = None
        self.underruns = self.device_xruns = 0
        self.is_private = device == "headphones"
        self.closed = False
        self.heard = []

    def start(self):
        pass

    def close(self):
        self.closed = True

    def flush(self):
        pass

    def write(self, block):
        self.heard.append(block)


@pytest.fixture
def devices(monkeypatch):
    """Put the fakes in place of the devices, and be quick about dead ones."""
    monkeypatch.setattr(live, "InputStream", FakeInput)
    monkeypatch.setattr(live, "OutputStream", FakeSink)
    gone = set()

    def find(name):
        if name in gone:
            raise WorkbenchError(f"“{name}” was not found.")
        return name

    monkeypatch.setattr(live, "find_input", lambda name: find(name or "microphone"))
    monkeypatch.setattr(live, "find_output", lambda name: find(name or "headphones"))
    monkeypatch.setattr(live, "list_devices", list)
    monkeypatch.setattr(live, "_TEND_S", 0.01)
    monkeypatch.setattr(live, "_RETRY_S", 0.05)
    monkeypatch.setattr(live, "_BREAKS_S", 0.05)
    return SimpleNamespace(gone=gone)


@pytest.fixture
def make_session(devices):
    made = []

    def make(**settings):
        made.append(LiveSession(LiveSettings(**{"method": "late-200", **settings})))
        made[-1].start()
        return made[-1]

    yield make
    for session in made:
        session.close()


def wait_for(condition, seconds=10.0):
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.005)


def bring(session, signal):
    """Let the microphone hear something, not all at once, and wait until it has been worked on."""
    for start in range(0, len(signal), 1280):
        part = signal[start : start + 1280].astype(np.float32)
        goal = session._n_fed + len(part)
        session._input.bring(part)
        wait_for(lambda goal=goal: session._n_fed >= goal - 127)


def noise(seconds, level=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(round(seconds * SAMPLE_RATE / 128) * 128)).astype(np.float32)


def joined(blocks, name):
    return np.concatenate([getattr(block, name) for block in blocks])


# Sound


def test_what_is_made_equals_the_offline_result_and_is_played(make_session):
    session = make_session(loudness_matched=False)
    signal = noise(2)
    for part in np.split(signal, 10):
        bring(session, part)
    blocks = session.poll()
    offline = denoise(signal, chain.make_denoiser("late-200"))
    denoised = joined(blocks, "denoised")
    assert len(denoised) == len(signal) - 200
    np.testing.assert_allclose(denoised, offline[: len(denoised)], atol=1e-6)
    np.testing.assert_array_equal(joined(blocks, "mixed"), signal[: len(denoised)])
    heard = np.concatenate(session._pace.sink.heard)[-len(denoised) :]
    np.testing.assert_allclose(heard[2000:], denoised[2000:], atol=1e-6)
    assert session.poll() == []


def test_loudspeakers_begin_gently_and_with_a_warning(make_session):
    session = make_session(output="speakers", monitor="mixed", loudness_matched=False)
    bring(session, np.full(3 * SAMPLE_RATE // 128 * 128, 0.5))
    heard = np.concatenate(session._pace.sink.heard)
    assert heard[SAMPLE_RATE // 4] < 0.1
    assert heard[-1] == pytest.approx(0.5)
    assert "use headphones" in session.status().warning
    session.set_output("headphones")
    assert session.status().warning is None
    session.muted = True
    bring(session, noise(0.5))
    assert np.abs(session._pace.sink.heard[-1]).max() == 0


def test_howling_is_turned_down(make_session):
    session = make_session(output="speakers", monitor="mixed", loudness_matched=False)
    bring(session, noise(2.5))
    tone = 0.4 * np.sin(2 * np.pi * 1200 * np.arange(SAMPLE_RATE * 4 // 10) / SAMPLE_RATE)
    bring(session, tone)
    assert "Feedback" in session.status().warning
    assert np.abs(session._pace.sink.heard[-1]).max() < 0.05


def test_the_output_never_goes_beyond_full_scale(make_session):
    session = make_session(output_gain_db=40.0, monitor="mixed")
    bring(session, noise(1))
    assert np.abs(np.concatenate(session._pace.sink.heard)).max() == 1


def test_status_tells_delay_levels_and_counts(make_session):
    session = make_session()
    bring(session, noise(1))
    session._input.overflows = 3
    session._pace.sink.device_xruns = 2
    status = session.status()
    assert status.running
    assert not status.bypassed
    assert status.latency.algorithmic_ms == 12.5
    assert status.latency.buffers_ms == pytest.approx(15.0, abs=0.1)
    assert status.latency.total_ms == pytest.approx(27.5 + status.latency.processing_ms, abs=0.1)
    assert status.latency.grade == "poor"
    assert status.load > 0
    assert status.counts.input_overflows == 3
    assert status.counts.device_xruns == 2
    assert (status.input_name, status.output_name) == ("microphone", "headphones")
    assert 0.2 < status.input_peak < 0.6
    assert status.position_s == pytest.approx(1.0, abs=0.01)
    assert not status.has_clean
    assert status.recorded_s is None
    assert session.processing_p99_ms > 0


def test_no_output_at_all(make_session):
    session = make_session(output=SILENT)
    bring(session, noise(1))
    status = session.status()
    assert status.output_name == ""
    assert status.message is None
    assert status.warning is None
    assert session.poll()


def test_it_may_be_stopped_and_started_again(make_session):
    session = make_session()
    bring(session, noise(1))
    source, sink = session._input, session._pace.sink
    session.stop()
    assert source.closed
    assert sink.closed
    assert not session.status().running
    session.start()
    signal = noise(1, seed=1)
    bring(session, signal)
    blocks = session.poll()
    assert blocks[0].position_samples == 0
    np.testing.assert_array_equal(joined(blocks, "mixed"), signal[: len(signal) - 200])


def test_settings_may_be_changed_while_it_runs(make_session, scene):
    session = make_session()
    feeding = threading.Event()

    def feed():
        while not feeding.is_set():
            session._input.bring(noise(0.016))
            time.sleep(0.005)

    thread = threading.Thread(target=feed)
    thread.start()
    for step in range(30):
        session.method = ("late-200", "late-37")[step % 2]
        session.snr_db = step - 10.0
        session.wet = step / 30
        session.attenuation_limit_db = None if step % 3 else float(step)
        session.input_gain_db = step / 10
        session.output_gain_db = -step / 10
        session.set_noise(scene.noise_path if step % 2 else None)
        session.monitor = ("clean", "mixed", "denoised")[step % 3] if step % 2 else "mixed"
        session.loudness_matched = bool(step % 2)
        time.sleep(0.01)
    feeding.set()
    thread.join()
    assert session.status().running
    assert session.status().message is None
    assert (session.snr_db, session.wet, session.input_gain_db) == (19.0, 29 / 30, 2.9)


# Devices


def test_no_microphone_is_said_and_nothing_is_left_open(devices):
    devices.gone.add("microphone")
    session = LiveSession(LiveSettings(method="late-200"))
    with pytest.raises(WorkbenchError, match="not found"):
        session.start()
    assert session._pace is None
    assert not session.running
    devices.gone.clear()
    session.start()
    assert session.running
    session.close()


@pytest.mark.parametrize("direction", ["input", "output"])
def test_a_device_that_fails_leaves_the_one_before(make_session, direction):
    session = make_session()
    change = getattr(session, f"set_{direction}")
    with pytest.raises(WorkbenchError, match="cannot be opened"):
        change("broken")
    bring(session, noise(0.5))
    status = session.status()
    assert (status.input_name, status.output_name) == ("microphone", "headphones")
    assert status.message is None
    change("another")
    assert getattr(session.status(), f"{direction}_name") == "another"
    bring(session, noise(0.5))


def test_an_output_that_dies_comes_back_and_the_recording_goes_on(make_session, devices, tmp_path):
    session = make_session()
    session.start_recording(tmp_path)
    first, second, third = np.split(noise(3)[: 375 // 3 * 3 * 128], 3)
    bring(session, first)
    devices.gone.add("headphones")
    dead = session._pace.sink
    dead.underruns = 5
    dead.message = "“headphones” has stopped."
    wait_for(lambda: session.status().message == "“headphones” has stopped.")
    wait_for(lambda: dead.closed)
    bring(session, second)
    assert session.status().output_name == ""
    devices.gone.clear()
    wait_for(lambda: session.status().output_name == "headphones")
    assert session.status().message == "“headphones” is back."
    bring(session, third)
    take = read_take(session.stop_recording())
    mixed = files.read(take.folder / "mixed.wav")
    np.testing.assert_array_equal(mixed, np.concatenate((first, second, third))[: len(mixed)])
    assert len(mixed) == 3 * len(first) - 200
    assert [event["event"] for event in take.events] == ["output lost", "output", "finished"]


def test_a_microphone_that_dies_comes_back(make_session, devices):
    session = make_session()
    bring(session, noise(0.5))
    devices.gone.add("microphone")
    session._input.message = "“microphone” has stopped."
    wait_for(lambda: session.status().input_name == "")
    assert session.status().message == "“microphone” has stopped."
    assert session.status().running
    devices.gone.clear()
    wait_for(lambda: session.status().input_name == "microphone")
    bring(session, noise(0.5))


def test_an_output_that_breaks_off_again_and_again_gets_a_longer_buffer(make_session):
    session = make_session()
    first = session._pace.sink
    assert first.latency_asked_s is None
    first.device_xruns = 10
    wait_for(lambda: first.closed)
    assert session._pace.sink.latency_asked_s == 0.02
    assert "longer buffer" in session.status().message
    assert session.status().counts.device_xruns == 10


def test_a_rescan_opens_everything_again(make_session):
    session = make_session()
    before = session._input
    assert session.rescan() == []
    assert before.closed
    bring(session, noise(0.5))


# Overload


class SlowDenoiser:
    """Takes longer than the sound lasts, while it is told to."""

    name = "slow"
    latency_samples = 0
    is_slow = True

    def reset(self):
        pass

    def process(self, block):
        if SlowDenoiser.is_slow:
            time.sleep(2 * len(block) / SAMPLE_RATE)
        return 0 * block


def test_an_overload_is_bypassed_said_and_recovered_from(make_session, monkeypatch):
    monkeypatch.setattr(chain, "make_denoiser", lambda name: SlowDenoiser())
    monkeypatch.setattr(live, "FIRST_REST_S", 0.3)
    SlowDenoiser.is_slow = True
    session = make_session(method="slow", loudness_matched=False)
    for _ in range(60):
        session._input.bring(noise(0.016))
        time.sleep(0.016)
        if session.status().bypassed:
            break
    assert "“slow” is too slow" in session.status().message
    # What waits is worked off at once: the delay does not grow.
    wait_for(lambda: session._input.available_samples < 128, 1.0)
    session._input.bring(noise(0.1))
    wait_for(lambda: session._input.available_samples < 128, 1.0)
    block = session.poll()[-1]
    np.testing.assert_array_equal(block.denoised, block.mixed)
    SlowDenoiser.is_slow = False
    for _ in range(400):
        session._input.bring(noise(0.016))
        time.sleep(0.016)
        if not session.status().bypassed and session._n_fed:
            break
    for _ in range(10):
        bring(session, noise(0.08))
    status = session.status()
    assert not status.bypassed
    assert status.message is None
    assert status.counts.overloads >= 1
    assert np.abs(session.poll()[-1].denoised).max() == 0


def test_a_machine_that_stood_still_catches_up(make_session):
    session = make_session()
    bring(session, noise(1))
    session._load = 0.5
    session._input.bring(noise(5))
    wait_for(lambda: session._n_fed >= 6 * SAMPLE_RATE - 128)
    assert session.status().counts.overloads == 1


def test_a_defect_stops_the_sound_and_is_said(make_session, monkeypatch, caplog):
    session = make_session()
    monkeypatch.setattr(session.graph, "process", lambda block: 1 / 0)
    session._input.bring(noise(0.1))
    wait_for(lambda: not session.running)
    assert "internal error (division by zero); start it again" in session.status().message


# Recordings


def test_what_was_just_heard_can_be_kept(make_session, tmp_path):
    session = make_session()
    with pytest.raises(WorkbenchError, match="Nothing has been heard"):
        session.keep_last(tmp_path)
    signal = noise(4)
    bring(session, signal)
    take = read_take(session.keep_last(tmp_path, 2.0))
    assert take.duration_s == pytest.approx(2.0, abs=0.01)
    mixed = files.read(take.folder / "mixed.wav")
    np.testing.assert_array_equal(mixed, signal[len(signal) - 200 - len(mixed) : -200])
    assert take.about["method"] == "late-200"
    # Two seconds of posteriors every quarter of a second.
    assert take.posteriors[0].time_samples < 4400
    assert len(take.posteriors) == 8
    assert session.keep_last(tmp_path) != take.folder
    for _ in range(3):
        bring(session, noise(30, 0.01))
    assert read_take(session.keep_last(tmp_path)).duration_s == pytest.approx(60, abs=0.1)


def test_a_recording_has_everything(make_session, tmp_path, scene):
    session = make_session(noise_path=scene.noise_path, snr_db=3.0)
    folder = session.start_recording(tmp_path / "takes")
    assert session.recording == folder
    bring(session, noise(1))
    session.snr_db = 6.0
    session.method = "late-37"
    bring(session, noise(1))
    wait_for(lambda: session.status().recorded_s > 1.5)
    assert session.stop_recording() == folder
    assert session.recording is None
    take = read_take(folder)
    assert take.has_clean
    assert take.about["snr_db"] == 3.0
    assert take.about["noise"] == str(scene.noise_path)
    changes = [(event["event"], event.get("value")) for event in take.events]
    assert changes == [("snr_db", 6.0), ("method", "late-37"), ("finished", None)]
    assert take.events[0]["time_s"] == pytest.approx(1.0, abs=0.05)
    assert session.stop_recording() is None


def test_recording_needs_sound_and_a_place(make_session, devices, tmp_path):
    session = LiveSession(LiveSettings(method="late-200"))
    with pytest.raises(WorkbenchError, match="nothing to record"):
        session.start_recording(tmp_path)
    session = make_session()
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="choose another folder"):
        session.start_recording(tmp_path / "file")


def test_a_disk_that_fails_is_said_and_the_sound_goes_on(make_session, tmp_path, monkeypatch):
    session = make_session()
    folder = session.start_recording(tmp_path)

    def fail(block):
        raise WorkbenchError("The disk is full.")

    monkeypatch.setattr(session._recorder._writer._sounds["mixed"], "write", fail)
    bring(session, noise(1))
    wait_for(lambda: session.status().message == "The disk is full.")
    bring(session, noise(1))
    assert session.recording is None
    assert (folder / "take.jsonl").exists()


def test_closing_finishes_the_recording(make_session, tmp_path):
    session = make_session()
    folder = session.start_recording(tmp_path)
    bring(session, noise(1))
    session.close()
    take = read_take(folder)
    assert take.finished
    assert take.duration_s == pytest.approx(1.0, abs=0.03)
