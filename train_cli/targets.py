"""What ``train_cli export`` makes: a bundle of a run, or a deployment folder of bundles.

The two are apart because only the first needs TensorFlow.
"""

from train_cli.events import Reporter
from train_cli.options import ExportOptions


def export(options: ExportOptions, reporter: Reporter) -> None:
    """Make what the options ask for.

    Raises
    ------
    WorkbenchError
        See `train_cli.export.export` and `train_cli.mcu.deploy.deploy`.
    """
    if options.target == "mcu":
        from train_cli.mcu.deploy import deploy

        deploy(options, reporter)
    else:
        from train_cli.export import export as export_bundle

        export_bundle(options, reporter)
