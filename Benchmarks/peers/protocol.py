"""What all peers share: the names of the rows, and a loop that measures those that are asked for.

At first a peer says "ready" and what it is. A request is a line "name repeats"; the answer is a line with the median in milliseconds, or "-". After --results
comes a folder, where the first result of each row is left under its name, as float32.
"""
import gc
import os
import statistics
import sys
import time

# Whatever else prints is no answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def measure(call, repeats):
    """Warm-up of at least two calls and 0.1 s, then the median of `repeats` times; of calls below 0.2 ms, as many at once as fill it."""
    start = time.perf_counter()
    calls = 0
    while calls < 2 or (time.perf_counter() < start + 0.1 and calls < 1000):
        call()
        calls += 1
    together = max(1, int(0.2e-3 / ((time.perf_counter() - start) / calls)))
    times = []
    for _ in range(max(repeats, 5)):
        start = time.perf_counter()
        for _ in range(together):
            call()
        times.append((time.perf_counter() - start) * 1e3 / together)
    return statistics.median(times)


def option(name):
    """What stands after this word, or None."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def threads():
    """The number after --threads."""
    return int(option("--threads"))


def prepare(name, rows):
    call = rows[name]()
    if folder := option("--results"):
        import numpy as np

        np.asarray(call(), dtype=np.float32).tofile(os.path.join(folder, name))
    return call


def serve(rows, about):
    """`rows`: from a row's name to a function that prepares it and returns one call; `about`: what the peer says of itself."""
    print(f"ready {about}", file=answers, flush=True)
    latest, call = None, None
    for line in sys.stdin:
        name, repeats = line.split()
        try:
            if latest != name and name in rows:
                latest, call = None, None
                gc.collect()
                latest, call = name, prepare(name, rows)
            answer = f"{measure(call, int(repeats)):.6f}" if name in rows else "-"
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
            answer = "-"
        print(answer, file=answers, flush=True)
