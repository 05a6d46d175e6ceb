"""Writes what PyTorch computes in double precision with the layers of images, and their gradients.

    python Tests/Fixtures/make_images.py        needs torch, safetensors
"""

import pathlib

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(12)
golden = {}


def note(name, tensor):
    golden[name] = tensor.detach().contiguous().clone()


def layer(name, module, x):
    """A module's value at x, the weights c of the scalar sum(value * c), and its gradients."""
    for p in module.parameters():
        p.data.copy_(torch.randn_like(p) * 0.5)
    x = x.requires_grad_(True)
    parameters = list(module.named_parameters())
    for buffer, tensor in module.named_buffers():
        if tensor.is_floating_point():
            note(f"{name}/{buffer}", tensor)
    value = module(x)
    c = torch.randn_like(value)
    gradients = torch.autograd.grad((value * c).sum(), [x] + [p for _, p in parameters])
    for key, tensor in [("x", x), ("c", c), ("y", value), ("gradient/x", gradients[0])]:
        note(f"{name}/{key}", tensor)
    for (parameter, tensor), gradient in zip(parameters, gradients[1:]):
        note(f"{name}/{parameter}", tensor)
        note(f"{name}/gradient/{parameter}", gradient)
    for buffer, tensor in module.named_buffers():
        if tensor.is_floating_point():
            note(f"{name}/gradient/{buffer}", torch.zeros_like(tensor))
            note(f"{name}/updated/{buffer}", tensor)


nn = torch.nn
layer("conv1d", nn.Conv1d(3, 4, 3, stride=2, padding=1), torch.randn(2, 3, 7))
layer("conv2d", nn.Conv2d(4, 6, (3, 2), padding=(1, 0), dilation=(1, 2), groups=2), torch.randn(2, 4, 5, 6))
layer("conv3d", nn.Conv3d(2, 3, 2, bias=False), torch.randn(1, 2, 3, 4, 3))
layer("transposed", nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), torch.randn(2, 4, 3, 4))
norm = nn.BatchNorm2d(3)
norm.running_mean.copy_(torch.randn(3))
norm.running_var.copy_(torch.rand(3) + 0.5)
layer("batchNorm", norm, torch.randn(4, 3, 2, 3))
layer("batchNormEvaluated", norm.eval(), torch.randn(4, 3, 2, 3))
layer("groupNorm", nn.GroupNorm(2, 6), torch.randn(2, 6, 3, 2))
layer("instanceNorm", nn.InstanceNorm2d(3, affine=True), torch.randn(2, 3, 4, 2))
layer("rmsNorm", nn.RMSNorm(5, eps=1e-6), torch.randn(3, 4, 5))
save_file(golden, pathlib.Path(__file__).parent / "nn" / "images.safetensors")
print(len(golden), "tensors")
