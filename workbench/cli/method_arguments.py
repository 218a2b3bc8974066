"""The options that choose how to denoise, shared by several commands."""

import argparse
from typing import TYPE_CHECKING

from workbench.cli.numbers import number
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.denoisers.strength import StrengthControl

# The CLASSES of workbench.classifier.posterior less "no noise", written out: --help need not load NumPy.
NOISE_CLASSES = ("human", "tv_radio", "vehicle", "household")


def add_method_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--method``, ``--class``, ``--attenuation-limit-db`` and ``--wet``."""
    group = parser.add_argument_group("method")
    group.add_argument(
        "--method", metavar="NAME", help="see `workbench methods`, such as adaptive:int8 (default: adaptive)"
    )
    group.add_argument(
        "--class",
        dest="noise_class",
        choices=NOISE_CLASSES,
        help="tell the denoiser the class of the noise instead of having it classified",
    )
    group.add_argument(
        "--attenuation-limit-db",
        type=number(0, 100),
        metavar="DB",
        help="attenuate by this many dB at most, which keeps some of the surroundings (default: no limit)",
    )
    group.add_argument(
        "--wet",
        type=number(0, 1),
        metavar="SHARE",
        help="share of the denoised signal in the output, 0 to 1 (default: 1)",
    )


def chosen_method(options: argparse.Namespace) -> str:
    """Return the name of the method that the options ask for, whether or not it exists."""
    from workbench.denoisers.registry import DEFAULT_METHOD, split_precision

    if options.noise_class is None:
        return options.method or DEFAULT_METHOD
    bare, precision = split_precision(options.method or "ddae")
    base, *bundle = bare.split("@")
    if base not in ("ddae", "original"):
        raise WorkbenchError(
            f"--class goes with the method ddae or original, not with {options.method}; leave one out."
        )
    name = "@".join([f"{base}-{options.noise_class}", *bundle])
    return f"{name}:{precision}" if precision else name


def chosen_denoiser(options: argparse.Namespace) -> "StrengthControl":
    """Make the denoiser that the options ask for."""
    from workbench.denoisers.registry import make_denoiser
    from workbench.denoisers.strength import StrengthControl

    return StrengthControl(
        make_denoiser(chosen_method(options)),
        attenuation_limit_db=options.attenuation_limit_db,
        wet=1.0 if options.wet is None else options.wet,
    )
