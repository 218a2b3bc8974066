from tests.bundles.tiny import ddae_manifest
from workbench import resources
from workbench.bundles.figures import figure_tables, precision_figures, snr_curves, split_quantity
from workbench.bundles.manifest import read_manifest


def test_tables_and_curves_of_the_bundle_that_ships():
    manifest = read_manifest(resources.bundled_models_dir() / "ddae-standard")
    tables = {table.title: table for table in figure_tables(manifest)}
    assert list(tables)[:3] == ["All", "By SNR", "By class"]
    assert tables["By SNR"].snrs_db == (-10, -5, 0, 5, 10, 15)
    assert tables["By class"].snrs_db is None
    curves = {(curve.metric, curve.series): curve for curve in snr_curves(manifest)}
    assert set(curves) >= {("pesq_wb", "noisy"), ("pesq_wb", "denoised"), ("si_sdr", "denoised")}
    noisy = curves["pesq_wb", "noisy"].points
    assert [snr_db for snr_db, _ in noisy] == [-10, -5, 0, 5, 10, 15]
    assert noisy[2][1] == manifest.figures["By SNR"]["0 dB"]["pesq_wb noisy"]


def test_figures_of_any_depth_are_shown():
    figures = {"stoi": 0.7, "pesq_wb": {"0 dB": 1.5}, "deep": {"er": {"est": 1, "x": 2}}}
    found = [(table.title, table.rows) for table in figure_tables(ddae_manifest(figures=figures))]
    assert found == [
        ("Results", (("", {"stoi": 0.7}),)),
        ("deep", (("er", {"est": 1, "x": 2}),)),
        ("Results", (("pesq_wb", {"0 dB": 1.5}),)),
    ]
    assert figure_tables(ddae_manifest(figures={})) == []


def test_rows_that_are_snrs_make_curves_in_order():
    figures = {"By SNR": {"10 dB": {"stoi": 0.9}, "-5 dB": {"stoi": 0.6}, "2.5 dB": {"x noisy": 1}}}
    curves = snr_curves(ddae_manifest(figures=figures))
    assert [(curve.metric, curve.series, curve.points) for curve in curves] == [
        ("stoi", "", ((-5.0, 0.6), (10.0, 0.9))),
        ("x", "noisy", ((2.5, 1.0),)),
    ]


def test_figures_by_precision():
    figures = {"By precision": {"float": {"stoi": 0.9}, "int8": {"stoi": 0.8}}}
    assert precision_figures(ddae_manifest(figures=figures)) == figures["By precision"]
    assert precision_figures(ddae_manifest()) == {}


def test_names_of_quantities():
    assert split_quantity("pesq_wb denoised") == ("pesq_wb", "denoised")
    assert split_quantity("accuracy") == ("accuracy", "")
    assert split_quantity("No noise") == ("No noise", "")
