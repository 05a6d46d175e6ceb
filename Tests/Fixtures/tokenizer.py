"""Writes tokenizer.json: ids, and a digest of what becomes of every Unicode scalar, from Hugging Face's tokenizers.

The vocabulary is made up here. Run: python tokenizer.py
"""

import json
import pathlib

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

import adversarial_texts

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "the of and in to a is un aff able run ning strasse istanbul naive cafe CAFE http don mail the the".split()
PARTS = "able ing s ed er affable ff a un é straße".split()


def vocabulary(texts):
    characters = sorted({c for t in texts for c in t} | {chr(c) for c in range(0x21, 0x17F)} | {chr(c) for c in range(0x370, 0x460)})
    characters = [c for c in characters if c not in "\n\r"]
    return list(dict.fromkeys(SPECIAL + WORDS + ["##" + p for p in PARTS] + characters + ["##" + c for c in characters]))


def build(pieces, added=(), **rules):
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(pieces)}, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**rules)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens(list(added))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def encode(tokenizer, texts, length):
    tokenizer.enable_truncation(length) if length else tokenizer.no_truncation()
    return [e.ids for e in tokenizer.encode_batch(texts)]


def digests(normalizer):
    """FNV-1a of each 4,096 scalars: the normalized UTF-8, 0xFF, and 0, 1 or 2 for a letter, a space, a symbol."""
    split = pre_tokenizers.BertPreTokenizer()
    result = []
    for block in range(0, 0x110000, 0x1000):
        value = 0xCBF29CE484222325
        for code in range(block, block + 0x1000):
            if 0xD800 <= code < 0xE000:
                continue
            words = split.pre_tokenize_str("a" + chr(code) + "b")
            kind = {1: 0, 2: 1, 3: 2}[len(words)]
            for byte in normalizer.normalize_str(chr(code)).encode() + bytes([0xFF, kind]):
                value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        result.append(f"{value:016x}")
    return result


def main():
    added = [
        AddedToken("<e1>"), AddedToken("My Tok"), AddedToken("é!", normalized=True), AddedToken("<raw>", normalized=False),
        AddedToken("<raw>x", normalized=False), AddedToken("<l>", lstrip=True, normalized=False), AddedToken("<r>", rstrip=True),
        AddedToken("<lr>", lstrip=True, rstrip=True, special=True, normalized=False), AddedToken("solo", single_word=True),
        AddedToken("日本", normalized=False),
    ]
    contents = [t.content for t in added] + ["<E1>", " <l> ", "\u2003<lr>\t", "SOLO", "solo.", "xsolo", "E\u0301!"]
    texts = ["", " ", "\0", "[CLS]a[SEP] [MASK]", "a" * 100, "a" * 101, "\u0301", "[CLS]", "x" * 99 + "é"]
    texts += adversarial_texts.texts(240, 3, contents * 3)
    texts = [t[:160] for t in texts]
    pieces = vocabulary(texts[:120])
    cases = []
    for lowercase, strip, chinese, length in [
        (True, None, True, None), (True, None, True, 8), (False, None, True, None), (True, False, True, None), (False, True, False, None)]:
        tokenizer = build(pieces, lowercase=lowercase, strip_accents=strip, handle_chinese_chars=chinese)
        cases.append({"lowercase": lowercase, "stripAccents": strip, "handleChinese": chinese, "maxLength": length,
                      "ids": encode(tokenizer, texts, length)})
    extended = build(pieces, added)
    document = {
        "texts": texts, "vocabulary": pieces, "cases": cases,
        "added": {"file": extended.to_str(), "ids": encode(extended, texts, None)},
        "uncasedDigests": digests(normalizers.BertNormalizer()),
        "casedDigests": digests(normalizers.BertNormalizer(lowercase=False, strip_accents=False)),
        "lowerOnlyDigests": digests(normalizers.BertNormalizer(strip_accents=False)),
    }
    path = pathlib.Path(__file__).with_name("tokenizer.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


main()
