"""Whether an exported model folder gives the same embeddings in sentence-transformers and in Hugging Face transformers as in `dexml embed`.

    dexml embed --model DIR --input texts.txt --output ours.npy
    python export.py DIR texts.txt ours.npy

Needs numpy, torch, transformers and sentence-transformers. Prints the largest difference of an element of the embeddings; fails above 1e-5. What transformers
leaves to its caller is done here for the poolings cls and mean, and one linear layer behind them.
"""

import json
import pathlib
import sys

import numpy as np
import torch


def with_sentence_transformers(folder, texts):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu").encode(texts)


def with_transformers(folder, texts):
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    usage = json.loads((folder / "dexml.json").read_text())
    if usage["pooling"] not in ("cls", "mean") or usage.get("layers", []) not in ([], ["2_Dense"]):
        return None
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(texts, padding=True, truncation=True, max_length=usage["max_length"], return_tensors="pt")
    with torch.no_grad():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    pooled = states[:, 0] if usage["pooling"] == "cls" else (states * mask).sum(1) / mask.sum(1)
    dense = folder / "2_Dense" / "model.safetensors"
    if dense.exists():
        weights = load_file(dense)
        pooled = pooled @ weights["linear.weight"].T + weights.get("linear.bias", torch.zeros(()))
        activation = json.loads((dense.parent / "config.json").read_text())["activation_function"]
        pooled = getattr(torch.nn, activation.split(".")[-1])()(pooled)
    return (torch.nn.functional.normalize(pooled) if usage["normalize"] else pooled).numpy()


def main():
    folder, texts, ours = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text().splitlines(), np.load(sys.argv[3])
    failed = False
    for name, embed in [("sentence-transformers", with_sentence_transformers), ("transformers", with_transformers)]:
        theirs = embed(folder, texts)
        if theirs is None:
            print(f"{name}: not compared")
            continue
        difference = float(np.abs(theirs - ours).max())
        print(f"{name}: {theirs.shape[0]} texts, width {theirs.shape[1]}, largest difference {difference:.2e}")
        failed |= theirs.shape != ours.shape or difference > 1e-5
    sys.exit(failed)


if __name__ == "__main__":
    main()
