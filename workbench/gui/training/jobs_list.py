"""The list of jobs: newest first, with how each stands."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.theme import ThemeManager
from workbench.gui.training.texts import kind_text, state_text
from workbench.training.jobs import Job, State
from workbench.training.queue import JobQueue

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class JobsModel(QAbstractListModel):
    """Jobs as they stand, with their progress."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self._queue: JobQueue | None = None

    def set_jobs(self, jobs: Sequence[Job], queue: JobQueue) -> None:
        """Show these; rows stay where their jobs stay."""
        self._queue = queue
        newest = list(reversed(jobs))
        if [job.name for job in newest] != [job.name for job in self.jobs]:
            self.beginResetModel()
            self.jobs = newest
            self.endResetModel()
        else:
            self.jobs = newest
            self.dataChanged.emit(self.index(0), self.index(len(newest) - 1))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of jobs."""
        return len(self.jobs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return title, state, or the job."""
        job = self.jobs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return job.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{kind_text(job)}: {self.state(job)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{job.title}, {kind_text(job)}, {self.state(job)}"
        return job if role == Qt.ItemDataRole.UserRole else None

    def state(self, job: Job) -> str:
        """Return how a job stands."""
        assert self._queue is not None
        return state_text(job, self._queue.watch(job).history)

    def share(self, job: Job) -> float:
        """Return how far a job is."""
        assert self._queue is not None
        return self._queue.watch(job).history.share

    def row(self, name: str) -> int:
        """Return the row of a job, −1 if it is not there."""
        return next((row for row, job in enumerate(self.jobs) if job.name == name), -1)


class _JobDelegate(QStyledItemDelegate):
    def __init__(self, model: JobsModel, theme: ThemeManager) -> None:
        super().__init__()
        self._model = model
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._theme.px(180), self._theme.px(52))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        px, colour = self._theme.px, self._theme.color
        job = self._model.jobs[index.row()]
        state: QStyle.StateFlag = option.state
        box = QRectF(option.rect).adjusted(0, 1, 0, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(colour("accent_soft"))
            painter.drawRoundedRect(box, px(6), px(6))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(colour("hover"))
            painter.drawRoundedRect(box, px(6), px(6))
        inner = box.adjusted(px(10), px(6), -px(10), -px(6))
        line = inner.height() / 2
        painter.setPen(colour("text"))
        painter.setFont(self._theme.font(13, bold=True))
        title = painter.fontMetrics().elidedText(job.title, Qt.TextElideMode.ElideRight, int(inner.width()))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), line), left, title)
        painter.setFont(self._theme.font(11.5))
        painter.setPen(colour("error" if job.state is State.FAILED else "muted"))
        text = f"{kind_text(job)} · {self._model.state(job)}"
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(QRectF(inner.left(), inner.top() + line, inner.width(), line), left, text)
        if job.state is State.RUNNING:
            track = QRectF(inner.left(), box.bottom() - px(4), inner.width(), px(3))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("border"))
            painter.drawRoundedRect(track, 1.5, 1.5)
            track.setWidth(track.width() * self._model.share(job))
            painter.setBrush(colour("accent"))
            painter.drawRoundedRect(track, 1.5, 1.5)
        painter.restore()


class JobsList(QListView):
    """Lists jobs and tells which one is chosen."""

    chosen = Signal(str)

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._model = JobsModel()
        self._delegate = _JobDelegate(self._model, theme)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Runs")
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._wanted = ""
        self.selectionModel().currentChanged.connect(self._current_changed)
        theme.changed.connect(self.doItemsLayout)

    def set_jobs(self, jobs: Sequence[Job], queue: JobQueue) -> None:
        """Show these jobs; the chosen one stays chosen."""
        self._model.set_jobs(jobs, queue)
        if self._wanted:
            self.choose(self._wanted)

    def choose(self, name: str) -> None:
        """Choose a job by name."""
        self._wanted = name
        row = self._model.row(name)
        if row >= 0 and row != self.currentIndex().row():
            self.setCurrentIndex(self._model.index(row))

    def _current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self._wanted = self._model.jobs[current.row()].name
            self.chosen.emit(self._wanted)
