import csv
import io
import json
from pathlib import Path

import pytest

from tests.evaluation.sweeps import run, small_plan, write_recordings
from workbench.audio.files import read
from workbench.dsp.mixing import mix
from workbench.errors import WorkbenchError
from workbench.evaluation.curves import curve_figure
from workbench.evaluation.examples import find_trial, write_trial
from workbench.evaluation.report import html_report
from workbench.evaluation.statistics import ALL
from workbench.evaluation.tables import (
    Sweep,
    cells_csv,
    latex,
    markdown,
    published_tables,
    read_sweep,
    results_csv,
    to_json,
    write_tables,
)
from workbench.evaluation.trials import trial_mixture


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_recordings(folder, n_speech=3)
    plan = small_plan(
        folder, methods=("ddae",), metrics=("si_sdr", "level_change", "pesq_nb"), title="A <small> one"
    )
    run(plan, folder / "a.sweep")
    return folder / "a.sweep"


@pytest.fixture(scope="module")
def sweep(store: Path) -> Sweep:
    return read_sweep(store)


def test_csv_holds_every_result(sweep: Sweep) -> None:
    rows = list(csv.DictReader(io.StringIO(results_csv(sweep))))
    assert len(rows) == sweep.n_planned == len(sweep.results)
    for row, result in zip(rows, sweep.results, strict=True):
        assert row["trial"] == result.trial
        assert float(row["value"]) == pytest.approx(result.value, rel=1e-5)
    cells = list(csv.DictReader(io.StringIO(cells_csv(sweep))))
    assert len(cells) == len(sweep.cells)
    assert cells[-1]["noise_class"] == ALL


def test_json_holds_everything(sweep: Sweep) -> None:
    about = json.loads(to_json(sweep))
    assert about["plan_digest"] == sweep.plan.digest
    assert about["finished"] is True
    assert len(about["results"]) == sweep.n_planned
    assert "sha256:" in about["methods"]["ddae"]
    assert about["versions"][0]["pesq"]
    assert next(each for each in about["metrics"] if each["name"] == "pesq_nb")["variant"].startswith(
        "narrow"
    )


def test_markdown_marks_the_best(sweep: Sweep) -> None:
    text = markdown(sweep)
    tables = published_tables(sweep)
    assert text.count("| Method |") == len(tables) == 3 * 3
    (first,) = [table for table in tables if table.title == "SI-SDR (dB), all classes"]
    by_name = dict(first.rows)
    assert first.columns == ("Method", "−5 dB", "5 dB", "All")
    for noisy, denoised in zip(by_name["Noisy"], by_name["DDAE"], strict=True):
        assert noisy.is_best == (float(noisy.mean) >= float(denoised.mean))
    levels = dict(next(table for table in tables if table.title.startswith("Level change")).rows)
    for noisy, denoised in zip(levels["Noisy"], levels["DDAE"], strict=True):
        assert noisy.is_best == (abs(float(noisy.mean)) < abs(float(denoised.mean)))


def test_latex_is_well_formed(sweep: Sweep) -> None:
    text = latex(sweep)
    for word in ("toprule", "midrule", "bottomrule"):
        assert text.count(f"\\{word}") == 9
    assert text.count("\\begin{") == text.count("\\end{") == 18
    for line in text.splitlines():
        plain = line.replace("\\%", "").replace("\\&", "").replace("\\_", "")
        assert "%" not in plain or line.startswith("%")
        assert plain.count("{") == plain.count("}")
        assert plain.count("$") % 2 == 0


def test_files_are_the_same_each_time(store: Path, tmp_path: Path) -> None:
    formats = ("csv", "md", "tex", "json")
    first = write_tables(read_sweep(store), tmp_path / "1", formats)
    second = write_tables(read_sweep(store), tmp_path / "2", formats)
    assert [path.name for path in first] == [
        *("results.csv", "summary.csv", "tables.md", "tables.tex", "sweep.json")
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_parquet(sweep: Sweep, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    (path,) = write_tables(sweep, tmp_path, ["parquet"])
    frame = polars.read_parquet(path)
    assert frame.height == sweep.n_planned
    assert frame["value"].to_list() == [row.value for row in sweep.results]


def test_a_folder_that_cannot_be_is_explained(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="choose another folder"):
        write_tables(sweep, tmp_path / "file" / "folder", ["csv"])


def test_curves_have_a_panel_per_class_and_a_line_per_method(sweep: Sweep) -> None:
    figure = curve_figure(sweep.cells, sweep.plan, "si_sdr")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["All classes", "Vehicles", "Human sounds"]
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["Noisy", "DDAE"]
        assert list(axes.lines[0].get_xdata()) == [-5, 5]
        assert len(axes.collections) == 2
    cells = sweep.find_cells("si_sdr", ALL)
    assert list(figure.axes[0].lines[1].get_ydata()) == [cells["ddae", snr].mean for snr in (-5.0, 5.0)]


def test_the_report_needs_nothing_else(sweep: Sweep) -> None:
    text = html_report(sweep)
    assert "A &lt;small&gt; one" in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<audio") == 2 * 3
    assert text.count('src="data:') == text.count("src=") == 3 + 6
    assert sweep.plan.digest in text
    assert "sha256:" in text
    assert "P.862.1" in text
    assert "every result has a value" in text
    assert text == html_report(sweep)


def test_the_sounds_of_a_trial_mix_to_the_same_mixture(sweep: Sweep, tmp_path: Path) -> None:
    trial = find_trial(sweep.plan, sweep.results[0].trial[:8])
    written = write_trial(trial, sweep.plan.all_methods, tmp_path)
    assert [path.stem for path in written] == ["clean", "noise", "mixed", "ddae"]
    again = mix(read(tmp_path / "clean.wav"), read(tmp_path / "noise.wav"), trial.snr_db)
    mixture, _ = trial_mixture(trial)
    assert again.noisy == pytest.approx(mixture.noisy, abs=1e-4)
    with pytest.raises(WorkbenchError, match="no trial 'xyz'"):
        find_trial(sweep.plan, "xyz")
