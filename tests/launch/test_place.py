"""Who started this process is known from its environment, as measured under each launcher."""

from __future__ import annotations

import pytest

from scoop_mpi._launch.place import Place, place_of

JOB = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_TASKS_PER_NODE": "2(x2)"}
STEP = JOB | {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}
STEP |= {"SLURM_LOCALID": "1"}
DAEMON = STEP | {
    "SLURM_STEP_NUM_TASKS": "1",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NTASKS": "1",
}
OPENMPI = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "6", "PMIX_RANK": "1"}
OPENMPI |= {"OMPI_COMM_WORLD_LOCAL_RANK": "1"}
MPICH = {"PMI_RANK": "5", "PMI_SIZE": "6", "PMI_FD": "9", "MPI_LOCALRANKID": "0"}


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        pytest.param({}, None, id="a shell"),
        pytest.param(JOB | {"SLURM_PROCID": "0"}, None, id="a batch script of Slurm"),
        pytest.param(
            STEP | {"SLURM_STEP_ID": "4294967290"}, None, id="an interactive step of salloc"
        ),
        pytest.param(
            STEP | {"SLURM_PTY_PORT": "1", "SLURM_PROCID": "0"}, None, id="a shell of srun --pty"
        ),
        pytest.param(
            STEP | {"SLURM_PTY_PORT": "1"}, Place(3, 4, 1), id="another task of srun --pty"
        ),
        pytest.param(STEP, Place(3, 4, 1), id="srun without a PMI"),
        pytest.param(
            STEP | {"PMI_RANK": "3", "PMI_SIZE": "4"}, Place(3, 4, 1), id="srun with pmi2"
        ),
        pytest.param(STEP | {"PMIX_RANK": "3"}, Place(3, 4, 1), id="srun with pmix"),
        pytest.param(
            STEP | {"PMIX_RANK": "3", "SLURM_PTY_PORT": "1"}, Place(3, 4, 1), id="srun --pty python"
        ),
        pytest.param(
            STEP | {"SLURM_STEP_TASKS_PER_NODE": "2(x2),1", "SLURM_NODEID": "1"},
            Place(3, 4, 1, 2),
            id="srun, with so many on a node",
        ),
        pytest.param(
            STEP | {"SLURM_STEP_TASKS_PER_NODE": "2(x2),1", "SLURM_NODEID": "2"},
            Place(3, 4, 1, 1),
            id="srun, on its last node",
        ),
        pytest.param(
            STEP | {"SLURM_STEP_TASKS_PER_NODE": "2(xy)", "SLURM_NODEID": "7"},
            Place(3, 4, 1),
            id="srun, with numbers that make no sense",
        ),
        pytest.param(
            OPENMPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "3"},
            Place(1, 6, 1, 3),
            id="mpirun of Open MPI, on several hosts",
        ),
        pytest.param(
            MPICH | {"MPI_LOCALNRANKS": "6"}, Place(5, 6, 0, 6), id="mpirun of MPICH on one host"
        ),
        pytest.param(OPENMPI, Place(1, 6, 1), id="mpirun of Open MPI"),
        pytest.param(MPICH, Place(5, 6, 0), id="mpirun of MPICH"),
        pytest.param(DAEMON | OPENMPI, Place(1, 6, 1), id="mpirun of Open MPI under Slurm"),
        pytest.param(DAEMON | MPICH, Place(5, 6, 0), id="mpirun of MPICH under Slurm"),
        pytest.param({"PMIX_RANK": "2"}, Place(2, None), id="a PMIx launcher that tells no size"),
        pytest.param({"PMI_RANK": "", "PMI_SIZE": "x"}, None, id="nonsense"),
    ],
)
def test_place(environ: dict[str, str], place: Place | None) -> None:
    """The rank and the size that the launcher meant, or None where nobody launched."""
    assert place_of(environ) == place


@pytest.mark.parametrize("place", [Place(0, 4), Place(0, 4, 0), Place(2, 4, 0)])
def test_one_rank_of_a_node_speaks(place: Place) -> None:
    """What is wrong with a node is told there, also on a node without the root ..."""
    assert place.speaks


@pytest.mark.parametrize("place", [Place(1, 4), Place(1, 4, 1), Place(3, 4, 1)])
def test_the_others_are_silent(place: Place) -> None:
    """... but only once."""
    assert not place.speaks
