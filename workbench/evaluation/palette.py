"""The colours of the noise classes, the same wherever they are drawn.

After Okabe & Ito (Color Universal Design, 2008): told apart with each common kind of colour blindness, and as
grey they differ, too. On dark ground the dark ones are lightened, on light ground the light ones darkened.
"""

from workbench.classifier.posterior import NoiseClass

_ON_LIGHT = {
    NoiseClass.HUMAN: "#0072b2",
    NoiseClass.TV_RADIO: "#b3568c",
    NoiseClass.VEHICLE: "#d55e00",
    NoiseClass.HOUSEHOLD: "#009e73",
    NoiseClass.NO_NOISE: "#8a8f98",
}
_ON_DARK = {
    NoiseClass.HUMAN: "#56b4e9",
    NoiseClass.TV_RADIO: "#d991bd",
    NoiseClass.VEHICLE: "#f08a3c",
    NoiseClass.HOUSEHOLD: "#2cc296",
    NoiseClass.NO_NOISE: "#8f959f",
}


def class_colour(noise_class: NoiseClass, *, dark: bool = False) -> str:
    """Return the colour of a class as "#rrggbb", for light or dark ground."""
    return (_ON_DARK if dark else _ON_LIGHT)[noise_class]


_METHODS_ON_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#b3568c", "#a87900", "#2a93c9", "#1a1d22")
_METHODS_ON_DARK = ("#56b4e9", "#f08a3c", "#2cc296", "#d991bd", "#f0e442", "#8fa8ff", "#e9ebee")
_MARKERS = "osD^vPX"
_NOISY = {False: "#8a8f98", True: "#8f959f"}


def method_style(place: int, *, dark: bool = False) -> dict[str, str]:
    """Return how matplotlib draws the curve of a method, by its place in the plan; 0 is the noisy signal.

    Colours are told apart with each common kind of colour blindness; markers and, after seven methods, dashes
    tell them apart in black and white, too.
    """
    if place == 0:
        return {"color": _NOISY[dark], "linestyle": "--", "marker": "x"}
    colours = _METHODS_ON_DARK if dark else _METHODS_ON_LIGHT
    turn, place = divmod(place - 1, len(colours))
    return {
        "color": colours[place],
        "linestyle": ("-", ":", "-.")[turn % 3],
        "marker": _MARKERS[(place + turn) % len(_MARKERS)],
    }
