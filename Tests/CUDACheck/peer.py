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
del rows, x, half


class Block(torch.nn.Module):
    """A block of BERT-base: post-norm, exact GELU, dropout of 0.1 everywhere."""

    def __init__(self, width=768, inner=3072, heads=12):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (torch.nn.Linear(width, width) for _ in range(4))
        self.first, self.second = torch.nn.Linear(width, inner), torch.nn.Linear(inner, width)
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(width, eps=1e-12) for _ in range(2))
        self.dropout = torch.nn.Dropout(0.1)

    def forward(self, x, mask):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        attended = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=0.1)
        x = self.norms[0](x + self.dropout(self.out(attended.transpose(1, 2).flatten(2))))
        inner = torch.nn.functional.gelu(self.first(x))
        return self.norms[1](x + self.dropout(self.second(inner)))


class Encoder(torch.nn.Module):
    """BERT-base over padded tokens."""

    def __init__(self, width=768):
        super().__init__()
        self.words, self.positions, self.types = (torch.nn.Embedding(n, width) for n in (30522, 512, 2))
        self.norm, self.dropout = torch.nn.LayerNorm(width, eps=1e-12), torch.nn.Dropout(0.1)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(12))

    def forward(self, ids, mask):
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.dropout(self.norm(self.words(ids) + self.positions(places) + self.types.weight[0]))
        for block in self.blocks:
            x = block(x, mask)
        return x


def step(lengths, compiles):
    """Forward, backward and AdamW in bfloat16 with float32 parameters; padded to the longest where lengths differ."""
    longest = max(lengths)
    ids = torch.zeros(len(lengths), longest, dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.arange(length) * 7 % 30521 + 1
    ids = ids.cuda()
    present = ids != 0
    mask = None if min(lengths) == longest else present[:, None, None, :]
    weights = torch.randn(*ids.shape, 768, device="cuda") * present[..., None]
    model = Encoder().cuda().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    forward = torch.compile(model) if compiles else model

    def run():
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = (forward(ids, mask) * weights).sum() / (sum(lengths) * 768)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return run


# The same lengths as in ModelRows.swift.
packed = [16 + i * 37 % 113 for i in range(256)]
print(f"BERT-base training step, bfloat16, packed lengths\t{milliseconds(step(packed, False)):.5f}", flush=True)
print(f"BERT-base training step, bfloat16, full lengths\t{milliseconds(step([128] * 256, True)):.5f}", flush=True)
