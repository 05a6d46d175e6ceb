"""Golden values and gradients of loops and branches, as Python's over tensors of PyTorch: writes control_flow_golden.json beside this file.

Run by hand (needs torch, numpy): python3 control_flow_golden.py.
"""
import torch

from golden import case, real, whole, write


def recurrent(x, h, w, steps):
    outputs = [None] * len(x)
    for i in steps(range(len(x))):
        h = torch.tanh(w * h + x[i])
        outputs[i] = h * x[i]
    return h, torch.stack(outputs)


def nested(x, h):
    outputs = []
    for row in x:
        total, inner = h.sum(), []
        for number in row:
            inner.append(total)
            total = torch.sin(total + number)
        outputs.append(torch.stack(inner))
        h = h * 0.5 + total
    return torch.stack(outputs)


def repeated(x):
    for i in range(4):
        x = x * 0.5 + torch.sin(x * i)
    return x


def counted(x, count, w):
    for _ in range(int(count)):
        x = torch.tanh(x + w * x)
    return x


def decayed(x, h):
    outputs = []
    for row in x:
        h = h * 0 if h.sum() > 100 else h * 0.5 + row
        outputs.append(h)
    return torch.stack(outputs)


def signal(low=-1, high=1):
    return real(3, 4, low=low, high=high), real(4, low=low, high=high)


case("scan", lambda x, h, w: recurrent(x, h, w, list), *signal(), real(4))
case("scan reversed", lambda x, h, w: recurrent(x, h, w, reversed), *signal(), real(4))
case("scan of a scan", nested, *signal())
case("forLoop", repeated, real(3, 4))
case("forLoop of no steps", lambda x: x * 1, real(3, 4))
x, w = signal()
case("whileLoop", counted, x, whole(5, dtype=torch.int32), w)
case("whileLoop", counted, x, whole(0, dtype=torch.int32), w)
for flag in [False, True]:
    case("cond", lambda p, x, w: torch.sin(x) * w if p else x + w, whole(int(flag), dtype=torch.bool), *signal())
case("cond within a scan", decayed, *signal())
case("cond within a scan", decayed, real(3, 4, low=40, high=80), real(4))

write(__file__)
