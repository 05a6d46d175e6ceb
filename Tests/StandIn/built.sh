#!/bin/sh
# Prints a folder of the temporary ones in which the stand-in is built: once for each state of its files and each compiler; other processes wait meanwhile.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
key=$({ cat "$here"/*.h "$here"/*.cpp "$here"/build.sh; "${STANDIN_CLANG:-clang++}" --version; } | cksum | tr ' ' -)
out=${TMPDIR:-/tmp}/wengert-stand-in-$(id -u)-$key
exec 9>"$out.lock"
flock 9
if [ ! -e "$out/complete" ]; then
  sh "$here/build.sh" "$out" >&2
  touch "$out/complete"
fi
echo "$out"
