"""A stranger's computer: a bare Python, the base install, and the main job without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
MOST_MEGABYTES = 470
HEAVY = {"torch", "torchvision", "timm"}


def run(*command: object, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command that must succeed."""
    environment = {**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": "en"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the base install from this checkout; its Python.

    Tests that run beside one another share it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place, done = shared / "bare" / "venv", shared / "bare" / "done"
    place.parent.mkdir(exist_ok=True)
    python = place / "bin" / "python"
    with FileLock(shared / "bare.lock"):
        if not done.exists():
            venv.create(place, with_pip=True, clear=True)
            quiet = ("--quiet", "--disable-pip-version-check")
            run(python, "-m", "pip", "install", *quiet, "-c", ROOT / "constraints.txt", ROOT, home=place)
            done.touch()
    return python


@pytest.mark.slow
def test_the_base_install_has_no_torch_and_stays_small(bare: Path) -> None:
    packages = json.loads(
        run(
            bare, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check", home=bare.parent
        ).stdout
    )
    assert not HEAVY & {package["name"] for package in packages}
    (site,) = (bare.parents[1] / "lib").glob("python*/site-packages")
    ours = [
        folder
        for folder in site.iterdir()
        if folder.name.split("-")[0] not in {"pip", "setuptools", "pkg_resources"}
    ]
    files = [
        file
        for place in ours
        for file in ([place] if place.is_file() else place.rglob("*"))
        if file.is_file()
    ]
    assert sum(file.stat().st_size for file in files) / 1e6 < MOST_MEGABYTES


@pytest.mark.slow
def test_the_base_install_trains_evaluates_and_identifies(
    bare: Path, class_folders: Path, tmp_path: Path
) -> None:
    taxolens, run_folder = bare.with_name("taxolens"), tmp_path / "run"
    run(taxolens, "train", class_folders, "--out", run_folder, "--quiet", home=tmp_path)
    model = run_folder / "model.onnx"
    run(taxolens, "evaluate", model, class_folders, "--json", tmp_path / "figures.json", home=tmp_path)
    run(taxolens, "identify", class_folders, "--model", model, "--out", tmp_path / "table.csv", home=tmp_path)
    assert json.loads((tmp_path / "figures.json").read_text())["n"] == 72
    assert len((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()) == 73


@pytest.mark.slow
def test_asking_for_a_timm_backbone_without_torch_names_the_command_that_brings_it(
    bare: Path, class_folders: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            bare.with_name("taxolens"),
            "train",
            class_folders,
            "--out",
            tmp_path / "run",
            "--backbone",
            "timm:resnet18",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "TAXOLENS_HOME": str(tmp_path), "TAXOLENS_LANG": "en"},
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'taxolens[train]'" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_installed_package_speaks_french(bare: Path, tmp_path: Path) -> None:
    told = run(bare.with_name("taxolens"), "--lang", "fr", "--help", home=tmp_path).stdout
    assert "Nomme ce qui est sur vos photos" in told


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("taxolens.cli.main", {"numpy", "onnx", "onnxruntime", "sklearn", "scipy", "PIL"}),
        ("taxolens.cli.identify", {"sklearn", "scipy", "huggingface_hub", "httpx", "jinja2"}),
        ("taxolens.inference.predictor", {"sklearn", "scipy", "typer", "jinja2"}),
        ("taxolens", {"numpy", "onnxruntime", "pydantic"}),
    ],
)
def test_a_command_loads_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert not unwanted & loaded
    assert not {"torch", "timm"} & loaded
