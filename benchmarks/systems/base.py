"""What a case can ask of a system. A system overrides what it has; the rest raises NotOffered."""

import functools


class NotOffered(Exception):
    """This system has no such operation. The text says what it has instead."""


class Pool:
    """The operations of the cases, for two or more computing processes."""

    def __init__(self, workers):
        self.workers = workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, function, items):
        """Map with default settings; return a list."""
        raise NotOffered("no map")

    def map_each(self, function, items):
        """Map so that whoever is free takes one call; where `map` cuts chunks, chunksize=1."""
        return self.map(function, items)

    def map_uneven(self, function, items):
        """Map over calls of very different lengths: nobody shall hold a call that another could run."""
        return self.map_each(function, items)

    def map_chunks(self, function, items):
        """Map with chunks that are good for very short calls: cut by hand, unless overridden."""
        answers = self.map(over, [(function, piece) for piece in self.pieces(items)])
        return [value for answer in answers for value in answer]

    def map_reduce(self, function, reduction, items):
        """Map and reduce."""
        return functools.reduce(reduction, self.map_chunks(function, items))

    def map_arrays(self, function, arrays):
        """Map over arrays, a message or more for each."""
        return self.map_each(function, arrays)

    def submit(self, function, *args):
        """Return a future."""
        raise NotOffered("no submit")

    def result(self, future):
        """Return the outcome of a call that another process may run."""
        return future.result()

    def result_here(self, future):
        """Return the outcome of a call that the caller itself shall run."""
        raise NotOffered("never runs it itself")

    def as_completed(self, futures):
        """Yield futures as they are done."""
        raise NotOffered("no as_completed")

    def results_as_completed(self, function, items):
        """Yield results as they come."""
        futures = [self.submit(function, item) for item in items]
        return (future.result() for future in self.as_completed(futures))

    def call(self, function, *args):
        """Make a round trip."""
        return self.result(self.submit(function, *args))

    def call_here(self, function, *args):
        """Make a call that the caller itself runs."""
        return self.result_here(self.submit(function, *args))

    def chunk(self, items):
        """Return a chunk size that makes four chunks for each worker."""
        return -(-len(items) // (4 * self.workers))

    def pieces(self, items):
        """Return the chunks."""
        size = self.chunk(items)
        return [items[start : start + size] for start in range(0, len(items), size)]


def over(job):
    """Run a function over a chunk."""
    function, items = job
    return list(map(function, items))


def no_nested_map(function, items):
    """Stand for the missing nested map."""
    raise NotOffered("no nesting")
