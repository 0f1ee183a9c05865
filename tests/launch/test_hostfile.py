"""Files that name hosts: what is written can be read, and whatever is read, mistakes have a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._launch import hostfile
from scoop_mpi._launch.hosts import Host, merge
from scoop_mpi._launch.problem import LaunchError

HOSTS = st.lists(
    st.builds(
        Host,
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True),
        st.none() | st.integers(1, 256),
    ),
    min_size=1,
    unique_by=lambda host: host.name,
)


@pytest.mark.parametrize("write", [hostfile.for_openmpi, hostfile.for_mpich])
@given(hosts=HOSTS)
def test_what_is_written_is_read(write: Callable[[Sequence[Host]], str], hosts: list[Host]) -> None:
    """A file for either MPI is one of ours as well, and says the same."""
    assert hostfile.parse(write(hosts), "hosts") == hosts


@given(HOSTS, HOSTS)
def test_the_same_hosts_again(some: list[Host], others: list[Host]) -> None:
    """Two files, one after the other, say what both say together."""
    text = hostfile.for_openmpi(some) + hostfile.for_openmpi(others)
    assert hostfile.parse(text, "hosts") == merge([*some, *others])


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("a 2\r\nb\r\n", [Host("a", 2), Host("b")]),
        ("a 2", [Host("a", 2)]),
        ("\n \t\n# a 9\na 2 # 7\nb#8\n", [Host("a", 2), Host("b")]),
        ("a:2\nb: 3\nc:\n", [Host("a", 2), Host("b", 3), Host("c")]),
        ("node[01-02,07] 8", [Host("node01", 8), Host("node02", 8), Host("node07", 8)]),
        ("x[1-2]y[1-2]:3", [Host(name, 3) for name in ("x1y1", "x1y2", "x2y1", "x2y2")]),
        ("a,b[1-2] 4", [Host("a", 4), Host("b1", 4), Host("b2", 4)]),
        ("n[1-2,2] 4", [Host("n1", 4), Host("n2", 8)]),
        ("10.0.0.1 4", [Host("10.0.0.1", 4)]),
    ],
)
def test_a_file(text: str, hosts: list[Host]) -> None:
    """Line ends, comments, ranges with each way to say a number."""
    assert hostfile.parse(text, "hosts") == hosts


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("b 0", "0 ranks for 'b': it must be 1 or more"),
        ("b slots=-1", "-1 ranks for 'b': it must be 1 or more"),
        ("b:0", "0 ranks for 'b': it must be 1 or more"),
        (":4", "':4' is not the name of a host; expected"),
        ("b:4:2", "'4:2' is not a number; expected"),
        ("b;reboot 4", "'b;reboot' is not the name of a host; expected"),
        ("$(b) 4", "'$(b)' is not the name of a host; expected"),
        ("n[1-3 4", "'n[1-3' has a bracket too many or too few"),
        ("n[3-1] 4", "'3-1' runs backwards"),
        ("n[1-999999] 4", "stands for more than 100000 hosts"),
        ("a,,b 4", "'a,,b' lacks a name"),
    ],
)
@given(before=st.lists(st.sampled_from(["a 4", "", "# a"])))
def test_the_place_of_a_mistake(line: str, said: str, before: list[str]) -> None:
    """File and line, what is there, and what should be."""
    text = "\n".join([*before, line, "z 1"])
    with pytest.raises(LaunchError) as refusal:
        hostfile.parse(text, "hosts")
    assert f"hosts, line {len(before) + 1}: " in str(refusal.value)
    assert said in str(refusal.value)
    assert refusal.value.code == 2


@given(st.text(alphabet="ab01 :=[],-#\n\t;", max_size=30))
def test_whatever_is_in_a_file(text: str) -> None:
    """Is hosts with one rank at least, each once; or a LaunchError, and nothing else."""
    try:
        hosts = hostfile.parse(text, "hosts")
    except LaunchError:
        return
    assert hosts and all(host.slots is None or host.slots > 0 for host in hosts)
    names = [host.name for host in hosts]
    assert len(set(names)) == len(names)
