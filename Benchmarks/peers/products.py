"""The products of Rows/Products.swift, under the same names."""


def encoder(name, tokens, width, inner):
    """An encoder's block: its tokens by a weight, and the gradients by the tokens and by the weight."""
    for part, given, made in (("square", width, width), ("up", width, inner), ("down", inner, width)):
        yield f"{name}-{part}", (tokens, given), (given, made), False, False
        yield f"{name}-{part}-by-input", (tokens, made), (given, made), False, True
        yield f"{name}-{part}-by-weight", (tokens, given), (tokens, made), True, False


def products():
    """Names, shapes of the factors as they lie in memory, and whether each is transposed."""
    yield "1024", (1024, 1024), (1024, 1024), False, False
    yield "768", (4096, 768), (768, 768), False, False
    yield "3072", (4096, 768), (768, 3072), False, False
    yield "batched", (1536, 128, 64), (1536, 64, 128), False, False
    yield from encoder("minilm", 8192, 384, 1536)
    yield from encoder("base", 2048, 768, 3072)
    yield "loss", (512, 384), (4096, 384), False, True
    yield "loss-by-document", (512, 4096), (4096, 384), False, False
    yield "loss-by-label", (512, 4096), (512, 384), True, False
    yield "64", (64, 64), (64, 64), False, False
    yield "16", (16, 16), (16, 16), False, False
    yield "vector", (4096, 1024), (1024,), False, False


def product_rows(row):
    """A row of each: `row(product, left, right)`, where `product(matmul)` is the function of both as they lie in memory."""

    def function(is_left_transposed, is_right_transposed):
        def of(matmul):
            return lambda x, y, **into: matmul(x.T if is_left_transposed else x, y.T if is_right_transposed else y, **into)

        return of

    return {f"product-{name}": row(function(a, b), left, right) for name, left, right, a, b in products()}
