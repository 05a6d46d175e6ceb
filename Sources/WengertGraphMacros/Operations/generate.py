"""Writes GeneratedOperations.swift beside itself: the core's public functions on tensors and random keys, as `@Graph` calls them.

Usage: python3 generate.py WengertCore.symbols.json [FILE]      (`make operations` does it)

A function whose parameters or result have a type that is not listed here must be in Exceptions.txt, with the reason.
"""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
package = here.parents[2]
sys.path.insert(0, str(package / "Scripts"))
from symbol_graph import functions  # noqa: E402

# How an argument of a type is read.
readers = {
    "Tensor": "tensor", "[Tensor]": "tensors", "Tensor...": "tensors", "RandomKey": "key", "RandomKey?": "key", "Double": "number", "Double?": "number",
    "Int": "whole", "Int?": "whole", "Bool": "flag", "[Int]": "wholes", "[Int]?": "wholes", "Int...": "wholes", "Dimension": "dimension",
    "[Dimension]": "dimensions", "Shape": "shape", "DType": "dtype", "DType?": "dtype", "String": "text", "Range<Int>": "range",
    "[(before: Int, after: Int)]": "widths", "[(before: Dimension, after: Dimension)]": "extents",
}
results = {
    "Tensor": ".tensor({})", "[Tensor]": ".list(({}).map(Value.tensor))", "RandomKey": ".key({})", "[RandomKey]": ".list(({}).map(Value.key))",
}
# Operations that change a variable are read as their plain forms.
assigning = {"+=", "-=", "*=", "/="}


def made(function, call):
    if function.result in results:
        return results[function.result].format(call)
    parts = [part.split(":")[0].strip() for part in function.result[1:-1].split(",")]
    return ".parts(" + call + ") { [" + ", ".join(f'("{p}", .tensor($0.{p}))' for p in parts) + "] }"


def is_pair(result):
    return result.startswith("(") and all(part.strip().endswith(": Tensor") for part in result[1:-1].split(","))


def entry(function):
    is_method = function.is_member and not function.is_static
    first = 1 if is_method else 0
    arguments = []
    for i, (label, name, kind) in enumerate(function.plain, first):
        value = f"$0.{readers[kind]}({i})"
        if kind == "Int..." and function.name != "permute":
            value = f"({value}.isEmpty ? nil : {value})"
        if name in function.defaults:
            value = f"($0.has({i}) ? {value} : {function.defaults[name]})"
        elif kind.endswith("?"):
            value = f"($0.has({i}) ? {value} : nil)"
        arguments.append((label, value))
    if not function.name[0].isalpha():
        values = [v for _, v in arguments]
        call = f"{function.name}{values[0]}" if function.is_prefix else f"{values[0]} {function.name} {values[1]}"
    else:
        if function.name == "einsum":
            arguments[-1] = ("operands", arguments[-1][1])
        if function.has_place:
            arguments += [("file", "$0.file"), ("line", "$0.line")]
        given = ", ".join(v if l == "_" else f"{l}: {v}" for l, v in arguments)
        receiver = f"$0.{readers[function.of]}(0)." if is_method else "WengertCore."
        call = f"{receiver}{function.name}({given})"
    head = f"{function.of}." if is_method else ""
    name = ("prefix " if function.is_prefix else "") + function.name
    parameters = ", ".join(f"{l}: {t}" + (" = " + function.defaults[n] if n in function.defaults else "") for l, n, t in function.plain)
    return f'add("{head}{name}({parameters})") {{ {made(function, call)} }}\n'


exceptions = {line.split(" | ")[0] for line in (here / "Exceptions.txt").read_text().splitlines() if " | " in line}
known = [f for f in functions(sys.argv[1], of=("Tensor", "RandomKey")) if "Tensor" in f.result or "RandomKey" in f.result]
fitting = [f for f in known if (f.result in results or is_pair(f.result)) and all(t in readers for _, _, t in f.plain)]
missing = [f.key for f in known if f not in fitting and f.key not in exceptions]
if missing:
    sys.exit("neither of listed types nor in Exceptions.txt:\n" + "\n".join(missing))
entries = [entry(f) for f in fitting if f.key not in exceptions]
text = "// Made by generate.py from the core's symbol graph; what is written here by hand is lost.\n\n#if Macros\nimport WengertCore\n\nextension OperationTable {\n"
size = 40
for start in range(0, len(entries), size):
    text += f"mutating func add{start // size}() {{\n" + "".join(entries[start:start + size]) + "}\n\n"
calls = "".join(f"add{i}()\n" for i in range((len(entries) + size - 1) // size))
text += f"/// All {len(entries)} functions.\nmutating func addAll() {{\n{calls}}}\n}}\n#endif\n"
target = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here / "GeneratedOperations.swift"
target.write_text(text)
subprocess.run(["swift", "format", "-i", "--configuration", str(package / ".swift-format"), str(target)], check=True)
print(len(entries), "functions")
