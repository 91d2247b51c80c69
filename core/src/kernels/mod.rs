//! Arithmetic over slices: f32, contiguous, row-major.
//!
//! A kernel is a safe function. Its body, generic over [`Simd`](crate::simd::Simd), is written inside `simd_fn!` and
//! compiled once per instruction set. A kernel runs on the calling thread, unless the [`Compute`] it is given lets it share
//! its work. Results depend on the inputs, their shapes, the instruction set and [`Compute::rounds`], on nothing else.
//!
//! Kernels named `.._grad` add to the gradient that they are given, because several operations may read the same value.
//! Lengths that do not fit together are a bug of the caller and panic.

/// Defines `pub fn name(args) -> out` whose body is compiled for each instruction set and runs on the one in use.
/// The first name in the parentheses is the [`Simd`](crate::simd::Simd) token inside the body.
macro_rules! simd_fn {
    ($(#[$meta:meta])* $vis:vis fn $name:ident $(<$generic:ident: $bound:ident>)?
        ($s:ident $(, $arg:ident: $ty:ty)* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name $(<$generic: $bound>)? ($($arg: $ty),*) $(-> $out)? {
            struct Work<Args $(, $generic)?>(Args, std::marker::PhantomData<($($generic,)?)>);
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

/// `for i in 0..N`, `N <= 14`, written out: vectors in arrays stay in registers only if every index is a constant
/// from the start, before the compiler decides which loops it unrolls.
macro_rules! unrolled {
    ($i:ident < $n:ident $body:block) => { unrolled!(@ $i $n $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13) };
    (@ $i:ident $n:ident $body:block $($value:literal)*) => {
        $(if $value < $n {
            unrolled!($i in [$value] $body)
        })*
    };
    ($i:ident in [$($value:literal)*] $body:block) => {
        $({
            #[expect(non_upper_case_globals, reason = "reads as the variable of a loop")]
            const $i: usize = $value;
            $body
        })*
    };
}

pub mod attention;
mod attention_blocking;
pub mod attention_in_lanes;
pub mod attention_mask;
pub mod autocorrelation;
pub mod batch_norm;
mod bf16_gemm;
pub mod broadcast;
pub mod causal_conv;
mod compute;
pub mod conv;
pub mod counting;
pub mod dropout;
pub mod elementwise;
pub mod float_slice;
mod gemm;
mod gemv;
pub mod glu;
pub mod grid_conv;
pub mod half_gemm;
pub mod half_precision;
mod lanes;
pub mod linear_blocks;
pub mod math;
pub mod matmul;
pub mod mean_kernel;
pub mod mlstm;
pub mod moving_average;
pub mod moving_average_steps;
pub mod norm;
mod online_softmax;
pub mod optimizer;
mod packing;
pub mod parallel;
pub mod periods;
pub mod permute;
pub mod point_loss;
pub mod pointwise;
pub mod pool;
pub mod prepacked;
pub mod prob_sparse;
pub mod random;
pub mod recurrent;
pub mod reduce;
pub mod reduce_axis;
pub mod resample;
pub mod scratch;
mod skinny_gemm;
pub mod skip_gate;
pub mod slstm;
mod small_gemm;
pub mod softmax;
pub mod softmax_mean;
pub mod spectrum;
pub mod spline;
pub mod stochastic_pool;
#[cfg(test)]
mod testing;
mod tile;
pub mod top;
pub mod trigonometry;
pub mod wavelet;
pub mod weighted;
pub mod windows;

pub use compute::Compute;
