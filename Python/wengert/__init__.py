"""Finished Wengert programs, called from Python.

    import wengert

    program = wengert.load("model.wengert")
    y = program(x)          # x: a NumPy array, a PyTorch tensor, whatever has __dlpack__
    numpy.from_dlpack(y)    # no copy in, none out

The library libwengert-c does the work. It is looked for at the path in the environment variable WENGERT_LIBRARY, in this package's folder, in the builds
of the repository that the package lies in, and where the system looks for libraries.
"""

from ._program import Error, Program, Result, load

__all__ = ["Error", "Program", "Result", "load"]
