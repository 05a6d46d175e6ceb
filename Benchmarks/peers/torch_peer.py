"""The rows in PyTorch: `eager`, `compile` (torch.compile), or `into` memory that is there (out=, in place, fused)."""
import sys

import torch
import torch.nn.functional as F

import about
from level import compile_for_level
from products import product_rows
from protocol import serve, threads
from torch_rows import single_rows

torch.set_num_threads(threads())
torch.manual_seed(0)
mode = sys.argv[-1]
normal = torch.randn
if mode == "compile":
    compile_for_level()


def forward(f, *inputs):
    """One call of f, compiled where that is the mode, without gradients."""
    def prepare():
        x = [make() for make in inputs]
        g = torch.compile(f, dynamic=False) if mode == "compile" else f

        def call():
            with torch.no_grad():
                return g(*x)
        return call
    return prepare


def gradient(f, *inputs, wanted=1):
    """f and the gradients of its first `wanted` inputs; the last input is the cotangent of the result."""
    def prepare():
        x = [make() for make in inputs]
        *x, cotangent = x
        for t in x[:wanted]:
            t.requires_grad_()
        g = torch.compile(f, dynamic=False) if mode == "compile" else f

        def call():
            for t in x[:wanted]:
                t.grad = None
            g(*x).backward(cotangent)
        return call
    return prepare


def into(f, shape, *inputs):
    """f(out, *inputs)."""
    def prepare():
        out = torch.zeros(shape)
        x = [make() for make in inputs]

        def call():
            with torch.no_grad():
                f(out, *x)
        return call
    return prepare


def into_product(product, left, right):
    f = product(torch.matmul)
    shape = f(torch.empty(left, device="meta"), torch.empty(right, device="meta")).shape
    return into(lambda out, x, y: f(x, y, out=out), shape, of(*left), of(*right))


def adamw(**options):
    def prepare():
        p = torch.nn.Parameter(normal(30_000_000))
        p.grad = normal(30_000_000)
        optimizer = torch.optim.AdamW([p], lr=1e-3, **options)
        return torch.compile(optimizer.step) if mode == "compile" else optimizer.step
    return prepare


def of(*shape):
    return lambda: normal(*shape)


def complex_of(*shape):
    return lambda: torch.complex(normal(*shape), normal(*shape))


def positive_definite():
    x = normal(1024, 1024)
    return x @ x.T / 1024 + torch.eye(1024)


