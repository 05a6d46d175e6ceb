"""Writes attention of padded batches, its gradients, and rotary positions as PyTorch and transformers compute them in double precision.

    python Tests/Fixtures/make_attention.py        needs torch, transformers, safetensors
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
golden = {}


def note(name, *tensors):
    for place, tensor in zip("qkvcyabd", tensors):
        golden[f"{name}/{place}"] = tensor.detach().contiguous().clone()


def attention(name, heads, key_heads, queries, keys, **options):
    q, k, v = (torch.randn(2, h, t, 4, requires_grad=True) for h, t in [(heads, queries), (key_heads, keys), (key_heads, keys)])
    y = F.scaled_dot_product_attention(q, k, v, enable_gqa=heads != key_heads, **options)
    c = torch.randn_like(y)
    note(name, q, k, v, c, y, *torch.autograd.grad((y * c).sum(), [q, k, v]))


attention("plain", 2, 2, 3, 5)
attention("causal", 3, 3, 4, 4, is_causal=True, scale=0.7)
attention("grouped", 4, 2, 3, 5)
mask = torch.tensor([[True, False, True, True, False], [True, True, True, True, True], [False, False, False, True, False]])
golden["mask"] = mask
attention("masked", 2, 1, 3, 5, attn_mask=mask)
golden["bias"] = torch.randn(2, 1, 3, 5)
attention("biased", 2, 2, 3, 5, attn_mask=golden["bias"])

x = torch.randn(1, 2, 5, 6)
positions = torch.tensor([0, 1, 2, 7, 100])
angles = positions[:, None] * 10000.0 ** (-torch.arange(0, 6, 2) / 6)
both = torch.cat([angles, angles], -1)[None]
golden["rotary/x"], golden["rotary/positions"] = x, positions
golden["rotary/y"] = apply_rotary_pos_emb(x, x, both.cos(), both.sin())[0]
pairs = torch.view_as_complex(x.reshape(1, 2, 5, 3, 2)) * torch.polar(torch.ones_like(angles), angles)
golden["rotary/interleaved"] = torch.view_as_real(pairs).reshape(x.shape)

save_file(golden, pathlib.Path(__file__).parent / "nn" / "attention.safetensors")
