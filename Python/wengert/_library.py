"""The C functions of wengert.h, and capsules of Python."""

import ctypes
import os
import pathlib
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", c_int32), ("device_id", c_int32)]


class DLDataType(ctypes.Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device", DLDevice),
        ("ndim", c_int32),
        ("dtype", DLDataType),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class DLManagedTensor(ctypes.Structure):
    pass


Deleter = ctypes.CFUNCTYPE(None, POINTER(DLManagedTensor))
DLManagedTensor._fields_ = [("dl_tensor", DLTensor), ("manager_ctx", c_void_p), ("deleter", Deleter)]

# Where the DLTensor lies in a DLManagedTensorVersioned: behind its version, context, deleter and flags.
VERSIONED_OFFSET = 32


def _find():
    name = "libwengert-c.so"
    here = pathlib.Path(__file__).resolve().parent
    builds = [here.parent.parent / ".build" / kind for kind in ("release", "debug")]
    places = [os.environ.get("WENGERT_LIBRARY")] + [folder / name for folder in [here, *builds]]
    for place in places:
        if place and pathlib.Path(place).exists():
            return str(place)
    return name


_library = None


def library():
    """The library, opened once."""
    global _library
    if _library is None:
        path = _find()
        try:
            opened = ctypes.CDLL(path)
        except OSError as error:
            raise ImportError(
                f"{path} cannot be opened ({error}); build it (swift build -c release --product wengert-c), or name it in WENGERT_LIBRARY"
            ) from None
        managed = POINTER(DLManagedTensor)
        for function, result, *arguments in [
            ("last_error", c_char_p),
            ("load", c_void_p, c_char_p),
            ("release", None, c_void_p),
            ("count", c_int32, c_void_p, c_int32),
            ("name", c_char_p, c_void_p, c_int32, c_int32),
            ("type", c_int32, c_void_p, c_int32, c_int32, POINTER(DLDataType), POINTER(c_int32)),
            ("extent", c_int32, c_void_p, c_int32, c_int32, c_int32, POINTER(c_int64), POINTER(c_char_p)),
            ("call", c_int32, c_void_p, POINTER(POINTER(DLTensor)), c_int32, POINTER(managed), c_int32, POINTER(c_int32)),
            ("share", managed, managed),
        ]:
            entry = getattr(opened, f"wengert_{function}")
            entry.restype, entry.argtypes = result, arguments
        _library = opened
    return _library


# Capsules are handled by their address: in a destructor nobody may count references to one.
def _python(name, result, *arguments):
    function = ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))
    return function


_new = _python("PyCapsule_New", ctypes.py_object, c_void_p, c_char_p, c_void_p)
_is_valid = _python("PyCapsule_IsValid", ctypes.c_int, ctypes.py_object, c_char_p)
_pointer = _python("PyCapsule_GetPointer", c_void_p, ctypes.py_object, c_char_p)
_is_valid_at = _python("PyCapsule_IsValid", ctypes.c_int, c_void_p, c_char_p)
_pointer_at = _python("PyCapsule_GetPointer", c_void_p, c_void_p, c_char_p)


@ctypes.PYFUNCTYPE(None, c_void_p)
def _destroy(capsule):
    """Gives back what nobody has taken out of a capsule: who takes it calls the capsule otherwise."""
    if _is_valid_at(capsule, b"dltensor"):
        delete(ctypes.cast(_pointer_at(capsule, b"dltensor"), POINTER(DLManagedTensor)))


def delete(managed):
    managed.contents.deleter(managed)


def capsule(managed):
    """A managed tensor as __dlpack__ gives it."""
    return _new(ctypes.cast(managed, c_void_p), b"dltensor", ctypes.cast(_destroy, c_void_p))


def tensor(capsule):
    """The tensor in a capsule that __dlpack__ gave, which stays as long as the capsule."""
    if _is_valid(capsule, b"dltensor"):
        return ctypes.cast(_pointer(capsule, b"dltensor"), POINTER(DLTensor))
    if _is_valid(capsule, b"dltensor_versioned"):
        return ctypes.cast(_pointer(capsule, b"dltensor_versioned") + VERSIONED_OFFSET, POINTER(DLTensor))
    raise TypeError("__dlpack__ gave no capsule of a tensor")
