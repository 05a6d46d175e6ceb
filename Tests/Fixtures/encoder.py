"""Tiny random BERT and DistilBERT folders and what Hugging Face transformers computes with them.

    python encoder.py        writes encoder/bert, encoder/distilbert (config.json, model.safetensors, vocab.txt) and encoder/golden.json
"""
import json
import pathlib

import torch
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

here = pathlib.Path(__file__).parent / "encoder"
words = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on a mat dogs run fast ##er ##s and sleep . ,".split()
sequences = [[2, 5, 6, 7, 8, 9, 10, 3], [2, 11, 12, 3], [2, 3], [2, 5, 11, 16, 17, 18, 12, 13, 14, 15, 3]]
longest = max(map(len, sequences))
ids = torch.tensor([s + [0] * (longest - len(s)) for s in sequences])
mask = (torch.arange(longest)[None] < torch.tensor([len(s) for s in sequences])[:, None]).long()

golden = {"sequences": sequences}
for name, config, kind in [
    ("bert", BertConfig(vocab_size=len(words), hidden_size=16, num_hidden_layers=5, num_attention_heads=2, intermediate_size=24,
                        max_position_embeddings=16, initializer_range=0.3), BertModel),
    ("distilbert", DistilBertConfig(vocab_size=len(words), dim=16, n_layers=2, n_heads=4, hidden_dim=24, max_position_embeddings=16,
                                    initializer_range=0.3), DistilBertModel),
]:
    torch.manual_seed(7)
    net = kind(config).eval()
    for parameter in net.parameters():   # biases and norms away from zero and one
        parameter.data += 0.1 * torch.randn_like(parameter)
    folder = here / name
    net.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    net = net.double()
    with torch.no_grad():
        out = net(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    hidden = out.last_hidden_state
    m = mask[..., None].double()
    entry = {
        "hidden": torch.cat([h[: len(s)] for h, s in zip(hidden, sequences)]).flatten().tolist(),
        "cls": hidden[:, 0].flatten().tolist(),
        "mean": ((hidden * m).sum(1) / m.sum(1)).flatten().tolist(),
    }
    if name == "bert":
        entry["pooler"] = out.pooler_output.flatten().tolist()
        entry["lightxml"] = torch.cat([h[:, 0] for h in out.hidden_states[-5:][::-1]], 1).flatten().tolist()
    golden[name] = entry
(here / "golden.json").write_text(json.dumps(golden))
