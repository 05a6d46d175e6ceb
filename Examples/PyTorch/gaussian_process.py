import math

import torch
from torch.linalg import cholesky, solve_triangular

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
x = 6 * torch.rand(60)
y = torch.sin(2 * x) + 0.3 * x + 0.2 * torch.randn(60)
log_scale, log_length, log_noise = parameters = [torch.tensor(0.0, requires_grad=True) for _ in range(3)]


def kernel(x, y):
    return torch.exp(2 * log_scale - 0.5 * ((x[:, None] - y) / log_length.exp()).square())


def covariance():
    return kernel(x, x) + torch.exp(2 * log_noise) * torch.eye(len(x))


def negative_log_likelihood():
    l = cholesky(covariance())
    white = solve_triangular(l, y[:, None], upper=False)
    return 0.5 * white.square().sum() + l.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi)


def closure():
    optimizer.zero_grad()
    value = negative_log_likelihood()
    value.backward()
    return value


start = negative_log_likelihood().item()
optimizer = torch.optim.LBFGS(parameters, max_iter=100, line_search_fn="strong_wolfe")
optimizer.step(closure)
steps = optimizer.state[log_scale]["n_iter"]
print(f"negative log likelihood: {start:.3f} at the start, {negative_log_likelihood().item():.3f} after {steps} steps")
print(f"scale {log_scale.exp().item():.3f}, length {log_length.exp().item():.3f}, noise {log_noise.exp().item():.3f}")

places = torch.linspace(-1, 7, 161)
with torch.no_grad():
    l, across = cholesky(covariance()), kernel(x, places)
    white = solve_triangular(l, across, upper=False)
    mean = (white.T @ solve_triangular(l, y[:, None], upper=False))[:, 0]
    deviation = (torch.exp(2 * log_scale) - white.square().sum(0)).sqrt()
print(f"at 3: {mean[80].item():.3f} ± {deviation[80].item():.3f}; the function is {math.sin(6) + 0.9:.3f}")
