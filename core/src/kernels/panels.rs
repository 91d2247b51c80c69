//! Products that share a factor, which is packed once: several with one right factor, or with one left factor.

use super::half::Numbers;
use super::matmul::{DOT_ROWS, Mat, Mode, Right, Start, blocks, in_tiles, matmul, product};
use super::packing::{first_line, give_spare, pack_all, take_spare, with_packed};
use super::parallel::in_rows;
use super::tiles::{self, Columns, Factor, Product, Stored, Way};
use crate::simd::{Isa, isa};

/// Rows that a thread computes at least, where threads share a product.
const SHARED: usize = 32;

/// A right factor, packed once for several products.
pub struct Panels<'a> {
    plain: Mat<'a>,
    kept: Kept,
    isa: Isa,
}

/// What is kept of a right factor.
enum Kept {
    /// Nothing: products of so few rows do better without.
    Nothing,
    /// As [`pack_all`] leaves it.
    Panels(Vec<f32>),
    Tiles(Way, Columns),
}

impl<'a> Panels<'a> {
    /// Packs `b` for products with `rows` rows, for the instruction set in use.
    pub fn new(b: Mat<'a>, rows: usize) -> Self {
        let kept = if rows <= DOT_ROWS || b.rows == 0 || b.cols == 0 {
            Kept::Nothing
        } else if let Some(way) =
            Way::of([rows, b.rows, b.cols], true).filter(|_| tiles::readable(b))
        {
            Kept::Tiles(way, Columns::new(way, b))
        } else {
            let mut buffer = take_spare();
            pack_all(b, &mut buffer);
            Kept::Panels(buffer)
        };
        Self { plain: b, kept, isa: isa() }
    }

    /// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
    #[track_caller]
    pub fn multiply(&self, a: Mat, c: &mut [f32], mode: Mode) {
        self.product(a, c, if mode == Mode::Write { Start::Zero } else { Start::Old });
    }

    /// `c = a b + bias`, one bias per column.
    #[track_caller]
    pub fn affine(&self, a: Mat, bias: &[f32], c: &mut [f32]) {
        assert_eq!(bias.len(), self.plain.cols, "one bias per output");
        self.product(a, c, Start::Row(bias));
    }

    #[track_caller]
    fn product(&self, a: Mat, c: &mut [f32], start: Start<'_>) {
        let b = self.plain;
        if matches!(self.kept, Kept::Nothing) || a.rows == 0 {
            return product(a, b, c, start);
        }
        assert_eq!(a.cols, b.rows, "inner dimensions of a product");
        assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
        assert_eq!(self.isa, isa(), "packed for another instruction set");
        match &self.kept {
            Kept::Tiles(way, columns) if tiles::readable(a) => {
                let (b, n) = (Factor::Packed(columns), b.cols);
                let product = Product { b, n, stride: n, c, start };
                tiles::multiply(*way, Stored::Wide(a), [product]);
            }
            Kept::Panels(panels) => {
                let packed_b = Right::Packed(&panels[first_line(panels)..]);
                in_rows([c], [b.cols], SHARED, &|first, [c]: [&mut [f32]; 1]| {
                    let a = a.part(first, 0, c.len() / b.cols, a.cols);
                    with_packed(|packed| blocks(a, packed_b, (b.cols, b.cols), c, start, packed));
                });
            }
            _ => product(a, b, c, start),
        }
    }
}

impl Panels<'_> {
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
        let start = bias.map_or(Start::Zero, Start::Row);
        if let (Kept::Tiles(way, columns), Numbers::Half(half, a)) = (&self.kept, a) {
            let product = Product { b: Factor::Packed(columns), n, stride: n, c, start };
            return tiles::multiply(*way, Stored::Half(half, Mat::new(a, rows, k)), [product]);
        }
        self.product(Mat::new(a.wide(0..rows * k, room), rows, k), c, start);
    }
}

impl Drop for Panels<'_> {
    fn drop(&mut self) {
        if let Kept::Panels(buffer) = &mut self.kept {
            give_spare(std::mem::take(buffer));
        }
    }
}

/// `c += a b` for each pair `(b, c)`: as [`matmul`], but where packing pays `a` is packed once.
#[track_caller]
pub fn matmul_each<const N: usize>(a: Mat, products: [(Mat, &mut [f32]); N]) {
    let way = products.iter().try_fold(None, |_, (b, _)| in_tiles(a, *b).map(Some)).flatten();
    let Some(way) = way else {
        return products.into_iter().for_each(|(b, c)| matmul(a, b, c, Mode::Add));
    };
    let products = products.map(|(b, c)| {
        assert_eq!((a.cols, c.len()), (b.rows, a.rows * b.cols), "sizes of a product");
        let factor = Factor::Plain(Stored::Wide(b));
        Product { b: factor, n: b.cols, stride: b.cols, c, start: Start::Old }
    });
    tiles::multiply(way, Stored::Wide(a), products);
}
