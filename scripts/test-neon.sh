#!/bin/sh
# Runs the unit tests of core/src/simd and core/src/kernels as AArch64 code under qemu, so that the NEON kernels are
# tested on an x86-64 machine too. They are compiled with plain rustc: apart from std the two folders depend only on
# core/src/rng.rs and on three things that have stubs here: runtime::join, which runs its two closures one after the other;
# the types of the crate half, which only hold their bits; and interrupt::look, which does nothing.
#
# Needs, on Debian: rustc-web, libstd-rust-web-dev:arm64, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user.
# If they are missing, the tests are skipped with a message; with CI=true they are installed.
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
rustc=/usr/bin/rustc

tools_present() {
  command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null && [ -x "$rustc" ] &&
    ls "$("$rustc" --print sysroot)/lib/rustlib/$target/lib"/libstd-*.rlib >/dev/null 2>&1
}

if ! tools_present && [ "${CI:-}" = true ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo dpkg --add-architecture arm64
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    rustc-web libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
  tools_present || { echo "NEON tests: the tools are still missing after installing them" >&2; exit 1; }
fi
if ! tools_present; then
  echo "NEON tests skipped: a cross compiler or qemu-aarch64 is missing (CI=true installs them)"
  exit 0
fi

sh scripts/kernels-alone.sh target/neon
"$rustc" --edition 2024 --crate-type rlib --target "$target" -C opt-level=2 target/neon/half.rs --out-dir target/neon
# Linked statically: with a dynamic libc, starting a thread never returns under some versions of qemu.
"$rustc" --edition 2024 --test --target "$target" -C opt-level=2 -C debug-assertions -C target-feature=+crt-static \
  -D warnings -C linker=aarch64-linux-gnu-gcc \
  --extern half=target/neon/libhalf.rlib target/neon/root.rs -o target/neon/tests
# All tests run on a processor with everything that qemu emulates, so with products of bfloat16 (FEAT_BF16); those of 16-bit numbers
# and their products run on one without them too.
certain() {
  qemu-aarch64 -cpu "$1" target/neon/tests --ignored --exact "simd::tests::$2" | grep -q ' 1 passed' ||
    { echo "NEON tests: $2 does not hold on qemu's $1" >&2; exit 1; }
}
certain max this_processor_multiplies_bfloat16
qemu-aarch64 -cpu max target/neon/tests "$@"
certain cortex-a72 this_processor_does_not_multiply_bfloat16
qemu-aarch64 -cpu cortex-a72 target/neon/tests kernels::half_ bfloat16 rounded_products threads_that_share

"$rustc" --edition 2024 --crate-type rlib --target "$target" -C opt-level=3 -C codegen-units=1 -C symbol-mangling-version=v0 \
  --emit asm --extern half=target/neon/libhalf.rlib target/neon/root.rs -o target/neon/kernels.s
node scripts/check-inner-loops.mjs target/neon/kernels.s
