"""Writes the four losses and their gradients, from the published formulas in PyTorch float64.

    python Tests/Fixtures/losses_golden.py        needs numpy, torch

losses/golden.npz holds the inputs ("<set>/documents", …), what is drawn ("draw<n>/…": positions in each document's row of positives) and the results
("<case>/loss", "<case>/documents", "<case>/labels": the gradients); losses/cases.json says what the cases are.
"""

import json
import pathlib

import numpy as np
import torch

here = pathlib.Path(__file__).parent / "losses"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(5)
B, L, D = 10, 48, 12
nobody = 7
arrays, cases = {}, []


class Threshold(torch.autograd.Function):
    """t with sum(sigmoid(alpha (s + t))) = k over the labels that take part, by bisection; backward by the implicit function theorem."""

    @staticmethod
    def forward(ctx, s, out, k, alpha):
        low = torch.full_like(k, -1e4)
        high = torch.full_like(k, 1e4)
        for _ in range(200):
            t = (low + high) / 2
            p = torch.sigmoid(alpha * (s + t)).masked_fill(out, 0)
            above = p.sum(1, keepdim=True) > k
            high = torch.where(above, t, high)
            low = torch.where(above, low, t)
        ctx.save_for_backward(s, out, t)
        ctx.alpha = alpha
        return t

    @staticmethod
    def backward(ctx, cotangent):
        s, out, t = ctx.saved_tensors
        z = ctx.alpha * (s + t)
        v = (torch.sigmoid(z) * torch.sigmoid(-z)).masked_fill(out, 0)
        return -cotangent * v / v.sum(1, keepdim=True), None, None, None


def loss(s, relevance, drawn, case):
    positive = relevance > 0
    weight = relevance if case["weighted"] else torch.ones_like(relevance)
    count = drawn.sum(1, keepdim=True).clamp(min=1)
    if case["criterion"] == "softmax":
        total = -(weight * torch.log_softmax(s, 1))[drawn].sum()
    elif case["criterion"] == "decoupled-softmax":
        negatives = s.masked_fill(positive, -torch.inf).logsumexp(1, keepdim=True)
        terms = s - torch.logaddexp(s, negatives)
        total = -(weight * terms / count)[drawn].sum()
    elif case["criterion"] == "topk":
        k = positive.sum(1, keepdim=True).clamp(min=1) if case["k"] == "num_pos" else torch.full((B, 1), case["k"])
        t = Threshold.apply(s, positive & ~drawn, k.double(), case["alpha"])
        terms = torch.nn.functional.logsigmoid(case["alpha"] * (s + t))
        total = -(weight * terms / count)[drawn].sum()
    else:
        # Not softplus, which torch rounds to s from 20 on.
        total = torch.logaddexp(torch.zeros_like(s), s).sum() - (weight * s)[drawn].sum()
        return total / (B * L) if case["reduction"] == "mean" else total
    return total / B if case["reduction"] == "mean" else total


# Documents with 1 to 15 positives, one without; label 7 is nobody's, the last one somebody's.
sizes = [1, 2, 15, 3, 0, 5, 8, 1, 4, 12]
free = [l for l in range(L) if l != nobody]
rows = [sorted(rng.choice(free, n, replace=False).tolist()) for n in sizes]
rows[3] = sorted(set(rows[3][:2]) | {L - 1})
offsets = np.cumsum([0] + [len(r) for r in rows])
indices = np.array(sum(rows, []), "i4")
values = rng.choice([0.5, 1, 1.5, 2, 3], len(indices)).astype("f4")
arrays |= {"indptr": offsets.astype("i8"), "indices": indices, "data": values}
relevance = torch.zeros(B, L, dtype=torch.float64)
for i, row in enumerate(rows):
    relevance[i, row] = torch.from_numpy(values[offsets[i] : offsets[i + 1]]).double()


def embeddings(rows, spread):
    x = rng.normal(size=(rows, D)) * spread
    return x.astype("f4")


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype("f4")


sets = {"unit": (unit(embeddings(B, 1)), unit(embeddings(L, 1)))}
x, y = embeddings(B, 1).astype("f8"), embeddings(L, 1).astype("f8")
scale = (80 / abs(x @ y.T).max()) ** 0.5
sets["large"] = ((x * scale).astype("f4"), (y * scale).astype("f4"))
for name, (documents, labels) in sets.items():
    arrays |= {f"{name}/documents": documents, f"{name}/labels": labels}

draws = {}
for n in [1, 5]:
    draws[n] = [sorted(rng.choice(len(r), min(n, len(r)), replace=False).tolist()) for r in rows]
    arrays[f"draw{n}/positions"] = np.array(sum(draws[n], []), "i4")
    arrays[f"draw{n}/indptr"] = np.cumsum([0] + [len(r) for r in draws[n]]).astype("i8")


def add(criterion, inputs="unit", tau=0.05, draw=0, weighted=False, reduction="mean", k=5, alpha=2.0):
    case = {
        "name": f"{len(cases):02}", "criterion": criterion, "inputs": inputs, "tau": tau, "draw": draw, "weighted": weighted,
        "reduction": reduction, "k": k, "alpha": alpha,
    }
    documents, labels = (torch.from_numpy(a).double().requires_grad_() for a in sets[inputs])
    drawn = torch.zeros(B, L, dtype=torch.bool)
    for i, row in enumerate(rows):
        drawn[i, [row[p] for p in draws[draw][i]] if draw else row] = True
    value = loss(documents @ labels.T / tau, relevance, drawn, case)
    value.backward()
    name = case["name"]
    arrays[f"{name}/loss"] = np.array([value.item()])
    arrays[f"{name}/documents"], arrays[f"{name}/labels"] = documents.grad.numpy(), labels.grad.numpy()
    case["k"] = 0 if k == "num_pos" else k
    cases.append(case)


for criterion in ["softmax", "decoupled-softmax", "topk", "bce"]:
    n = 5 if criterion == "topk" else 1
    add(criterion)
    add(criterion, draw=n)
    add(criterion, draw=n, weighted=True)
    add(criterion, weighted=True, reduction="sum")
    add(criterion, inputs="large", tau=1)
    add(criterion, inputs="large", tau=1, draw=n)
for inputs, tau in [("unit", 0.05), ("large", 1)]:
    add("topk", inputs=inputs, tau=tau, k="num_pos")
    add("topk", inputs=inputs, tau=tau, k="num_pos", draw=5)
add("topk", k=1, alpha=1.0)
add("topk", k=20, alpha=10.0)

np.savez_compressed(here / "golden.npz", **arrays)
(here / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
