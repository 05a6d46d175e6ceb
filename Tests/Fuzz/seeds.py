"""Writes the small inputs from which the fuzzer starts: Corpus/<driver>/<name>. Needs Python's own library only."""
import base64, json, pathlib, struct, zlib

ROOT = pathlib.Path(__file__).parent / "Corpus"


def seed(driver, name, data):
    folder = ROOT / driver
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def npy(descr, shape, data, fortran=False, version=1):
    text = "{'descr': %r, 'fortran_order': %r, 'shape': %r, }" % (descr, fortran, shape)
    head = 10 if version == 1 else 12
    text += " " * (-(head + len(text) + 1) % 16) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text.encode() + data


def safetensors(tensors, metadata=None, padding=0):
    header, body = ({"__metadata__": metadata} if metadata else {}), b""
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode() + b" " * padding
    return struct.pack("<Q", len(text)) + text + body


def floats(*values):
    return struct.pack("<%df" % len(values), *values)


def archive(members, deflated=False, descriptor=False, zip64=False, comment=b""):
    out, directory = b"", b""
    for name, data in members:
        name, sum_, size = name.encode(), zlib.crc32(data), len(data)
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = pack.compress(data) + pack.flush() if deflated else data
        flags, method, offset = (8 if descriptor else 0), (8 if deflated else 0), len(out)
        extra = struct.pack("<HHQQ", 1, 16, size, len(packed)) if zip64 else b""
        sizes = (0xFFFFFFFF, 0xFFFFFFFF) if zip64 else (len(packed), size)
        common = struct.pack("<HHHHIII", flags, method, 0, 0, sum_, *sizes) + struct.pack("<HH", len(name), len(extra))
        local = struct.pack("<HHHHIIIHH", flags, method, 0, 0, 0, 0, 0, len(name), 0) if descriptor else common
        out += b"PK\3\4" + struct.pack("<H", 20) + local + name + (b"" if descriptor else extra) + packed
        if descriptor:
            out += b"PK\7\10" + struct.pack("<III", sum_, len(packed), size)
        directory += b"PK\1\2" + struct.pack("<HH", 20, 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name + extra
    start = len(out)
    out += directory
    if zip64:
        out += b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, len(members), len(members), len(directory), start)
        out += b"PK\6\7" + struct.pack("<IQI", 0, start + len(directory), 1)
        return out + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return out + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), start, len(comment)) + comment


WIDTHS = {"BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "I64": 8, "F64": 8}
seed("safetensors", "types", safetensors([(n, n, [2], bytes(range(2 * w))) for n, w in sorted(WIDTHS.items(), key=lambda p: -p[1])]))
seed("safetensors", "shapes", safetensors([("a.b", "F32", [2, 1], floats(1, 2)), ("empty", "F32", [0, 3], b""), ("scalar", "I64", [], bytes(8))], {"format": "pt"}, 3))

shard = safetensors([("x", "F32", [2], floats(1, 2))])
for name, places in {"one": {"x": "a.safetensors"}, "two": {"x": "a.safetensors", "y": "b.safetensors"}, "outside": {"x": "../a.safetensors"}}.items():
    seed("shards", name, json.dumps({"metadata": {"total_size": 8}, "weight_map": places}).encode() + b"\xff" + shard)


def gguf(metadata, tensors, version=3):
    """A GGUF file of encoded values by key, and of tensors: name, extents, type, bytes."""

    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    out, body = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata)), b""
    for key, kind, value in metadata:
        out += text(key) + struct.pack("<I", kind) + value
    for name, extents, kind, data in tensors:
        body += bytes(-len(body) % 32)
        out += text(name) + struct.pack("<I%dQIQ" % len(extents), len(extents), *extents, kind, len(body))
        body += data
    return out + bytes(-len(out) % 32) + body


scalars = [(0, b"\1"), (1, b"\xff"), (2, b"\1\2"), (3, b"\1\2"), (4, bytes(4)), (5, bytes(4)), (6, floats(1)), (7, b"\1"), (10, bytes(8)), (11, bytes(8)), (12, bytes(8))]
seed("gguf", "values", gguf([("v%d" % kind, kind, value) for kind, value in scalars], []))
seed("gguf", "lists", gguf([
    ("general.alignment", 4, struct.pack("<I", 32)), ("t", 8, struct.pack("<Q", 2) + b"ab"), ("l", 9, struct.pack("<IQ", 8, 2) + (struct.pack("<Q", 1) + b"a") * 2),
    ("n", 9, struct.pack("<IQIQ", 9, 1, 0, 3) + b"\1\2\3")], [], 2))
