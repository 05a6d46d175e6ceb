"""DEXML's losses in PyTorch as they are published: on the whole matrix of similarities, forward and backward from embeddings.

    losses_peer.py BATCH LABELS WIDTH --threads N

Decoupled softmax has one drawn positive of five in each row, topk three; the four or two others take no part. The threshold of topk is found by 32 bisections.
"""
import sys

import torch

import about
from protocol import serve, threads

batch, labels, width = (int(argument) for argument in sys.argv[1:4])
torch.set_num_threads(threads())
torch.manual_seed(1)
temperature, k, alpha = 0.05, 5, 2.0


def unit(rows):
    return torch.nn.functional.normalize(torch.randn(rows, width), dim=1).requires_grad_()


x, y = unit(batch), unit(labels)
positives = torch.randint(labels, (batch, 5))


class SoftTopK(torch.autograd.Function):
    """log σ(α (s + t)) with Σ σ(α (s + t)) = k in each row."""

    @staticmethod
    def forward(context, s):
        low = -s.max(1, keepdim=True).values - 10 / alpha
        high = -s.min(1, keepdim=True).values + 10 / alpha
        for _ in range(32):
            middle = (low + high) / 2
            below = torch.sigmoid(alpha * (s + middle)).sum(1, keepdim=True) < k
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        z = alpha * (s + (low + high) / 2)
        context.save_for_backward(torch.sigmoid(z))
        return torch.nn.functional.logsigmoid(z)

    @staticmethod
    def backward(context, gradient):
        (p,) = context.saved_tensors
        v = alpha * p * (1 - p)
        u = gradient * alpha * (1 - p)
        return u - v * u.sum(1, keepdim=True) / v.sum(1, keepdim=True)


def decoupled():
    s = x @ y.T / temperature
    others = s.scatter(1, positives, -torch.inf).logsumexp(1)
    drawn = s.gather(1, positives[:, :1]).squeeze(1)
    return -(drawn - torch.logaddexp(drawn, others)).mean()


def topk():
    s = x @ y.T / temperature
    s = s.scatter(1, positives[:, 3:], -100.0)
    return -SoftTopK.apply(s).gather(1, positives[:, :3]).mean(1).mean()


def step(loss):
    def call():
        x.grad = y.grad = None
        loss().backward()

    return lambda: call


serve({"decoupled": step(decoupled), "topk": step(topk)}, about.torch())
