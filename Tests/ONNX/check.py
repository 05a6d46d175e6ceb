"""Runs the files of onnx-check in onnxruntime, and compares its results with ours.

    python check.py FOLDER [REPORT]

A model must agree to 1e-5 of its largest result. A row of the case list is counted: it agrees (to 1e-5 of its largest result, of half types to their own
precision), is refused when it is written, meets an operator for whose dtype onnxruntime has no kernel, fails, or differs. The exit status is 1 if a model does
not agree, or a row fails or differs.
"""

import collections
import json
import pathlib
import re
import sys

import numpy
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file

folder = pathlib.Path(sys.argv[1])
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1


def ort(tensor):
    """A torch tensor as onnxruntime takes it."""
    if tensor.dtype == torch.bfloat16:
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(tensor.contiguous().view(torch.int16).numpy(), onnx.TensorProto.BFLOAT16)
    return onnxruntime.OrtValue.ortvalue_from_numpy(numpy.ascontiguousarray(tensor.numpy()))


def numbers(value):
    """What onnxruntime gives as a torch tensor."""
    if value.element_type() == onnx.TensorProto.BFLOAT16:
        return torch.utils.dlpack.from_dlpack(value._ortvalue.to_dlpack())
    return torch.from_numpy(value.numpy())


def run(line):
    number = line["number"]
    path = folder / f"{number}.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    tensors = load_file(folder / f"{number}.safetensors")
    session = onnxruntime.InferenceSession(str(path), options)
    names = {value.name for value in session.get_inputs()}
    inputs = {value.name: ort(tensors[f"in{i}"]) for i, value in enumerate(model.graph.input) if value.name in names}
    results = session.run_with_ort_values(None, inputs)
    return [(numbers(result), tensors[f"out{i}"]) for i, result in enumerate(results)]


TOLERANCE = {torch.float16: 2e-3, torch.bfloat16: 1.6e-2}


def difference(actual, expected):
    """What is wrong; None if nothing is."""
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        return f"{actual.dtype}{list(actual.shape)} instead of {expected.dtype}{list(expected.shape)}"
    a, e = actual.double(), expected.double()
    same = (a == e) | (a.isnan() & e.isnan())
    if not expected.dtype.is_floating_point:
        wrong = ~same
    else:
        finite = e[e.isfinite()].abs()
        size = max(1.0, finite.max().item() if finite.numel() else 1.0)
        wrong = ~(same | ((a - e).abs() <= TOLERANCE.get(expected.dtype, 1e-5) * size))
    if not wrong.any():
        return None
    place = wrong.flatten().nonzero()[0].item()
    return f"element {place}: {a.flatten()[place].item()} instead of {e.flatten()[place].item()}"


counts = collections.Counter()
details = collections.defaultdict(list)
worst = []
for line in json.loads((folder / "list.json").read_text()):
    kind = "model" if line["isModel"] else "row"
    if "refused" in line:
        outcome, detail = "refused", line["refused"]
    else:
        try:
            pairs = run(line)
            faults = [fault for actual, expected in pairs if (fault := difference(actual, expected))]
            outcome, detail = ("differs", "; ".join(faults)) if faults else ("agrees", "")
            if kind == "model":
                error = max((a.double() - e.double()).abs().max().item() for a, e in pairs)
                print(f"model {line['name']}: {outcome}, largest difference {error:.2e}" + (f": {detail}" if faults else ""))
        except Exception as error:
            text = str(error).replace("\n", " ")
            lacking = "NOT_IMPLEMENTED" in text or "Could not find an implementation" in text
            outcome, detail = ("no kernel" if lacking else "fails"), text[:300]
            if kind == "model":
                print(f"model {line['name']}: {detail}")
    counts[kind, outcome] += 1
    if outcome != "agrees":
        details[outcome].append((line["name"], detail))
        worst += [line["name"]] if outcome in ("differs", "fails") or kind == "model" else []

for (kind, outcome), count in sorted(counts.items()):
    print(f"{count} {kind}s: {outcome}")
for outcome in ("refused", "no kernel", "fails", "differs"):
    groups = collections.Counter()
    for name, detail in details[outcome]:
        operation, _, dtype = re.sub(r"\[[\d, ]*\]$", "", name).rpartition(", ")
        groups[operation if outcome == "refused" else f"{operation} ({dtype})"] += 1
    if groups:
        print(f"{outcome}: " + "; ".join(sorted(groups)))
if len(sys.argv) > 2:
    pathlib.Path(sys.argv[2]).write_text("".join(f"{outcome}\t{name}\t{detail}\n" for outcome, all in details.items() for name, detail in all))
sys.exit(1 if worst else 0)
