"""What a listener hears: the sounds of a screen on one output, loaded and opened off the window's thread."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.audio.playback import Output
from workbench.dsp import SAMPLE_RATE
from workbench.dsp import Signal as Samples
from workbench.engine.player import Player
from workbench.errors import WorkbenchError
from workbench.gui.workers import Job
from workbench.listening.screens import LevelScreen, TrialScreen
from workbench.listening.switching import SWITCH_QUEUE_SAMPLES, StimulusSource, load_stimuli

TICK_MS = 30
_HEARD_EVERY = 4
MakeOutput: TypeAlias = Callable[[str | None], Output]


class Deck(QObject):
    """Plays the sounds of a screen; which of them is heard changes at the same position.

    Parameters
    ----------
    make_output : callable
        Opens the device of a name, or the system's for None.
    device : str or None
        What it is asked for.

    Signals
    -------
    changed
        Something is loaded, plays, pauses, is another sound, or loops.
    moved
        The position is another one.
    heard_changed
        More of a sound was heard.
    trouble_changed
        `trouble` is another one.

    Attributes
    ----------
    trouble : str
        Why nothing can be heard, or not as wished; one sentence, empty where all is well.
    """

    changed = Signal()
    moved = Signal()
    heard_changed = Signal()
    trouble_changed = Signal()

    def __init__(self, make_output: MakeOutput, device: str | None = None) -> None:
        super().__init__()
        self.device = device
        self.trouble = ""
        self._make_output = make_output
        self._output: Output | None = None
        self._player: Player[StimulusSource] | None = None
        self._source: StimulusSource | None = None
        self._gain_db = 0.0
        self._loops = False
        self._is_closed = False
        self._was_playing = False
        self._heard: list[float] = []
        self._n_ticks = 0
        self._open_job, self._load_job = Job(), Job()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._open()

    # --- what there is ---------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether sounds are loaded and there is an output."""
        return self._player is not None and self._source is not None

    @property
    def is_silent(self) -> bool:
        """Whether nothing can be heard at all."""
        return self._output is not None and self._output.is_silent

    @property
    def is_playing(self) -> bool:
        """Whether sound is made."""
        return self._player is not None and self._player.playing

    @property
    def selected(self) -> int:
        """Place of the sound that is heard, or will be."""
        return self._source.selected if self._source is not None else 0

    @property
    def duration_samples(self) -> int:
        """Length of the sounds; 0 while there are none."""
        return self._source.duration_samples if self._source is not None else 0

    @property
    def position_samples(self) -> int:
        """What is heard now."""
        return self._player.position_samples if self.is_ready and self._player is not None else 0

    @property
    def heard(self) -> list[float]:
        """Share of each sound that was heard; empty while there are none."""
        return self._source.heard if self._source is not None else []

    @property
    def loop(self) -> tuple[int, int] | None:
        """What is repeated, in samples."""
        return self._source.loop if self._source is not None else None

    # --- what can be done ------------------------------------------------------------------------------

    def load(self, screen: TrialScreen | LevelScreen, gain_db: float) -> None:
        """Take the sounds of a screen, paused at their beginning."""
        self.unload()
        self._gain_db = gain_db
        self._loops = screen.loop if isinstance(screen, TrialScreen) else True
        self._load_job.start(load_stimuli, screen, done=self._loaded, failed=self._failed)

    def unload(self) -> None:
        """Fall silent, with no sounds."""
        self._load_job.cancel()
        self._source = None
        if self._player is not None:
            self._player.pause()
        self._tell(self._output_trouble())
        self.changed.emit()

    def select(self, place: int) -> None:
        """Let another sound be heard, at the same position; begin to play where nothing does."""
        if self._source is not None and self._player is not None:
            self._source.select(place)
            self._player.play()
            self.changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self._player is None or self._source is None:
            return
        if self._player.playing:
            self._player.pause()
        else:
            self._player.play()
        self.changed.emit()

    def pause(self) -> None:
        """Fall silent."""
        if self._player is not None and self._player.playing:
            self._player.pause()
            self.changed.emit()

    def seek(self, position_samples: int) -> None:
        """Go on from another position."""
        if self._player is not None and self._source is not None:
            self._player.seek(position_samples)
            self.moved.emit()

    def set_loop(self, region: tuple[int, int] | None) -> None:
        """Repeat a part, or nothing; a part that is too short is left as it was."""
        if self._player is None or self._source is None:
            return
        try:
            self._player.loop = region
        except WorkbenchError:
            return
        self.changed.emit()

    def set_gain(self, gain_db: float) -> None:
        """Set the level at once."""
        self._gain_db = gain_db
        if self._source is not None:
            self._source.gain_db = gain_db

    def reopen(self, device: str | None) -> None:
        """Open an output again, perhaps another one."""
        self.device = device
        self._open()

    def close(self) -> None:
        """Fall silent and let go of the device."""
        self._is_closed = True
        self._timer.stop()
        self._load_job.cancel()
        self._open_job.cancel()
        if self._player is not None:
            self._player.close()
        elif self._output is not None:
            self._output.close()
        self._player = self._output = self._source = None

    # --- inside ----------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._open_job.is_running or self._is_closed:
            return
        old, self._player = self._player, None
        self._open_job.start(self._open_output, old, self.device, done=self._opened, failed=self._failed)
        self.changed.emit()

    def _open_output(self, old: Player[StimulusSource] | None, device: str | None) -> Output | None:
        """Put away the old output and open another; runs in a thread."""
        if old is not None:
            old.close()
        output = self._make_output(device)
        if self._is_closed:
            output.close()
            return None
        return output

    def _opened(self, output: Output | None) -> None:
        self._output = output
        self._tell(self._output_trouble())
        self._join()

    def _loaded(self, signals: Sequence[Samples]) -> None:
        try:
            self._source = StimulusSource(signals, gain_db=self._gain_db, loop=self._loops)
        except WorkbenchError as error:
            self._failed(error)
            return
        self._join()

    def _join(self) -> None:
        """Bring sounds and output together as soon as both are there."""
        if self._output is None or self._source is None:
            return
        if self._player is None:
            self._player = Player(self._source, self._output, queue_samples=SWITCH_QUEUE_SAMPLES)
        else:
            self._player.graph = self._source
        self._heard = []
        self._timer.start()
        self.changed.emit()
        self.moved.emit()

    def _tick(self) -> None:
        if self._player is None or self._source is None:
            return
        if self._player.failure:
            self._tell(self._player.failure)
        is_playing = self._player.playing
        if is_playing or self._was_playing:
            self.moved.emit()
        self._n_ticks += 1
        if self._n_ticks % _HEARD_EVERY == 0 or is_playing != self._was_playing:
            heard = self._source.heard
            if heard != self._heard:
                self._heard = heard
                self.heard_changed.emit()
        if is_playing != self._was_playing:
            self._was_playing = is_playing
            self.changed.emit()

    def _output_trouble(self) -> str:
        return (self._output.message or "") if self._output is not None else ""

    def _failed(self, error: Exception) -> None:
        self._tell(str(error))

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self.trouble_changed.emit()


def seconds(samples: int) -> float:
    """Return a number of samples as a time in s."""
    return samples / SAMPLE_RATE
