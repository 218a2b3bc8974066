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
