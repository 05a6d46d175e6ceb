#!/bin/sh
# Builds the stand-in into a folder: its library under the names that a backend opens, and what kernels are compiled with.
set -eu
if [ $# -ne 1 ]; then
  echo "usage: build.sh FOLDER (the compiler is STANDIN_CLANG, or clang++)" >&2
  exit 2
fi
clang=${STANDIN_CLANG:-clang++}
mkdir -p "$1"
out=$(cd "$1" && pwd -P)
cd "$(dirname "$0")"
clang=$(command -v "$clang")
[ "$(uname -m)" = x86_64 ] || { echo "build.sh: the stand-in runs on x86-64" >&2; exit 1; }

# Processors with fused multiply-add show what --fmad does.
march=x86-64
if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo && grep -qw bmi2 /proc/cpuinfo; then march=x86-64-v3; fi
linker=
if echo | "$clang" -fuse-ld=lld -shared -nostdlib -x c++ - -o "$out/linker-test.so" 2>/dev/null; then linker=-fuse-ld=lld; fi
rm -f "$out/linker-test.so"

device="-x c++ -std=c++17 -march=$march -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -fno-math-errno -ffp-contract=on"
plain="$device -O2"
checked="$device -O1 -gline-tables-only -gdwarf-4 -DSTANDIN_CHECKED -fno-vectorize -fno-slp-vectorize
  -fsanitize=thread,alignment,bounds,shift-exponent -fno-sanitize-link-runtime
  -mllvm -tsan-instrument-func-entry-exit=0 -mllvm -tsan-instrument-atomics=0 -mllvm -tsan-instrument-read-before-write=1"
kernel="-w -shared -nostdlib++ $linker"
build=$({ cat interface.h device.h device_math.h device_tensor.h kernel.cpp; "$clang" --version; } | cksum | tr -d ' ')

"$clang" -std=c++17 -O2 -fPIC -fvisibility=hidden -Wall -Wextra -c kernel.cpp -o "$out/kernel.o"
# Kernels need nothing outside of the folder; the precompiled headers are used while it is where they were made.
cp interface.h device.h device_math.h device_tensor.h "$out"
header="-Wall -Wextra -Wno-unused-function -Xclang -fno-pch-timestamp -x c++-header $out/device.h"
"$clang" $plain $header -o "$out/plain.pch"
"$clang" $checked $header -o "$out/checked.pch"

words() { echo $*; }
library="-std=c++17 -O1 -march=$march -fPIC -fvisibility=hidden -Wall -Wextra -ffp-contract=off"
"$clang" $library -x c++-header standin.h -o "$out/library.pch"
objects=
for file in $(ls *.cpp | grep -v '^test' | grep -v '^kernel.cpp$'); do
  # Where numbers are multiplied and accesses checked, speed counts.
  case $file in blaslt.cpp | solver.cpp | decompositions.cpp | nccl.cpp | checks.cpp | fibers.cpp) level=-O2 ;; *) level=-O1 ;; esac
  "$clang" $library $level -include-pch "$out/library.pch" "-DSTANDIN_CLANG=\"$clang\"" "-DSTANDIN_BUILD=\"$build\"" \
    "-DSTANDIN_FOLDER=\"$out\"" "-DSTANDIN_PLAIN_FLAGS=\"$(words $plain $kernel)\"" \
    "-DSTANDIN_CHECKED_FLAGS=\"$(words $checked $kernel)\"" -c "$file" -o "$out/${file%.cpp}.o"
  objects="$objects $out/${file%.cpp}.o"
done
echo '{ global: cu*; nvrtc*; nccl*; standin_*; local: *; };' > "$out/exports"
"$clang" -shared $linker -Wl,-Bsymbolic "-Wl,--version-script=$out/exports" -o "$out/libwengert-standin.so" $objects -ldl -lpthread
rm -f $objects "$out/library.pch" "$out/exports"
for name in libcuda.so.1 libnvrtc.so.12 libcublasLt.so.12 libcublas.so.12 libcusolver.so.11 libnccl.so.2; do
  ln -sf libwengert-standin.so "$out/$name"
done
