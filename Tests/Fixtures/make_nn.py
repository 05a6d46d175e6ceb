"""Writes what PyTorch and transformers compute in double precision: layers with their gradients, optimizer steps, clipping, schedules, losses.

    python Tests/Fixtures/make_nn.py        needs torch, transformers, safetensors
"""

import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup
from transformers.models.bert.modeling_bert import BertLayer

here = pathlib.Path(__file__).parent / "nn"
here.mkdir(exist_ok=True)
torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
golden = {}
lengths = [3, 1, 4]


def note(name, tensor):
    golden[name] = tensor.detach().contiguous().clone()


def note_gradients(name, x, value, parameters):
    """The value at x, the weights c of the scalar sum(value * c), and its gradients."""
    c = torch.randn_like(value)
    gradients = torch.autograd.grad((value * c).sum(), [x] + [p for _, p in parameters])
    note(f"{name}/x", x)
    note(f"{name}/c", c)
    note(f"{name}/y", value)
    note(f"{name}/gradient/x", gradients[0])
    for (parameter, tensor), gradient in zip(parameters, gradients[1:]):
        note(f"{name}/{parameter}", tensor)
        note(f"{name}/gradient/{parameter}", gradient)


def shake(module):
    for p in module.parameters():
        p.data.copy_(torch.randn_like(p) * 0.5)


def packed(x, function):
    """The function of each sequence on its own, the results end to end."""
    return torch.cat([function(part[None])[0] for part in x.split(lengths)])


x = torch.randn(3, 4, requires_grad=True)
linear = torch.nn.Linear(4, 5)
note_gradients("linear", x, linear(x), list(linear.named_parameters()))

x = torch.randn(3, 6, requires_grad=True)
norm = torch.nn.LayerNorm(6)
shake(norm)
note_gradients("layerNorm", x, norm(x), list(norm.named_parameters()))

x = torch.randn(sum(lengths), 8, requires_grad=True)
mha = torch.nn.MultiheadAttention(8, 2, batch_first=True)
shake(mha)
note_gradients("attention", x, packed(x, lambda s: mha(s, s, s, need_weights=False)[0]), list(mha.named_parameters()))

x = torch.randn(sum(lengths), 8, requires_grad=True)
config = BertConfig(
    hidden_size=8, num_attention_heads=2, intermediate_size=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
config._attn_implementation = "eager"
bert = BertLayer(config)
shake(bert)


def bert_value(s):
    value = bert(s)
    return value[0] if isinstance(value, tuple) else value


note_gradients("bert", x, packed(x, bert_value), list(bert.named_parameters()))
save_file(bert.state_dict(), here / "bert.safetensors")

x = torch.randn(sum(lengths), 8, requires_grad=True)
pre = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
shake(pre)
note_gradients("preNorm", x, packed(x, pre), list(pre.named_parameters()))

# Five steps with given gradients, decay on the weight alone, half the rate on the normalization.
start = {"weight": torch.randn(3, 4), "bias": torch.randn(3), "norm.weight": torch.randn(4), "norm.bias": torch.randn(4)}
gradients = {name: torch.randn(5, *tensor.shape) for name, tensor in start.items()}
for name in start:
    note(f"optimizer/start/{name}", start[name])
    note(f"optimizer/gradient/{name}", gradients[name])
rates = [0.1 * f for f in (0.2, 1.0, 0.9, 0.5, 0.1)]
optimizers = {
    "adamw": (torch.optim.AdamW, {}, 0.1),
    "adam": (torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-6}, 0.1),
    "sgd": (torch.optim.SGD, {}, 0.1),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, 0.1),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1),
}
for label, (kind, settings, decay) in optimizers.items():
    p = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in start.items()}
    optimizer = kind(
        [
            {"params": [p["weight"]], "weight_decay": decay, "scale": 1.0},
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
        note(f"optimizer/{label}/{name}", p[name])

p = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in start.items()}
for name in p:
    p[name].grad = gradients[name][0].clone()
note("clipping/norm", torch.nn.utils.clip_grad_norm_(list(p.values()), 1.5))
for name in p:
    note(f"clipping/{name}", p[name].grad)

for label, schedule in {"linear": get_linear_schedule_with_warmup, "cosine": get_cosine_schedule_with_warmup}.items():
    for warmup in (0, 3):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        course = schedule(optimizer, warmup, 10)
        factors = []
        for _ in range(11):
            factors.append(course.get_last_lr()[0])
            optimizer.step()
            course.step()
        note(f"schedule/{label}/{warmup}", torch.tensor(factors))

logits = torch.randn(4, 5, requires_grad=True)
classes = torch.tensor([0, 4, 2, 2])
golden["loss/classes"] = classes
note("loss/logits", logits)
for label, smoothing in {"crossEntropy": 0.0, "smoothed": 0.1}.items():
    value = torch.nn.functional.cross_entropy(logits, classes, label_smoothing=smoothing)
    note(f"loss/{label}/value", value)
    note(f"loss/{label}/gradient", torch.autograd.grad(value, logits)[0])
targets = torch.rand(4, 5)
note("loss/targets", targets)
for label, function in {
    "meanSquaredError": torch.nn.functional.mse_loss, "binary": torch.nn.functional.binary_cross_entropy_with_logits}.items():
    value = function(logits, targets)
    note(f"loss/{label}/value", value)
    note(f"loss/{label}/gradient", torch.autograd.grad(value, logits)[0])

save_file(golden, here / "golden.safetensors")
