#!/bin/sh
# Makes a folder with the check for a machine that has a GPU and no Swift: package.sh FOLDER (from the root of the repository; what is there is replaced), and FOLDER.tar.gz.
# There, FOLDER/run performs it.
set -eu
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
cd "$(dirname "$0")/../.."
if [ -e "$1" ] && [ ! -e "$1/cuda-check" ]; then echo "$1 is there, and is not of this script" >&2; exit 2; fi
# A build of its own: with the static run time everything is linked otherwise.
swift build -c release --traits DEXML --product cuda-check --static-swift-stdlib --scratch-path .build-cuda
rm -rf "$1"
mkdir -p "$1/libraries"
binary=.build-cuda/release/cuda-check
strip -o "$1/cuda-check" "$binary"
cp Tests/CUDACheck/peer.py "$1"
# What the machine need not have: all but the C library.
ldd "$binary" | awk '/=> \// { print $3 }' | grep -Ev '/(libc|libm|libdl|libpthread|librt|ld-linux-x86-64)\.so' | while read -r library; do
  cp -L "$library" "$1/libraries"
done
cat > "$1/run" <<'RUN'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH=$here/libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/cuda-check" "$@"
RUN
chmod +x "$1/run"
tar -C "$(dirname "$1")" -czf "$1.tar.gz" "$(basename "$1")"
du -h "$1.tar.gz"
