"""What the peers say of themselves: versions, and the instructions that they use."""
import os
import re


def variable(name):
    return f"{name}={os.environ[name]}" if name in os.environ else f"no {name}"


def torch():
    import torch

    settings = torch.__config__.show()
    mkl = re.search(r"Math Kernel Library Version ([\d.]+)", settings)
    onednn = re.search(r"MKL-DNN v([\d.]+)|oneDNN v([\d.]+)", settings)
    products = f"MKL {mkl[1]} ({variable('MKL_ENABLE_INSTRUCTIONS')}, which it follows on Intel's processors only)" if mkl else "no MKL"
    other = f"oneDNN {onednn[1] or onednn[2]} ({variable('ONEDNN_MAX_CPU_ISA')})" if onednn else "no oneDNN"
    return f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}; {products}; {other}; {torch.get_num_threads()} threads"


def jax():
    import jax

    isa = re.findall(r"--xla_cpu_max_isa=(\w+)", os.environ.get("XLA_FLAGS", ""))
    limit = f"compiled for {isa[-1]} at most" if isa else "compiled for the processor"
    return f"JAX {jax.__version__}, {limit}; its products choose their instructions themselves at run time"


def onnxruntime():
    import onnxruntime

    return f"ONNX Runtime {onnxruntime.__version__}, which chooses its instructions itself at run time"


def faiss():
    import faiss

    cores = [library["architecture"] for library in libraries() if "faiss" in library["filepath"]]
    products = f"products by OpenBLAS, core {cores[0]}" if cores else f"products by OpenBLAS ({variable('OPENBLAS_CORETYPE')})"
    return f"faiss {faiss.__version__}, {faiss.SIMDConfig.get_level_name()}; {products}"


def libraries():
    """The BLAS libraries of this process, as threadpoolctl finds them; none where that is not installed."""
    try:
        import threadpoolctl
    except ImportError:
        return []
    return [library for library in threadpoolctl.threadpool_info() if "architecture" in library]


def sentence_transformers():
    import sentence_transformers

    return f"sentence-transformers {sentence_transformers.__version__} in {torch()}"
