"""What all peers share: the names of the rows, and a loop that measures those that are asked for.

A request is a line "name repeats"; the answer is a line with the median in milliseconds, or "-".
"""
import gc
import statistics
import sys
import time


def measure(call, repeats):
    """Warm-up of at least two calls and 0.2 s, then the median of `repeats` calls."""
    end = time.perf_counter() + 0.2
    calls = 0
    while calls < 2 or (time.perf_counter() < end and calls < 1000):
        call()
        calls += 1
    times = []
    for _ in range(max(repeats, 5)):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def threads():
    """The number after --threads."""
    return int(sys.argv[sys.argv.index("--threads") + 1])


def serve(rows):
    """`rows`: from a row's name to a function that prepares it and returns one call."""
    print("ready", flush=True)
    for line in sys.stdin:
        name, repeats = line.split()
        try:
            answer = f"{measure(rows[name](), int(repeats)):.6f}" if name in rows else "-"
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
            answer = "-"
        gc.collect()
        print(answer, flush=True)
