"""Compares `dexml tokenize` with Hugging Face's ids on text files and on adversarial texts made here.

Run: python compare_tokens.py DEXML MODEL_FOLDER LENGTH [TEXT_FILE ...]
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from tokenizers import Tokenizer

import adversarial_texts


def main():
    dexml, folder, length, files = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), [pathlib.Path(f) for f in sys.argv[4:]]
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pad = reference.token_to_id("[PAD]")
    reference.enable_truncation(length)
    reference.enable_padding(length=length, pad_id=pad)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        made = scratch / "adversarial.txt"
        made.write_bytes("".join(t.replace("\n", " ").rstrip("\r") + "\n" for t in adversarial_texts.texts(20000, 17)).encode())
        total = wrong = 0
        for file in [made, *files]:
            copy = scratch / "texts.txt"
            copy.write_bytes(file.read_bytes())
            subprocess.run([dexml, "tokenize", "--data-path", copy, "--tokenizer", folder, "--tf-max-len", str(length)],
                           check=True, capture_output=True)
            texts = file.read_bytes().decode().removesuffix("\n").split("\n")
            texts = [t.removesuffix("\r") for t in texts]
            made_ids = np.fromfile(scratch / f"texts.{folder.name}_{length}.dat", dtype="<i8").reshape(-1, length)
            expected = np.array([e.ids for e in reference.encode_batch(texts)])
            bad = len(texts) if made_ids.shape != expected.shape else int((made_ids != expected).any(axis=1).sum())
            print(f"{file}: {len(texts)} texts, {bad} mismatches")
            total, wrong = total + len(texts), wrong + bad
        print(f"{total} texts, {wrong} mismatches")
    sys.exit(wrong != 0)


main()
