"""What the scripts share that compute the expressions in a page's tables: the cells, the arrays of a value, and the file that a test compares with."""
import json
import pathlib
import re

import numpy as np

here = pathlib.Path(__file__).resolve().parent


def rows(page, behind):
    """The heading and the cells of each row of the tables behind a heading, without the marks of code; a cell that is only a dash is None."""
    heading = ""
    for line in (here / "../../Documentation" / page).read_text().split(behind)[1].splitlines():
        if line.startswith("### "):
            heading = line[4:]
        if line.startswith("| "):
            yield heading, [code.replace("\\|", "|") or None for code, _ in re.findall(r"`([^`]+)`|(–)", line)]


def flat(value, kind):
    if isinstance(value, (tuple, list)) and not hasattr(value, "shape"):
        return [array for part in value for array in flat(part, kind)]
    if isinstance(value, kind):
        return [np.asarray(value.detach() if hasattr(value, "detach") else value, np.float64)]
    return []


def record(array, shape_only=False):
    return {"shape": list(array.shape), "values": [] if shape_only else [float(f"{number:.7g}") for number in array.ravel()]}


def write(file, values):
    (here / file).write_text("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()) + "\n}\n")
    print(len(values), "rows")
