from dataclasses import replace
from pathlib import Path

import pytest

from tests.listening.conftest import ALL_KINDS, with_block
from workbench.errors import WorkbenchError
from workbench.listening.design import (
    Block,
    ListeningTest,
    Question,
    QuestionPage,
    TextPage,
    TrainingPage,
    example_test,
    read_test,
)
from workbench.listening.validate import check_test, outline


@pytest.mark.parametrize("test", [ALL_KINDS, example_test()], ids=["all kinds", "example"])
def test_what_is_written_is_read_again(test: ListeningTest) -> None:
    assert ListeningTest.from_toml(test.to_toml()) == test


def test_the_example_is_valid_and_takes_about_five_minutes() -> None:
    assert check_test(example_test()) == []
    assert 4 <= outline(example_test()).minutes <= 6


def test_a_text_with_everything_in_it_survives() -> None:
    page = TextPage("text", 'A "title"', 'Line \\ one\n"""three""" quotes\tand a tab')
    test = replace(ALL_KINDS, pages=(page,))
    assert ListeningTest.from_toml(test.to_toml()).pages == (page,)


def test_relative_paths_go_on_pointing_to_the_same_files(tmp_path: Path) -> None:
    test = replace(ALL_KINDS, speech=("voices",), folder=tmp_path / "a")
    moved = test.moved_to(tmp_path / "b" / "c")
    assert (moved.folder / moved.speech[0]).resolve() == tmp_path / "a" / "voices"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "not valid TOML"),
        ("sead = 1", "unknown entry “sead”"),
        ("seed = 1.5", "whole number"),
        ("snrs_db = 5", "must be a list"),
        ("title = true", "must be a text"),
        ('[[page]]\nkind = "game"', "choose one of welcome"),
        ('[[page]]\nkind = "block"\nname = "a"', "has no “test”"),
        ('[[page]]\nkind = "block"\nname = "a"\ntest = "abc"', "choose one of ab, abx"),
        ('[[page]]\nkind = "block"\nname = "a"\ntest = "ab"\npairs = [["x"]]', "must be 2 entries"),
        ("page = 5", "cannot be read"),
    ],
)
def test_what_is_no_test_is_refused_and_said_why(text: str, message: str) -> None:
    with pytest.raises(WorkbenchError, match=message):
        ListeningTest.from_toml(text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be read"):
        read_test(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (replace(ALL_KINDS, pages=()), "no block of trials"),
        (replace(ALL_KINDS, title="Noise and Log-MMSE"), "names a method"),
        (with_block(ALL_KINDS, title="log_mmse or not"), "names a method"),
        (with_block(ALL_KINDS, name="match"), "Two blocks have this name"),
        (with_block(ALL_KINDS, pairs=(("nothing", "noisy"),)), "no method “nothing”"),
        (with_block(ALL_KINDS, pairs=(("noisy", "noisy"),)), "with itself"),
        (with_block(ALL_KINDS, pairs=(), methods=("noisy",)), "at least 2 methods"),
        (with_block(ALL_KINDS, methods=("noisy", "clean")), "both methods and pairs"),
        (with_block(ALL_KINDS, n_trials=99), "99 trials are asked for, there are 8"),
        (with_block(ALL_KINDS, snrs_db=(3.0,)), "no SNR of 3 dB"),
        (with_block(ALL_KINDS, classes=("human",)), "has no human"),
        (with_block(ALL_KINDS, must_hear=2.0), "share from 0 to 1"),
        (with_block(ALL_KINDS, test="mushra"), "pairs go with AB"),
        (
            with_block(ALL_KINDS, test="mushra", pairs=(), methods=("clean",)),
            "hidden reference; leave it out",
        ),
        (with_block(ALL_KINDS, test="mushra", pairs=(), methods=("anchor_3500",)), "added by itself"),
        (with_block(ALL_KINDS, test="ccr"), "goes with AB alone"),
        (
            with_block(
                ALL_KINDS,
                test="mushra",
                pairs=(),
                allow_no_difference=False,
                methods=("noisy", *(f"model@{number}" for number in range(9))),
            ),
            "13 sounds in a trial are too many",
        ),
        (
            with_block(ALL_KINDS, pairs=(), methods=("noisy", "clean", "bypass", "log_mmse"), n_trials=4),
            "4 trials are too few for 6",
        ),
        (replace(ALL_KINDS, pages=(*ALL_KINDS.pages[:5], TrainingPage("other"))), "no block has this name"),
        (replace(ALL_KINDS, pages=ALL_KINDS.pages[::-1]), "put it last"),
        (replace(ALL_KINDS, loudness_lufs=0.0), "not between"),
        (replace(ALL_KINDS, speech=("nowhere",)), "no file or folder"),
        (
            replace(
                ALL_KINDS,
                pages=(*ALL_KINDS.pages[:5], QuestionPage(questions=(Question("a", "A?", "choice"),))),
            ),
            "at least two options",
        ),
    ],
)
def test_an_invalid_test_is_refused_and_said_why(test: ListeningTest, message: str) -> None:
    errors = [finding for finding in check_test(test) if finding.severity == "error"]
    assert any(message in finding.message for finding in errors), errors


def test_what_makes_a_test_weaker_is_a_warning() -> None:
    block = Block("only", "p835", methods=("noisy", "log_mmse"), n_trials=3)
    found = check_test(replace(ALL_KINDS, pages=(TextPage("consent"), block)))
    assert {finding.severity for finding in found} == {"warning"}
    said = " ".join(finding.message for finding in found)
    for part in ("level", "practise", "consent", "evenly"):
        assert part in said
