"""Embeddings of the first texts of a file, tokenizing included: sentence-transformers, or ONNX Runtime on the model that PyTorch exports.

    embed_peer.py sentence-transformers|onnxruntime MODEL_FOLDER TEXT_FILE TEXTS MAX_LENGTH --threads N [--results FOLDER]

A row ends with the size of its batches; both sort the texts by length.
"""
import itertools
import os
import sys
import tempfile

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

import about
from protocol import serve, threads

library, folder, file, count, length = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads())
model = SentenceTransformer(folder, device="cpu")
model.max_seq_length = length
with open(file, encoding="utf8", newline="\n") as lines:
    texts = [line.removesuffix("\n").removesuffix("\r") for line in itertools.islice(lines, count)]


def sentence_transformers(size):
    return lambda: lambda: model.encode(texts, batch_size=size, show_progress_bar=False)


class Whole(torch.nn.Module):
    """The whole model, poolings included, of tensors."""

    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        return self.model({"input_ids": ids, "attention_mask": mask})["sentence_embedding"]


def session():
    import onnxruntime

    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "model.onnx")
        ids = torch.ones(2, 16, dtype=torch.int64)
        axes = {name: {0: "texts", 1: "tokens"} for name in ("ids", "mask")} | {"embeddings": {0: "texts"}}
        with torch.no_grad():
            torch.onnx.export(
                Whole().eval(), (ids, ids), path, input_names=["ids", "mask"], output_names=["embeddings"], dynamic_axes=axes, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def onnx(size):
    def prepare():
        run = session()
        tokenizer = model.tokenizer.backend_tokenizer
        tokenizer.enable_truncation(length)
        tokenizer.no_padding()

        def call():
            ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
            order = np.argsort([-len(i) for i in ids], kind="stable")
            embeddings = None
            for start in range(0, len(order), size):
                places = order[start : start + size]
                longest = len(ids[places[0]])
                batch = np.zeros((len(places), longest), dtype=np.int64)
                mask = np.zeros_like(batch)
                for row, place in enumerate(places):
                    batch[row, : len(ids[place])] = ids[place]
                    mask[row, : len(ids[place])] = 1
                (found,) = run.run(None, {"ids": batch, "mask": mask})
                if embeddings is None:
                    embeddings = np.empty((len(ids), found.shape[1]), dtype=np.float32)
                embeddings[places] = found
            return embeddings

        return call

    return prepare


if library == "onnxruntime":
    serve({f"{library}-{size}": onnx(size) for size in (32,)}, about.onnxruntime())
else:
    serve({f"{library}-{size}": sentence_transformers(size) for size in (32, 128)}, about.sentence_transformers())
