"""The documentation of all modules, of their last build: one DocC archive each, and all together. A warning, a public declaration without a comment and an example that is nowhere else are errors.

`make documentation` calls it after `make test`, with the folder of the build; WengertONNX is there after `make test-onnx`.
"""
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from glob import glob
from pathlib import Path

MODULES = ["WengertCore", "WengertCPU", "WengertCUDA", "Wengert", "WengertNN", "WengertDifferentiable", "WengertGraph", "WengertGraphTool", "WengertONNX",
           "WengertC", "Collectives", "DEXML", "DEXMLServer"]
TOOLS = Path(shutil.which("swift")).resolve().parent
TARGET = f"{platform.machine()}-unknown-linux-gnu"


def flags(built):
    """What the compiler needs to read the modules of a build: the folders of modules, and the maps of those of C."""
    maps = glob("Sources/C*/module.modulemap") + glob(f"{built}/*.build/module.modulemap")
    maps += glob(f"{built.parent}/checkouts/*/Sources/*/include/module.modulemap")
    return ["-I", str(built / "Modules")] + [part for m in maps for part in ("-Xcc", f"-fmodule-map-file={m}")]


def run(*command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout.strip()}\nfailed: {Path(command[0]).name} {command[1]} …")


def symbols(module, built, folder):
    """The symbol graphs of a module, in a folder of their own; false if the module was not built."""
    folder.mkdir(parents=True)
    read = flags(built)
    if module == "WengertGraph":
        # A macro's declarations are empty in builds without the trait Macros; they need no macro to be read.
        run(TOOLS / "swiftc", "-emit-module", "-emit-module-path", folder / "WengertGraph.swiftmodule", "-module-name", module, "-swift-version", "6",
            "-suppress-warnings", "-parse-as-library", "-D", "Macros", *read, *glob("Sources/WengertGraph/*.swift"))
        # Before that of the build, which is empty.
        read = ["-I", str(folder)] + read
    elif not (built / "Modules" / f"{module}.swiftmodule").exists():
        return False
    run(TOOLS / "swift", "symbolgraph-extract", "-module-name", module, *read, "-target", TARGET, "-minimum-access-level", "public",
        "-emit-extension-block-symbols", "-output-dir", folder)
    return True


def undocumented(folder):
    """The declarations without a comment, but for what the compiler makes, and what a protocol's comment describes."""
    for file in sorted(folder.glob("*.symbols.json")):
        graph = json.loads(file.read_text())
        described = {r["source"] for r in graph["relationships"] if "sourceOrigin" in r}
        for symbol in graph["symbols"]:
            name = symbol["identifier"]["precise"]
            if symbol["kind"]["identifier"] == "swift.extension" or "::SYNTHESIZED::" in name or name in described:
                continue
            if not any(line["text"].strip() for line in symbol.get("docComment", {}).get("lines", [])):
                place = symbol.get("location", {})
                line = place.get("position", {}).get("line", -1) + 1
                yield f"{place.get('uri', '').removeprefix('file://')}:{line}: {'.'.join(symbol['pathComponents'])} has no comment"


def code():
    """The lines of all sources, of tests and of the README, whose examples have tests, without indentation and comment signs."""
    files = [f for root in ("Sources", "Tests") for f in Path(root).rglob("*.swift") if ".build" not in f.parts] + [Path("README.md")]
    return ["\n".join(re.sub(r"^\s*(/// ?)?", "", line).strip() for line in f.read_text().split("\n")) for f in files]


def strange_examples(texts):
    for page in sorted(Path("Sources").glob("*/*.docc/*.md")):
        for block in re.findall(r"```swift\n(.*?)\n```", page.read_text(), re.S):
            lines = [line.strip() for line in block.split("\n") if line.strip() and not line.startswith("import ")]
            found = [t for t in texts if lines[0] in t and all(line in t for line in lines)]
            if not found:
                yield f"{page}: an example is in no test and in no comment: {lines[0]}"


def main(built, output):
    shutil.rmtree(output, ignore_errors=True)
    mistakes = list(strange_examples(code()))
    archives = []
    for module in MODULES:
        source = Path(".build-onnx/release") if module == "WengertONNX" else built
        graphs = output / "symbols" / module
        if not symbols(module, source, graphs):
            print(f"{module} is left out: it was not built")
            continue
        mistakes += undocumented(graphs)
        catalogue = Path(f"Sources/{module}/{module}.docc")
        if catalogue.exists():
            archives.append(output / f"{module}.doccarchive")
            run(TOOLS / "docc", "convert", catalogue, "--additional-symbol-graph-dir", graphs, "--output-path", archives[-1],
                "--fallback-display-name", module, "--fallback-bundle-identifier", module, "--warnings-as-errors")
    if mistakes:
        sys.exit("\n".join(mistakes))
    run(TOOLS / "docc", "merge", *archives, "--synthesized-landing-page-name", "Wengert", "--output-path", output / "site")
    print(f"{len(archives)} modules, no warnings, every public declaration has a comment: {output}/site")


main(Path(sys.argv[1]), Path(sys.argv[2]))
