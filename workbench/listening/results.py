"""What came out of a listening test: ratings, the rows of its tables, and what was left out."""

from dataclasses import dataclass
from typing import Literal

from workbench.listening.answers import SessionAnswers
from workbench.listening.design import Block, Question, QuestionPage, TestKind
from workbench.listening.prepared import Key, PreparedTest
from workbench.listening.screens import P835_SCALES

Interval = Literal["t", "bootstrap"]

MEASURES: dict[str, str] = {
    "preference": "Preferred",
    "correct": "Correct",
    "comparison": "Comparison (CMOS)",
    "sig": "Voice (SIG)",
    "bak": "Background (BAK)",
    "ovrl": "Whole (OVRL)",
    "quality": "Quality",
}


@dataclass(frozen=True)
class Rating:
    """One answer with the key turned.

    Attributes
    ----------
    session, listener, block, screen : str
    measure : str
        One of `MEASURES`.
    condition, against : str
        What was rated, and in AB, ABX and CCR what it was compared with; as the author's pairs have them.
    mixture, speech, noise, noise_class : str
    snr_db : float
    value : float
        AB: 1 for `condition`, −1 for `against`, 0 for no difference. ABX: 1 correct, 0 not. CCR: −3 to 3,
        positive where `condition` is better. P.835: 1 to 5. MUSHRA: 0 to 100.
    label : str
        Where it stood on the screen.
    seconds : float or None
        Time that the screen took.
    """

    session: str
    listener: str
    block: str
    screen: str
    measure: str
    condition: str
    against: str
    mixture: str
    speech: str
    noise: str
    noise_class: str
    snr_db: float
    value: float
    label: str
    seconds: float | None


@dataclass(frozen=True)
class ResultRow:
    """A condition (or a pair) in one class of noise at one SNR.

    Attributes
    ----------
    measure, condition, against : str
        As in `Rating`.
    noise_class : str
        `ALL` for all together.
    snr_db : float or None
        None for all together.
    n_listeners, n_ratings, n_ties : int
        `n_ties` counts "no difference".
    estimate : float
        Share of answers for the condition (AB, ties left out) or of correct ones (ABX), mean over listeners
        (CCR, P.835), median of the ratings (MUSHRA).
    low, high : float or None
        95 % confidence interval: Clopper-Pearson; Student's t or bootstrap over listeners; for medians the
        bootstrap over listeners.
    quartiles : tuple of float or None
        First and third, of MUSHRA.
    p_value : float or None
        Exact binomial test (AB two-sided, ABX one-sided); CCR: t-test of the listeners' means against 0.
    p_corrected : float or None
        After Holm, over all rows of the same measure and the same kind of cell.
    p_listeners : float or None
        AB and ABX: sign test over listeners, each counted once for what most of their answers say.
    """

    measure: str
    condition: str
    against: str
    noise_class: str
    snr_db: float | None
    n_listeners: int
    n_ratings: int
    n_ties: int
    estimate: float
    low: float | None
    high: float | None
    quartiles: tuple[float, float] | None
    p_value: float | None
    p_corrected: float | None
    p_listeners: float | None


@dataclass(frozen=True)
class Comparison:
    """Two methods of P.835 or MUSHRA rated by the same listeners.

    Attributes
    ----------
    difference : float
        First less second: mean (P.835) or median (MUSHRA) over the listeners' differences.
    p_value : float or None
        Paired t-test of the listeners' means (P.835), Wilcoxon signed-rank test of their medians (MUSHRA).
    p_corrected : float or None
        After Holm, over all pairs of the same measure and the same kind of cell.
    """

    measure: str
    first: str
    second: str
    noise_class: str
    snr_db: float | None
    n_listeners: int
    difference: float
    p_value: float | None
    p_corrected: float | None


@dataclass(frozen=True)
class Exclusion:
    """Answers that are left out, and why; `block` is empty where it is the whole session."""

    listener: str
    block: str
    why: str


@dataclass(frozen=True)
class BlockResult:
    """What came out of a block; `ratings` holds those that were counted."""

    block: Block
    n_listeners: int
    ratings: tuple[Rating, ...]
    rows: tuple[ResultRow, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """All conditions in the author's order."""
        return self.block.conditions

    @property
    def measures(self) -> tuple[str, ...]:
        """What was measured."""
        return measures_of(self.block.test)


@dataclass(frozen=True)
class Analysis:
    """A test with its results.

    Attributes
    ----------
    prepared : PreparedTest
    key : Key
    interval : str
    sessions : tuple of SessionAnswers
        All of them, whether counted or not.
    ratings : tuple of Rating
        All of finished sessions (or of all, as was asked for), those of screened listeners included.
    exclusions : tuple of Exclusion
    blocks : tuple of BlockResult
    """

    prepared: PreparedTest
    key: Key
    interval: Interval
    sessions: tuple[SessionAnswers, ...]
    ratings: tuple[Rating, ...]
    exclusions: tuple[Exclusion, ...]
    blocks: tuple[BlockResult, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions of the questionnaires."""
        pages = [page for page in self.key.test.pages if isinstance(page, QuestionPage)]
        return tuple(question for page in pages for question in page.questions)


def measures_of(test: TestKind) -> tuple[str, ...]:
    """Return what a kind of test measures, as keys of `MEASURES`."""
    single = {"ab": "preference", "abx": "correct", "ccr": "comparison", "mushra": "quality"}
    return P835_SCALES if test == "p835" else (single[test],)
