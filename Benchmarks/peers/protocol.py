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


def measure(call, repeats, is_warm):
    """Warm-up of 0.1 s, then the median of `repeats` times; of calls below 0.2 ms, as many at once as fill it.

    Of a call that has been called before, calls that take longer than the warm-up count.
    """
    total, calls, times = 0, 0, []
    if not is_warm:
        call()
    while total < 0.1 and calls < 1000:
        start = time.perf_counter()
        call()
        elapsed = time.perf_counter() - start
        total += elapsed
        calls += 1
        if is_warm and elapsed > 0.1:
            times.append(elapsed * 1e3)
    together = max(1, int(0.2e-3 / total * calls))
    while len(times) < repeats:
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


def leave_result(folder, name, call):
    import numpy as np

    np.asarray(call(), dtype=np.float32).tofile(os.path.join(folder, name))


def serve(rows, about):
    """`rows`: from a row's name to a function that prepares it and returns one call; `about`: what the peer says of itself."""
    print(f"ready {about}", file=answers, flush=True)
    folder = option("--results")
    latest, call = None, None
    for line in sys.stdin:
        name, repeats = line.split()
        try:
            is_warm = name == latest
            if not is_warm and name in rows:
                latest, call = None, None
                gc.collect()
                latest, call = name, rows[name]()
                if folder:
                    leave_result(folder, name, call)
                    is_warm = True
            answer = f"{measure(call, int(repeats), is_warm):.6f}" if name in rows else "-"
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
            answer = "-"
        print(answer, file=answers, flush=True)
