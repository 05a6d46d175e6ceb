"""What PyTorch finds for a classifier over the tiny BERT of encoder.py: losses, and gradients of weights, biases and encoder.

    python Tests/Fixtures/classifier.py        needs torch, transformers; writes classifier.json
"""

import json
import pathlib

import torch
from transformers import BertModel

here = pathlib.Path(__file__).parent
torch.manual_seed(3)
documents = [[2, 5, 6, 7, 3], [2, 11, 12, 3], [2, 9, 3], [2, 5, 11, 16, 17, 3]]
positives = [[0, 4], [2], [3, 5, 6], [6]]
labels, tau = 7, 0.2
longest = max(map(len, documents))
ids = torch.tensor([d + [0] * (longest - len(d)) for d in documents])
mask = (ids != 0).long()
net = BertModel.from_pretrained(here / "encoder" / "bert").eval().double()
# As float32 holds them.
weight = torch.randn(labels, net.config.hidden_size).div(4).float().double().requires_grad_()
bias = torch.randn(labels).div(4).float().double().requires_grad_()
positive = torch.zeros(labels, dtype=torch.bool).repeat(len(documents), 1)
for row, chosen in enumerate(positives):
    positive[row, chosen] = True


def criterion(name, s):
    counts = positive.sum(1, keepdim=True)
    if name == "softmax":
        return -torch.log_softmax(s, 1)[positive].sum() / len(documents)
    if name == "decoupled-softmax":
        negatives = s.masked_fill(positive, -torch.inf).logsumexp(1, keepdim=True)
        return -((s - torch.logaddexp(s, negatives)) / counts)[positive].sum() / len(documents)
    return torch.nn.functional.binary_cross_entropy_with_logits(s, positive.double())


cases = {}
for name in ["softmax", "decoupled-softmax", "bce"]:
    for normalizes in [True, False]:
        states = net(input_ids=ids, attention_mask=mask).last_hidden_state
        x = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        if normalizes:
            x = torch.nn.functional.normalize(x)
        value = criterion(name, (x @ weight.T + bias) / tau)
        words = net.embeddings.word_embeddings.weight
        gradients = torch.autograd.grad(value, [weight, bias, words])
        cases[f"{name} {'normalized' if normalizes else 'plain'}"] = {
            "loss": value.item(), **{key: g.flatten().tolist() for key, g in zip(["weight", "bias", "words"], gradients)},
        }
golden = {"documents": documents, "positives": positives, "labels": labels, "tau": tau, "weight": weight.flatten().tolist(),
          "bias": bias.tolist(), "cases": cases}
(here / "classifier.json").write_text(json.dumps(golden))
