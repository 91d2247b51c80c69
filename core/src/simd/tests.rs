//! Every operation of every instruction set of this machine against plain Rust, and the choice of instruction set.

use super::*;

/// Values with both signs, ties of rounding, zeros, infinities and NaN.
const VALUES: [f32; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1.5,
    2.5,
    -2.5,
    3.25e-5,
    -7.75,
    123.456,
    -65_537.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    1e-40,
];

fn same(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn each_isa(f: impl Fn()) {
    for isa in Isa::available() {
        with_isa(isa, &f);
    }
}

struct Lanewise;

impl Kernel for Lanewise {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let check = |name: &str, v: S::V, expected: &dyn Fn(usize) -> f32| {
            let mut lanes = [0.0; 16];
            s.store(v, &mut lanes);
            for (i, lane) in lanes.into_iter().enumerate().take(S::LANES) {
                assert!(
                    same(lane, expected(i)),
                    "{name} on {}: {lane} not {}",
                    isa_name(),
                    expected(i)
                );
            }
        };
        for shift_a in 0..16 {
            for shift_b in 0..16 {
                let x: [f32; 16] = std::array::from_fn(|i| VALUES[(i + shift_a) % 16]);
                let y: [f32; 16] = std::array::from_fn(|i| VALUES[(3 * i + shift_b) % 16]);
                let (a, b) = (s.load(&x), s.load(&y));
                check("add", s.add(a, b), &|i| x[i] + y[i]);
                check("sub", s.sub(a, b), &|i| x[i] - y[i]);
                check("mul", s.mul(a, b), &|i| x[i] * y[i]);
                check("div", s.div(a, b), &|i| x[i] / y[i]);
                check("max", s.max(a, b), &|i| if x[i] > y[i] { x[i] } else { y[i] });
                check("min", s.min(a, b), &|i| if x[i] < y[i] { x[i] } else { y[i] });
                check("lt", s.select(s.lt(a, b), a, b), &|i| if x[i] < y[i] { x[i] } else { y[i] });
                check("le", s.select(s.le(a, b), a, b), &|i| {
                    if x[i] <= y[i] { x[i] } else { y[i] }
                });
                check("eq", s.select(s.eq(a, b), a, s.zero()), &|i| {
                    if x[i] == y[i] { x[i] } else { 0.0 }
                });
            }
            let x: [f32; 16] = std::array::from_fn(|i| VALUES[(i + shift_a) % 16]);
            let a = s.load(&x);
            check("abs", s.abs(a), &|i| x[i].abs());
            check("neg", s.neg(a), &|i| -x[i]);
            check("sqrt", s.sqrt(a), &|i| x[i].sqrt());
            check("round", s.round(a), &|i| x[i].round_ties_even());
            // Small whole numbers: exact with one rounding or two.
            let n: [f32; 16] = std::array::from_fn(|i| ((7 * i + shift_a) % 16) as f32 - 5.0);
            let m: [f32; 16] = std::array::from_fn(|i| ((5 * i + shift_a) % 16) as f32 - 9.0);
            let (a, b) = (s.load(&n), s.load(&m));
            check("mul_add", s.mul_add(a, b, s.splat(3.0)), &|i| n[i] * m[i] + 3.0);
            check("neg_mul_add", s.neg_mul_add(a, b, s.splat(3.0)), &|i| 3.0 - n[i] * m[i]);
            assert_eq!(s.sum(a), n[..S::LANES].iter().sum::<f32>());
            assert_eq!(s.max_of(a), n[..S::LANES].iter().copied().fold(f32::MIN, f32::max));
        }
        check("scaled", s.scaled(s.splat(1.5), s.splat(128.0)), &|_| f32::INFINITY);
        check("scaled", s.scaled(s.splat(1.5), s.splat(-148.0)), &|_| f32::from_bits(3));
        check("scaled", s.scaled(s.splat(0.75), s.splat(-150.0)), &|_| 0.0);
        for i in 0..4096 {
            let x = (1.0 + (i % 64) as f32 / 64.0 + i as f32 / 262_144.0) * 2f32.powi(i % 125);
            let mut y = [0.0; 16];
            s.store(s.reciprocal(s.splat(x)), &mut y);
            let error = (f64::from(y[0]) * f64::from(x) - 1.0).abs() / f64::from(f32::EPSILON);
            assert!(error <= 1.0, "1 / {x} on {} is {error} ULP off", isa_name());
        }
        for e in -126..=127 {
            check("pow2", s.pow2(s.splat(e as f32)), &|_| 2f32.powi(e));
            check("times_pow2", s.times_pow2(s.splat(1.375), s.splat(e.min(0) as f32)), &|_| {
                1.375 * 2f32.powi(e.min(0))
            });
            check("scaled", s.scaled(s.splat(1.375), s.splat(e as f32)), &|_| 1.375 * 2f32.powi(e));
            let (mantissa, exponent) = s.split(s.splat(1.375 * 2f32.powi(e)));
            check("split", mantissa, &|_| 1.375);
            check("split", exponent, &|_| e as f32);
        }
    }
}

