//! Sine and cosine as polynomials, generic over the instruction set.

use super::math::polynomial;
use crate::simd::Simd;

/// `[sin x, cos x]`, each within 1.5e-7, for `x` in ±10⁴.
#[inline(always)]
pub fn sin_cos<S: Simd>(s: S, x: S::V) -> [S::V; 2] {
    // π/2 in three parts; the first two have so few bits that their products with whole numbers are exact.
    const QUARTER: [f32; 3] = [1.570_312_5, 4.837_513e-4, 7.549_79e-8];
    let n = s.round(s.mul(x, s.splat(std::f32::consts::FRAC_2_PI)));
    let r = QUARTER.iter().fold(x, |r, part| s.neg_mul_add(n, s.splat(*part), r));
    let square = s.mul(r, r);
    let p = polynomial(s, square, [-0.166_666_55, 0.008_332_161, -1.951_529_6e-4]);
    let sin = s.mul_add(s.mul(r, square), p, r);
    let p = polynomial(s, square, [0.041_666_646, -0.001_388_731_6, 2.443_315_7e-5]);
    let near_one = s.neg_mul_add(s.splat(0.5), square, s.splat(1.0));
    let cos = s.mul_add(s.mul(square, square), p, near_one);
    // The quadrant, from -2 to 2.
    let quadrant = s.neg_mul_add(s.splat(4.0), s.round(s.mul(n, s.splat(0.25))), n);
    let odd = s.eq(s.abs(quadrant), s.splat(1.0));
    let half = s.eq(s.abs(quadrant), s.splat(2.0));
    let (of_sin, of_cos) = (s.select(odd, cos, sin), s.select(odd, sin, cos));
    let minus = |m, v| s.select(m, s.neg(v), v);
    let sin = minus(s.eq(quadrant, s.splat(-1.0)), minus(half, of_sin));
    [sin, minus(s.eq(quadrant, s.splat(1.0)), minus(half, of_cos))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::lanes::map;
    use crate::kernels::testing::each_isa;

    simd_fn! { fn sines(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| sin_cos(s, x)[0]) } }
    simd_fn! { fn cosines(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| sin_cos(s, x)[1]) } }

    type Map = fn(&[f32], &mut [f32]);

    #[test]
    fn sines_and_cosines_are_exact_to_seven_digits() {
        let near = (-80_000..=80_000_i32).map(|i| i as f32 / 5_000.0);
        let x: Vec<f32> = near.chain((-100_000..=100_000_i32).map(|i| i as f32 / 10.0)).collect();
        each_isa(|isa| {
            let mut y = vec![0.0; x.len()];
            for (kernel, exact) in [(sines as Map, f64::sin as fn(f64) -> f64), (cosines, f64::cos)]
            {
                kernel(&x, &mut y);
                for (&x, &y) in x.iter().zip(&y) {
                    let error = (f64::from(y) - exact(f64::from(x))).abs();
                    assert!(error <= 1.5e-7, "{} is {error:e} off at {x}", isa.name());
                }
            }
        });
    }
}
