"""Writes a small ranking problem and its metrics, computed by plain loops in float64.

    python Tests/Fixtures/make_metrics.py        needs numpy, scipy
"""

import json
import math
import pathlib

import numpy as np
import scipy.sparse as sp

here = pathlib.Path(__file__).parent / "metrics"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(11)
documents, labels, training = 60, 150, 400

truth = (rng.random((documents, labels)) < 0.02).astype("f4")
truth[rng.integers(0, documents, 4)] = 0  # without labels
truth[5, :40] = 1  # more labels than any cut but one
frequencies = rng.geometric(0.03, labels) - 1  # some labels unseen

# Rankings of 0 to 120 labels; few distinct scores, so many ties; a third of the rows unsorted.
indptr, indices, data = [0], [], []
for i in range(documents):
    n = int(rng.choice([0, 2, 4, 30, 120], p=[0.05, 0.05, 0.1, 0.4, 0.4]))
    chosen = list(rng.permutation(labels)[:n])
    true = np.flatnonzero(truth[i])
    scores = rng.integers(0, 12, n) / 4 + np.isin(chosen, true) * 1.5
    if i % 3:
        order = np.argsort(-scores, kind="stable")
        chosen, scores = [chosen[j] for j in order], scores[order]
    indices += chosen
    data += list(scores)
    indptr.append(len(indices))
predictions = sp.csr_matrix((documents, labels), dtype="f4")
predictions.data = np.array(data, "f4")
predictions.indices = np.array(indices, "i4")
predictions.indptr = np.array(indptr, "i4")
sp.save_npz(here / "predictions.npz", predictions)
sp.save_npz(here / "truth.npz", sp.csr_matrix(truth))

pairs = []
for i in range(documents):
    row = indices[indptr[i] : indptr[i + 1]]
    if len(row) > 3:
        pairs += [(i, int(j)) for j in rng.choice(row, 3, replace=False)]
pairs += pairs[:5]
(here / "filter_labels_test.txt").write_text("".join(f"{i} {j}\n" for i, j in pairs))


def evaluate(name, top_k, dropped):
    lower = name.lower()
    if "amazon" in lower:
        a, b = 0.6, 2.6
    elif "wiki" in lower and "wikiseealso" not in lower:
        a, b = 0.5, 0.4
    else:
        a, b = 0.55, 1.5
    c = (math.log(training) - 1) * (b + 1) ** a
    weight = [1 + c * (float(n) + b) ** -a for n in frequencies]
    scored = [i for i in range(documents) if truth[i].any()]
    rows, positives = {}, {}
    for i in scored:
        row = [(-data[e], e - indptr[i], indices[e]) for e in range(indptr[i], indptr[i + 1]) if (i, indices[e]) not in dropped]
        rows[i] = [label for _, _, label in sorted(row)]
        positives[i] = set(np.flatnonzero(truth[i]).tolist())

    def hits(i, k):
        return [j for j in rows[i][:k] if j in positives[i]]

    result = {}
    for k in [1, 3, 5]:
        result[f"P@{k}"] = np.mean([len(hits(i, k)) / k for i in scored])
    for k in [1, 3, 5]:
        values = []
        for i in scored:
            gain = sum(1 / math.log2(1 + r) for r, j in enumerate(rows[i][:k], 1) if j in positives[i])
            values.append(gain / sum(1 / math.log2(1 + r) for r in range(1, min(k, len(positives[i])) + 1)))
        result[f"nDCG@{k}"] = np.mean(values)
    result["MRR@10"] = np.mean([next((1 / r for r, j in enumerate(rows[i][:10], 1) if j in positives[i]), 0) for i in scored])
    for k in [1, 3, 5]:
        found = np.mean([sum(weight[j] for j in hits(i, k)) / k for i in scored])
        best = np.mean([sum(sorted((weight[j] for j in positives[i]), reverse=True)[:k]) / k for i in scored])
        result[f"PSP@{k}"] = found / best
    for k in [10, 50, 100]:
        if k <= top_k:
            result[f"R@{k}"] = np.mean([len(hits(i, k)) / len(positives[i]) for i in scored])
    return {
        "dataset": name, "topK": top_k, "filtered": bool(dropped), "scored": len(scored),
        "names": list(result), "values": [float(np.round(100 * v, 2)) for v in result.values()],
    }


cases = [
    evaluate(name, top_k, dropped)
    for name in ["EURLex-4K", "LF-AmazonTitles-131K", "LF-Wikipedia-500K", "LF-WikiSeeAlso-320K"]
    for top_k in [100, 50, 10, 5]
    for dropped in [set(), set(pairs)]
]
(here / "expected.json").write_text(
    json.dumps({"frequencies": frequencies.tolist(), "training": training, "cases": cases}, separators=(",", ":")) + "\n")
