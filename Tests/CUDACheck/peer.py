"""PyTorch's times for the rows of cuda-check, on the same device: a line of a name and milliseconds each."""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("PyTorch is not installed")
if not torch.cuda.is_available():
    sys.exit("PyTorch finds no device")


def milliseconds(body):
    def run(count):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(count):
            body()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / count

    run(3)
    count = max(1, int(0.05 / run(3)))
    return sorted(run(count) for _ in range(5))[2] * 1e3


torch.manual_seed(1)
x = torch.randn(8192, 4096, device="cuda")
bias = torch.randn(4096, device="cuda")
half = x.bfloat16()
half_bias = bias.bfloat16()
gelu = torch.compile(lambda x, b: torch.nn.functional.gelu(x + b))
rows = {
    "bias and GELU, float32": lambda: gelu(x, bias),
    "bias and GELU, bfloat16": lambda: gelu(half, half_bias),
    "softmax, float32": lambda: torch.softmax(x, -1),
    "softmax, bfloat16": lambda: torch.softmax(half, -1),
    "layer norm, float32": lambda: torch.nn.functional.layer_norm(x, (4096,)),
    "column sums, float32": lambda: x.sum(0),
    "row sums, float32": lambda: x.sum(1),
    "transpose, float32": lambda: x.t().contiguous(),
}
for name, dtype in [("float32", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)]:
    a = torch.randn(4096, 4096, device="cuda").to(dtype)
    b = torch.randn(4096, 4096, device="cuda").to(dtype)
    rows[f"product 4096×4096×4096, {name}"] = lambda a=a, b=b: a @ b
for name, body in rows.items():
    with torch.no_grad():
        print(f"{name}\t{milliseconds(body):.5f}", flush=True)
