"""What MPI allows: a master and workers by hand, for exactly these cases.

No errors, no futures, no balancing but by hand. Everybody spins (Improbe, Recv), except that the
master naps where ranks outnumber cores: it would take the workers' time. Arrays travel as raw
buffers, into memory that is there already, by a function that was agreed before.
"""

import os
import pickle
import sys
import time

from systems import base, mpiexec

NAME = "limit"
ROLE = "limit"
NEEDS = ("mpi4py", "numpy")
MPI = True
ROOT_COMPUTES = False
HELLO = """\
from mpi4py import MPI
comm = MPI.COMM_WORLD
if comm.rank:
    comm.send([abs(x) for x in comm.recv(source=0)], dest=0)
else:
    comm.send([2, 3], dest=1)
    print([abs(x) for x in (0, 1)] + comm.recv(source=1))
"""

STOP, CALLS, FOLD, FUNCTION, ARRAY = range(5)
"""Tags: what a message is."""

IN_FLIGHT = 2
"""Messages that a worker has at a time, so that it never waits for the next one."""


def before(python, workers):
    return [*mpiexec(python, workers + 1), python, "-W", "ignore"]


class Mail:
    """Messages, received into one buffer that is used again and again."""

    def __init__(self):
        from mpi4py import MPI

        self.mpi, self.comm, self.status = MPI, MPI.COMM_WORLD, MPI.Status()
        self.buffer = bytearray(1 << 20)
        self.naps = self.comm.rank == 0 and self.comm.size > len(os.sched_getaffinity(0))

    def send(self, to, tag, value):
        self.comm.Send([pickle.dumps(value, 5), self.mpi.BYTE], to, tag)

    def probe(self):
        """Wait for a message; return it, its sender, its tag and its length."""
        comm, status = self.comm, self.status
        while True:
            message = comm.Improbe(self.mpi.ANY_SOURCE, self.mpi.ANY_TAG, status)
            if message:
                length = status.Get_count(self.mpi.BYTE)
                return message, status.Get_source(), status.Get_tag(), length
            if self.naps:
                time.sleep(20e-6)

    def receive(self):
        """Return sender, tag and value."""
        message, sender, tag, length = self.probe()
        return sender, tag, self.unpickle(message, length)

    def unpickle(self, message, length):
        if length > len(self.buffer):
            self.buffer = bytearray(length)
        message.Recv([self.buffer, length, self.mpi.BYTE])
        return pickle.loads(memoryview(self.buffer)[:length])


def serve(mail):
    """Be a worker."""
    import functools

    function = array = None
    while True:
        message, _, tag, length = mail.probe()
        if tag == ARRAY:
            if array is None or array.nbytes != length:
                array = new_array(length)
            message.Recv(array)
            mail.comm.Send(function(array), 0, ARRAY)
            continue
        value = mail.unpickle(message, length)
        if tag == CALLS:
            called, items, key = value
            mail.send(0, CALLS, (key, list(map(called, items))))
        elif tag == FOLD:
            called, reduction, items, key = value
            mail.send(0, FOLD, (key, functools.reduce(reduction, map(called, items))))
        elif tag == FUNCTION:
            function = value
        else:
            return


def new_array(nbytes):
    import numpy

    return numpy.empty(nbytes // 8)


class Pool(base.Pool):
    def __enter__(self):
        self.mail = Mail()
        if self.mail.comm.rank:
            serve(self.mail)
            sys.exit(0)
        return self

    def __exit__(self, *_):
        for worker in range(1, self.workers + 1):
            self.mail.send(worker, STOP, None)

    def farm(self, tag, jobs, in_flight=IN_FLIGHT):
        """Send jobs to whoever is free; return the answers in order of the jobs."""
        mail = self.mail
        answers = [None] * len(jobs)
        given = 0
        for worker in list(range(1, self.workers + 1)) * in_flight:
            if given < len(jobs):
                mail.send(worker, tag, (*jobs[given], given))
                given += 1
        for _ in jobs:
            sender, _, (key, answer) = mail.receive()
            if given < len(jobs):
                mail.send(sender, tag, (*jobs[given], given))
                given += 1
            answers[key] = answer
        return answers

    def map(self, function, items):
        jobs = [(function, piece) for piece in self.pieces(items)]
        results = []
        for answer in self.farm(CALLS, jobs):
            results += answer
        return results

    def map_each(self, function, items):
        return [answer[0] for answer in self.farm(CALLS, [(function, [item]) for item in items])]

    def map_uneven(self, function, items):
        return self.farm(CALLS, [(function, [item]) for item in items], in_flight=1)

    def map_reduce(self, function, reduction, items):
        import functools

        jobs = [(function, reduction, piece) for piece in self.pieces(items)]
        return functools.reduce(reduction, self.farm(FOLD, jobs))

    def call(self, function, *args):
        self.mail.send(1, CALLS, (function, args[:1] or [None], 0))
        return self.mail.receive()[2][1][0]

    def map_arrays(self, function, arrays):
        mail, comm = self.mail, self.mail.comm
        results = [None] * len(arrays)
        out = {worker: [] for worker in range(1, self.workers + 1)}
        requests = []
        given = 0

        def give(worker):
            nonlocal given
            if given < len(arrays):
                requests.append(comm.Isend(arrays[given], worker, ARRAY))
                out[worker].append(given)
                given += 1

        for worker in out:
            mail.send(worker, FUNCTION, function)
        for worker in list(out) * IN_FLIGHT:
            give(worker)
        for _ in arrays:
            message, sender, _, length = mail.probe()
            key = out[sender].pop(0)
            results[key] = new_array(length)
            message.Recv(results[key])
            give(sender)
        mail.mpi.Request.Waitall(requests)
        return results


nested_map = base.no_nested_map