plain = [(0, 4), (1, 2), (24, 1), (25, 2), (26, 4), (27, 8), (28, 8), (30, 2)]
seed("gguf", "plain", gguf([], [("p%d" % kind, [2, 1], kind, bytes(2 * width)) for kind, width in plain]))
blocks = [(2, 32, 18), (3, 32, 20), (6, 32, 22), (7, 32, 24), (8, 32, 34), (12, 256, 144), (14, 256, 210), (13, 256, 176)]
for kind, row, width in blocks:
    seed("gguf", "q%d" % kind, gguf([], [("q", [row], kind, bytes(range(width)))]))

i8, i4 = (lambda *v: struct.pack("<%dq" % len(v), *v)), (lambda *v: struct.pack("<%di" % len(v), *v))
for name, data in {
    "f4": npy("<f4", (2, 2), floats(1, 2, 3, 4)), "big": npy(">i2", (3,), b"\0\1\0\2\0\3"), "fortran": npy("<f8", (2, 2), bytes(32), True),
    "u8": npy("<u8", (1,), i8(5)), "text": npy("<U3", (), "csr".encode("utf-32-le")), "bytes": npy("|S3", (), b"coo"), "two": npy("|b1", (2,), b"\0\1", version=2),
    "f2": npy("<f2", (2, 0), b""), "i1": npy("|i1", (1, 1, 2), b"\xff\1"),
}.items():
    seed("npy", name, data)
seed("npz", "two", npy("<i4", (2,), i4(1, 2)) + b"--" + npy("|S3", (), b"csr"))
seed("npz", "mixed", npy("<f2", (1,), b"\0\1") + b"--" + npy("|u1", (2, 1), b"\0\1", True))



