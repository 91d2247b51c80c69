//! Arithmetic over slices: f32, contiguous, row-major, on the calling thread.
//!
//! A kernel is a safe function. Its body, generic over [`Simd`](crate::simd::Simd), is written inside `simd_fn!` and
//! compiled once per instruction set. Outputs depend on the inputs, their shapes and the instruction set, on nothing
//! else. Kernels named `.._grad` add to the gradient they are given, as the tape wants it. Lengths that do not fit
//! together are a bug of the caller and panic.

/// Defines `pub fn name(args) -> out` whose body is compiled for each instruction set and runs on the one in use.
/// The first name in the parentheses is the [`Simd`](crate::simd::Simd) token inside the body.
macro_rules! simd_fn {
    ($(#[$meta:meta])* $vis:vis fn $name:ident $(<$generic:ident: $bound:ident>)?
        ($s:ident $(, $arg:ident: $ty:ty)* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name $(<$generic: $bound>)? ($($arg: $ty),*) $(-> $out)? {
            struct Work<T $(, $generic)?>(T, std::marker::PhantomData<($($generic,)?)>);
            impl $(<$generic: $bound>)? crate::simd::Kernel for Work<($($ty,)*) $(, $generic)?> {
                type Out = simd_fn!(@out $($out)?);
                #[inline(always)]
                fn run<S: crate::simd::Simd>(self, $s: S) -> Self::Out {
                    let ($($arg,)*) = self.0;
                    $body
                }
            }
            crate::simd::dispatch(Work::<_ $(, $generic)?>(($($arg,)*), std::marker::PhantomData))
        }
    };
    (@out) => { () };
    (@out $out:ty) => { $out };
}

pub mod elementwise;
mod lanes;
pub mod math;
pub mod matmul;
pub mod moving_average;
pub mod optimizer;
pub mod pointwise;
pub mod pool;
pub mod recurrent;
pub mod reduce;
pub mod resample;
#[cfg(test)]
mod testing;
