"""The best inner products of documents with labels, exactly: faiss's IndexFlatIP, or PyTorch's product and topk.

    search_peer.py faiss|torch FOLDER WIDTH COUNT --threads N [--results FOLDER]

FOLDER has the float32 rows `documents` and `labels`. A result is the scores.
"""
import sys

import numpy as np

import about
from protocol import serve, threads

library, folder, width, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
documents, labels = (np.fromfile(f"{folder}/{name}", dtype=np.float32).reshape(-1, width) for name in ("documents", "labels"))


def faiss_search():
    import faiss

    faiss.omp_set_num_threads(threads())
    index = faiss.IndexFlatIP(width)
    index.add(labels)
    return lambda: index.search(documents, count)[0]


def torch_search():
    import torch

    torch.set_num_threads(threads())
    x, y = torch.from_numpy(documents), torch.from_numpy(labels)

    def call():
        with torch.no_grad():
            return (x @ y.T).topk(count).values

    return call


serve({"faiss": faiss_search} if library == "faiss" else {"torch": torch_search}, getattr(about, library)())
