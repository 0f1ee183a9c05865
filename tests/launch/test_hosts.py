"""Hosts, their numbers, and files that name them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._launch import hostfile, ranges
from scoop_mpi._launch.hosts import Host, distribute, from_words, merge
from scoop_mpi._launch.problem import LaunchError, UsageError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("node1", "node1"),
        ("n[1-3]", "n1 n2 n3"),
        ("node[01-03,07]", "node01 node02 node03 node07"),
        ("node[9-11]", "node9 node10 node11"),
        ("node[098-101]", "node098 node099 node100 node101"),
        ("a,b[1-2],c", "a b1 b2 c"),
        ("x[1-2]y[3-4]", "x1y3 x1y4 x2y3 x2y4"),
        ("rack[1]-n[1-2].site", "rack1-n1.site rack1-n2.site"),
    ],
)
def test_ranges(text: str, names: str) -> None:
    """As `scontrol show hostnames` has them."""
    assert ranges.expand(text) == names.split()


@pytest.mark.parametrize(
    "text",
    ["", "a,,b", "n[1-3", "n1-3]", "n[[1]]", "n[]", "n[a-b]", "n[3-1]", "n[1-999999]", "n[1,]"],
)
def test_ranges_that_make_no_sense(text: str) -> None:
    """Are refused, and quoted."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        ranges.expand(text)


def test_counts() -> None:
    """Slurm's short form of one number a node."""
    assert ranges.counts("2(x3),1") == [2, 2, 2, 1]
    for nonsense in ("", "2(x", "x", "-1", "1(x999999999)"):
        with pytest.raises(ValueError, match="should be numbers"):
            ranges.counts(nonsense)


def test_hosts_by_word() -> None:
    """A host has as many ranks as it is named times, in the order of first mention."""
    assert from_words(["a", "b", "a", "n[1-2]"]) == [
        Host("a", 2),
        Host("b", 1),
        Host("n1", 1),
        Host("n2", 1),
    ]
    with pytest.raises(UsageError, match="--host: 'n\\[1'"):
        from_words(["n[1"])
    for word in ("a:4", "-oX", "a b", "a;b"):
        with pytest.raises(UsageError, match="is not the name of a host"):
            from_words([word])


HOSTS = st.lists(st.integers(1, 50), min_size=1, max_size=20).map(
    lambda slots: [Host(f"n{index}", number) for index, number in enumerate(slots)]
)


@given(HOSTS, st.integers(1, 2000))
def test_distribution(hosts: list[Host], ranks: int) -> None:
    """Every rank has a slot; the first host has the root; the order stays."""
    shared = distribute(hosts, ranks)
    slots = [host.slots or 0 for host in shared]
    assert sum(slots) == ranks and min(slots) > 0
    assert [host.name for host in shared] == [host.name for host in hosts][: len(shared)]
    given_slots = [host.slots or 0 for host in hosts]
    if ranks >= sum(given_slots):
        more = [now - before for now, before in zip(slots, given_slots, strict=True)]
        assert sorted(more, reverse=True) == more and max(more) - min(more) <= 1
    else:  # only the last one that is left may have lost some
        assert slots[:-1] == given_slots[: len(slots) - 1]


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("host1 worker=8", Host("host1", 8)),
        ("host2 4", Host("host2", 4)),
        ("host3  2 3 4", Host("host3", 2)),
        ("host4 X 2", Host("host4", 2)),
        ("host5", Host("host5", None)),
        ("host6 slots=4 max_slots=8", Host("host6", 4)),
        ("host6 max_slots=8 slots=4", Host("host6", 4)),
        ("host6 max-slots=8 slots=4", Host("host6", 4)),
        ("host7:3", Host("host7", 3)),
        ("  host-8.site.org\t4  # the fast one", Host("host-8.site.org", 4)),
    ],
)
def test_a_line_of_a_hostfile(line: str, host: Host) -> None:
    """SCOOP's format, and those of both MPIs."""
    assert hostfile.parse(f"# hosts\n\n{line}\n", "hosts") == [host]


def test_hosts_of_a_file_add_up() -> None:
    """Ranges, and the same host more than once."""
    text = "node[1-2] 3\nnode1 2\nother\nother 4"
    assert hostfile.parse(text, "hosts") == [Host("node1", 5), Host("node2", 3), Host("other")]
    assert merge([Host("a", 1), Host("a")]) == [Host("a")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "hosts names no host"),
        ("# none\n", "hosts names no host"),
        ("a 1\nb 0", "hosts, line 2: 0 ranks for 'b'"),
        ("a -3", "hosts, line 1: -3 ranks"),
        ("a many", "line 1: 'many' has no number in it; expected a host"),
        ("a:x", "line 1: 'a:x': 'x' is not a number"),
        ("=4", "line 1: '=4' is not the name of a host"),
        ("n[1-3 4", "line 1: 'n[1-3' has a bracket too many or too few"),
        ("-oX 4", "line 1: '-oX' is not the name"),
        ("a:²", "line 1: 'a:²': '²' is not a number"),
        ("a;rm -rf / 4", "line 1: 'a;rm' is not the name"),
    ],
)
def test_mistakes_in_a_hostfile(text: str, said: str) -> None:
    """File, line, what is there, what was expected."""
    with pytest.raises(LaunchError) as refusal:
        hostfile.parse(text, "hosts")
    assert said in str(refusal.value)
    assert refusal.value.code == 2


def test_files_for_mpi() -> None:
    """In the syntax of each."""
    hosts = [Host("a", 2), Host("b")]
    assert hostfile.for_openmpi(hosts) == "a slots=2\nb\n"
    assert hostfile.for_mpich(hosts) == "a:2\nb\n"
