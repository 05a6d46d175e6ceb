"""The rows in JAX, each under jit."""
import jax
import jax.numpy as jnp
import numpy as np

import about
from products import product_rows
from jax_rows import single_rows
from protocol import serve

# The threads are those of the cores that this process may use.
random = np.random.default_rng(0)


def of(*shape):
    return lambda: jnp.asarray(random.standard_normal(shape, dtype=np.float32))


def forward(f, *inputs):
    def prepare():
        x = [make() for make in inputs]
        g = jax.jit(f)
        return lambda: jax.block_until_ready(g(*x))
    return prepare


def gradient(f, *inputs, wanted=1):
    """f and the gradients of its first `wanted` inputs; the last input is the cotangent of the result."""
    def both(*x):
        *x, cotangent = x
        value, pullback = jax.vjp(lambda *w: f(*w, *x[wanted:]), *x[:wanted])
        return value, pullback(cotangent)
    return forward(both, *inputs)


def adamw():
    def update(p, m, v, g, step):
        m = m + (g - m) * 0.1
        v = 0.999 * v + 0.001 * g * g
        return p * (1 - 1e-5) - 1e-3 / (1 - 0.9**step) * m / (jnp.sqrt(v) / jnp.sqrt(1 - 0.999**step) + 1e-8), m, v
    g = of(30_000_000)()
    state = [of(30_000_000)(), jnp.zeros_like(g), jnp.zeros_like(g)]
    step = jax.jit(update, donate_argnums=(0, 1, 2))

    def call():
        state[:] = jax.block_until_ready(step(*state, g, 3.0))
    return call


def positive_definite():
    x = random.standard_normal((1024, 1024), dtype=np.float32)
    return jnp.asarray(x @ x.T / 1024 + np.eye(1024, dtype=np.float32))


def layer_norm(x, gain, bias):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias


def cross_entropy(x, classes):
    return -jnp.take_along_axis(jax.nn.log_softmax(x), classes[:, None], 1).mean()


big = of(4096, 4096)
wide = of(4096, 3072)
hidden = of(4096, 768)
scores = of(512, 131072)
tokens = lambda: jnp.asarray(random.integers(30522, size=16384))
classes = lambda: jnp.asarray(random.integers(30522, size=2048))
gelu = lambda x: jax.nn.gelu(x, approximate=False)

serve(product_rows(lambda product, left, right: forward(product(jnp.matmul), of(*left), of(*right))) | {
    "add": forward(jnp.add, big, big),
    "chain": forward(lambda x, y, z: jnp.tanh(x * y + z), big, big, big),
    "exp": forward(jnp.exp, big),
    "gelu": forward(gelu, wide),
    "gelu-gradient": gradient(gelu, wide, wide),
    "softmax-4096": forward(jax.nn.softmax, big),
    "softmax-4096-gradient": gradient(jax.nn.softmax, big, big),
    "softmax-128": forward(jax.nn.softmax, of(1536, 128, 128)),
    "softmax-128-gradient": gradient(jax.nn.softmax, of(1536, 128, 128), of(1536, 128, 128)),
    "layer-norm": forward(layer_norm, hidden, of(768), of(768)),
    "layer-norm-gradient": gradient(layer_norm, hidden, of(768), of(768), hidden, wanted=3),
    "sum-first": forward(lambda x: x.sum(0), big),
    "sum-last": forward(lambda x: x.sum(-1), big),
    "cumulative-sum": forward(lambda x: jnp.cumsum(x, -1), big),
    "transposed-add": forward(lambda x, y: x.T + y, big, big),
    "gather": forward(lambda x, i: x[i], of(30522, 768), tokens),
    "scatter-add": forward(lambda x, i: jnp.zeros((30522, 768)).at[i].add(x), of(16384, 768), tokens),
    "cross-entropy-gradient": gradient(cross_entropy, of(2048, 30522), classes, lambda: jnp.ones(())),
    "top-100": forward(lambda x: jax.lax.top_k(x, 100), scores),
    "arg-max": forward(lambda x: x.argmax(-1), scores),
    "adamw": adamw,
    "cholesky": forward(jnp.linalg.cholesky, positive_definite),
    "solve": forward(jnp.linalg.solve, positive_definite, of(1024, 64)),
} | single_rows(forward, gradient), about.jax())
