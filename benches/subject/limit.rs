//! How many multiplications and additions a core does in a second: what products are measured by.

use std::hint::black_box;
use std::time::Instant;

use neuro_divergent::simd::{Kernel, Simd, dispatch};

/// Multiply-adds in chains that do not wait for each other, in registers.
struct MultiplyAdds {
    rounds: usize,
}

/// Declares a vector for each name, and adds to each in every round.
macro_rules! chains {
    ($s:ident, $rounds:expr, $($x:ident)*) => {{
        let (factor, term) = ($s.splat(black_box(0.999)), $s.splat(black_box(1e-3)));
        $(let mut $x = $s.splat(black_box(0.5));)*
        for _ in 0..$rounds {
            $($x = $s.mul_add($x, factor, term);)*
        }
        let mut sum = $s.zero();
        let mut count = 0;
        $(sum = $s.add(sum, $x); count += 1;)*
        ($s.sum(sum), count)
    }};
}

impl Kernel for MultiplyAdds {
    /// Operations done.
    type Out = usize;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> usize {
        let (sum, chains) = chains!(s, self.rounds, a b c d e f g h i j k l);
        black_box(sum);
        2 * self.rounds * chains * S::LANES
    }
}

/// Operations per second of one core on the instruction set in use, a multiply-add being two: the best of many runs.
pub fn multiply_add_limit() -> f64 {
    let mut best = 0f64;
    for _ in 0..60 {
        let begin = Instant::now();
        let done = dispatch(MultiplyAdds { rounds: 200_000 });
        best = best.max(done as f64 / begin.elapsed().as_secs_f64());
    }
    best
}

/// How many times as many operations two threads do together as one does alone: what a step can gain at most.
pub fn multiply_add_scaling() -> f64 {
    let rate = || {
        let begin = Instant::now();
        let done: usize = (0..60).map(|_| dispatch(MultiplyAdds { rounds: 200_000 })).sum();
        done as f64 / begin.elapsed().as_secs_f64()
    };
    let alone = rate();
    let together = std::thread::scope(|scope| {
        let other = scope.spawn(rate);
        rate() + other.join().expect("it only multiplies")
    });
    together / alone
}
