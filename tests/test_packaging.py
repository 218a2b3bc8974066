"""What the README and the CI promise, and what travels in a wheel."""

import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from workbench.cli.screen import LINUX_PACKAGES

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")
CI = (REPOSITORY / ".ci" / "run").read_text("utf-8")

TRAVELLING = ("models", "assets")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, REPOSITORY]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_readme_opens_with_two_commands_and_ci_runs_the_second_word_for_word():
    first_screen = "\n".join(README.splitlines()[:24])
    opens, tests = re.findall(r"```sh\n(.+)\n```", first_screen)
    assert opens.endswith(".venv/bin/workbench")
    assert "pytest" in tests
    assert tests in CI.splitlines()


def test_readme_ci_and_doctor_name_the_same_linux_packages():
    apt_command = re.search(r"sudo apt install (.+)", README)
    assert apt_command
    for package in LINUX_PACKAGES.split():
        assert package in apt_command[1].split()
        assert re.search(rf"\b{re.escape(package)}\b", CI)


def test_what_the_readme_points_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r"`((?:docs|assets)/[\w./-]+)`", README):
        assert (REPOSITORY / target).exists(), target


def test_the_training_commands_of_the_readme_parse():
    from train_cli.__main__ import build_parser

    lines = re.findall(r"^\.venv/bin/train_cli (.+)$", README, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        build_parser().parse_args(shlex.split(line))


def test_models_and_assets_travel_in_the_wheel(wheel):
    names = set(wheel.namelist())
    for folder in TRAVELLING:
        files = [path for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert f"workbench/_bundled/{path.relative_to(REPOSITORY).as_posix()}" in names


def test_wheel_has_the_commands_the_licence_and_no_tests(wheel):
    names = wheel.namelist()
    entry_points = wheel.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "workbench = workbench.cli:main" in entry_points
    assert "train_cli = train_cli.__main__:main" in entry_points
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)


def test_unpacked_wheel_uses_its_own_models_and_assets(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
from workbench import resources
from workbench.bundles.store import find_bundles
from workbench.engine.scene import demo_scenes
print(resources.__file__)
print(*(bundle.folder for bundle in find_bundles()), sep="\\n")
print(*(scene.speech_path for scene in demo_scenes()), sep="\\n")
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    paths = ended.stdout.splitlines()
    assert len(paths) >= 4
    assert all(Path(path).is_relative_to(tmp_path / "site") and Path(path).exists() for path in paths)


def test_the_application_does_not_require_tensorflow():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert not any("tensorflow" in requirement for requirement in project["dependencies"])


def test_no_file_names_a_place_on_somebody_s_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    places = re.compile(
        "|".join([re.escape(f"{REPOSITORY}/"), r"/home/\w+/", r"/Users/\w+/", r"[A-Z]:\\Users\\"])
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and path != Path(__file__):
            found = places.search(path.read_bytes().decode("utf-8", errors="ignore"))
            assert not found, f"{name}: {found}"
