"""Which hosts a scheduler gave, from the environment that each has been seen to set."""

from __future__ import annotations

import pytest

from scoop_mpi._launch import allocation
from scoop_mpi._launch.allocation import Allocation
from scoop_mpi._launch.hosts import Host
from scoop_mpi._launch.problem import LaunchError

TWO = Host("node1", 4), Host("node2", 2)
SLURM = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_TASKS_PER_NODE": "4,2"}
PBS = {"PBS_JOBID": "7.head", "PBS_ENVIRONMENT": "PBS_BATCH", "PBS_NODEFILE": "/nodes"}
SGE = {"JOB_ID": "7", "PE_HOSTFILE": "/pe", "NSLOTS": "6"}
LSF = {"LSB_JOBID": "7", "LSB_MCPU_HOSTS": "node1 4 node2 2"}
FILES = {
    "/nodes": "node1\n" * 4 + "node2\n" * 2,
    "/pe": "node1 4 all.q@node1 UNDEFINED\nnode2 2 all.q@node2 UNDEFINED\n",
    "/empty": "\n",
    "/bad": "node1 many\n",
    "/none": "node1 0\n",
    "/odd": "node1 ²\n",
}


def read(path: str) -> str:
    """Read one of FILES."""
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return FILES[path]


@pytest.mark.parametrize(
    ("environ", "scheduler"),
    [
        (SLURM, "slurm"),
        (
            {"SLURM_JOB_ID": "7", "SLURM_NODELIST": "node1,node2", "SLURM_TASKS_PER_NODE": "4,2"},
            "slurm",
        ),
        (PBS, "pbs"),
        (SGE, "sge"),
        (LSF, "lsf"),
        ({"LSB_JOBID": "7", "LSB_HOSTS": "node1 node1 node1 node1 node2 node2"}, "lsf"),
        ({"LSB_JOBID": "7", "LSB_DJOB_HOSTFILE": "/nodes"}, "lsf"),
    ],
)
def test_every_scheduler(environ: dict[str, str], scheduler: str) -> None:
    """The same two hosts, said in seven ways."""
    found = allocation.find(environ, read)
    assert found is not None
    assert (found.scheduler, found.hosts, found.slots) == (scheduler, TWO, 6)
    assert found.job.startswith("7")


def test_without_a_scheduler() -> None:
    """Nothing is found, not by half of its variables either."""
    assert allocation.find({}, read) is None
    assert allocation.find({"SLURM_NTASKS": "4", "NSLOTS": "4", "PBS_NP": "4"}, read) is None


def test_slurm_without_tasks() -> None:
    """One for each node, as srun would have it."""
    found = allocation.find({k: v for k, v in SLURM.items() if "TASKS" not in k}, read)
    assert found is not None and found.slots == 2


def test_slurm_in_a_smaller_step() -> None:
    """`srun --pty -N1` in a job of three nodes: what Slurm 22.05 set there."""
    step = {
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node[1-3]",
        "SLURM_JOB_CPUS_PER_NODE": "4,1(x2)",
        "SLURM_STEP_ID": "0",
        "SLURM_STEP_NODELIST": "node1",
        "SLURM_TASKS_PER_NODE": "1",
    }
    found = allocation.find(step, read)
    assert found is not None and found.hosts == (
        Host("node1", 4),
        Host("node2", 1),
        Host("node3", 1),
    )
    found = allocation.find(step | {"SLURM_CPUS_PER_TASK": "4"}, read)
    assert found is not None and found.slots == 3


def test_flux_tells_no_hosts() -> None:
    """Only its own tools know them."""
    assert allocation.find({"FLUX_URI": "local:///x"}, read) == Allocation("flux", "of Flux", ())


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (SLURM | {"SLURM_TASKS_PER_NODE": "4(x3)"}, "has 2 nodes, SLURM_TASKS_PER_NODE 3"),
        (SLURM | {"SLURM_TASKS_PER_NODE": "some"}, "cannot be understood: 'some'"),
        (SLURM | {"SLURM_JOB_NODELIST": "node[1"}, "cannot be understood: 'node[1'"),
        (PBS | {"PBS_NODEFILE": "/gone"}, "/gone (PBS_NODEFILE), cannot be read: No such file"),
        (PBS | {"PBS_NODEFILE": "/empty"}, "/empty (PBS_NODEFILE), is empty"),
        (SGE | {"PE_HOSTFILE": "/gone"}, "only on the job's first host"),
        (SGE | {"PE_HOSTFILE": "/bad"}, "/bad (PE_HOSTFILE) has the line 'node1 many'"),
        (
            SLURM | {"SLURM_TASKS_PER_NODE": "1", "SLURM_JOB_CPUS_PER_NODE": "1(x3)"},
            "has 2 nodes, SLURM_TASKS_PER_NODE 3",
        ),
        (SGE | {"PE_HOSTFILE": "/none"}, "has the line 'node1 0'"),
        (SGE | {"PE_HOSTFILE": "/odd"}, "has the line 'node1 ²'"),
        (LSF | {"LSB_MCPU_HOSTS": "node1 0"}, "LSB_MCPU_HOSTS is 'node1 0'"),
        (LSF | {"LSB_MCPU_HOSTS": "node1 ²"}, "LSB_MCPU_HOSTS is 'node1 ²'"),
        (LSF | {"LSB_MCPU_HOSTS": "node1 4 node2"}, "LSB_MCPU_HOSTS is 'node1 4 node2'"),
    ],
)
def test_contradictions(environ: dict[str, str], said: str) -> None:
    """Which variable, and what is wrong with it."""
    with pytest.raises(LaunchError) as refusal:
        allocation.find(environ, read)
    assert said in str(refusal.value)
