"""Programs called from NumPy and PyTorch. WENGERT_PROGRAMS names the folder that python-programs has written; see `make test-python`."""

import gc
import os
import pathlib
import threading
import unittest

import numpy
import torch
from safetensors.numpy import load_file

import wengert

FOLDER = pathlib.Path(os.environ["WENGERT_PROGRAMS"])


def program(name):
    return wengert.load(FOLDER / name)


class Values(unittest.TestCase):
    def test_a_layer_gives_what_numpy_gives_at_every_size(self):
        layer, weights = program("layer"), load_file(FOLDER / "layer.safetensors")
        for rows in (1, 5, 64):
            x = numpy.random.default_rng(rows).standard_normal((rows, 3)).astype("float32")
            expected = numpy.maximum(x @ weights["weight"].T + weights["bias"], 0)
            numpy.testing.assert_allclose(layer(x).numpy(), expected, atol=1e-6)
            torch.testing.assert_close(torch.from_dlpack(layer(torch.from_numpy(x))), torch.from_numpy(expected), atol=1e-6, rtol=0)

    def test_the_program_says_what_it_takes_and_makes(self):
        layer = program("layer")
        self.assertEqual([(it.name, it.dtype, it.shape) for it in layer.inputs], [("0", "float32", ("batch", 3))])
        self.assertEqual([(it.dtype, it.shape) for it in layer.outputs], [("float32", ("batch", 2))])

    def test_several_results_are_a_tuple_and_arguments_have_names(self):
        both = program("sum")
        x, y = numpy.float32([1, 2, 3]), torch.tensor([4.0, 5.0, 6.0])
        total, product = both(x, **{"1": y})
        self.assertEqual(total.numpy().tolist(), [5, 7, 9])
        self.assertEqual(product.numpy().tolist(), [4, 10, 18])

    def test_every_dtype_comes_and_goes(self):
        for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.uint8, torch.bool):
            name = str(dtype).split(".")[1]
            x = torch.tensor([0, 1, 1]).to(dtype)
            result = program(f"same of {name}")(x)
            self.assertEqual(result.dtype, name)
            self.assertTrue(torch.equal(torch.from_dlpack(result), x))
            if dtype != torch.bfloat16:
                self.assertEqual(numpy.asarray(result).dtype, x.numpy().dtype)
                self.assertEqual(program(f"same of {name}")(x.numpy()).numpy().tolist(), x.numpy().tolist())

    def test_a_symbol_is_at_least_one(self):
        with self.assertRaisesRegex(wengert.Error, "batch"):
            program("layer")(numpy.zeros((0, 3), "float32"))