def convolution(outputs=64, kernel=3, stride=1, groups=1):
    side = 56 // stride
    f = lambda x, w: F.conv2d(x, w, stride=stride, padding=kernel // 2, groups=groups)
    return gradient(f, of(16, 64, 56, 56), of(outputs, 64 // groups, kernel, kernel), of(16, outputs, side, side), wanted=2)


big = of(4096, 4096)
wide = of(4096, 3072)
hidden = of(4096, 768)
table = of(30522, 768)
scores = of(512, 131072)
tokens = lambda: torch.randint(30522, (16384,))
classes = lambda: torch.randint(30522, (2048,))
softmax = lambda x: x.softmax(-1)
layer_norm = lambda x, gain, bias: F.layer_norm(x, (768,), gain, bias)
heads = of(32, 12, 128, 64)
long = of(4, 12, 512, 64)
causal = lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)
scatter_add = lambda x, i: torch.zeros(30522, 768).index_add(0, i, x)

rows = product_rows(lambda product, left, right: forward(product(torch.matmul), of(*left), of(*right))) | {
    "convolution-3x3-gradient": convolution(),
    "convolution-1x1-gradient": convolution(kernel=1),
    "convolution-strided-gradient": convolution(outputs=128, stride=2),
    "convolution-depthwise-gradient": convolution(groups=64),
    "attention-128": forward(F.scaled_dot_product_attention, heads, heads, heads),
    "attention-128-gradient": gradient(F.scaled_dot_product_attention, heads, heads, heads, heads, wanted=3),
    "attention-causal-gradient": gradient(causal, long, long, long, long, wanted=3),
    "add": forward(torch.add, big, big),
    "chain": forward(lambda x, y, z: torch.tanh(x * y + z), big, big, big),
    "exp": forward(torch.exp, big),
    "gelu": forward(F.gelu, wide),
    "gelu-gradient": gradient(F.gelu, wide, wide),
    "softmax-4096": forward(softmax, big),
    "softmax-4096-gradient": gradient(softmax, big, big),
    "softmax-128": forward(softmax, of(1536, 128, 128)),
    "softmax-128-gradient": gradient(softmax, of(1536, 128, 128), of(1536, 128, 128)),
    "layer-norm": forward(layer_norm, hidden, of(768), of(768)),
    "layer-norm-gradient": gradient(layer_norm, hidden, of(768), of(768), hidden, wanted=3),
    "sum-first": forward(lambda x: x.sum(0), big),
    "sum-last": forward(lambda x: x.sum(-1), big),
    "cumulative-sum": forward(lambda x: x.cumsum(-1), big),
    "transposed-add": forward(lambda x, y: x.t() + y, big, big),
    "gather": forward(lambda x, i: x[i], table, tokens),
    "scatter-add": forward(scatter_add, of(16384, 768), tokens),
    "cross-entropy-gradient": gradient(F.cross_entropy, of(2048, 30522), classes, lambda: torch.ones(())),
    "top-100": forward(lambda x: x.topk(100), scores),
    "arg-max": forward(lambda x: x.argmax(-1), scores),
    "adamw": adamw(),
    "cholesky": forward(torch.linalg.cholesky, positive_definite),
    "solve": forward(torch.linalg.solve, positive_definite, of(1024, 64)),
    "fft-1024": forward(torch.fft.fft, complex_of(64, 1024)),
    "fft-4096": forward(torch.fft.fft, complex_of(16, 4096)),
    "fft-1048576": forward(torch.fft.fft, complex_of(1, 1 << 20)),
    "fft2-256": forward(torch.fft.fft2, complex_of(8, 256, 256)),
    "rfft-1024": forward(torch.fft.rfft, of(64, 1024)),
}
if mode == "eager":
    # One call of the library each, or what it has of its own: there is nothing to compile, and each would be compiled for seconds.
    rows |= single_rows(forward, gradient)
if mode == "compile":
    # Nothing to compile there: the same library calls as in eager mode.
    for name in [n for n in rows if n.startswith(("product", "convolution", "fft", "rfft"))] + ["cholesky", "solve", "top-100"]:
        del rows[name]
if mode == "into":
    rows = product_rows(into_product) | {
        "add": into(lambda out, x, y: torch.add(x, y, out=out), (4096, 4096), big, big),
        "add-in-place": into(lambda out, y: out.add_(y), (4096, 4096), big),
        "chain": into(lambda out, x, y, z: torch.addcmul(z, x, y, out=out).tanh_(), (4096, 4096), big, big, big),
        "exp": into(lambda out, x: torch.exp(x, out=out), (4096, 4096), big),
        "gelu": into(lambda out, x: torch._C._nn.gelu(x, out=out), (4096, 3072), wide),
        "softmax-4096": into(lambda out, x: torch.softmax(x, -1, out=out), (4096, 4096), big),
        "softmax-128": into(lambda out, x: torch.softmax(x, -1, out=out), (1536, 128, 128), of(1536, 128, 128)),
        "cumulative-sum": into(lambda out, x: torch.cumsum(x, -1, out=out), (4096, 4096), big),
        "transposed-add": into(lambda out, x, y: torch.add(x.t(), y, out=out), (4096, 4096), big, big),
        "gather": into(lambda out, x, i: torch.index_select(x, 0, i, out=out), (16384, 768), table, tokens),
        "scatter-add": into(lambda out, x, i: out.zero_().index_add_(0, i, x), (30522, 768), of(16384, 768), tokens),
        "adamw": adamw(fused=True),
    }

serve(rows, about.torch())
