import pytest

from workbench.errors import WorkbenchError
from workbench.gui.shared.snr_text import format_snrs, parse_snrs


@pytest.mark.parametrize(
    ("text", "snrs_db"),
    [
        ("-10, -5, 0", (-10.0, -5.0, 0.0)),
        ("5 0 -2.5", (-2.5, 0.0, 5.0)),
        ("−10 to 15", (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)),
        ("-10:10:10", (-10.0, 0.0, 10.0)),
        ("0 to 1 by 0.25 dB", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("15..-5 step 10", (-5.0, 5.0, 15.0)),
        ("3", (3.0,)),
    ],
)
def test_lists_and_ranges(text: str, snrs_db: tuple[float, ...]) -> None:
    assert parse_snrs(text) == snrs_db


@pytest.mark.parametrize("text", ["", "loud", "0 to 10 by 0", "0 to 10 by 0.001", "1e3000", "5, x"])
def test_what_cannot_be_understood_says_so(text: str) -> None:
    with pytest.raises(WorkbenchError):
        parse_snrs(text)


def test_what_is_written_is_read_again() -> None:
    snrs_db = (-12.5, -5.0, 0.0, 15.0)
    assert parse_snrs(format_snrs(snrs_db)) == snrs_db
