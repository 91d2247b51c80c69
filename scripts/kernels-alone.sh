#!/bin/sh
# Writes a crate of core/src/simd and core/src/kernels alone to a folder, which plain rustc compiles in seconds and for any target:
# root.rs and half.rs. Apart from std the two folders depend only on core/src/rng.rs, on runtime::join, which runs its two halves one
# after the other here, on the types of the crate half, which hold their bits here, and on interrupt::look, which does nothing here.
set -eu
cd "$(dirname "$0")/.."
folder=$1

mkdir -p "$folder"
cat >"$folder/root.rs" <<EOF
//! The kernels alone.
#[doc(hidden)]
#[path = "$PWD/core/src/kernels/mod.rs"]
pub mod kernels;
pub(crate) mod interrupt {
    /// Nothing is canceled here.
    pub(crate) fn look() {}
}
pub(crate) mod runtime {
    /// One after the other.
    pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
        (a(), b())
    }
}
#[doc(hidden)]
#[path = "$PWD/core/src/rng.rs"]
pub mod rng;
#[doc(hidden)]
#[path = "$PWD/core/src/simd/mod.rs"]
pub mod simd;
EOF
cat >"$folder/half.rs" <<EOF
//! A stub of the crate half: types that hold their bits. The kernels convert them themselves.
macro_rules! types {
    (\$(\$name:ident)*) => { \$(
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug, Default)]
        #[repr(transparent)]
        pub struct \$name(u16);
        impl \$name {
            pub const ZERO: Self = Self(0);
            pub const fn from_bits(bits: u16) -> Self {
                Self(bits)
            }
            pub const fn to_bits(self) -> u16 {
                self.0
            }
        }
    )* };
}
types!(bf16 f16);
EOF
