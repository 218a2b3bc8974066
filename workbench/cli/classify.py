"""Say what kind of noise is in each file: every half second, and on the whole."""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.inputs import audio_files_in
from workbench.cli.problems import explain
from workbench.cli.terminal import note, print_json, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.classifier.posterior import ClassPosterior, NoiseClass
    from workbench.classifier.streaming import NoiseClassifier

EXAMPLES = """\
  workbench classify street.ogg
  workbench classify recordings/*.wav --summary
  workbench classify recordings/ --format csv > classes.csv"""

_BLOCK_SAMPLES = 16_000
_STEP_S = 0.5


@dataclass(frozen=True)
class Classified:
    """What the classifier says about one file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    posteriors : list of ClassPosterior
        One for every stretch that was classified.
    decisions : list of NoiseClass
        The steadied decision after each posterior.
    """

    path: Path
    posteriors: "list[ClassPosterior]"
    decisions: "list[NoiseClass]"

    @property
    def decision(self) -> "NoiseClass":
        """The class that was decided for the longest time."""
        return Counter(self.decisions).most_common(1)[0][0]

    @property
    def mean(self) -> list[float]:
        """Mean probability per class."""
        import numpy as np

        return [float(p) for p in np.mean([posterior.probabilities for posterior in self.posteriors], axis=0)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="FILE", help="audio files or folders of them")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    parser.add_argument("--summary", action="store_true", help="one line per file only")


def run(options: argparse.Namespace) -> int:
    """Print the classes on standard output; 1 when some files failed."""
    from workbench.classifier.streaming import NoiseClassifier

    paths = [file for path in options.inputs for file in (audio_files_in(path) if path.is_dir() else [path])]
    classifier = NoiseClassifier()
    results: list[Classified] = []
    failed = 0
    with progress_bar() as bar:
        for path in bar.track(paths, description="classifying"):
            try:
                results.append(classify_file(path, classifier))
            except Exception as error:  # whatever is wrong with this file, the others are still wanted
                failed += 1
                note(f"workbench: {explain(error)}")
    {"table": _print_tables, "csv": _print_csv, "json": _print_json}[options.format](results, options.summary)
    return int(failed > 0)


def classify_file(path: Path, classifier: "NoiseClassifier") -> Classified:
    """Stream one file through the classifier.

    Raises
    ------
    WorkbenchError
        If the file cannot be read, or is too short to be classified.
    """
    from workbench.audio import files
    from workbench.classifier.decision import ClassDecision

    classifier.reset()
    decision = ClassDecision()
    posteriors = [
        posterior for block in files.blocks(path, _BLOCK_SAMPLES) for posterior in classifier.process(block)
    ]
    if not posteriors:
        raise WorkbenchError(f"“{path}” is too short to classify: it takes half a second of sound.")
    return Classified(path, posteriors, [decision.update(posterior) for posterior in posteriors])


def _rows(result: Classified) -> Iterator[tuple[float, list[float], str]]:
    """Yield, for every half second, its end in seconds, the mean probabilities and the last decision."""
    import numpy as np

    from workbench.dsp import SAMPLE_RATE

    step_samples = round(_STEP_S * SAMPLE_RATE)
    said = zip(result.posteriors, result.decisions, strict=True)
    for step, group in groupby(said, key=lambda pair: (pair[0].time_samples - 1) // step_samples):
        posteriors, decisions = zip(*group, strict=True)
        mean = np.mean([posterior.probabilities for posterior in posteriors], axis=0)
        yield (step + 1) * _STEP_S, [float(p) for p in mean], str(decisions[-1])


def _print_tables(results: list[Classified], summary_only: bool) -> None:
    from workbench.classifier.posterior import CLASSES

    labels = [noise_class.label for noise_class in CLASSES]
    if not summary_only:
        for result in results:
            print(result.path)
            rows = [(f"{time_s:.1f}", *map(_percent, p), what) for time_s, p, what in _rows(result)]
            rows.append(("mean", *map(_percent, result.mean), str(result.decision)))
            print_table(("until s", *labels, "decision"), rows, numbers=("until s", *labels))
        return
    if results:
        rows = [(str(result.path), *map(_percent, result.mean), str(result.decision)) for result in results]
        print_table(("file", *labels, "decision"), rows, numbers=labels)


def _print_csv(results: list[Classified], summary_only: bool) -> None:
    from workbench.classifier.posterior import CLASSES

    writer = csv.writer(sys.stdout, lineterminator="\n")
    names = [str(noise_class) for noise_class in CLASSES]
    writer.writerow(["file", *([] if summary_only else ["until_s"]), *names, "decision"])
    for result in results:
        if summary_only:
            writer.writerow([result.path, *(f"{p:.4f}" for p in result.mean), result.decision])
            continue
        for time_s, probabilities, decision in _rows(result):
            writer.writerow([result.path, f"{time_s:.1f}", *(f"{p:.4f}" for p in probabilities), decision])


def _print_json(results: list[Classified], summary_only: bool) -> None:
    from workbench.classifier.posterior import CLASSES

    def by_class(probabilities: list[float]) -> dict[str, float]:
        return {str(name): round(p, 4) for name, p in zip(CLASSES, probabilities, strict=True)}

    data: list[dict[str, Any]] = []
    for result in results:
        about: dict[str, Any] = {
            "file": str(result.path),
            "decision": str(result.decision),
            "mean": by_class(result.mean),
        }
        if not summary_only:
            about["windows"] = [
                {"until_s": time_s, "decision": decision, "probabilities": by_class(probabilities)}
                for time_s, probabilities, decision in _rows(result)
            ]
        data.append(about)
    print_json(data)


def _percent(probability: float) -> str:
    return f"{100 * probability:.0f} %"