class Memory(unittest.TestCase):
    def test_arguments_are_read_in_place_if_they_can_be(self):
        layer = program("layer")
        x = numpy.ones((6, 3), "float32")
        frozen = x.copy()
        frozen.flags.writeable = False
        for argument in (x, x[2:], torch.ones(6, 3), frozen):
            layer(argument)
            self.assertEqual(layer.copies, 0)
        expected = layer(x).numpy()
        for argument in (numpy.asfortranarray(x), numpy.ones((6, 6), "float32")[:, ::2], torch.ones(3, 6).T, torch.ones(12, 3)[::2]):
            numpy.testing.assert_array_equal(layer(argument).numpy(), expected)
            self.assertEqual(layer.copies, 1)

    def test_elements_backwards_and_at_odd_addresses_are_copied(self):
        layer = program("layer")
        x = numpy.arange(12, dtype="float32").reshape(4, 3)
        expected = layer(x).numpy()
        backwards = x[::-1].copy()[::-1]
        shifted = numpy.zeros(49, "uint8")[1:].view("float32").reshape(4, 3)
        shifted[:] = x
        self.assertNotEqual(shifted.ctypes.data % 4, 0)
        for argument in (torch.from_numpy(x.copy()).flip(0).flip(0), shifted):
            numpy.testing.assert_array_equal(layer(argument).numpy(), expected)
        numpy.testing.assert_array_equal(layer(backwards).numpy(), expected)
        self.assertEqual(layer.copies, 1)

    def test_a_result_is_seen_in_place_by_all(self):
        result = program("layer")(numpy.ones((2, 3), "float32"))
        address = result.__array_interface__["data"][0]
        array, tensor = result.numpy(), torch.from_dlpack(result)
        self.assertEqual({address, array.ctypes.data, numpy.from_dlpack(result).ctypes.data, tensor.data_ptr()}, {address})
        tensor[0, 0] = 42
        self.assertEqual(array[0, 0], 42)

    def test_results_outlive_the_program_and_their_arguments(self):
        identity, layer = program("identity"), program("layer")
        x = numpy.arange(6, dtype="float32").reshape(2, 3)
        same, made = identity(x), layer(x)
        self.assertNotEqual(same.__array_interface__["data"][0], x.ctypes.data)
        arrays = [same.numpy(), torch.from_dlpack(same).numpy(), made.numpy()]
        copies = [it.copy() for it in arrays]
        x[:] = -1
        del x, identity, layer, same, made
        gc.collect()
        for _ in range(20):
            numpy.empty(1 << 20, "uint8").fill(7)
            program("layer")(numpy.ones((9, 3), "float32"))
        for array, copy in zip(arrays, copies):
            numpy.testing.assert_array_equal(array, copy)

    def test_memory_does_not_grow(self):
        layer, x = program("layer"), numpy.ones((4096, 3), "float32")

        def pages():
            return int(pathlib.Path("/proc/self/statm").read_text().split()[1])

        for _ in range(50):
            torch.from_dlpack(layer(x))
            layer(x).__dlpack__()
        before = pages()
        for _ in range(2000):
            torch.from_dlpack(layer(x))
            layer(x).__dlpack__()
        self.assertLess(pages() - before, 1000)

    def test_what_is_not_row_major_says_so(self):
        x = numpy.arange(6, dtype="float32").reshape(2, 3)
        result = program("transpose")(x)
        self.assertEqual(result.shape, (3, 2))
        numpy.testing.assert_array_equal(result.numpy(), x.T + 1)
        numpy.testing.assert_array_equal(torch.from_dlpack(result).numpy(), x.T + 1)

    def test_threads_share_a_program(self):
        both, wrong = program("sum"), []

        def work(number):
            for size in range(1, 60):
                x = numpy.full(size + number, number, "float32")
                total, product = both(x, x)
                if not (total.numpy() == 2 * number).all() or not (product.numpy() == number * number).all():
                    wrong.append((number, size))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Mistakes(unittest.TestCase):
    def refused(self, pattern, call, kind=wengert.Error):
        with self.assertRaisesRegex(kind, pattern):
            call()

    def test_arguments_that_do_not_fit_are_refused(self):
        layer, both = program("layer"), program("sum")
        self.refused(r"argument 0 is float64\[4, 3\], and the program takes float32\[batch, 3\]", lambda: layer(numpy.ones((4, 3))))
        self.refused(r"argument 0 is float32\[4, 2\]", lambda: layer(numpy.ones((4, 2), "float32")))
        self.refused(r"argument 0 is float32\[3\]", lambda: layer(numpy.ones(3, "float32")))
        self.refused("n is 2 in argument 0.*and 3 in argument 1", lambda: both(numpy.ones(2, "float32"), numpy.ones(3, "float32")))
        self.refused("complex64", lambda: layer(numpy.ones((4, 3), "complex64")))
        self.refused("int16", lambda: layer(numpy.ones((4, 3), "int16")))
        self.refused("9 axes", lambda: layer(numpy.ones((1,) * 9, "float32")))
        self.refused("meta", lambda: layer(torch.ones(4, 3, device="meta")), ValueError)
        self.refused("there is no argument 1", lambda: both(numpy.ones(2, "float32")), TypeError)
        self.refused("unknown", lambda: layer(numpy.ones((4, 3), "float32"), other=1), TypeError)
        self.refused("has no __dlpack__", lambda: layer([1.0, 2.0, 3.0]), TypeError)

    def test_a_device_that_is_not_the_host_is_refused_by_its_type(self):
        class Elsewhere:
            def __dlpack__(self, **options):
                raise AssertionError("it is not asked for")

            def __dlpack_device__(self):
                return (2, 0)

        self.refused("on a device of type 2", lambda: program("layer")(Elsewhere()))

    def test_what_the_numbers_do_not_allow_is_refused(self):
        first, rows = program("first"), program("rows")
        self.assertEqual(first(numpy.arange(6, dtype="float32")).numpy().tolist(), [0, 2, 4, 6])
        self.refused("with n = 3", lambda: first(numpy.arange(3, dtype="float32")))
        x = numpy.arange(6, dtype="float32").reshape(3, 2)
        self.assertEqual(rows(x, numpy.array([2, -1])).numpy().tolist(), [[4, 5], [4, 5]])
        self.refused("index 7 is out of range", lambda: rows(x, numpy.array([0, 7])))
        self.assertEqual(rows(x, numpy.array([0])).numpy().tolist(), [[0, 1]])

    def test_files_that_are_no_programs_are_refused(self):
        self.refused("nowhere", lambda: wengert.load("/nowhere"))
        self.refused("program", lambda: wengert.load(FOLDER / "layer.safetensors"))
        self.refused("compileUpdate", lambda: program("update"))
        damaged = FOLDER / "damaged"
        bytes = bytearray((FOLDER / "layer").read_bytes())
        bytes[len(bytes) // 2] ^= 255
        damaged.write_bytes(bytes)
        self.refused("program", lambda: wengert.load(damaged))


if __name__ == "__main__":
    unittest.main()
