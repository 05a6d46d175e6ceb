"""Hugging Face's tokenizer in Rust on the first lines of a text file; TOKENIZERS_PARALLELISM says on how many threads.

    tokenizer_peer.py TOKENIZER_JSON TEXT_FILE LINES

A row is the largest number of tokens, 0 for no limit.
"""
import itertools
import sys

import tokenizers
from tokenizers import Tokenizer

from protocol import serve

with open(sys.argv[2], encoding="utf8", newline="\n") as file:
    lines = [line.removesuffix("\n").removesuffix("\r") for line in itertools.islice(file, int(sys.argv[3]))]


def row(length):
    def prepare():
        tokenizer = Tokenizer.from_file(sys.argv[1])
        tokenizer.no_padding()
        tokenizer.no_truncation()
        if length:
            tokenizer.enable_truncation(length)
        return lambda: tokenizer.encode_batch_fast(lines)

    return prepare


serve({str(length): row(length) for length in (32, 128, 0)}, f"tokenizers {tokenizers.__version__}")
