import json
import shutil
from pathlib import Path

import pytest

from train_cli.__main__ import main
from train_cli.card import FIGURES, figures_text, put_section
from workbench.bundles.check import check_bundle
from workbench.bundles.store import default_bundle
from workbench.errors import WorkbenchError

_CARD = """# A model

About it.

## Figures

Old ones.

### Of which some

## Limits

Some \\1 of them.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "CARD.md").write_text(_CARD)
    return tmp_path


def test_a_section_takes_the_place_of_the_one_before(folder):
    for _ in range(2):
        put_section(folder, FIGURES, "New \\1 ones.\n", "A model")
    text = (folder / "CARD.md").read_text()
    assert text == _CARD.replace("Old ones.\n\n### Of which some", "New \\1 ones.")


@pytest.mark.parametrize("card", [_CARD, ""])
def test_a_new_section_goes_to_the_end(tmp_path, card):
    if card:
        (tmp_path / "CARD.md").write_text(card)
    put_section(tmp_path, "## On a chip", "Fast.", "A model")
    begin = card or "# A model\n"
    assert (tmp_path / "CARD.md").read_text() == f"{begin}\n## On a chip\n\nFast.\n"


def test_the_last_section_can_be_replaced(folder):
    put_section(folder, "## Limits", "None.", "A model")
    assert (folder / "CARD.md").read_text().endswith("## Limits\n\nNone.\n")


def test_a_card_that_cannot_be_read_is_a_sentence(folder):
    (folder / "CARD.md").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(WorkbenchError, match=r"CARD\.md cannot be changed"):
        put_section(folder, FIGURES, "", "A model")


def test_without_figures_a_card_says_how_to_get_them():
    assert "train_cli evaluate --card" in figures_text({}, "")


def test_what_was_measured_anew_is_kept_in_manifest_and_card(tiny_corpus, tmp_path):
    folder = tmp_path / "nc-standard"
    shutil.copytree(default_bundle("nc").folder, folder)
    before = (folder / "CARD.md").read_text()
    figures = tmp_path / "figures.json"
    arguments = [f"--bundle={folder}", f"--data={tiny_corpus}", "--per-cell=1", "--workers=1"]
    assert main(["evaluate", *arguments, "--seed=8", "--card", f"--output={figures}"]) == 0
    bundle, card = check_bundle(folder), (folder / "CARD.md").read_text()
    # As text, for a figure may be no number.
    measured = json.dumps(json.loads(figures.read_text()), sort_keys=True)
    assert json.dumps(bundle.manifest.figures, sort_keys=True) == measured
    command = f"train_cli evaluate --bundle {folder} --data {tiny_corpus} --per-cell 1 --seed 8`"
    assert command in card
    assert card.split(FIGURES)[0] == before.split(FIGURES)[0]
    assert card.split("## Training data")[1] == before.split("## Training data")[1]


def test_a_method_has_no_card(tiny_corpus, capfd):
    assert main(["evaluate", "--bundle=bypass", f"--data={tiny_corpus}", "--card"]) == 2
    assert "bypass is no bundle and has no card" in " ".join(capfd.readouterr().err.split())
