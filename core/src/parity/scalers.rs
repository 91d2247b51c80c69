//! Window scalers: statistics, scaled values and the inverse.

use super::checks::Checks;
use super::{Fixture, assert_close, files};
use crate::options::OptionValue;
use crate::scalers::{ScalerType, Statistics};

#[test]
fn statistics_and_scaled_values_are_upstreams() {
    let fixtures: Vec<Fixture> = files("scalers").iter().map(|p| Fixture::open(p)).collect();
    assert_eq!(fixtures.len(), ScalerType::NAMES.len());
    let mut checks = Checks::default();
    for f in &fixtures {
        checks.row(&f.name, || check(f));
    }
    checks.finish();
}

fn check(f: &Fixture) {
    let kind = ScalerType::read(&f.meta("scaler").into()).unwrap();
    let (x, mask) = (f.tensor("x"), f.tensor("mask"));
    let [rows, steps, columns] = x.shape[..] else { panic!() };
    let y_hat = f.tensor("y_hat");
    let h = y_hat.shape[1];
    let expected = ["z", "shift", "scale", "inverse"].map(|n| f.tensor(&format!("f64.{n}")).data);
    let [mut z, mut shift, mut scale, mut inverse] = [const { Vec::new() }; 4];
    for row in 0..rows {
        let available = &mask.data[row * steps..][..steps - h];
        let column = |c: usize| -> Vec<f64> {
            (0..steps).map(|t| f64::from(x.data[(row * steps + t) * columns + c])).collect()
        };
        let of = |c: usize| kind.statistics(&column(c)[..steps - h], available, &mut Vec::new());
        let affine = f.get("revin_weight").zip(f.get("revin_bias"));
        let learned = |(c, s): (usize, &Statistics)| match &affine {
            Some((weight, bias)) => s.with_affine(weight.data[c], bias.data[c]),
            None => *s,
        };
        let statistics: Vec<Statistics> = (0..columns).map(of).collect();
        for t in 0..steps {
            z.extend((0..columns).map(|c| kind.scale(column(c)[t], statistics[c])));
        }
        let learned: Vec<Statistics> = statistics.iter().enumerate().map(learned).collect();
        shift.extend(learned.iter().map(|s| s.shift as f32));
        scale.extend(learned.iter().map(|s| s.scale as f32));
        let back = |y: &f32| kind.unscale(*y, learned[0]) as f32;
        inverse.extend(y_hat.data[row * h..][..h].iter().map(back));
    }
    for ((what, got), expected) in
        ["z", "shift", "scale", "inverse"].iter().zip([z, shift, scale, inverse]).zip(expected)
    {
        // Row by row: one row of large values must not hide the others.
        let width = got.len() / rows;
        for (row, (g, e)) in got.chunks(width).zip(expected.chunks(width)).enumerate() {
            assert_close(&format!("{} {what} row {row}", f.name), g, e, 1e-5);
        }
    }
}
