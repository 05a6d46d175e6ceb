#!/bin/sh
# Builds the stand-in into a folder: the shared object under the names of the libraries that it stands for, and what kernels are compiled with.
set -e
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
out=$1
here=$(cd "$(dirname "$0")" && pwd)
clang=${STANDIN_CLANG:-clang++}
mkdir -p "$out"
cd "$here"
"$clang" -std=c++17 -O2 -Wall -Wextra -fPIC -shared -fvisibility=hidden -Wl,-Bsymbolic -pthread -o "$out/libwengert-standin.so" fibers.cpp memory.cpp nvrtc.cpp driver.cpp blas.cpp -ldl
"$clang" -std=c++17 -O2 -fPIC -c -o "$out/instrumentation.o" instrumentation.cpp
common="-std=c++17 -fPIC -fno-exceptions -fno-rtti -w"
"$clang" $common -O1 -x c++-header -o "$out/plain.pch" device.h
"$clang" $common -O1 -gline-tables-only -fsanitize=thread -fsanitize=alignment,bounds,shift -x c++-header -o "$out/checked.pch" device.h
for name in libcuda.so.1 libnvrtc.so.12 libcublasLt.so.12; do ln -sf libwengert-standin.so "$out/$name"; done
