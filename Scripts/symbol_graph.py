"""Public functions of the core, read from its symbol graph: what generators of Swift have in common.

`swift symbolgraph-extract -module-name WengertCore -minimum-access-level public -output-dir DIR …` writes the file; `make operations` and others do it.
"""
import json
import re


def split(text):
    """The parts between commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([<") - (c in ")]" or (c == ">" and text[i - 1] != "-"))
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p.strip() for p in parts + [text[start:]] if p.strip()]


class Function:
    """A public function: `parameters` are (label, name, type) without the default values, which `defaults` has by name."""

    def __init__(self, symbol):
        text = "".join(f["spelling"] for f in symbol["declarationFragments"])
        head = re.match(r"(?P<marks>.*?)\bfunc (?P<name>\S+?)\s*(?P<generic><[^(]*>)?\(", text, re.S)
        self.fits = bool(head) and not head["generic"]
        if not head:
            return
        self.name, marks = head["name"], head["marks"]
        depth = 1
        end = head.end()
        while depth:
            depth += (text[end] in "([") - (text[end] in ")]")
            end += 1
        self.parameters, self.defaults = [], {}
        for part in split(text[head.end():end - 1]):
            names, kind = (s.strip() for s in part.split(":", 1))
            label, inner = (names.split() * 2)[:2]
            label = label if self.name[0].isalpha() else "_"
            kind, _, default = kind.partition(" = ")
            self.parameters.append((label, inner, kind.strip()))
            if default:
                self.defaults[inner] = default.strip()
        result = re.search(r"->\s*(.*)$", text[end:], re.S)
        self.result = result[1].strip() if result else "Void"
        # The type whose member it is; none for free functions.
        self.of = symbol["pathComponents"][0] if len(symbol["pathComponents"]) > 1 else None
        self.is_member = self.of is not None
        self.is_static = "static" in marks
        self.is_prefix = "prefix" in marks or (not self.name[0].isalpha() and len(self.parameters) == 1)
        self.has_place = [p[0] for p in self.parameters[-2:]] == ["file", "line"]
        self.plain = self.parameters[:-2] if self.has_place else self.parameters
        self.key = self.name + "(" + ", ".join(f"{l}: {t}" for l, _, t in self.plain) + ")"


def functions(path, make=Function, of=("Tensor",)):
    """The public functions at file level and of these types that are not generic."""
    symbols = json.load(open(path))["symbols"]
    public = [s for s in symbols if s["accessLevel"] == "public" and (len(s["pathComponents"]) == 1 or s["pathComponents"][0] in of)]
    return sorted((f for f in map(make, public) if f.fits), key=lambda f: (f.is_member, f.key))
