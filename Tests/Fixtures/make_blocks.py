"""Writes what PyTorch computes in double precision for blocks of encoders and decoders, a block of Llama's kind, bags of embeddings, and how its initializers spread weights.

    python Tests/Fixtures/make_blocks.py        needs torch, safetensors
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(17)
golden = {}


def note(name, tensor):
    golden[name] = tensor.detach().contiguous().clone()


def shake(module):
    for p in module.parameters():
        p.data.copy_(torch.randn_like(p) * 0.5)


def attention_parts(own, name, module):
    """The parts of a joint projection by names of their own: of parameters, or of their gradients."""
    parts = {}
    for kind in ["weight", "bias"]:
        joint = f"{name}.in_proj_{kind}"
        for part, place in zip(["query", "key", "value"], range(3)):
            parts[f"{own}.{part}.{kind}"] = (joint, place)
        parts[f"{own}.output.{kind}"] = (f"{name}.out_proj.{kind}", None)
    return parts


def note_gradients(name, inputs, value, parameters, parts):
    c = torch.randn_like(value)
    every = list(inputs.values()) + list(parameters.values())
    gradients = dict(zip(list(inputs) + list(parameters), torch.autograd.grad((value * c).sum(), every)))
    note(f"{name}/y", value)
    note(f"{name}/c", c)
    for key, tensor in inputs.items():
        note(f"{name}/{key}", tensor)
        note(f"{name}/gradient/{key}", gradients[key])
    for own, (theirs, place) in parts.items():
        for prefix, source in [(f"{name}/", parameters[theirs]), (f"{name}/gradient/", gradients[theirs])]:
            note(prefix + own, source if place is None else source.chunk(3)[place])


def tokens(count):
    return torch.randn(2, count, 8, requires_grad=True)


def both(own, theirs):
    return {f"{own}.{kind}": (f"{theirs}.{kind}", None) for kind in ["weight", "bias"]}


feed_forward = both("feedForward.up", "linear1") | both("feedForward.down", "linear2")
padded = torch.tensor([[True, True, True, True, True], [True, True, True, False, False]])
golden["padded"] = padded

x = tokens(5)
encoder = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
shake(encoder)
parts = attention_parts("attention", "self_attn", encoder) | both("attentionNorm", "norm1") | feed_forward | both("feedForwardNorm", "norm2")
note_gradients("encoder", {"x": x}, encoder(x, src_key_padding_mask=~padded), dict(encoder.named_parameters()), parts)

for label, first in [("decoder", False), ("preNormDecoder", True)]:
    x, memory = tokens(4), tokens(5)
    decoder = torch.nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=first)
    shake(decoder)
    parts = attention_parts("attention", "self_attn", decoder) | attention_parts("memoryAttention", "multihead_attn", decoder)
    parts |= both("attentionNorm", "norm1") | both("memoryNorm", "norm2") | feed_forward | both("feedForwardNorm", "norm3")
    causal = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
    value = decoder(x, memory, tgt_mask=causal, tgt_is_causal=True, memory_key_padding_mask=~padded)
    note_gradients(label, {"x": x, "memory": memory}, value, dict(decoder.named_parameters()), parts)

# A block as Llama has it: 4 heads of queries and 2 of keys, 6 wide, rotary positions of base 500, SwiGLU, root mean square normalization before each part.
x = tokens(6)
shapes = {
    "attention.query": (24, 8), "attention.key": (12, 8), "attention.value": (12, 8), "attention.output": (8, 24), "attentionNorm": (8,),
    "feedForward.up": (20, 8), "feedForward.gate": (20, 8), "feedForward.down": (8, 20), "feedForwardNorm": (8,),
}
p = {f"{name}.weight": (torch.randn(*shape) * 0.5).requires_grad_() for name, shape in shapes.items()}
angles = torch.arange(6)[:, None] * 500.0 ** (-torch.arange(0, 6, 2) / 6)
cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()


def rotated(t):
    return t * cos + torch.cat([-t[..., 3:], t[..., :3]], -1) * sin


def heads(t, count):
    return t.unflatten(-1, (count, 6)).transpose(1, 2)


normal = F.rms_norm(x, (8,), p["attentionNorm.weight"], 1e-5)
q, k, v = (normal @ p[f"attention.{part}.weight"].T for part in ["query", "key", "value"])
attended = F.scaled_dot_product_attention(rotated(heads(q, 4)), rotated(heads(k, 2)), heads(v, 2), is_causal=True, enable_gqa=True)
h = x + attended.transpose(1, 2).flatten(2) @ p["attention.output.weight"].T
normal = F.rms_norm(h, (8,), p["feedForwardNorm.weight"], 1e-5)
inner = F.silu(normal @ p["feedForward.gate.weight"].T) * (normal @ p["feedForward.up.weight"].T)
value = h + inner @ p["feedForward.down.weight"].T
note_gradients("llama", {"x": x}, value, p, {name: (name, None) for name in p})

# Bags of 2, 0, 3 and 1 entries.
indices, offsets = torch.tensor([4, 0, 2, 2, 1, 3]), torch.tensor([0, 2, 2, 5, 6])
golden["bags/indices"], golden["bags/offsets"] = indices, offsets
weight, scales = torch.randn(5, 3, requires_grad=True), torch.randn(6, requires_grad=True)
note("bags/weight", weight)
note("bags/scales", scales)
for mode in ["sum", "mean", "max", "weighted"]:
    kind = "sum" if mode == "weighted" else mode
    weights = scales if mode == "weighted" else None
    y = F.embedding_bag(indices, weight, offsets, mode=kind, per_sample_weights=weights, include_last_offset=True)
    c = torch.randn_like(y)
    wanted = [weight] + ([scales] if mode == "weighted" else [])
    gradients = torch.autograd.grad((y * c).sum(), wanted)
    note(f"bags/{mode}/y", y)
    note(f"bags/{mode}/c", c)
    note(f"bags/{mode}/gradient", gradients[0])
    if mode == "weighted":
        note("bags/weighted/scales", gradients[1])

# Standard deviation and largest element of many weights.
for name, fill in {
    "xavierUniform": torch.nn.init.xavier_uniform_, "xavierNormal": torch.nn.init.xavier_normal_,
    "kaimingUniform": torch.nn.init.kaiming_uniform_, "kaimingNormal": torch.nn.init.kaiming_normal_,
    "kaimingByOutputs": lambda t: torch.nn.init.kaiming_normal_(t, mode="fan_out"),
    "truncatedNormal": lambda t: torch.nn.init.trunc_normal_(t, std=0.02, a=-0.04, b=0.04),
}.items():
    weight = fill(torch.empty(300, 100, 5))
    note(f"initializers/{name}", torch.stack([weight.std(), weight.abs().max()]))

save_file(golden, pathlib.Path(__file__).parent / "nn" / "blocks.safetensors")
