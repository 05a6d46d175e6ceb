"""Writes what PyTorch's losses are in double precision, with their gradients: nn/losses.safetensors.

    python Tests/Fixtures/make_losses.py        needs torch, safetensors
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
golden = {}
reductions = ["none", "mean", "sum"]
given = {
    "x": torch.randn(6, 5), "y": torch.randn(6, 5), "z": torch.randn(6, 5), "p": torch.rand(6, 5) * 0.98 + 0.01, "t": torch.rand(6, 5),
    "counts": torch.randint(0, 6, (6, 5)).double(), "variance": torch.rand(6, 5) + 0.1, "weights": torch.rand(5) + 0.5,
    "elementWeights": torch.rand(6, 1) + 0.5, "classes": torch.tensor([0, 4, 2, 1, 2, 3]), "signs": torch.tensor([1.0, -1, 1, -1, -1, 1]),
    "sequence": torch.randn(12, 4, 6), "targets": torch.tensor([[1, 2, 3], [4, 4, 0], [5, 1, 5], [2, 2, 2]]),
    "inputLengths": torch.tensor([12, 9, 12, 4]), "targetLengths": torch.tensor([3, 2, 0, 3]),
}
g = dict(given)


def note(name, f, *sources):
    for reduction in reductions:
        x = [g[s].clone().requires_grad_(True) for s in sources]
        value = f(*x, reduction)
        gradients = torch.autograd.grad((value * value).sum(), x)
        golden[f"{name}/{reduction}/value"] = value.detach().clone()
        for source, gradient in zip(sources, gradients):
            golden[f"{name}/{reduction}/{source}"] = gradient.contiguous().clone()


def entropy(**options):
    return lambda x, r: F.cross_entropy(x, g["classes"], reduction=r, **options)


note("crossEntropy", entropy(), "x")
note("crossEntropy smoothed", entropy(label_smoothing=0.2), "x")
note("crossEntropy weighted", entropy(weight=g["weights"]), "x")
note("crossEntropy ignoring", entropy(ignore_index=2), "x")
note("crossEntropy of all", entropy(weight=g["weights"], ignore_index=2, label_smoothing=0.2), "x")
note("negativeLogLikelihood", lambda x, r: F.nll_loss(x.log_softmax(1), g["classes"], g["weights"], ignore_index=2, reduction=r), "x")
note("binaryCrossEntropyWithLogits", lambda x, t, r: F.binary_cross_entropy_with_logits(
    x, t, g["elementWeights"], pos_weight=g["weights"], reduction=r), "x", "t")
note("binaryCrossEntropy", lambda p, r: F.binary_cross_entropy(p, g["t"], g["elementWeights"], reduction=r), "p")
note("meanSquaredError", lambda x, y, r: F.mse_loss(x, y, reduction=r), "x", "y")
note("meanAbsoluteError", lambda x, y, r: F.l1_loss(x, y, reduction=r), "x", "y")
note("huberLoss", lambda x, y, r: F.huber_loss(x, y, delta=0.7, reduction=r), "x", "y")
note("smoothL1Loss", lambda x, y, r: F.smooth_l1_loss(x, y, beta=0.7, reduction=r), "x", "y")
note("klDivergence", lambda x, p, r: F.kl_div(x.log_softmax(1), p, reduction=r), "x", "p")
note("klDivergence of logarithms", lambda x, y, r: F.kl_div(x.log_softmax(1), y.log_softmax(1), log_target=True, reduction=r), "x", "y")
note("poissonNLLLoss", lambda x, r: F.poisson_nll_loss(x, g["counts"], full=True, reduction=r), "x")
note("poissonNLLLoss of rates", lambda p, r: F.poisson_nll_loss(p, g["counts"], log_input=False, reduction=r), "p")
note("gaussianNLLLoss", lambda x, variance, r: F.gaussian_nll_loss(x, g["y"], variance, full=True, reduction=r), "x", "variance")
note("cosineEmbeddingLoss", lambda x, y, r: F.cosine_embedding_loss(x, y, g["signs"], margin=0.1, reduction=r), "x", "y")
note("tripletMarginLoss", lambda x, y, z, r: F.triplet_margin_loss(x, y, z, reduction=r), "x", "y", "z")
note("tripletMarginLoss swapped", lambda x, y, z, r: F.triplet_margin_loss(x, y, z, margin=0.5, p=1, swap=True, reduction=r), "x", "y", "z")
note("marginRankingLoss", lambda x, y, r: F.margin_ranking_loss(x, y, g["z"].sign(), margin=0.3, reduction=r), "x", "y")
note("ctcLoss", lambda x, r: F.ctc_loss(
    x[:, :3].log_softmax(2), g["targets"][:3], g["inputLengths"][:3], g["targetLengths"][:3], reduction=r), "sequence")
note("ctcLoss without infinities", lambda x, r: F.ctc_loss(
    x.log_softmax(2), g["targets"], g["inputLengths"], g["targetLengths"], reduction=r, zero_infinity=True), "sequence")
golden |= {f"given/{name}": tensor for name, tensor in given.items()}
save_file(golden, pathlib.Path(__file__).parent / "nn" / "losses.safetensors")
