//! Products that share a factor, which is packed once: several with one right factor, or several with one left factor.

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, FloatMat, PackedB, Product};
use super::float_slice::FloatSlice;
use super::gemm::{RightOperand, gemm};
use super::matmul::{GEMV_ROWS, Init, Mat, Mode, bf16_plan, matmul, product};
use super::packing::{aligned_start, pack_all, return_buffer, take_buffer, with_pack_buffers};
use super::parallel::par_rows;
use crate::simd::{Isa, isa};

/// Threads share a product in pieces of at least so many rows.
const SHARED: usize = 32;

/// A right factor that is packed once for several products.
pub struct Prepacked<'a> {
    compute: Compute,
    plain: Mat<'a>,
    packed: Packed,
    isa: Isa,
}

/// In which form the factor is packed.
enum Packed {
    /// Not at all: products of so few rows are faster without.
    No,
    /// In panels for vectors, as [`pack_all`] makes them.
    Panels(Vec<f32>),
    /// In blocks of bfloat16.
    Blocks(Bf16Plan, PackedB),
}

impl<'a> Prepacked<'a> {
    /// Packs `b` for products of `rows` rows, for the instruction set in use.
    pub fn new(compute: Compute, b: Mat<'a>, rows: usize) -> Self {
        let packed = if rows <= GEMV_ROWS || b.rows == 0 || b.cols == 0 {
            Packed::No
        } else if let Some(plan) =
            Bf16Plan::of(compute, [rows, b.rows, b.cols], true).filter(|_| bf16_gemm::readable(b))
        {
            Packed::Blocks(plan, PackedB::new(plan, b))
        } else {
            let mut buffer = take_buffer();
            pack_all(b, &mut buffer);
            Packed::Panels(buffer)
        };
        Self { compute, plain: b, packed, isa: isa() }
    }

    /// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
    #[track_caller]
    pub fn multiply(&self, a: Mat, c: &mut [f32], mode: Mode) {
        self.product(a, c, if mode == Mode::Write { Init::Zero } else { Init::Accumulate });
    }

    /// `c = a b + bias`, with one bias per column.
    #[track_caller]
    pub fn affine(&self, a: Mat, bias: &[f32], c: &mut [f32]) {
        assert_eq!(bias.len(), self.plain.cols, "one bias per output");
        self.product(a, c, Init::Bias(bias));
    }

    #[track_caller]
    fn product(&self, a: Mat, c: &mut [f32], init: Init<'_>) {
        let b = self.plain;
        if matches!(self.packed, Packed::No) || a.rows == 0 {
            return product(self.compute, a, b, c, init);
        }
        assert_eq!(a.cols, b.rows, "inner dimensions of a product");
        assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
        assert_eq!(self.isa, isa(), "packed for another instruction set");
        match &self.packed {
            Packed::Blocks(plan, blocks) if bf16_gemm::readable(a) => {
                let (b, n) = (Bf16Operand::Packed(blocks), b.cols);
                let product = Product { b, n, stride: n, c, init };
                bf16_gemm::multiply(*plan, FloatMat::F32(a), [product]);
            }
            Packed::Panels(panels) => {
                let right = RightOperand::Packed(&panels[aligned_start(panels)..]);
                par_rows(self.compute, [c], [b.cols], SHARED, &|first, [c]: [&mut [f32]; 1]| {
                    let a = a.part(first, 0, c.len() / b.cols, a.cols);
                    with_pack_buffers(|buffers| {
                        gemm(a, right, (b.cols, b.cols), c, init, buffers);
                    });
                });
            }
            _ => product(self.compute, a, b, c, init),
        }
    }

    /// Whether [`affine_stored`](Self::affine_stored) reads 16 bits without a buffer.
    pub fn reads_half(&self) -> bool {
        matches!(self.packed, Packed::Blocks(..))
    }

    /// `c = a b`, plus one bias per column if there are any, for an `a` in any format. Where the product cannot read 16 bits,
    /// `a` is widened into `buffer` first.
    #[track_caller]
    pub fn affine_stored(
        &self,
        a: FloatSlice<'_>,
        bias: Option<&[f32]>,
        c: &mut [f32],
        buffer: &mut [f32],
    ) {
        let (k, n) = (self.plain.rows, self.plain.cols);
        let rows = c.len() / n.max(1);
        let init = bias.map_or(Init::Zero, Init::Bias);
        match (&self.packed, a) {
            (Packed::Blocks(plan, blocks), FloatSlice::Bf16(_) | FloatSlice::F16(_)) => {
                let product = Product { b: Bf16Operand::Packed(blocks), n, stride: n, c, init };
                bf16_gemm::multiply(*plan, FloatMat::new(a, rows, k), [product]);
            }
            _ => {
                let a = a.wide(self.compute, 0..rows * k, buffer);
                self.product(Mat::new(a, rows, k), c, init);
            }
        }
    }
}

impl Drop for Prepacked<'_> {
    fn drop(&mut self) {
        if let Packed::Panels(buffer) = &mut self.packed {
            return_buffer(std::mem::take(buffer));
        }
    }
}

/// `c += a b` for each pair `(b, c)`: the same as [`matmul`] for each, but `a` is packed only once, if it is packed at all.
#[track_caller]
pub fn matmul_each<const N: usize>(compute: Compute, a: Mat, products: [(Mat, &mut [f32]); N]) {
    let plan =
        products.iter().try_fold(None, |_, (b, _)| bf16_plan(compute, a, *b).map(Some)).flatten();
    let Some(plan) = plan else {
        return products.into_iter().for_each(|(b, c)| matmul(compute, a, b, c, Mode::Add));
    };
    let products = products.map(|(b, c)| {
        assert_eq!((a.cols, c.len()), (b.rows, a.rows * b.cols), "sizes of a product");
        let operand = Bf16Operand::Plain(FloatMat::F32(b));
        Product { b: operand, n: b.cols, stride: b.cols, c, init: Init::Accumulate }
    });
    bf16_gemm::multiply(plan, FloatMat::F32(a), products);
}
