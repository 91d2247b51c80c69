//! Copies windows of a column to consecutive rows.

/// The position of a window in a column.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its first row.
    pub start: i64,
    /// The range of rows that may be read; all others count as 0.
    pub seen: [i64; 2],
}

impl Span {
    /// Of the `len` steps from step `from` on, the rows that may be read.
    #[inline(always)]
    pub fn rows(&self, from: usize, len: usize) -> [usize; 2] {
        let [low, high] = [self.seen[0], self.seen[1].max(self.seen[0])];
        let first = self.start + from as i64;
        [first, first + len as i64].map(|row| row.clamp(low, high) as usize)
    }
}

simd_fn! {
    /// `to[i]` is `factors[i] * column` over steps `from..from + len` of the `i`-th window; `factors` may be one for all.
    pub fn copy_windows(s, column: &[f32], spans: &[Span], from: usize, factors: &[f32], to: &mut [f32]) {
        let len = to.len() / spans.len().max(1);
        assert_eq!(to.len(), spans.len() * len, "windows of one length");
        assert!(factors.len() == spans.len() || factors.len() == 1, "a factor for each window, or one");
        let (mut factor, each) = (s.splat(factors[0]), factors.len() > 1);
        for (i, (span, to)) in spans.iter().zip(to.chunks_exact_mut(len.max(1))).enumerate() {
            if each {
                factor = s.splat(factors[i]);
            }
            let [begin, end] = span.rows(from, len);
            let rows = &column[begin..end];
            let to = if rows.len() == len {
                to
            } else {
                to.fill(0.0);
                let first = span.start + from as i64;
                let before = (begin as i64 - first).clamp(0, len as i64) as usize;
                &mut to[before..before + rows.len()]
            };
            let whole = rows.len() - rows.len() % S::LANES;
            for at in (0..whole).step_by(S::LANES) {
                s.store(s.mul(factor, s.load(&rows[at..])), &mut to[at..]);
            }
            if whole < rows.len() {
                s.store_partial(s.mul(factor, s.load_partial(&rows[whole..])), &mut to[whole..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::each_isa;

    #[test]
    fn windows_are_rows_where_they_see_some_and_zeros_elsewhere() {
        let column: Vec<f32> = (0..100).map(|i| i as f32 + 1.0).collect();
        let spans: Vec<Span> = (-70..80)
            .map(|start| Span { start, seen: [10, 60] })
            .chain([Span { start: 3, seen: [5, 5] }])
            .collect();
        let factors: Vec<f32> = (0..spans.len()).map(|i| i as f32 * 0.5).collect();
        each_isa(|isa| {
            for (from, len) in [(0, 1), (0, 16), (0, 37), (5, 24), (40, 70)] {
                let mut to = vec![7.0; len * spans.len()];
                copy_windows(&column, &spans, from, &factors, &mut to);
                for ((span, to), factor) in spans.iter().zip(to.chunks(len)).zip(&factors) {
                    for (row, to) in (span.start + from as i64..).zip(to) {
                        let sees = (span.seen[0]..span.seen[1]).contains(&row);
                        let expected = if sees { factor * column[row as usize] } else { 0.0 };
                        assert_eq!(*to, expected, "{} {span:?} {from} {len}", isa.name());
                    }
                }
            }
        });
    }
}
