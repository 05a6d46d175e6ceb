import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, hessian, vmap

torch.manual_seed(1)
count = 80
x = torch.cat([torch.randn(count, 2), torch.ones(count, 1)], dim=1).double()
y = (x[:, 0] + x[:, 1] + torch.randn(count) > 0).double()


def loss(w, x, y):
    return F.softplus(x @ w) - y * (x @ w)


def total(w, counts):
    return (counts * loss(w, x, y)).mean() + 0.05 * w.square().sum()


def fit(counts):
    w = torch.zeros(3, dtype=torch.float64)
    for _ in range(6):
        w = w - torch.linalg.solve(hessian(total)(w, counts), grad(total)(w, counts))
    return w


everything = torch.ones(count, dtype=torch.float64)
w = fit(everything)
print(f"weights {[f'{v:.3f}' for v in w.tolist()]}, where the slope is {grad(total)(w, everything).norm().item():.4e}")

slopes = vmap(grad(loss), in_dims=(None, 0, 0))(w, x, y)
i = slopes.norm(dim=1).argmax().item()
print(f"example {i} pulls most, by {slopes[i].norm().item():.4f}: of class {int(y[i])} at probability {torch.sigmoid(x[i] @ w).item():.4f}")

moves = torch.linalg.solve(hessian(total)(w, everything), slopes.T).T / count
fits = vmap(lambda left: fit(1 - left))(torch.eye(count, dtype=torch.float64))
error = ((fits - w - moves).norm(dim=1).max() / moves.norm(dim=1).max()).item()
print(f"{count} fits without one example each: where one solve said, but for {100 * error:.1f} % of the longest way")

network = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
parameters = {name: tensor.detach() for name, tensor in network.named_parameters()}


def network_loss(parameters, x, y):
    return F.mse_loss(functional_call(network, parameters, x)[0], y)


slopes = vmap(grad(network_loss), in_dims=(None, 0, 0))(parameters, x.float(), y.float())
norms = sum(slope.flatten(1).square().sum(1) for slope in slopes.values()).sqrt()
scale = (1 / norms).clip(max=1)
bounded = {name: torch.einsum("i,i...->i...", scale, slope) for name, slope in slopes.items()}
shapes = [list(slope.shape) for slope in bounded.values()]
print(f"a network's gradients {shapes}, of norms from {norms.min().item():.4f} to {norms.max().item():.4f} before they were bounded")
