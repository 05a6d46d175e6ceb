"""Model folders that sentence-transformers has saved, what it computes with them, and files that torch.save has written.

    python model_folders.py     writes folders/: bert.safetensors and distilbert.safetensors, the encoders that all folders share; folders.json, the other files of each
                                folder (text, or base64 behind a colon); golden.safetensors, its embeddings; torch/, the files of torch.save

The variants are those of Examples/dexml/check/folders.py, which compares all of them with the built trainer.
"""
import base64
import collections
import json
import pathlib
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "Examples" / "dexml" / "check"))
import folders  # noqa: E402

out = here / "folders"
SHARED = ["model.safetensors", "tokenizer.json", "README.md"]
LEFT_OUT = ["shards", "float16", "folder of its own", "converted", "pytorch_model.bin", "an encoder alone", "model_type", "tokenizer.json of kind", "do_lower_case"]


def content(path):
    data = path.read_bytes()
    try:
        return json.dumps(json.loads(data), separators=(",", ":"), ensure_ascii=False) if path.suffix == ".json" else ":" + base64.b64encode(data).decode()
    except ValueError:
        return ":" + base64.b64encode(data).decode()


def save_folders():
    (out / "torch").mkdir(parents=True, exist_ok=True)
    listed, golden = [], {}
    for variant in folders.variants():
        if any(word in variant.name for word in LEFT_OUT) and variant.name != "Dense in pytorch_model.bin" or not variant.lowercase or variant.config:
            continue
        with tempfile.TemporaryDirectory() as home:
            model = pathlib.Path(home) / "model"
            variant.save(model)
            files = {str(path.relative_to(model)): content(path) for path in sorted(model.rglob("*")) if path.is_file() and str(path.relative_to(model)) not in SHARED}
            # A tokenizer.json of its own is text that only some have.
            plain = (model / "tokenizer.json").read_text()
            if '"truncation": null' not in plain and "truncat" in variant.name:
                files["tokenizer.json"] = plain
            else:
                (out / "tokenizer.json").write_text(plain)
            (out / f"{variant.kind}.safetensors").write_bytes((model / "model.safetensors").read_bytes())
            if variant.refused:
                files = {path: text for path, text in files.items() if not text.startswith(":")}
            listed.append({"name": variant.name, "encoder": variant.kind, "prompt": {"encode": None, "encode_query": "query", "encode_document": "document",
                          "name": (variant.use[1] or [None])[0]}[variant.use[0]], "refused": variant.refused, "files": files})
            if variant.refused is None:
                golden[variant.name] = variant.expected(model).astype(np.float32)
    write(listed)
    save_file(golden, out / "golden.safetensors")


def write(listed):
    """The list; of each folder only the files that differ from those of the encoder's plain one, null for one that is not there."""
    plain = {kind: next(entry["files"] for entry in listed if entry["encoder"] == kind) for kind in ["bert", "distilbert"]}
    for entry in listed:
        common = plain[entry["encoder"]]
        if entry["files"] is not common:
            changed = {path: text for path, text in entry["files"].items() if common.get(path) != text}
            entry["files"] = changed | {path: None for path in common if path not in entry["files"]}
    listed = [entry | {"files": {} if entry["files"] is plain[entry["encoder"]] else entry["files"]} for entry in listed]
    (out / "folders.json").write_text(json.dumps({"texts": folders.TEXTS, "plain": plain, "folders": listed}, indent=0, ensure_ascii=False) + "\n")


class Runs:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return print, ("run",)


def save_torch():
    torch.manual_seed(1)
    base = torch.randn(4, 6)
    state = collections.OrderedDict(
        float=base, transposed=base.T, part=base[1:3, ::2], half=torch.randn(3).half(), bfloat16=torch.randn(3).bfloat16(), double=torch.randn(2).double(),
        long=torch.tensor([1, -(2**40)]), int=torch.tensor([[3], [-4]], dtype=torch.int32), short=torch.tensor([-5], dtype=torch.int16), byte=torch.tensor([200], dtype=torch.uint8),
        bool=torch.tensor([True, False]), scalar=torch.tensor(7.5), empty=torch.zeros(0, 3), parameter=torch.nn.Parameter(torch.ones(2)))
    torch.save(state, out / "torch" / "tensors.bin")
    (out / "torch" / "tensors.json").write_text(json.dumps({name: {"shape": list(t.shape), "values": t.double().flatten().tolist()} for name, t in state.items()}) + "\n")
    torch.save(torch.nn.Linear(2, 3).state_dict(), out / "torch" / "linear.bin")  # a dictionary with attributes
    torch.save({"a": torch.ones(2)}, out / "torch" / "old.bin", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 3), out / "torch" / "module.bin")
    torch.save({"a": Runs()}, out / "torch" / "runs.bin")
    torch.save({"epoch": 3, "a": torch.ones(2)}, out / "torch" / "checkpoint.bin")
    torch.save({"state_dict": {"a": torch.ones(2)}}, out / "torch" / "nested.bin")
    torch.save({"a": torch.ones(1).expand(1000)}, out / "torch" / "repeated.bin")
    torch.save([torch.ones(2)], out / "torch" / "list.bin")


if __name__ == "__main__":
    save_folders()
    save_torch()
