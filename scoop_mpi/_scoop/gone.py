"""Names of SCOOP that make no sense here, each with what to use instead."""

from __future__ import annotations

_SCHEDULING = "the scheduling of scoop_mpi is not reached from programs"
_STARTING = "ranks are started by mpirun or srun: python -m scoop_mpi --help"

MODULES = {
    "scoop._control": _SCHEDULING,
    "scoop._debug": "use -v",
    "scoop.backports": "Python has what was in there",
    "scoop.bootstrap": _STARTING,
    "scoop.broker": "the Broker is a part of rank 0",
    "scoop.discovery": _STARTING,
    "scoop.encapsulation": "functions, lambdas, closures, methods and partials travel as they are",
    "scoop.launch": _STARTING,
    "scoop.launcher": _STARTING,
    "scoop.reduction": "use futures.mapReduce or futures.mapScan",
    "scoop.types": "it is scoop._types",
}

NAMES = {
    "scoop.BROKER": "there are no ports; scoop.worker is this rank's host and number",
    "scoop.TIME_BETWEEN_PARTIALDEBUG": "use -v",
    "scoop.TIME_BETWEEN_STATUS_REPORTS": "lost calls are noticed at once",
    "scoop.TIME_BETWEEN_STATUS_PRUNING": "lost calls are noticed at once",
    "scoop.futures.callback": "use future.add_done_callback",
    "scoop.futures.callbackGroupID": "use future.add_done_callback",
    "scoop.futures.control": _SCHEDULING,
    "scoop.futures.joinAll": "use futures.wait",
    "scoop.futures.mapJoin": "use list(futures.map(...))",
    "scoop.futures.scan": "use futures.mapScan",
    "scoop.futures.waitAny": "use futures.as_completed",
    "scoop.futures._createFuture": "use futures.submit",
    "scoop.futures._recursiveReduce": "use futures.mapReduce",
    "scoop.shared.shareConstant": "use shared.setConst",
    "scoop.shared.getConstant": "use shared.getConst",
    "scoop.shared.SharedElementEncapsulation": "functions travel as they are",
    "scoop._types.FutureQueue": _SCHEDULING,
    "scoop._types.POLLING_TIME": _SCHEDULING,
    "scoop._types.StopWatch": "use time.perf_counter",
    "scoop.utils.externalHostname": "MPI finds the hosts' addresses itself",
    "scoop.utils.localHostnames": "MPI knows which hosts are this one",
    "scoop.utils.loggingConfig": "use scoop.logger",
}


def attribute(module: str, name: str) -> AttributeError:
    """Return the error for a name that a module of SCOOP's does not have here."""
    instead = NAMES.get(f"{module}.{name}")
    said = f"module {module!r} has no attribute {name!r}"
    return AttributeError(f"{said} under scoop_mpi: {instead}" if instead else said)


def not_importable(name: str) -> ImportError:
    """Return the error for a module, or a name in one, that is in the tables above."""
    instead = MODULES.get(name) or NAMES[name]
    return ImportError(f"scoop_mpi has no {name}: {instead}", name=name)
