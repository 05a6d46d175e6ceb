import ctypes
import os
import weakref
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64

from ._library import DLDataType, DLManagedTensor, DLTensor, capsule, delete, library, tensor


class Error(RuntimeError):
    """What the library refuses: a file, arguments that do not fit, numbers for which an operation has no result."""


def _check(failed):
    if failed:
        raise Error((library().wengert_last_error() or b"?").decode())


# By DLPack's codes: int, unsigned int, float, bfloat16, bool.
_NAMES = {
    (6, 8): "bool", (1, 8): "uint8", (0, 32): "int32", (0, 64): "int64", (2, 16): "float16", (4, 16): "bfloat16", (2, 32): "float32",
    (2, 64): "float64",
}
_TYPE_STRINGS = {
    "bool": "|b1", "uint8": "|u1", "int32": "<i4", "int64": "<i8", "float16": "<f2", "float32": "<f4", "float64": "<f8",
}


class Parameter:
    """A tensor that a program takes or makes: its dotted name, dtype, and shape of numbers and of expressions in symbols (strings)."""

    def __init__(self, name, dtype, shape):
        self.name, self.dtype, self.shape = name, dtype, shape

    def __repr__(self):
        return f"{self.name or '_'}: {self.dtype}[{', '.join(str(extent) for extent in self.shape)}]"


class Result:
    """A tensor that a program has made. It has __dlpack__ and, where NumPy knows the dtype, __array_interface__; both share its memory, which stays until
    all are gone."""

    def __init__(self, managed):
        self._managed = managed
        weakref.finalize(self, delete, managed)
        it = managed.contents.dl_tensor
        self.dtype = _NAMES[it.dtype.code, it.dtype.bits]
        self.shape = tuple(it.shape[axis] for axis in range(it.ndim))
        self._strides = tuple(it.strides[axis] for axis in range(it.ndim))
        self._data = (it.data or 0) + it.byte_offset
        self._itemsize = it.dtype.bits // 8

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        if stream is not None:
            raise BufferError("a tensor in host memory has no stream")
        if dl_device is not None and tuple(dl_device) != (1, 0):
            raise BufferError(f"the tensor is in host memory, and not on the device {dl_device}")
        if copy:
            raise BufferError("no copy is made here; copy what from_dlpack gives")
        shared = library().wengert_share(self._managed)
        _check(not shared)
        return capsule(shared)

    def __dlpack_device__(self):
        return (1, 0)

    @property
    def __array_interface__(self):
        if self.dtype not in _TYPE_STRINGS:
            raise AttributeError(f"NumPy has no {self.dtype}; hand the result to PyTorch (torch.from_dlpack)")
        strides = tuple(stride * self._itemsize for stride in self._strides)
        return {"version": 3, "typestr": _TYPE_STRINGS[self.dtype], "shape": self.shape, "strides": strides, "data": (self._data, False)}

    def numpy(self):
        """A NumPy array over the same memory."""
        import numpy

        return numpy.asarray(self)

    def __repr__(self):
        return f"wengert.Result({self.dtype}[{', '.join(str(extent) for extent in self.shape)}])"


class Program:
    """A finished program. Called with arrays in the order of `inputs`, or by their names, it gives a Result, or a tuple of them if there are several.

    Any number of threads may call it at the same time; Python's lock is free meanwhile. `copies` says how many arguments of the last call had to be copied:
    those that are not row-major or not aligned.
    """

    def __init__(self, path):
        self._handle = library().wengert_load(os.fsencode(path))
        _check(not self._handle)
        weakref.finalize(self, library().wengert_release, self._handle)
        self.inputs, self.outputs = self._parameters(0), self._parameters(1)
        self.copies = 0

    def _parameters(self, is_output):
        parameters = []
        for index in range(library().wengert_count(self._handle, is_output)):
            dtype, rank = DLDataType(), c_int32()
            _check(library().wengert_type(self._handle, is_output, index, byref(dtype), byref(rank)))
            shape = []
            for axis in range(rank.value):
                number, symbols = c_int64(), c_char_p()
                _check(library().wengert_extent(self._handle, is_output, index, axis, byref(number), byref(symbols)))
                shape.append(symbols.value.decode() if symbols.value is not None else number.value)
            name = library().wengert_name(self._handle, is_output, index).decode()
            parameters.append(Parameter(name, _NAMES[dtype.code, dtype.bits], tuple(shape)))
        return parameters

    def _arguments(self, positional, named):
        names = [parameter.name for parameter in self.inputs]
        if len(positional) > len(names):
            raise TypeError(f"there are {len(positional)} arguments, and the program takes {len(names)}: {self.inputs}")
        known = dict(zip(names, positional))
        for name, value in named.items():
            if name not in names or name in known:
                raise TypeError(f"argument {name!r} is {'given twice' if name in known else 'unknown'}; the program takes {self.inputs}")
            known[name] = value
        missing = [name for name in names if name not in known]
        if missing:
            raise TypeError(f"there is no argument {', '.join(missing)}; the program takes {self.inputs}")
        return [known[name] for name in names]

    def __call__(self, *positional, **named):
        arguments = self._arguments(positional, named)
        # The capsules keep what they hold until the call is over.
        capsules = [_exported(argument, parameter) for argument, parameter in zip(arguments, self.inputs)]
        tensors = (POINTER(DLTensor) * len(capsules))(*[tensor(it) for it in capsules])
        results = (POINTER(DLManagedTensor) * len(self.outputs))()
        copied = c_int32()
        _check(library().wengert_call(self._handle, tensors, len(capsules), results, len(self.outputs), byref(copied)))
        self.copies = copied.value
        made = tuple(Result(results[number]) for number in range(len(self.outputs)))
        return made[0] if len(made) == 1 else made

    def __repr__(self):
        return f"wengert.Program({self.inputs} -> {self.outputs})"


def _exported(argument, parameter):
    """A capsule of an argument: one that may say that it must not be written, where its package knows that form."""
    if not hasattr(argument, "__dlpack__"):
        kind = type(argument).__name__
        raise TypeError(f"argument {parameter.name} is a {kind}, which has no __dlpack__; give a NumPy array or a PyTorch tensor")
    device = argument.__dlpack_device__() if hasattr(argument, "__dlpack_device__") else (1, 0)
    if int(device[0]) != 1:
        raise Error(f"argument {parameter.name} is on a device of type {int(device[0])}; only host memory (type 1) is read")
    try:
        return argument.__dlpack__(max_version=(1, 0))
    except TypeError:
        return argument.__dlpack__()


def load(path):
    """The program of a file that `Program.save` has written."""
    return Program(path)
