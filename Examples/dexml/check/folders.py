"""Whether `dexml embed` gives the embeddings of sentence-transformers for every folder that the package can save, or refuses the folder by name.

    python folders.py .build/release/dexml [--only WORD] [--keep DIR]

Makes tiny random models with the installed package (6.x or 5.x) and its modules, in all their settings, and folders as older versions wrote them; compares every row.
Needs numpy, torch, transformers, tokenizers and sentence-transformers; nothing is downloaded. Fails where a difference is above 2e-6, where a folder that should open
does not, or where one that should be refused is not, or without the word that names the reason.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")

LIMIT = 2e-6
WIDTH, POSITIONS = 16, 24
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on a mat dogs run fast ##er ##s and sleep . , : query passage The Cat é e ##é".split()
TEXTS = ["the cat sat on a mat.", "dogs run faster and sleep", "", "cat", "The Cats sat, the dogs: éé",
         "the cat sat on a mat and the dogs run fast and sleep on the mat and the cat and the dogs run and run and run"]
POOLINGS = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
ACTIVATIONS = ["Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "Softplus", "Softsign", "Mish",
               "Hardtanh", "Hardsigmoid", "Hardswish", "LogSigmoid", "Tanhshrink", "Softshrink", "Hardshrink", "PReLU", "RReLU", "Softmin"]


# Encoders and tokenizers.

def tokenizer(lowercase=True, **settings):
    from transformers import BertTokenizerFast

    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "vocab.txt").write_text("\n".join(WORDS) + "\n")
        return BertTokenizerFast.from_pretrained(folder, do_lower_case=lowercase, **settings)


def encoder(kind="bert", folder=None, lowercase=True, seed=3, **settings):
    from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

    torch.manual_seed(seed)
    size = dict(vocab_size=len(WORDS), max_position_embeddings=POSITIONS, initializer_range=0.3)
    if kind == "bert":
        net = BertModel(BertConfig(hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, **size, **settings))
    else:
        net = DistilBertModel(DistilBertConfig(dim=WIDTH, n_layers=2, n_heads=2, hidden_dim=24, **size, **settings))
    for parameter in net.parameters():  # biases and norms away from zero and one
        parameter.data += 0.1 * torch.randn_like(parameter)
    net.eval().save_pretrained(folder)
    tokenizer(lowercase).save_pretrained(folder)
    return folder


class Variant:
    def __init__(self, name, modules=(), pooling="mean", include_prompt=True, kind="bert", lowercase=True, length=None, model=None, patch=None,
                 use=("encode", []), refused=None, arguments=(), convert=False, safe=True, config=None):
        self.name, self.modules, self.pooling, self.include_prompt, self.kind = name, modules, pooling, include_prompt, kind
        self.lowercase, self.length, self.model, self.patch, self.use, self.refused = lowercase, length, model or {}, patch, use, refused
        self.arguments, self.convert, self.safe, self.config = list(arguments), convert, safe, config or {}

    def save(self, folder):
        """Saves the model by the package itself, then changes what another version, or a person, would have written."""
        from sentence_transformers import SentenceTransformer, models

        with tempfile.TemporaryDirectory() as base:
            encoder(self.kind, base, self.lowercase, **self.config)
            first = models.Transformer(base)
        if self.length:
            first.max_seq_length = self.length
        torch.manual_seed(5)
        width = WIDTH * (1 if isinstance(self.pooling, str) else len(self.pooling))
        pooling = models.Pooling(WIDTH, pooling_mode=self.pooling, include_prompt=self.include_prompt)
        rest = self.modules(models, width) if callable(self.modules) else list(self.modules)
        model = SentenceTransformer(modules=[first, pooling, *rest], device="cpu", **self.model)
        for module in rest:
            for parameter in module.parameters():
                parameter.data += 0.2 * torch.randn_like(parameter)
        model.save(str(folder), create_model_card=False, safe_serialization=self.safe)
        if self.patch:
            self.patch(folder)

    def expected(self, folder):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
        method, rest = self.use
        if method == "name":
            return model.encode(TEXTS, prompt_name=rest[0], convert_to_numpy=True)
        return getattr(model, method)(TEXTS, convert_to_numpy=True)

    def options(self):
        method, rest = self.use
        prompt = {"encode": [], "encode_query": ["--prompt", "query"], "encode_document": ["--prompt", "document"], "name": ["--prompt", *rest]}[method]
        return prompt + self.arguments


# Changes to a saved folder.

def edit(path, **settings):
    def change(folder):
        file = folder / path
        object = json.loads(file.read_text()) if file.exists() else {}
        for key, value in settings.items():
            if value is ...:
                object.pop(key, None)
            else:
                object[key] = value
        file.write_text(json.dumps(object, indent=2))

    return change


def both(*changes):
    def change(folder):
        for one in changes:
            one(folder)

    return change


def older_paths(folder):
    """Class paths of sentence-transformers 2 to 5."""
    modules = json.loads((folder / "modules.json").read_text())
    for module in modules:
        module["type"] = "sentence_transformers.models." + module["type"].split(".")[-1]
    (folder / "modules.json").write_text(json.dumps(modules))


def older_pooling(*modes, **more):
    """The keys of sentence-transformers 2 to 5: one truth value for each mode."""
    keys = dict(cls="cls_token", max="max_tokens", mean="mean_tokens", mean_sqrt_len_tokens="mean_sqrt_len_tokens",
                weightedmean="weightedmean_tokens", lasttoken="lasttoken")

    def change(folder):
        config = {"word_embedding_dimension": WIDTH, **{"pooling_mode_" + key: mode in modes for mode, key in keys.items()}, **more}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))

    return both(older_paths, change)


def older_length(length, **more):
    def change(folder):
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": length, "do_lower_case": False, **more}))

    return both(older_paths, change)


def truncating_tokenizer(folder):
    file = folder / "tokenizer.json"
    object = json.loads(file.read_text())
    object["truncation"] = {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0}
    file.write_text(json.dumps(object))


def into_subfolder(folder):
    """The Transformer in a folder of its own, as versions before 2 wrote it."""
    (folder / "0_Transformer").mkdir()
    for file in list(folder.iterdir()):
        if file.is_file() and file.name not in ("modules.json", "config_sentence_transformers.json"):
            shutil.move(str(file), folder / "0_Transformer" / file.name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))


def shards(folder):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="8KB")
    assert (folder / "model.safetensors.index.json").exists()


def half(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(file).items()}, file, metadata={"format": "pt"})


def torch_weights(folder):
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def without_modules(folder):
    """What transformers alone would have saved."""
    for file in ["modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"]:
        (folder / file).unlink()
    shutil.rmtree(folder / "1_Pooling")


def dense(activation="Tanh", outputs=12, **settings):
    return lambda models, width: [models.Dense(width, outputs, activation_function=getattr(torch.nn, activation)(), **settings)]


def variants():
    norm = lambda models, width: [models.Normalize()]
    for mode in POOLINGS:
        yield Variant(f"pooling {mode}", pooling=mode)
        yield Variant(f"pooling {mode}, Normalize", norm, pooling=mode)
        yield Variant(f"pooling {mode}, DistilBERT", norm, pooling=mode, kind="distilbert")
        yield Variant(f"pooling {mode}, older keys", pooling=mode, patch=older_pooling(mode))
        yield Variant(f"pooling {mode}, the prompt left out", pooling=mode, include_prompt=False, model=dict(prompts={"query": "query: the "}),
                      use=("encode_query", []))
    yield Variant("pooling of all, in another order", pooling=("lasttoken", "mean", "cls", "max", "weightedmean", "mean_sqrt_len_tokens"))
    yield Variant("pooling cls and mean, older keys", pooling=("cls", "mean"), patch=older_pooling("cls", "mean"))
    yield Variant("older keys, none", patch=older_pooling())
    yield Variant("pooling_mode beside older keys that contradict", pooling="mean", patch=edit("1_Pooling/config.json", pooling_mode_cls_token=True, pooling_mode_mean_tokens=False))
    yield Variant("pooling max and mean, the prompt left out", pooling=("max", "mean"), include_prompt=False,
                  model=dict(prompts={"document": "passage: "}), use=("encode_document", []))
    for activation in ACTIVATIONS:
        known = activation not in ["Softshrink", "Hardshrink", "PReLU", "RReLU", "Softmin"]
        yield Variant(f"Dense, {activation}", dense(activation), refused=None if known else activation)
    yield Variant("Dense without bias", dense(bias=False))
    yield Variant("Dense, older paths", dense(), patch=older_paths)
    yield Variant("Dense in pytorch_model.bin", dense("GELU"), patch=lambda folder: torch_weights(folder / "2_Dense"))
    yield Variant("Dense, no activation named", dense(), patch=edit("2_Dense/config.json", activation_function=...))
    yield Variant("Dense with an activation of transformers", dense(), patch=edit("2_Dense/config.json", activation_function="transformers.activations.GELUActivation"),
                  refused="transformers.activations.GELUActivation")
    yield Variant("Dense with a residual", dense(outputs=WIDTH, use_residual=True))
    yield Variant("Dense with a projected residual", dense(use_residual=True))
    yield Variant("Dense of token embeddings", dense(), patch=edit("2_Dense/config.json", module_input_name="token_embeddings"), refused="module_input_name")
    yield Variant("two Dense", lambda models, width: [models.Dense(width, 24), models.Dense(24, 7, activation_function=None)])
    yield Variant("Normalize, Dense", lambda models, width: [models.Normalize(), models.Dense(width, 7)])
    yield Variant("Dense, LayerNorm, Dropout, Normalize", lambda models, width: [models.Dense(width, 10), models.LayerNorm(10), models.Dropout(0.3), models.Normalize()])
    yield Variant("Normalize, LayerNorm", lambda models, width: [models.Normalize(), models.LayerNorm(width)])

    prompts = {"query": "query: ", "document": "passage: ", "passage": "the ", "other": "dogs"}
    for use in [("encode", []), ("encode_query", []), ("encode_document", []), ("name", ["passage"]), ("name", ["other"])]:
        yield Variant(f"prompts, {use[0]} {''.join(use[1])}", norm, model=dict(prompts=prompts), use=use)
        yield Variant(f"prompts with a default, {use[0]} {''.join(use[1])}", norm, model=dict(prompts=prompts, default_prompt_name="other"), use=use)
    yield Variant("prompts, no document but a passage", model=dict(prompts={"query": "query: ", "passage": "passage: "}), use=("encode_document", []))
    yield Variant("prompts of no query, with a default", model=dict(prompts={"other": "dogs "}, default_prompt_name="other"), use=("encode_query", []))
    yield Variant("default_prompt_name without such a prompt", patch=edit("config_sentence_transformers.json", default_prompt_name="none"), refused="default_prompt_name")

    yield Variant("length 6, tokenizer_config.json", length=6)
    yield Variant("length 6, older sentence_bert_config.json", patch=older_length(6))
    yield Variant("length null, older sentence_bert_config.json", patch=older_length(None))
    yield Variant("length 7 before that of tokenizer_config.json", length=5, patch=older_length(7))
    yield Variant("length 6, processor_kwargs", patch=edit("sentence_bert_config.json", processor_kwargs={"model_max_length": 6}))
    yield Variant("length 6, tokenizer_args", patch=older_length(9, tokenizer_args={"model_max_length": 6}))
    yield Variant("no length", patch=edit("tokenizer_config.json", model_max_length=...))
    yield Variant("length without end", patch=edit("tokenizer_config.json", model_max_length=10**30))
    yield Variant("truncation in tokenizer.json", patch=truncating_tokenizer)
    yield Variant("truncation in tokenizer.json, no other length", patch=both(truncating_tokenizer, edit("tokenizer_config.json", model_max_length=...)))
    yield Variant("length 6, the name of DistilBERT's settings", patch=both(older_length(6), lambda folder: (folder / "sentence_bert_config.json").rename(folder / "sentence_distilbert_config.json")))
    yield Variant("cased", lowercase=False)
    yield Variant("cased, do_lower_case of sentence-transformers", lowercase=False, patch=older_length(20, do_lower_case=True))
    yield Variant("truncate_dim", model=dict(truncate_dim=5))
    yield Variant("truncate_dim after Normalize", norm, model=dict(truncate_dim=5))
    yield Variant("the Transformer in a folder of its own", norm, patch=into_subfolder)
    yield Variant("shards", norm, patch=shards)
    yield Variant("float16 weights", norm, patch=half)
    yield Variant("pad_token_id null", norm, patch=edit("config.json", pad_token_id=None))
    yield Variant("pytorch_model.bin", norm, patch=torch_weights, refused="dexml convert")
    yield Variant("pytorch_model.bin, converted", norm, patch=torch_weights, convert=True)
    yield Variant("all of it in pytorch_model.bin, converted", dense(), patch=lambda folder: (torch_weights(folder), torch_weights(folder / "2_Dense")), convert=True)
    yield Variant("an encoder alone", patch=without_modules, arguments=["--pooling", "mean", "--normalize", "false"])

    yield Variant("similarity_fn_name", model=dict(similarity_fn_name="dot"))
    yield Variant("is_decoder", patch=edit("config.json", is_decoder=True), refused="is_decoder")
    yield Variant("hidden_act relu", config=dict(hidden_act="relu"), refused="hidden_act")
    yield Variant("DistilBERT, activation relu", kind="distilbert", config=dict(activation="relu"), refused="activation")
    yield Variant("truncation from the left", patch=edit("tokenizer_config.json", truncation_side="left"), refused="truncation_side")
    yield Variant("query_length", patch=edit("sentence_bert_config.json", query_length=5), refused="query_length")
    yield Variant("config_kwargs", patch=edit("sentence_bert_config.json", config_kwargs={"num_hidden_layers": 1}), refused="num_hidden_layers")
    yield Variant("another output", patch=edit("sentence_bert_config.json", modality_config={"text": {"method": "forward", "method_output_name": "pooler_output"}}),
                  refused="method_output_name")
    yield Variant("an unknown pooling", patch=edit("1_Pooling/config.json", pooling_mode="median"), refused="median")
    yield Variant("an unknown key of a pooling", patch=edit("1_Pooling/config.json", temperature=2), refused="temperature")
    yield Variant("WeightedLayerPooling", lambda models, width: [models.WeightedLayerPooling(width, 2, 1)], refused="WeightedLayerPooling")
    yield Variant("LSTM", lambda models, width: [models.LSTM(width, 4)], refused="LSTM")
    yield Variant("CNN", lambda models, width: [models.CNN(width, 4)], refused="CNN")
    yield Variant("a module of the model's own", patch=lambda folder: (folder / "modules.json").write_text(
        (folder / "modules.json").read_text().replace("sentence_transformers.base.modules.transformer.Transformer", "custom_st.Transformer")), refused="custom_st.Transformer")
    yield Variant("a sparse encoder's settings", patch=edit("config_sentence_transformers.json", model_type="SparseEncoder"), refused="SparseEncoder")
    for kind in ["mpnet", "roberta", "xlm-roberta", "modernbert", "electra", "albert", "deberta-v2"]:
        yield Variant(f"model_type {kind}", patch=edit("config.json", model_type=kind), refused=kind)
    for kind in ["Unigram", "BPE", "WordLevel"]:
        yield Variant(f"tokenizer.json of kind {kind}", patch=lambda folder, kind=kind: (folder / "tokenizer.json").write_text(
            (folder / "tokenizer.json").read_text().replace('"type": "WordPiece",\n    "unk_token"', f'"type": "{kind}",\n    "unk_token"')), refused=kind)


# Comparing.

def run(dexml, *arguments):
    return subprocess.run([str(dexml), *map(str, arguments)], capture_output=True, text=True)


def compare(variant, dexml, home):
    """What came of it, in words, and whether that is right."""
    folder = home / "model"
    variant.save(folder)
    texts, rows = home / "texts.txt", home / "rows.npy"
    texts.write_text("".join(text + "\n" for text in TEXTS))
    if variant.convert:
        converted = home / "converted"
        result = run(dexml, "convert", folder, "--output", converted)
        if result.returncode != 0:
            return result.stderr.strip(), False
        ours = converted
    else:
        ours = folder
    result = run(dexml, "embed", "--model", ours, "--input", texts, "--output", rows, *variant.options())
    message = result.stderr.strip().splitlines()[-1] if result.stderr.strip() else ""
    message = message.replace(str(folder), "MODEL").replace("dexml: error: ", "")
    if variant.refused:
        return f"refused: {message}", result.returncode == 1 and variant.refused in message
    if result.returncode != 0:
        return f"refused: {message}", False
    expected, found = variant.expected(folder), np.load(rows)
    if expected.shape != found.shape:
        return f"shape {found.shape}, {expected.shape} expected", False
    difference = float(np.abs(expected - found).max())
    return f"{difference:.1e}", difference <= LIMIT


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dexml", type=pathlib.Path)
    parser.add_argument("--only", default="", help="variants with this word in their names")
    parser.add_argument("--keep", type=pathlib.Path, help="folder to leave the models in")
    arguments = parser.parse_args()
    import sentence_transformers
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    print(f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    wrong = count = 0
    for variant in variants():
        if arguments.only not in variant.name:
            continue
        with tempfile.TemporaryDirectory() as home:
            home = pathlib.Path(home)
            result, right = compare(variant, arguments.dexml.resolve(), home)
            if arguments.keep:
                shutil.copytree(home / "model", arguments.keep / variant.name.replace("/", " "), dirs_exist_ok=True)
        count, wrong = count + 1, wrong + (not right)
        print(f"{'' if right else 'WRONG '}{variant.name}: {result}", flush=True)
    print(f"{count} folders, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
