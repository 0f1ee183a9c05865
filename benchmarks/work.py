"""The functions that are called: a module of their own, so that every system can import them."""

import os
import time

import systems

tree_calls = 0
"""How many nodes of a tree this process has run."""


def plus_one(x):
    return x + 1


def square(x):
    return x * x


def pid(*_):
    """Tell which process answers."""
    return os.getpid()


def burn(seconds):
    """Compute until this thread has used so much CPU time: a neighbour does not shorten it."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def spin(turns):
    """Compute for a number of turns: for calls that are too short to look at a clock."""
    for _ in range(turns):
        pass


def nap(seconds):
    """Sleep, and return when it was over, on the clock that all processes share."""
    time.sleep(seconds)
    return time.monotonic()


def shifted(array):
    """Return a new array; its first element tells which process made it."""
    result = array + 1.0
    result[0] = os.getpid()
    return result


# --- trees of calls that make calls ----------------------------------------------------------


def fib_tree(node):
    """Run a node of a Fibonacci tree: `(height, seconds of each leaf)`. Return the leaves below."""
    global tree_calls
    tree_calls += 1
    height, leaf_s = node
    if height < 2:
        if leaf_s:
            burn(leaf_s)
        return 1
    return sum(systems.nested_map(fib_tree, [(height - 1, leaf_s), (height - 2, leaf_s)]))


def fib_nodes(height):
    """Return how many nodes `fib_tree` has."""
    return 1 if height < 2 else 1 + fib_nodes(height - 1) + fib_nodes(height - 2)


def binary_tree(node):
    """Run a node of a binary tree: `(height, turns of each node)`."""
    height, turns = node
    spin(turns)
    if height > 1:
        systems.nested_map(binary_tree, [(height - 1, turns)] * 2)


def counted(_):
    """Return which process this is and how many nodes it ran; slowly, so that each one answers."""
    time.sleep(0.02)
    return os.getpid(), tree_calls
