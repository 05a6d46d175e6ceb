"""A training step of a BERT encoder in PyTorch or JAX: prints its median time in milliseconds and the process's peak memory in MiB.

    encoder_peer.py MODE --model minilm|base --batch N --tokens N [--real] --threads N --repeats N [--forward]
    encoder_peer.py MODE --about

MODE is eager, compile or jax. Random weights; mean pooling, L2 normalization, the product with a fixed direction as the loss; AdamW. With --real the
lengths fill 45% of the padded batch, which is what these peers compute on.
"""
import argparse
import math
import os
import statistics
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("mode", choices=["eager", "compile", "jax"])
arguments.add_argument("--model", default="minilm")
arguments.add_argument("--batch", type=int, default=64)
arguments.add_argument("--tokens", type=int, default=128)
arguments.add_argument("--real", action="store_true")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--repeats", type=int, default=5)
arguments.add_argument("--forward", action="store_true")
arguments.add_argument("--about", action="store_true")
options = arguments.parse_args()
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])

import numpy as np  # noqa: E402

import about  # noqa: E402
from level import compile_for_level  # noqa: E402

if options.about:
    print(about.jax() if options.mode == "jax" else about.torch())
    sys.exit()

VOCABULARY, POSITIONS = 30522, 512
WIDTH, LAYERS, HEADS, INNER = (768, 12, 12, 3072) if options.model == "base" else (384, 6, 12, 1536)


def lengths():
    """The quantiles of a lognormal distribution with deviation 0.6, cut to the longest, scaled to a mean of 45%."""
    if not options.real:
        return np.full(options.batch, options.tokens)
    normal = statistics.NormalDist()
    quantiles = np.array([math.exp(0.6 * normal.inv_cdf((i + 0.5) / options.batch)) for i in range(options.batch)])
    scale = 0.2 * options.tokens
    while True:
        n = np.clip(np.rint(quantiles * scale), 3, options.tokens).astype(int)
        if n.sum() >= 0.45 * options.batch * options.tokens:
            return n
        scale *= 1.01


n = lengths()
ids = np.random.default_rng(1).integers(1000, VOCABULARY, (options.batch, int(n.max())))
mask = (np.arange(ids.shape[1])[None] < n[:, None]).astype(np.int64)
ids = ids * mask


def torch_step(compiled):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    if compiled:
        compile_for_level()
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="sdpa")
    model = transformers.BertModel(config, add_pooling_layer=False).train()
    small = ("bias", "LayerNorm")
    groups = [
        {"params": [p for name, p in model.named_parameters() if any(s in name for s in small) == is_small], "weight_decay": decay}
        for is_small, decay in ((True, 0.0), (False, 0.01))
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-5)
    tokens, attention = torch.from_numpy(ids), torch.from_numpy(mask)
    target = torch.randn(WIDTH)

    def embed():
        states = model(input_ids=tokens, attention_mask=attention).last_hidden_state
        weights = attention.unsqueeze(-1).to(states.dtype)
        return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1))

    run = torch.compile(embed, dynamic=False) if compiled else embed

    def step():
        (run() * target).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    def forward():
        with torch.no_grad():
            run()

    return forward if options.forward else step


def jax_step():
    import jax
    import jax.numpy as jnp

    generator = np.random.default_rng(2)

    def weights(*shape):
        return jnp.asarray(generator.standard_normal(shape, dtype=np.float32) * 0.02)

    def vector(value, size):
        return jnp.full((size,), value, jnp.float32)

    def layer():
        names = {f"w{k}": weights(WIDTH, WIDTH) for k in "qkvo"} | {f"b{k}": vector(0.0, WIDTH) for k in "qkvo"}
        return names | {
            "up": weights(WIDTH, INNER), "up_bias": vector(0.0, INNER), "down": weights(INNER, WIDTH), "down_bias": vector(0.0, WIDTH),
            "gain1": vector(1.0, WIDTH), "shift1": vector(0.0, WIDTH), "gain2": vector(1.0, WIDTH), "shift2": vector(0.0, WIDTH)}

    parameters = {
        "word": weights(VOCABULARY, WIDTH), "position": weights(POSITIONS, WIDTH), "kind": weights(WIDTH), "gain": vector(1.0, WIDTH),
        "shift": vector(0.0, WIDTH), "layers": [layer() for _ in range(LAYERS)]}
    tokens, present = jnp.asarray(ids), jnp.asarray(mask, jnp.float32)
    target = jnp.asarray(generator.standard_normal(WIDTH, dtype=np.float32))

    def norm(x, gain, shift):
        centered = x - x.mean(-1, keepdims=True)
        return centered * jax.lax.rsqrt((centered * centered).mean(-1, keepdims=True) + 1e-12) * gain + shift

    def embed(p):
        batch, longest = tokens.shape
        x = norm(p["word"][tokens] + p["position"][:longest] + p["kind"], p["gain"], p["shift"])
        bias = (1.0 - present)[:, None, None, :] * -1e9

        def heads(y):
            return y.reshape(batch, longest, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

        for l in p["layers"]:
            q, k, v = (heads(x @ l[f"w{c}"] + l[f"b{c}"]) for c in "qkv")
            scores = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / math.sqrt(WIDTH // HEADS) + bias, axis=-1)
            mixed = (scores @ v).transpose(0, 2, 1, 3).reshape(batch, longest, WIDTH)
            x = norm(x + mixed @ l["wo"] + l["bo"], l["gain1"], l["shift1"])
            inner = jax.nn.gelu(x @ l["up"] + l["up_bias"], approximate=False)
            x = norm(x + inner @ l["down"] + l["down_bias"], l["gain2"], l["shift2"])
        pooled = (x * present[:, :, None]).sum(1) / present.sum(1)[:, None]
        return pooled / jnp.linalg.norm(pooled, axis=-1, keepdims=True)

    def update(p, first, second, count):
        gradient = jax.grad(lambda p: (embed(p) * target).sum())(p)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        a, b = 1 - 0.9**count, 1 - 0.999**count
        p = jax.tree.map(lambda p, m, v: p * (1 - 1e-7) - 1e-5 / a * m / (jnp.sqrt(v / b) + 1e-8), p, first, second)
        return p, first, second

    update = jax.jit(update, donate_argnums=(0, 1, 2))
    run = jax.jit(embed)
    zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)  # noqa: E731
    state = [parameters, zeros(), zeros(), 0.0]

    def step():
        state[3] += 1
        state[:3] = update(*state)
        jax.block_until_ready(state[0])

    return (lambda: jax.block_until_ready(run(state[0]))) if options.forward else step


call = jax_step() if options.mode == "jax" else torch_step(options.mode == "compile")
for _ in range(2):
    call()
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
times = []
for _ in range(options.repeats):
    start = time.perf_counter()
    call()
    times.append((time.perf_counter() - start) * 1e3)
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
print(statistics.median(times), peak)
