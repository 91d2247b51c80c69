//! Products that share a factor, which is packed once: several with one right factor, or with one left factor.

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, PackedB, Product, Stored};
use super::half_precision::Numbers;
use super::matmul::{
    GEMV_ROWS, Init, Mat, Mode, RightOperand, bf16_plan, gemm_blocked, matmul, product,
};
use super::packing::{aligned_start, pack_all, return_buffer, take_buffer, with_pack_buffers};
use super::parallel::par_rows;
use crate::simd::{Isa, isa};

/// Rows that a thread computes at least, where threads share a product.
const SHARED: usize = 32;

/// A right factor, packed once for several products.
pub struct Prepacked<'a> {
    compute: Compute,
    plain: Mat<'a>,
    kept: Kept,
    isa: Isa,
}

/// What is kept of a right factor.
enum Kept {
    /// Nothing: products of so few rows do better without.
    Nothing,
    /// As [`pack_all`] leaves it.
    Prepacked(Vec<f32>),
    Tiles(Bf16Plan, PackedB),
}

impl<'a> Prepacked<'a> {
    /// Packs `b` for products with `rows` rows, for the instruction set in use.
    pub fn new(compute: Compute, b: Mat<'a>, rows: usize) -> Self {
        let kept = if rows <= GEMV_ROWS || b.rows == 0 || b.cols == 0 {
            Kept::Nothing
        } else if let Some(plan) =
            Bf16Plan::of(compute, [rows, b.rows, b.cols], true).filter(|_| bf16_gemm::readable(b))
        {
            Kept::Tiles(plan, PackedB::new(plan, b))
        } else {
            let mut buffer = take_buffer();
            pack_all(b, &mut buffer);
            Kept::Prepacked(buffer)
        };
        Self { compute, plain: b, kept, isa: isa() }
    }

    /// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
    #[track_caller]
    pub fn multiply(&self, a: Mat, c: &mut [f32], mode: Mode) {
        self.product(a, c, if mode == Mode::Write { Init::Zero } else { Init::Accumulate });
    }

    /// `c = a b + bias`, one bias per column.
    #[track_caller]
    pub fn affine(&self, a: Mat, bias: &[f32], c: &mut [f32]) {
        assert_eq!(bias.len(), self.plain.cols, "one bias per output");
        self.product(a, c, Init::Bias(bias));
    }

    #[track_caller]
    fn product(&self, a: Mat, c: &mut [f32], init: Init<'_>) {
        let b = self.plain;
        if matches!(self.kept, Kept::Nothing) || a.rows == 0 {
            return product(self.compute, a, b, c, init);
        }
        assert_eq!(a.cols, b.rows, "inner dimensions of a product");
        assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
        assert_eq!(self.isa, isa(), "packed for another instruction set");
        match &self.kept {
            Kept::Tiles(plan, columns) if bf16_gemm::readable(a) => {
                let (b, n) = (Bf16Operand::Packed(columns), b.cols);
                let product = Product { b, n, stride: n, c, init };
                bf16_gemm::multiply(*plan, Stored::Wide(a), [product]);
            }
            Kept::Prepacked(panels) => {
                let packed_b = RightOperand::Packed(&panels[aligned_start(panels)..]);
                par_rows(self.compute, [c], [b.cols], SHARED, &|first, [c]: [&mut [f32]; 1]| {
                    let a = a.part(first, 0, c.len() / b.cols, a.cols);
                    with_pack_buffers(|packed| {
                        gemm_blocked(a, packed_b, (b.cols, b.cols), c, init, packed)
                    });
                });
            }
            _ => product(self.compute, a, b, c, init),
        }
    }
}

impl Prepacked<'_> {
    /// Whether a left factor in 16 bits is multiplied as it is.
    pub fn reads_narrow(&self) -> bool {
        matches!(self.kept, Kept::Tiles(..))
    }

    /// `c = a b`, plus one bias per column if there are any, for `a` in either format: it is widened into `room` where it is
    /// not multiplied as it is.
    #[track_caller]
    pub fn affine_stored(
        &self,
        a: Numbers<'_>,
        bias: Option<&[f32]>,
        c: &mut [f32],
        room: &mut [f32],
    ) {
        let (k, n) = (self.plain.rows, self.plain.cols);
        let rows = c.len() / n.max(1);
        let init = bias.map_or(Init::Zero, Init::Bias);
        if let (Kept::Tiles(plan, columns), Numbers::Half(half, a)) = (&self.kept, a) {
            let product = Product { b: Bf16Operand::Packed(columns), n, stride: n, c, init };
            return bf16_gemm::multiply(*plan, Stored::Half(half, Mat::new(a, rows, k)), [product]);
        }
        self.product(Mat::new(a.wide(self.compute, 0..rows * k, room), rows, k), c, init);
    }
}

impl Drop for Prepacked<'_> {
    fn drop(&mut self) {
        if let Kept::Prepacked(buffer) = &mut self.kept {
            return_buffer(std::mem::take(buffer));
        }
    }
}

/// `c += a b` for each pair `(b, c)`: as [`matmul`], but where packing pays `a` is packed once.
#[track_caller]
pub fn matmul_each<const N: usize>(compute: Compute, a: Mat, products: [(Mat, &mut [f32]); N]) {
    let plan =
        products.iter().try_fold(None, |_, (b, _)| bf16_plan(compute, a, *b).map(Some)).flatten();
    let Some(plan) = plan else {
        return products.into_iter().for_each(|(b, c)| matmul(compute, a, b, c, Mode::Add));
    };
    let products = products.map(|(b, c)| {
        assert_eq!((a.cols, c.len()), (b.rows, a.rows * b.cols), "sizes of a product");
        let factor = Bf16Operand::Plain(Stored::Wide(b));
        Product { b: factor, n: b.cols, stride: b.cols, c, init: Init::Accumulate }
    });
    bf16_gemm::multiply(plan, Stored::Wide(a), products);
}
