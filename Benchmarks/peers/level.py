"""The level of instructions, where PyTorch does not see to it."""
import os


def compile_for_level():
    """torch.compile chooses its vectors by ATEN_CPU_CAPABILITY; what it leaves to the C++ compiler is compiled for the processor that is there."""
    import torch._inductor.config

    levels = {"default": "x86-64-v2", "avx2": "x86-64-v3"}
    torch._inductor.config.cpp.march = levels.get(os.environ.get("ATEN_CPU_CAPABILITY"))