def pickled(*entries):
    """The pickle of torch.save for a dictionary of tensors: name, type, member, elements of the member, offset, shape, strides."""

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def number(value):
        return b"K" + bytes([value])

    def numbers(values):
        return b"(" + b"".join(map(number, values)) + b"t"

    body = b"\x80\x02}q\0("
    for name, kind, member, count, offset, shape, strides in entries:
        body += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(("
        body += text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(member) + text("cpu") + number(count) + b"tQ"
        body += number(offset) + numbers(shape) + numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtR"
    return body + b"u."


seed("torch", "one", pickled(("a", "FloatStorage", "0", 16, 0, (4, 4), (4, 1))))
seed("torch", "views", pickled(("a", "HalfStorage", "1", 32, 2, (3, 5), (1, 3)), ("b", "LongStorage", "2", 8, 0, (), ()), ("c", "BoolStorage", "3", 64, 9, (2,), (0,))))
seed("torch", "empty", b"\x80\x02}.")

members = [("a.npy", npy("|u1", (2,), b"\1\2")), ("b.npy", npy("|u1", (1,), b"\3"))]
seed("zip", "stored", archive(members, comment=b"no"))
seed("zip", "deflated", archive(members, deflated=True))
seed("zip", "descriptor", archive(members[:1], deflated=True, descriptor=True))
seed("zip", "zip64", archive(members[:1], zip64=True))
seed("zip", "empty", archive([]))
seed("zip", "fixed", archive([("x", b"abcabcabcabcabcabc" * 3)], deflated=True))

shape, ones = npy("<i8", (2,), i8(2, 3)), npy("<f4", (3,), floats(1, 2, 3))
seed("matrix", "csr", b"\0--" + b"--".join([shape, ones, npy("<i4", (3,), i4(0, 2, 1)), npy("<i4", (3,), i4(0, 2, 3))]))
seed("matrix", "csc", b"\1--" + b"--".join([shape, ones, npy("<i8", (3,), i8(0, 1, 1)), npy("<i8", (4,), i8(0, 1, 2, 3))]))
seed("matrix", "coo", b"\2--" + b"--".join([shape, npy("|b1", (3,), b"\1\1\1"), npy("<i4", (3,), i4(0, 1, 1)), npy("<i4", (3,), i4(2, 2, 2))]))

seed("filter", "pairs", "0 1\n3\t29\r\n\n39 0")
seed("filter", "texts", b"1 2\n\xffone\ntwo\r\n\nthr\xc3\xa9e")

token = {"special": True, "single_word": False, "lstrip": True, "rstrip": True, "normalized": True}
names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
tokenizer = {
    "added_tokens": [dict(token, id=i, content=n) for i, n in enumerate(names[:2])] + [dict(token, id=40, content="A b", single_word=True)],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "[SEP]"}}]},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 9,
              "vocab": {w: i for i, w in enumerate(names + ["a", "##b", "un", "##un", "北", "?"])}},
}
seed("tokenizer", "template", json.dumps(tokenizer, ensure_ascii=False).encode() + b"\xffA b, \xc3\xa9\xe5\x8c\x97 [MASK]unab?")
tokenizer["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
tokenizer.update(normalizer=None, added_tokens=[], padding={"pad_token": "\u00e9"})
seed("tokenizer", "bert", json.dumps(tokenizer))
words = "\n".join(names + ["a", "##b", "é", "."]).encode()
seed("vocabulary", "list", words + b"\r\n")
config = {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False, "mask_token": dict(token, content="<m>"),
          "added_tokens_decoder": {"0": dict(token, content="[PAD]"), "11": dict(token, content=" x ")}}
special = {"cls_token": "<s>", "additional_special_tokens": ["<e>", dict(token, content="[q]")], "unk_token": {"content": "[UNK]"}}
seed("vocabulary", "all", b"\xff".join([words, json.dumps(config).encode(), json.dumps(special).encode(), b'{"<n>": 12}', b"a <s> [q]\xc2\xa0<n>b"]))

bert = {"model_type": "bert", "vocab_size": 3, "hidden_size": 2, "num_hidden_layers": 0, "num_attention_heads": 1, "intermediate_size": 2, "max_position_embeddings": 2, "type_vocab_size": 1}
distil = {"model_type": "distilbert", "vocab_size": 30, "dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 16, "dropout": 0.1, "attention_dropout": 0.1, "activation": "gelu"}
seed("config", "bert", json.dumps(dict(bert, hidden_act="gelu", layer_norm_eps=1e-12, pad_token_id=0, position_embedding_type="absolute", hidden_dropout_prob=0.1)))
seed("config", "distilbert", b"\xff".join([json.dumps(distil).encode(), b'{"pooling": "mean", "normalize": true, "max_length": 32}']))
seed("config", "lengths", b"\xff".join([json.dumps(bert).encode(), b"", b'{"max_seq_length": 2}']))
seed("model", "bert", json.dumps(bert).encode() + b"\xff" + safetensors([
    ("embeddings.word_embeddings.weight", "F32", [3, 2], bytes(24)), ("embeddings.position_embeddings.weight", "F16", [2, 2], bytes(8)),
    ("embeddings.token_type_embeddings.weight", "F32", [1, 2], bytes(8)), ("embeddings.LayerNorm.gamma", "F32", [2], bytes(8)),
    ("embeddings.LayerNorm.beta", "BF16", [2], bytes(4))]))

seed("settings", "plain", "# a comment\nproject: 'P'\nnum_epochs: 1e1\nlr: 1e-4\nloss_sample: yes\nexpname: \"[project]-[net]\"\ntopk_K: num_pos\n")
seed("settings", "more", "---\ndesc: |\n  two\n  lines\ntau: &t 0.05\ntopk_alpha: *t\nnum_val_points: null\n...\n")
seed("settings", "flow", "{net: dist-de-hnm, neg_type: shorty, dataset: \"\\u00e9\", __dependency__: 'settings.yaml'}")
seed("settings", "key", "? [a, &x [b, b], *x, {c: d}]\n: 1\n!!str bsz: !!int '7'\n")

run = {"format": "dexml checkpoint 1", "epoch": "1", "step_in_epoch": "2", "step": "3", "metrics_lines": "4", "loss_sum": "3ff0000000000000", "best_metric": "none",
       "run: seed": "42", "run: net": "dist-de-all", "crc32": "00000000"}
run = {k: run[k] for k in sorted(run)}
layer = [("model.weight", "F32", [2, 2], bytes(16)), ("model.bias", "F32", [2], bytes(8))]
text = json.dumps({"__metadata__": run, **{n: {"dtype": d, "shape": s, "data_offsets": [o, o + len(b)]} for (n, d, s, b), o in zip(layer, (0, 16))}}, separators=(",", ":")).encode()
seed("checkpoint", "whole", struct.pack("<Q", len(text)) + text + bytes(24))

value = b"\x0a\x04loss\x15" + floats(0.5)
summary = b"\x0a" + bytes([len(value)]) + value
seed("events", "scalar", b"\x09" + struct.pack("<d", 1.5) + b"\x10\x07\x2a" + bytes([len(summary)]) + summary)
seed("events", "version", b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2\x38\x96\x01")

seed("http", "texts", '{"texts": ["a", "caf\\u00e9 \\ud83d\\ude00\\n"], "top_k": 3}')
seed("http", "text", ' {"text": "a", "top_k": 1e1, "labels": []} ')
seed("http", "deep", '{"labels": [[[[{"a": [null, true, false, -0.5E+2]}]]]]}')

for i, equation in enumerate(["ij,jk->ik", "...ij,...jk", "ii->i", "i,j->", "b i , b i -> b"]):
    seed("einsum", "e%d" % i, equation)


class Program:
    """The code of a finished program, as ProgramCode.swift describes it."""

    def __init__(self):
        self.words, self.tables = [], {name: [] for name in ("extents", "shapes", "types", "rows", "callers")}

    @staticmethod
    def count(value):
        out = b""
        while value >= 0x80:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def number(self, value):
        return self.count(value << 1 if value >= 0 else (-value << 1) - 1)

    def word(self, text):
        if text not in self.words:
            self.words.append(text)
        return self.count(self.words.index(text))

    def entry(self, table, data):
        if data not in self.tables[table]:
            self.tables[table].append(data)
        return self.tables[table].index(data)

    def name(self, *parts):
        return self.count(len(parts)) + b"".join(map(self.word, parts))

    def extent(self, value):
        if isinstance(value, int):
            return self.count(0) + self.number(value)
        symbol = self.entry("extents", self.word("symbol") + self.word(value))
        return self.count(1 + self.entry("extents", self.word("sum") + self.count(1) + self.number(1) + self.count(1) + self.count(symbol)))

    def shape(self, *extents):
        return self.count(self.entry("shapes", self.count(len(extents)) + b"".join(map(self.extent, extents))))

    def type(self, dtype, *extents):
        return self.count(self.entry("types", self.shape(*extents) + self.word(dtype)))

    def list(self, *parts):
        return self.count(len(parts)) + b"".join(parts)

    def caller(self, line):
        return self.count(self.entry("callers", self.word("Models/M.swift") + self.count(line)))

    def node(self, operation, line, operands, results):
        return operation + self.caller(line) + self.list(*map(self.count, operands)) + self.list(*results)

    # Of a program of one argument, a tensor without settings.
    def finish(self, body):
        tables = [self.list(*([len(w.encode()).to_bytes(1, "little") + w.encode() for w in self.words]))]
        payload = b"".join(tables + [self.list(*table) for table in self.tables.values()]) + body
        code = b"\x89Wgp\x01" + self.checksum(b"0\n\n") + struct.pack("<Q", len(payload)) + payload
        return code + self.checksum(code)

    @staticmethod
    def checksum(data):
        value = 0xCBF29CE484222325
        for byte in data:
            value = (value ^ byte) * 0x100000001B3 % 2**64
        return struct.pack("<Q", value)


# x[n, 3] → exp x
p = Program()
x = p.type("float32", "n", 3)
exponential = p.finish(
    p.list(p.name("0") + x) + p.count(0) + p.list(p.name("")) + p.list(b"\0") + p.list()
    + p.list(p.node(p.word("elementwise") + p.word("unary") + p.word("exp"), 7, [1], [x]))
    + p.list(p.count(1)) + p.list() + p.list())
seed("program", "exp", exponential)
seed("literal", "exp", base64.b64encode(exponential))

# x[n, 2] → the rows' sums of x·2.5 + c, c[2] a constant; 1 ≤ n
p = Program()
x, c, y = p.type("float32", "n", 2), p.type("float32", 2), p.type("float32", "n", 1)
f = p.word("float32")
rows = p.entry("rows", p.count(4) + b"rows" + p.list(f + b"\1", f + b"\1") + p.list(
    f + p.word("load") + p.number(0), f + p.word("constant") + b"\1" + floats(2.5), f + p.word("binary") + p.word("multiply") + p.number(2) + p.number(1),
    f + p.word("load") + p.number(1), f + p.word("binary") + p.word("add") + p.number(2) + p.number(1), f + p.word("reduce") + p.word("sum") + p.number(1),
) + p.list(p.number(5) + f + b"\0"))
seed("program", "rows", p.finish(
    p.list(p.name("0") + x) + p.count(0) + p.list() + p.list(b"\0")
    + p.list(c + p.count(2) + p.count(0) + p.list(p.number(1)) + floats(1, 2))
    + p.list(p.node(p.word("rows") + p.count(rows) + p.word("replay") + b"\1" + p.shape("n", 2), 9, [2, 1], [y]))
    + p.list(p.count(2)) + p.list()
    + p.list(p.extent(1) + b"\1" + p.extent("n") + p.count(2) + b"op" + p.count(4) + b"text" + p.caller(10))))
