"""Rows of functions element by element, of PyTorch and of JAX: named as PyTorch's functions, with - for _."""

wide, positive = (-3, 3), (0.2, 4)
# By the bounds between which the numbers are.
table = {
    (wide,): "neg abs sign floor ceil round trunc frac square expm1 exp2 sin cos tan atan sinh cosh asinh tanh sigmoid softplus erf erfc ndtr"
    " relu relu6 silu nan-to-num isnan isfinite isinf signbit",
    (positive,): "log log2 log10 log1p sqrt rsqrt reciprocal lgamma digamma",
    ((-0.9, 0.9),): "asin acos atanh erfinv",
    ((0.1, 0.9),): "logit",
    ((1.2, 4),): "acosh",
    (wide, wide): "sub mul minimum maximum atan2 hypot copysign logaddexp eq ne lt le gt ge",
    (wide, positive): "div floor-divide remainder fmod xlogy",
    (positive, wide): "pow",
    (positive, positive): "beta betaln",
}


def function_rows(find, forward, uniform, flags):
    """`find` gives a function by its name in PyTorch, or None; `uniform` and `flags` what makes an operand of a shape."""
    wanted = {name: [uniform((1024, 2048), *b) for b in bounds] for bounds, names in table.items() for name in names.split()}
    wanted |= {f"bitwise-{name}": [flags((1024, 2048))] * (1 if name == "not" else 2) for name in ("and", "or", "xor", "not")}
    found = {name: find(name.replace("-", "_")) for name in wanted}
    number = uniform((1024, 2048), *positive)
    return {name: forward(f, *wanted[name]) for name, f in found.items() if f} | {
        "add-number": forward(lambda x: x + 1.5, number),
        "rsub-number": forward(lambda x: 2 - x, number),
        "div-number": forward(lambda x: 2 / x, number),
        "pow-3": forward(lambda x: x**3, number),
        "pow-number": forward(lambda x: x**-1.5, number),
        "clip": forward(lambda x: x.clip(0.7, 1.2), number),
        "add-row": forward(lambda x, y: x + y, number, uniform((2048,), *wide)),
        "mul-column": forward(lambda x, y: x * y, number, uniform((1024, 1), *wide)),
    }
