#!/bin/sh
# Leaves the oldest and the newest NVRTC that is supported, without anything else of CUDA, where WengertCUDATests look for them: 200 MB. Where pip cannot get them, a line
# says so, and the tests that need them are skipped.
set -eu
folder=${XDG_CACHE_HOME:-$HOME/.cache}/wengert/nvrtc
mkdir -p "$folder"
# Several makes may run at once.
exec 9>"$folder/.lock"
flock 9
for package in nvidia-cuda-nvrtc-cu12==12.4.127 nvidia-cuda-nvrtc==13.5.37; do
  target=$folder/$package
  [ ! -e "$target" ] || continue
  work=$(mktemp -d "$folder/.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$package" >"$work/log" 2>&1; then
    echo "Kernels are not compiled by NVRTC, which pip does not get: $(tail -n 1 "$work/log")"
    exit 0
  fi
  python3 -m zipfile -e "$work"/*.whl "$work/all"
  mkdir "$work/libraries"
  find "$work/all" -name 'lib*.so*' -exec mv {} "$work/libraries" \;
  mv "$work/libraries" "$target"
  rm -rf "$work"
done
