#!/bin/sh
# Builds the stand-in and its tests, and runs them: test.sh [FOLDER] [name of a test]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-}
if [ -z "$out" ]; then
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi
sh "$here/build.sh" "$out"
"${STANDIN_CLANG:-clang++}" -std=c++17 -O1 -Wall -Wextra -o "$out/test" "$here"/test*.cpp -ldl -lpthread
"$out/test" "$out" "$here/Texts" ${2:-}
