"""Registers the core's operations with Swift's own differentiation; writes Derivatives.swift beside itself, and the cases of the tests.

Usage: python generate.py WengertCore.symbols.json
where the file is what `swift symbolgraph-extract -module-name WengertCore -minimum-access-level public -output-dir DIR …` writes.

An operation is a public function that takes and gives tensors. Those in Exceptions.txt are registered by hand or have no derivative.
"""
import pathlib
import re
import subprocess
import sys

here = pathlib.Path(__file__).parent
package = here.parents[2]
sys.path.insert(0, str(package / "Scripts"))
from symbol_graph import Function, functions  # noqa: E402

# Tensors by which an operation has no derivative: whole numbers and truth values.
discrete = {"indices", "condition", "offsets", "mask", "start", "counts", "positions"}
spelled = {"+": "Add", "-": "Subtract", "*": "Multiply", "/": "Divide", "%": "Remainder",
           "+=": "AddAssign", "-=": "SubtractAssign", "*=": "MultiplyAssign", "/=": "DivideAssign"}


class Operation(Function):
    @property
    def operands(self):
        own = ["self"] if self.is_member and not self.is_static else []
        return own + [i for _, i, t in self.plain if t in ("Tensor", "[Tensor]", "inout Tensor") and i not in discrete]

    @property
    def assigns(self):
        return bool(self.plain) and self.plain[0][2] == "inout Tensor"

    @property
    def is_operation(self):
        return self.operands and (self.result in ("Tensor", "[Tensor]") or self.assigns)

    def call(self, names):
        """The call with some operands by other names."""
        def given(inner, kind):
            if kind == "Int...":
                return inner if self.name == "permute" else f"{inner}.isEmpty ? nil : {inner}"
            return names.get(inner, inner)
        values = [given(i, t) for _, i, t in self.plain]
        if not self.name[0].isalpha():
            return self.name + values[0] if self.is_prefix else f"{values[0]} {self.name} {values[1]}"
        labels = [l for l, _, _ in self.plain] + (["file", "line"] if self.has_place else [])
        values += ["file", "line"] if self.has_place else []
        arguments = ", ".join(v if l == "_" else f"{l}: {v}" for l, v in zip(labels, values))
        return (names.get("self", "self") + "." if self.is_member else "") + f"{self.name}({arguments})"

    def derivative(self, operands):
        name = spelled.get(self.name) or self.name[0].upper() + self.name[1:]
        if self.is_prefix and self.name == "-":
            name = "Negate"
        if len(operands) < len(self.operands):
            name += "By" + operands[0][0].upper() + operands[0][1:]
        of = self.name
        if self.name[0].isalpha():
            of += "(" + "".join(l + ":" for l, _, _ in self.parameters) + ")"
        wrt = operands[0] if len(operands) == 1 else "(" + ", ".join(operands) + ")"
        parameters = ", ".join((i if l == i else f"{l} {i}") + f": {t}" for l, i, t in self.parameters)
        names = {o: f"${i}" for i, o in enumerate(operands)}
        if self.assigns:
            gives = "TensorTangent" if len(operands) == 2 else "Void"
            rule = f"(value: Void, pullback: (inout TensorTangent) -> {gives})"
            given = ", ".join(["&" + operands[0]] + operands[1:])
            operation = self.name[:-1]
            body = f"assignment({given}) {{ $0 {operation} {'$1' if len(operands) == 2 else self.plain[1][1]} }}"
        elif self.result == "[Tensor]":
            rule, body = "PartsRule", f"Tensor.ruleOfParts({operands[0]}) {{ {self.call(names)} }}"
        elif self.plain and self.plain[0][2] == "[Tensor]":
            rule, body = "Tensor.ManyRule", f"Tensor.ruleOfMany({operands[0]}) {{ {self.call(names)} }}"
        else:
            rule = ("" if self.is_member else "Tensor.") + ["OneRule", "TwoRule", "ThreeRule"][len(operands) - 1]
            body = f"Tensor.rule({', '.join(operands)}) {{ {self.call(names)} }}"
        static = "static " if self.is_static else ""
        return (f"@derivative(of: {of}, wrt: {wrt})\n@usableFromInline {static}func vjp{name}({parameters}) -> {rule} {{\n{body}\n}}\n")

    def derivatives(self):
        by = self.operands
        subsets = [by] + ([[o] for o in by] if len(by) == 2 and not self.assigns else [])
        return [self.derivative(s) for s in subsets]


operations = functions(sys.argv[1], Operation)
exceptions = {line.split(" | ")[0] for line in (here / "Exceptions.txt").read_text().splitlines() if " | " in line}
registered = [o for o in operations if o.is_operation and o.key not in exceptions]
unknown = [o.key for o in operations if not o.is_operation and re.search(r"\bTensor\b", o.result) and o.key not in exceptions]
if unknown:
    print("neither registered nor in Exceptions.txt:\n" + "\n".join(unknown))

text = "// Made by generate.py from the core's symbol graph; what is written here by hand is lost.\n\n"
text += "\n".join(d for o in registered if not o.is_member for d in o.derivatives())
text += "\nextension Tensor {\n" + "\n".join(d for o in registered if o.is_member for d in o.derivatives()) + "}\n"
(here / "Derivatives.swift").write_text(text)
subprocess.run(["swift", "format", "-i", str(here / "Derivatives.swift")], check=True, cwd=package)
print(len(registered), "operations")
