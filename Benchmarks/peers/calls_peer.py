"""Small eager calls in PyTorch: an answer is the time of a thousand of them."""
import torch

import about
from protocol import serve, threads

torch.set_num_threads(threads())
torch.manual_seed(0)


def thousand(call):
    def calls():
        for _ in range(1000):
            call()
    return calls


def forward(f, *shapes):
    """f of tensors of these shapes, without gradients."""
    def prepare():
        x = [torch.randn(*shape) for shape in shapes]

        def call():
            with torch.no_grad():
                f(*x)
        return thousand(call)
    return prepare


def network():
    """The gradient of a network of two layers by all its parameters."""
    x = torch.randn(16, 16)
    parameters = [torch.randn(*shape, requires_grad=True) for shape in [(16, 16), (16,), (16, 16), (16,)]]
    w1, b1, w2, b2 = parameters

    def call():
        for p in parameters:
            p.grad = None
        (torch.relu(x @ w1 + b1) @ w2 + b2).square().sum().backward()
    return thousand(call)


serve({
    "add-16": forward(torch.add, (16,), (16,)),
    "matmul-16": forward(torch.matmul, (16, 16), (16, 16)),
    "softmax-16": forward(lambda x: x.softmax(-1), (16,)),
    "exp-16": forward(torch.exp, (16,)),
    "sum-16": forward(lambda x: x.sum(0), (16, 16)),
    "concatenate-16": forward(lambda *x: torch.cat(x), (16,), (16,)),
    "slice-16": forward(lambda x: x[1:5], (16, 16)),
    "reshape-16": forward(lambda x: x.reshape(4, 64), (16, 16)),
    "network-gradient-16": network,
}, about.torch())
