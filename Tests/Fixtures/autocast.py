"""A small network under PyTorch's autocast in bfloat16 on the CPU: the dtypes of what it computes, its loss, and the gradients of its float32 parameters.

    python Tests/Fixtures/autocast.py        needs torch; writes autocast.json
"""

import json
import pathlib

import torch

here = pathlib.Path(__file__).parent
torch.manual_seed(11)
x = torch.randn(6, 8)
classes = torch.tensor([0, 3, 1, 2, 3, 0])
first, second, norm, head = torch.nn.Linear(8, 16), torch.nn.Linear(16, 8), torch.nn.LayerNorm(8, eps=1e-12), torch.nn.Linear(8, 4)
with torch.autocast("cpu", dtype=torch.bfloat16):
    inner = first(x)
    outer = second(torch.nn.functional.gelu(inner))
    hidden = norm(x + outer)
    logits = head(hidden)
    loss = torch.nn.functional.cross_entropy(logits, classes)
loss.backward()
parameters = {
    f"{name}.{part}": parameter
    for name, layer in [("first", first), ("second", second), ("norm", norm), ("head", head)]
    for part, parameter in layer.named_parameters()
}
golden = {
    "x": x.flatten().tolist(), "classes": classes.tolist(), "loss": loss.item(),
    "dtypes": {name: str(value.dtype).removeprefix("torch.") for name, value in
               [("inner", inner), ("outer", outer), ("sum", x + outer), ("logits", logits), ("loss", loss)]},
    "parameters": {name: p.flatten().tolist() for name, p in parameters.items()},
    "gradients": {name: p.grad.flatten().tolist() for name, p in parameters.items()},
    "gradientDtypes": sorted({str(p.grad.dtype).removeprefix("torch.") for p in parameters.values()}),
}
(here / "autocast.json").write_text(json.dumps(golden))
