"""A real Grid Engine: the job script as it is shipped, by MPIs that know it and that do not."""

from __future__ import annotations

import pytest

from .conftest import WHERE, Cluster, missing, told

pytestmark = [
    pytest.mark.skipif(bool(missing("sge")), reason=missing("sge")),
    pytest.mark.timeout(240),
]

SUBMIT = (
    "id=$(qsub -terse -V {script}); "
    "while qstat -u '*' | grep -q .; do sleep 0.1; done; cat *.o$id; cat *.e$id >&2"
)


def test_job_script(in_cluster: Cluster) -> None:
    """Six slots on three hosts."""
    ended = in_cluster("sge", SUBMIT.format(script="jobscripts/sge.sh"))
    assert ended.stdout.startswith("2,000,000 darts: pi is about 3.1"), ended


def test_every_slot_has_a_rank(in_cluster: Cluster) -> None:
    """On its own host: PyPI's Open MPI alone would start as many as the first host has cores."""
    lines = SUBMIT.format(
        script=f"-cwd -S /bin/bash -pe mpi 6 -b y $PWD/.venv/bin/python -m scoop_mpi {WHERE} met"
    )
    found = told(in_cluster("sge", lines))
    assert found["hosts"] == ["node1", "node1", "node2", "node2", "node3", "node3"]
