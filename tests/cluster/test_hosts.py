"""Several hosts: ranks start where they should, through mpirun's own remote start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

from .conftest import HERE, WHERE, Cluster, missing, told

pytestmark = [
    pytest.mark.skipif(bool(missing("hosts")), reason=missing("hosts")),
    pytest.mark.timeout(240),
]

SSH = "--ssh-executable ./ssh"
NASTY = ("a b", "'\"", "$(id)", "`id`", "\\", "a\nb", "", "-n", "--", "*", "ünï", ";", "&", "~")


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        ("--host node1 node1 node2", ["node1", "node1", "node2"]),
        ("--host node[1-3] -n 5", ["node1", "node1", "node2", "node2", "node3"]),
        ("--host node[1-3] -n 2", ["node1", "node2"]),
        ("--hostfile hosts", ["node1", "node3", "node3"]),
        ("--hostfile hosts -n 5", ["node1", "node1", "node3", "node3", "node3"]),
        ("--host node2 -n 1", ["node2"]),
    ],
)
def test_ranks_run_where_they_should(
    in_cluster: Cluster, folder: Path, options: str, hosts: list[str]
) -> None:
    """Each host has its number of ranks, and the first one the root."""
    (folder / "hosts").write_text("# two hosts\nnode1\tworker=1\nnode3 2\n")
    found = told(in_cluster("hosts", f"python -m scoop_mpi {SSH} {options} {WHERE} met"))
    assert found["hosts"] == hosts and found["workers"] == len(hosts)
    assert found["root"] == hosts[0]


def test_a_host_without_a_number_has_its_cores(in_cluster: Cluster, folder: Path) -> None:
    """Asked for by one start through the same mpirun: here one host has fewer than the other."""
    (folder / "hosts").write_text("node1\nnode2 1\n")
    # A stand-in for ssh that gives what it starts one core only.
    (folder / "narrow").write_text('#!/bin/sh\nexec taskset --cpu-list 0 ./ssh "$@"\n')
    (folder / "narrow").chmod(0o755)
    launch = "python -m scoop_mpi --ssh-executable ./narrow --hostfile hosts"
    lines = f"{launch} {WHERE} met"
    found = told(in_cluster("hosts", lines))
    assert found["hosts"] == ["node1", "node2"]


def test_the_environment_goes_along(in_cluster: Cluster) -> None:
    """By both MPIs alike: what is exported, and what --env says."""
    for option, foo in (("", "exported"), ("--env FOO=said", "said")):
        lines = f"export FOO=exported; python -m scoop_mpi {SSH} {option} --host node[1-3] {WHERE} met{foo}"
        assert told(in_cluster("hosts", lines))["foo"] == [foo]


def test_nasty_arguments_arrive(in_cluster: Cluster) -> None:
    """Byte for byte, on every host."""
    lines = f'python -m scoop_mpi {SSH} --host node1 node2 {WHERE} met "$@"'
    assert told(in_cluster("hosts", lines, *NASTY))["arguments"]


def test_a_host_that_is_not_there(in_cluster: Cluster) -> None:
    """Ends the job, and is not waited for."""
    ended = in_cluster("hosts", f"python -m scoop_mpi {SSH} --host node1 nowhere {WHERE} met")
    assert ended.status != 0


def test_a_check_of_all_hosts(in_cluster: Cluster) -> None:
    """A line for each rank."""
    ended = in_cluster("hosts", f"python -m scoop_mpi {SSH} --host node1 node2 node2 --check")
    assert ended.status == 0, ended
    lines = ended.stdout.splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["node1", "node2", "node2"]
    assert "3 ranks on 2 hosts." in lines


PBS = "PBS_JOBID=1.head PBS_ENVIRONMENT=PBS_BATCH PBS_NODEFILE=$PWD/nodes PBS_O_WORKDIR=$PWD"
LSF = "LSB_JOBID=1 LSB_MCPU_HOSTS='node1 2 node2 2' LSF_BINDIR=$PWD/bin"


@pytest.mark.parametrize(("script", "environ"), [("pbs.sh", PBS), ("lsf.sh", LSF)])
def test_schedulers_that_are_not_to_be_had(
    in_cluster: Cluster, folder: Path, script: str, environ: str
) -> None:
    """PBS and LSF by the environment that they set: the job scripts as they are, on both hosts."""
    (folder / "nodes").write_text("node1\nnode1\nnode2\nnode2\n")
    (folder / "bin").mkdir()
    for agent in ("ssh", "blaunch"):
        (folder / "bin" / agent).symlink_to(HERE / "ssh")
    lines = f"export PATH=$PWD/bin:$PATH {environ}; bash jobscripts/{script} && "
    lines += f"python -m scoop_mpi {WHERE} met"
    ended = in_cluster("hosts", lines)
    assert "darts: pi is about 3.1" in ended.stdout, ended
    assert told(ended)["hosts"] == ["node1", "node1", "node2", "node2"]


@pytest.mark.parametrize("how", ["kill", "exit 3", "stop", "two", "cut off"])
def test_a_rank_on_another_host_dies(in_cluster: Cluster, folder: Path, how: str) -> None:
    """The others go on, where the library can; a rank beside it sees what the library does not."""
    program = REPOSITORY / "tests" / "mpi" / "programs" / "deaths.py"
    launch = f"python -m scoop_mpi {SSH} --lost-after 1 --host node1 node2 node2 node2"
    survived = "--with-ft" in in_cluster("hosts", f"{launch} --dry-run {program}").stdout
    ended = in_cluster("hosts", f"{launch} {program} '{how}' {folder}/mark 4")
    if survived:
        assert (ended.status, ended.stdout) == (4, "right\n"), ended
        assert "scoop_mpi: a rank was lost: rank " in ended.stderr and " on node2 " in ended.stderr
    else:
        assert ended.status != 0
