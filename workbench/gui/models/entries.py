"""What the page shows of the bundles: read off the window's thread."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.bundles.check import Bundle
from workbench.bundles.library import is_users
from workbench.bundles.store import catalogue, is_default
from workbench.bundles.workload import macs_per_second
from workbench.bundles.write import CARD_NAME
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError

KIND_TITLES = {"ddae": "Denoiser", "nc": "Noise classifier"}
_MAX_CARD_BYTES = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A bundle, or a folder that should be one.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    is_users : bool
        Whether it is the user's own; those that ship are read-only.
    bundle : Bundle or None
        None where it is refused.
    problem : str
        Why it is refused, one sentence; empty where it is not.
    is_default : bool
        Whether it runs where none of its kind is named.
    macs_per_s : float or None
        Multiply-accumulates per second of sound; None where they cannot be counted.
    card : str
        Markdown.
    """

    folder: Path
    is_users: bool
    bundle: Bundle | None = None
    problem: str = ""
    is_default: bool = False
    macs_per_s: float | None = None
    card: str = ""

    @property
    def name(self) -> str:
        """The bundle's name, that of its folder where it is refused."""
        return self.folder.name if self.bundle is None else self.bundle.name

    @property
    def title(self) -> str:
        """What people call it."""
        return self.folder.name if self.bundle is None else self.bundle.manifest.title

    @property
    def kind(self) -> str:
        """Kind of bundle; empty where it is refused."""
        return "" if self.bundle is None else self.bundle.manifest.kind

    @property
    def is_original(self) -> bool:
        """Whether it is of the original system, which is never the default."""
        return self.bundle is not None and self.bundle.manifest.is_original

    @property
    def whose(self) -> str:
        """Whether it is the user's, in a word."""
        return "yours" if self.is_users else "bundled"

    @property
    def latency_ms(self) -> float:
        """Delay from input to output."""
        return 0.0 if self.bundle is None else 1000 * self.bundle.manifest.latency_samples / SAMPLE_RATE

    @property
    def n_bytes(self) -> int:
        """Size of the model that runs unless another precision is asked for."""
        return 0 if self.bundle is None else self.bundle.manifest.files[self.bundle.precision].n_bytes

    @property
    def short_problem(self) -> str:
        """Why it is refused, without the folder, which stands beside it."""
        return self.problem.replace(f"{self.folder}/", "").replace(f"{self.folder}\\", "")

    @property
    def numbers(self) -> str:
        """Latency, size and work in one line."""
        work = "" if self.macs_per_s is None else f" · {self.macs_per_s / 1e6:.3g} MMAC/s"
        return f"{round(self.latency_ms, 1):g} ms · {size_text(self.n_bytes)}{work}"


def size_text(n_bytes: int) -> str:
    """Return a size for people: "416 kB", "1.01 MB"."""
    return f"{n_bytes / 1000:,.0f} kB" if n_bytes < 1_000_000 else f"{n_bytes / 1e6:,.2f} MB"


def read_entries() -> list[Entry]:
    """Look through the model folders: denoisers, classifiers, then what is refused."""
    found = catalogue()
    entries = []
    for kind in KIND_TITLES:
        bundles = [bundle for bundle in found.bundles if bundle.manifest.kind == kind]
        entries += [_entry(bundle) for bundle in bundles]
    refused = [Entry(bad.folder, is_users(bad.folder), problem=bad.problem) for bad in found.refused]
    return entries + refused


def _entry(bundle: Bundle) -> Entry:
    macs_per_s = None
    with suppress(WorkbenchError):
        macs_per_s = macs_per_second(bundle)
    return Entry(
        bundle.folder,
        is_users(bundle.folder),
        bundle,
        is_default=is_default(bundle),
        macs_per_s=macs_per_s,
        card=_card(bundle.folder / CARD_NAME),
    )


def _card(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
