"""Writes five steps of more optimizers, and the courses of more schedules, as PyTorch has them, in double precision; those that PyTorch has not, as their papers write them.

    python Tests/Fixtures/make_training.py        needs torch, safetensors; reads the start and the gradients of make_nn.py
"""

import pathlib

import torch
from safetensors.torch import load_file, save_file

here = pathlib.Path(__file__).parent / "nn"
torch.set_default_dtype(torch.float64)
given = load_file(here / "golden.safetensors")
names = ["weight", "bias", "norm.weight", "norm.bias"]
start = {name: given[f"optimizer/start/{name}"] for name in names}
gradients = {name: given[f"optimizer/gradient/{name}"] for name in names}
rates = [0.1 * f for f in (0.2, 1.0, 0.9, 0.5, 0.1)]
golden = {}


class Rule(torch.optim.Optimizer):
    """An optimizer by its rule: p, g, state, rate, decay, number of the step -> what p becomes."""

    def __init__(self, groups, lr, rule):
        self.rule, self.number = rule, 0
        super().__init__(groups, {"lr": lr, "weight_decay": 0})

    @torch.no_grad()
    def step(self):
        self.number += 1
        for group in self.param_groups:
            for p in group["params"]:
                p.copy_(self.rule(p, p.grad, self.state[p], group["lr"], group["weight_decay"], self.number))


def lion(p, g, state, rate, decay, number):
    m = state.get("m", torch.zeros_like(p))
    update = torch.sign(0.9 * m + 0.1 * g)
    state["m"] = 0.99 * m + 0.01 * g
    return p - rate * (update + decay * p)


def lamb(p, g, state, rate, decay, number):
    m, v = state.get("m", torch.zeros_like(p)), state.get("v", torch.zeros_like(p))
    state["m"], state["v"] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    u = state["m"] / (1 - 0.9**number) / ((state["v"] / (1 - 0.999**number)).sqrt() + 1e-6) + decay * p
    return p - rate * p.norm() / u.norm() * u


def adamw(p, g, state, rate, decay, number):
    m, v = state.get("m", torch.zeros_like(p)), state.get("v", torch.zeros_like(p))
    state["m"], state["v"] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return (1 - rate * decay) * p - rate * state["m"] / (1 - 0.9**number) / ((state["v"] / (1 - 0.999**number)).sqrt() + 1e-8)


def muon(p, g, state, rate, decay, number):
    if p.ndim != 2:
        return adamw(p, g, state, rate, decay, number)
    state["v"] = 0.95 * state.get("v", torch.zeros_like(p)) + 0.05 * g
    x = 0.05 * g + 0.95 * state["v"]
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return (1 - rate * decay) * p - rate * 0.2 * max(p.shape) ** 0.5 * x


optimizers = {
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmspropCentered": (torch.optim.RMSprop, {"alpha": 0.9, "momentum": 0.8, "centered": True}),
    "adagrad": (torch.optim.Adagrad, {"lr_decay": 0.3}),
    "adafactor": (torch.optim.Adafactor, {}),
    "lion": (Rule, {"rule": lion}),
    "lamb": (Rule, {"rule": lamb}),
    "muon": (Rule, {"rule": muon}),
}
for label, (kind, settings) in optimizers.items():
    p = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in start.items()}
    optimizer = kind(
        [
            {"params": [p["weight"]], "weight_decay": 0.1, "scale": 1.0},
            {"params": [p["bias"]], "weight_decay": 0.0, "scale": 1.0},
            {"params": [p["norm.weight"], p["norm.bias"]], "weight_decay": 0.0, "scale": 0.5},
        ],
        lr=0.1, **settings)
    for step in range(5):
        for group in optimizer.param_groups:
            group["lr"] = rates[step] * group["scale"]
        for name in p:
            p[name].grad = gradients[name][step].clone()
        optimizer.step()
    for name in p:
        golden[f"optimizer/{label}/{name}"] = p[name].detach().clone()

schedulers = torch.optim.lr_scheduler
courses = {
    "step": lambda o: schedulers.StepLR(o, 3, 0.5),
    "exponential": lambda o: schedulers.ExponentialLR(o, 0.9),
    "polynomial": lambda o: schedulers.PolynomialLR(o, 8, 2.0),
    "restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 2, 2),
    "oneCycle": lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=11, div_factor=25, final_div_factor=1e4),
    "sequence": lambda o: schedulers.SequentialLR(o, [schedulers.ConstantLR(o, 1.0, 1), schedulers.ExponentialLR(o, 0.5)], [4]),
}
for label, course in courses.items():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = course(optimizer)
    factors = []
    for number in range(11):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if number < 10:
            scheduler.step()
    golden[f"schedule/{label}"] = torch.tensor(factors)

save_file(golden, here / "training.safetensors")

torch.manual_seed(9)
golden = {}
for name, kind in {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.items():
    layer = kind(3, 4)
    x = torch.randn(5, 2, 3, requires_grad=True)
    start = torch.randn(1, 2, 4)
    state = (start, torch.randn(1, 2, 4)) if name == "lstm" else start
    y, last = layer(x, state)
    c = torch.randn_like(y)
    golden |= {f"{name}/x": x, f"{name}/c": c, f"{name}/hidden": start[0], f"{name}/y": y, f"{name}/gradient/x": torch.autograd.grad((y * c).sum(), x, retain_graph=True)[0]}
    if name == "lstm":
        golden |= {"lstm/cell": state[1][0], "lstm/last": last[1][0]}
    for parameter, tensor in layer.named_parameters():
        golden[f"{name}/{parameter}"] = tensor
        golden[f"{name}/gradient/{parameter}"] = torch.autograd.grad((y * c).sum(), tensor, retain_graph=True)[0]
save_file({name: tensor.detach().contiguous().clone() for name, tensor in golden.items()}, here / "recurrent.safetensors")
