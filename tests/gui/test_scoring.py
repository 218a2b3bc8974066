from types import SimpleNamespace

import numpy as np

from workbench.gui.studio.scoring import LONGEST_S, legend


def test_the_note_says_when_only_a_part_of_the_scene_is_scored():
    short, long = (
        SimpleNamespace(mixed=np.zeros(seconds * 16_000)) for seconds in (LONGEST_S, LONGEST_S + 1)
    )
    assert "first 60 s" not in legend() + legend(short)
    assert "first 60 s" in legend(long)
