"""The researcher's page in a window: make, check, prepare, preview, run, merge, analyse, export."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog

from tests.gui.conftest import ComputeHere
from tests.gui.listening.conftest import SHORT
from tests.gui.listening.driver import answer, fast_output
from workbench.gui.listening import page as page_module
from workbench.gui.listening.controller import ListeningController
from workbench.gui.listening.page import NEW, OPENED, RESULTS, SESSIONS, ListeningPage
from workbench.gui.listening.results_view import BLIND, CONFIRM, SHOWN
from workbench.gui.main_window import MainWindow
from workbench.gui.messages import Message, Notifier
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager
from workbench.gui.workers import wait_for_all
from workbench.listening.design import read_test
from workbench.listening.prepared import Key, open_prepared
from workbench.listening.session import list_sessions, open_session
from workbench.listening.simulate import SimulatedListener, simulate_session

LONG_MS = 180_000


class Researcher:
    """The page, what it said, and shorthands."""

    def __init__(self, page: ListeningPage, window: MainWindow, messages: list[Message]) -> None:
        self.page = page
        self.window = window
        self.messages = messages
        self.checked: list[Any] = []
        page.controller.checked.connect(self.checked.append)

    @property
    def said(self) -> str:
        return "\n".join(message.text for message in self.messages)

    def checked_after(self, qtbot: Any, act: Callable[[], object]) -> Any:
        """Change the form and return what the validator says of it."""
        self.checked.clear()
        act()
        qtbot.waitUntil(lambda: bool(self.checked) and self.checked[-1] is not None, timeout=LONG_MS)
        return self.checked[-1]

    def open(self, qtbot: Any, folder: Path) -> None:
        self.page.controller.open(folder)
        qtbot.waitUntil(lambda: self.page.right.currentIndex() == OPENED, timeout=LONG_MS)


@pytest.fixture
def researcher(qtbot: Any, theme: ThemeManager, tmp_path: Path) -> Iterator[Researcher]:
    settings = Settings(QSettings(str(tmp_path / "page.ini"), QSettings.Format.IniFormat))
    settings.set("listening/folder", str(tmp_path / "made"))
    notifier, messages = Notifier(), []
    notifier.posted.connect(messages.append)
    controller = ListeningController(settings, notifier, ComputeHere())
    page = ListeningPage(controller, settings, theme, notifier, make_output=fast_output, windowed=True)
    window = MainWindow([page], settings, theme, notifier)
    window.resize(1280, 800)
    researcher = Researcher(page, window, messages)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: bool(researcher.checked) and researcher.checked[-1] is not None, timeout=LONG_MS)
    yield researcher
    if page.listener_window is not None:
        page.listener_window._may_close = True
        page.listener_window.close()
    window.close()
    wait_for_all()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def test_the_example_is_valid_and_says_what_it_takes(researcher: Researcher) -> None:
    assert researcher.checked[-1].is_valid
    text = researcher.page.new_view.summary.toPlainText()
    assert "minutes for each listener" in text
    assert "What it can show" in text
    assert researcher.page.new_view.prepare_button.isEnabled()


def test_the_validator_speaks_while_the_form_is_changed(qtbot: Any, researcher: Researcher) -> None:
    form = researcher.page.new_view.form
    checked = researcher.checked_after(qtbot, lambda: form.choose_kind("mushra"))
    assert checked.is_valid
    clean = form.methods.item("clean")
    checked = researcher.checked_after(qtbot, lambda: clean.setCheckState(0, Qt.CheckState.Checked))
    assert not checked.is_valid
    assert "hidden reference" in researcher.page.new_view.summary.toPlainText()
    assert not researcher.page.new_view.prepare_button.isEnabled()
    checked = researcher.checked_after(qtbot, lambda: form.choose_kind("ab"))
    assert checked.is_valid
    few = checked.power[0].shares
    more = researcher.checked_after(qtbot, lambda: form.listeners.setValue(60)).power[0].shares
    assert all(after > before for (_, before), (_, after) in zip(few, more, strict=True) if before < 0.999)
    form.mixtures.snr_edit.setText("loud")
    researcher.checked_after(qtbot, lambda: form.mixtures.snr_edit.textEdited.emit("loud"))
    assert "SNR" in researcher.page.new_view.summary.toPlainText()


def test_a_test_of_ones_own_is_prepared_and_opened(
    qtbot: Any, researcher: Researcher, tmp_path: Path
) -> None:
    form = researcher.page.new_view.form

    def choose() -> None:
        form.choose_kind("ccr")
        form.title_edit.setText("Noisy voices")
        for name, row in form.mixtures.noise.rows.items():
            row.box.setChecked(name == "vehicle")
        form.mixtures.snr_edit.setText("5")
        form.mixtures.max_speech.setValue(1)
        for name in form.methods.chosen():
            form.methods.item(name).setCheckState(0, Qt.CheckState.Unchecked)
        for name in ("log_mmse", "noisy"):
            form.methods.item(name).setCheckState(0, Qt.CheckState.Checked)
        form.trials.setValue(1)

    assert researcher.checked_after(qtbot, choose).is_valid
    QTest.mouseClick(researcher.page.new_view.prepare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: researcher.page.right.currentIndex() == OPENED, timeout=LONG_MS)
    prepared = open_prepared(tmp_path / "made" / "noisy-voices")
    assert prepared.title == "Noisy voices"
    assert [block.test for block in prepared.blocks] == ["ccr"]
    qtbot.waitUntil(lambda: researcher.page.list.count() == 1)
    assert "Noisy voices" in researcher.page.list.item(0).text()


def test_a_preparation_that_is_cancelled_leaves_nothing(
    qtbot: Any, researcher: Researcher, tmp_path: Path
) -> None:
    seen = []
    researcher.page.controller.preparing_changed.connect(seen.append)
    QTest.mouseClick(researcher.page.new_view.prepare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(seen) > 1 and seen[-1].done > 0, timeout=LONG_MS)
    QTest.mouseClick(researcher.page.new_view.cancel_button, Qt.MouseButton.LeftButton)
    wait_for_all(30_000)
    assert researcher.page.right.currentIndex() == NEW
    assert list((tmp_path / "made").iterdir()) == []
    assert researcher.page.new_view.prepare_button.isEnabled()


def test_a_preview_shows_the_listeners_screen_and_keeps_nothing(
    qtbot: Any, researcher: Researcher, folder: Path, key: Key
) -> None:
    researcher.open(qtbot, folder)
    QTest.mouseClick(researcher.page.test_view.preview_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: researcher.page.listener_window is not None)
    window = researcher.page.listener_window
    assert window is not None
    assert not researcher.page.test_view.run_button.isEnabled()
    answer(qtbot, window, {})
    window.close()
    qtbot.waitUntil(lambda: researcher.page.listener_window is None)
    assert list_sessions(folder) == []
    assert researcher.page.test_view.run_button.isEnabled()


def test_a_session_is_run_stopped_and_gone_on_with(
    qtbot: Any, researcher: Researcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = researcher.page
    researcher.open(qtbot, folder)
    codes = []

    def begin(dialog: Any) -> QDialog.DialogCode:
        codes.append(dialog.listener)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(page_module.RunDialog, "exec", begin)
    QTest.mouseClick(page.test_view.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.listener_window is not None)
    assert page.listener_window is not None
    answer(qtbot, page.listener_window, {})
    researcher.window.close()
    assert researcher.window.isVisible()
    assert "under way" in researcher.said
    page.listener_window.ask_to_leave()
    QTest.mouseClick(page.listener_window.leave.leave_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.test_view.model.rowCount() == 1)
    (info,) = list_sessions(folder)
    assert (info.listener, info.n_done) == (codes[0], 1)
    page.test_view.table.selectRow(0)
    QTest.mouseClick(page.test_view.resume_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.listener_window is not None)
    assert page.listener_window.session.id == info.id
    assert page.listener_window.session.progress[0] == 1


def test_sessions_of_another_computer_are_merged(
    qtbot: Any,
    researcher: Researcher,
    folder: Path,
    tmp_path: Path,
    key: Key,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    simulate_session(open_session(other, "L77"), key, SimulatedListener())
    researcher.open(qtbot, folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(other))
    QTest.mouseClick(researcher.page.test_view.merge_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: researcher.page.test_view.model.rowCount() == 1)
    assert "1 sessions added" in researcher.said


def test_a_changed_sound_is_found(qtbot: Any, researcher: Researcher, folder: Path) -> None:
    researcher.open(qtbot, folder)
    view = researcher.page.test_view
    QTest.mouseClick(view.check_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(view.findings.isVisible, timeout=LONG_MS)
    assert "as they were made" in view.findings.toPlainText()
    sound = sorted((folder / "stimuli").glob("*.wav"))[0]
    content = bytearray(sound.read_bytes())
    content[-2] ^= 0x55
    sound.write_bytes(content)
    QTest.mouseClick(view.check_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sound.name in view.findings.toPlainText(), timeout=LONG_MS)


def test_results_are_shown_only_once_asked_for_and_confirmed_and_exported(
    qtbot: Any,
    researcher: Researcher,
    folder: Path,
    key: Key,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(4):
        listener = SimulatedListener({"log_mmse": 4, "noisy": 2}, seed=number)
        simulate_session(open_session(folder, f"L0{number}"), key, listener)
    page, view = researcher.page, researcher.page.results_view
    researcher.open(qtbot, folder)
    assert page.tabs.currentIndex() == SESSIONS
    page.tabs.setCurrentIndex(RESULTS)
    assert view.stack.currentIndex() == BLIND
    assert "4 listeners have finished" in view.blind_text.text()
    QTest.mouseClick(view.analyse_button, Qt.MouseButton.LeftButton)
    assert view.stack.currentIndex() == CONFIRM
    QTest.mouseClick(view.back_button, Qt.MouseButton.LeftButton)
    assert view.stack.currentIndex() == BLIND
    assert page.controller.results is None
    QTest.mouseClick(view.analyse_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(view.confirm_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.stack.currentIndex() == SHOWN, timeout=LONG_MS)
    text = view.browser.toPlainText()
    assert "Log-MMSE against Noisy" in text
    assert "100 %" in text
    assert len(page.controller.results.blocks) == 5  # type: ignore[union-attr]

    monkeypatch.setattr(page_module.ResultsExportDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    QTest.mouseClick(view.export_button, Qt.MouseButton.LeftButton)
    target = folder.with_name(f"{folder.name}-results")
    qtbot.waitUntil(lambda: "Wrote" in researcher.said, timeout=LONG_MS)
    names = {path.name for path in target.iterdir()}
    assert {"report.html", "results.tex", "results.csv", "ratings.csv", "listeners.csv"} <= names


def test_a_test_file_is_begun_from_and_saved(
    qtbot: Any, researcher: Researcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "mine.toml", tmp_path / "changed.toml"
    source.write_text(SHORT.to_toml(), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(source), ""))
    form = researcher.page.new_view.form
    assert researcher.checked_after(qtbot, researcher.page.choose_template).is_valid
    assert form.title_edit.text() == "Voices"
    assert "ABX" in form.about.text()
    researcher.checked_after(qtbot, lambda: form.mixtures.seed.setValue(99))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    QTest.mouseClick(researcher.page.new_view.save_button, Qt.MouseButton.LeftButton)
    assert read_test(target) == replace(SHORT, seed=99)


def test_a_folder_that_is_no_test_is_a_sentence(qtbot: Any, researcher: Researcher, tmp_path: Path) -> None:
    researcher.page.controller.open(tmp_path)
    qtbot.waitUntil(lambda: "is not a prepared listening test" in researcher.said)
    assert researcher.page.right.currentIndex() == NEW