#[test]
fn every_operation_equals_plain_rust() {
    each_isa(|| dispatch(Lanewise));
}

struct Memory;

impl Kernel for Memory {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let x: Vec<f32> = (1..=40).map(|i| i as f32).collect();
        for n in 0..=S::LANES {
            let mut lanes = [-1.0; 16];
            s.store(s.load_partial(&x[..n]), &mut lanes);
            for (i, lane) in lanes.into_iter().enumerate().take(S::LANES) {
                assert_eq!(lane, if i < n { x[i] } else { 0.0 });
            }
            let mut y = [-1.0; 40];
            s.store_partial(s.load(&x), &mut y[1..=n]);
            assert_eq!((&y[1..=n], y[0], y[n + 1]), (&x[..n], -1.0, -1.0));
            y.fill(-1.0);
            let at = x.len() - n;
            s.store_at(s.load_at(&x, at), &mut y, at);
            assert_eq!(&y[at..], &x[at..]);
        }
        let (stride, x) = (S::LANES + 3, (0..400).map(|i| i as f32).collect::<Vec<_>>());
        for rows in 0..=S::LANES {
            let mut y = vec![-1.0; 16 * 20];
            s.transpose(&x, stride, rows, &mut y, 20);
            for c in 0..S::LANES {
                for r in 0..S::LANES {
                    assert_eq!(y[c * 20 + r], if r < rows { x[r * stride + c] } else { 0.0 });
                }
                assert!(y[c * 20 + S::LANES..(c + 1) * 20].iter().all(|v| *v == -1.0));
            }
        }
    }
}

#[test]
fn loads_and_stores_stay_inside_their_slices() {
    each_isa(|| dispatch(Memory));
}

struct Lanes;

impl Kernel for Lanes {
    type Out = usize;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> usize {
        S::LANES
    }
}

#[test]
fn an_override_holds_for_its_thread_and_its_time() {
    let before = isa();
    with_isa(Isa::Scalar, || {
        assert_eq!((isa_name(), dispatch(Lanes)), ("scalar", 1));
        assert_eq!(std::thread::spawn(isa).join().expect("no panic"), detected());
    });
    assert_eq!(isa(), before);
    let panicked = std::panic::catch_unwind(|| with_isa(Isa::Scalar, || panic!("inside")));
    assert!(panicked.is_err() && isa() == before);
}

#[test]
fn the_fastest_available_is_detected() {
    let available = Isa::available();
    assert_eq!(available[0], Isa::Scalar);
    if std::env::var("NF_ISA").is_err() {
        assert_eq!(detected(), available[available.len() - 1]);
    }
    #[cfg(target_arch = "aarch64")]
    assert_eq!(available, [Isa::Scalar, Isa::Neon]);
}

#[test]
fn an_absent_instruction_set_is_refused() {
    let absent = if cfg!(target_arch = "aarch64") { Isa::Avx2 } else { Isa::Neon };
    assert!(std::panic::catch_unwind(|| with_isa(absent, || ())).is_err());
}

/// Whether rounded products go by a unit of bfloat16 is a property of the processor, so these two are not tests of every
/// machine: `scripts/test-neon.sh` runs each where it holds.
#[test]
#[ignore = "holds on some processors"]
fn this_processor_multiplies_bfloat16() {
    assert!(bf16::Unit::of(isa(), true).is_some());
}

#[test]
#[ignore = "holds on some processors"]
fn this_processor_does_not_multiply_bfloat16() {
    assert!(bf16::Unit::of(isa(), true).is_none());
}
