"""Methods to choose from, family by family."""

from collections.abc import Callable, Sequence

from workbench.denoisers.registry import Family, MethodInfo
from workbench.gui.shared.check_tree import Choice

FAMILIES: dict[Family, str] = {
    "ours": "This workbench",
    "yours": "Your models",
    "classical": "Textbook methods",
    "rival": "Methods of others",
    "reference": "Reference",
}


def method_choices(methods: Sequence[MethodInfo], about: Callable[[MethodInfo], str]) -> list[Choice]:
    """Return methods as choices, in the order of the families; `about` says what is told of each."""
    order = list(FAMILIES)
    return [
        Choice(method.name, method.title, about(method), FAMILIES[method.family], method.how_to_install)
        for method in sorted(methods, key=lambda method: order.index(method.family))
    ]
