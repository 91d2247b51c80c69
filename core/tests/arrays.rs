//! Arrays in and out: forecasts as `[series, h]`, and a predictor's windows as arrays whose shapes are checked.

use neuro_divergent::data::{Column, Frequency, Table};
use neuro_divergent::models::{CommonOptions, MLP, MLPMultivariate, Model, mlp, mlpmultivariate};
use neuro_divergent::ndarray::{Array, Array2, Array3, ArrayView2, ArrayView3, s};
use neuro_divergent::{
    Control, ErrorCode, FitOptions, InsampleOptions, ModelSpec, NeuralForecast, PredictOptions,
    Predictor, PredictorOptions, WindowArrays, WindowExog,
};

const H: usize = 2;
const INPUT: usize = 4;
const ROWS: usize = 20;

fn y(series: usize, t: usize) -> f32 {
    (10 * series) as f32 + ((t * t) % 7) as f32
}

fn price(t: usize) -> f32 {
    (t % 3) as f32
}

fn fitted(model: ModelSpec, series: usize) -> NeuralForecast {
    let all: Vec<(usize, usize)> =
        (0..series).flat_map(|i| (0..ROWS).map(move |t| (i, t))).collect();
    let floats = |f: &dyn Fn(usize, usize) -> f32| {
        Column::Float(all.iter().map(|(i, t)| f(*i, *t).into()).collect())
    };
    let table = Table::new(vec![
        ("unique_id".into(), Column::Int(all.iter().map(|(i, _)| *i as i64).collect())),
        ("ds".into(), Column::Int(all.iter().map(|(_, t)| *t as i64).collect())),
        ("y".into(), floats(&y)),
        ("price".into(), floats(&|_, t| price(t))),
    ]);
    let mut nf = NeuralForecast::new(vec![model], Some(Frequency::step(1).unwrap())).unwrap();
    nf.fit(&table.unwrap(), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

/// Sees prices, before and after.
fn univariate() -> NeuralForecast {
    let common = CommonOptions {
        max_steps: 2,
        futr_exog_list: vec!["price".into()],
        ..MLP::common(H, INPUT)
    };
    fitted(MLP::spec(common, mlp::Options { hidden_size: 8, ..Default::default() }), 3)
}

fn multivariate() -> NeuralForecast {
    let common = CommonOptions { max_steps: 2, ..MLPMultivariate::common(H, INPUT) };
    let own = mlpmultivariate::Options { hidden_size: 8, ..Default::default() };
    fitted(MLPMultivariate::spec(common, own), 3)
}

fn predictor(nf: &NeuralForecast) -> Predictor {
    nf.predictor(&PredictorOptions { batch: 5, ..PredictorOptions::default() }).unwrap()
}

fn prices(windows: usize) -> Array3<f32> {
    Array::from_shape_fn((windows, INPUT + H, 1), |(w, t, _)| price(w + t))
}

#[test]
fn a_forecast_has_a_row_for_each_series_or_series_and_cutoff() {
    let nf = multivariate();
    let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    let (array, column) =
        (forecast.array("MLPMultivariate").unwrap(), forecast.column("MLPMultivariate").unwrap());
    assert_eq!(array.shape(), [3, H]);
    assert_eq!(array.row(1).to_vec(), column[H..2 * H]);
    let insample = nf.predict_insample(&InsampleOptions::default(), &Control::default()).unwrap();
    let rows = insample.times.len() / H;
    assert!(rows > 3);
    assert_eq!(insample.array("MLPMultivariate").unwrap().shape(), [rows, H]);
    let wrong = forecast.array("MLP").unwrap_err();
    assert_eq!(wrong.code, ErrorCode::Schema);
}

#[test]
fn arrays_are_forecast_as_bare_numbers_are() {
    let nf = univariate();
    let mut p = predictor(&nf);
    let windows = Array2::from_shape_fn((5, INPUT), |(w, t)| y(1, w + t));
    let futr = prices(5);
    let mut bare = vec![0.0; 5 * p.forecast_size()];
    let exog = WindowExog { futr: futr.as_slice().unwrap(), hist: &[], stat: &[] };
    p.predict(windows.as_slice().unwrap(), exog, &mut bare).unwrap();
    let exog = WindowArrays { futr: Some(futr.view()), ..Default::default() };
    let forecast: Array3<f32> = p.predict_arrays(windows.view(), exog.clone()).unwrap();
    assert_eq!(forecast.shape(), [5, H, 1]);
    assert_eq!(forecast.as_slice().unwrap(), bare);

    // The same windows, with the steps first in memory.
    let turned = windows.t().as_standard_layout().into_owned();
    assert_eq!(p.predict_arrays(turned.t(), exog).unwrap(), forecast);
    let some = WindowArrays { futr: Some(futr.slice(s![..2, .., ..])), ..Default::default() };
    let two = p.predict_arrays(windows.slice(s![..2, ..]), some).unwrap();
    assert_eq!(two.shape(), [2, H, 1]);
}

#[test]
fn windows_of_all_series_have_one_axis_more() {
    let nf = multivariate();
    let mut p = predictor(&nf);
    let last = Array::from_shape_fn((1, 3, INPUT), |(_, i, t)| y(i, ROWS - INPUT + t));
    let forecast = p.predict_arrays(last.view(), Default::default()).unwrap();
    assert_eq!(forecast.shape(), [1, 3, H, 1]);
    let known = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    assert_eq!(forecast.as_slice().unwrap(), known.column("MLPMultivariate").unwrap());
}

#[test]
fn arrays_of_another_shape_are_refused_by_name() {
    let (one, all) = (univariate(), multivariate());
    let mut p = predictor(&one);
    let numbers = [0.0; 60];
    let view =
        |shape: [usize; 2]| ArrayView2::from_shape(shape, &numbers[..shape[0] * shape[1]]).unwrap();
    let futr = prices(2);
    let mut refused = |y: [usize; 2], futr: Option<ArrayView3<'_, f32>>| {
        let exog = WindowArrays { futr, ..Default::default() };
        p.predict_arrays(view(y), exog).unwrap_err()
    };
    for (y, futr, option, message) in [
        ([4, 2], None, "y", "y is [4, 2], and must be [4, 4]: windows × inputSize"),
        (
            [4, 4],
            Some(futr.view()),
            "futr",
            "futr is [2, 6, 1], and must be [4, 6, 1]: windows × (inputSize + h) × columns",
        ),
        (
            [0, 4],
            None,
            "y",
            "y has 0 values; it must have 4 for each window, and at most 20 for the batch of 5: windows × inputSize",
        ),
        (
            [2, 4],
            None,
            "futr",
            "MLP needs futr, 12 values of price (futrExogList): windows × (inputSize + h) × columns",
        ),
    ] {
        let e = refused(y, futr);
        assert_eq!((e.details.option.as_deref(), &*e.message), (Some(option), message));
    }
    let stat = WindowArrays { stat: Some(view([2, 3])), futr: Some(futr.view()), hist: None };
    let e = p.predict_arrays(view([2, 4]), stat).unwrap_err();
    assert_eq!(e.message, "MLP takes no stat: it was trained without statExogList");
    let e = predictor(&all).predict_arrays(view([3, 4]), Default::default()).unwrap_err();
    let expected = "y is [3, 4], and must be [3, 3, 4]: windows × nSeries × inputSize";
    assert_eq!((e.code, &*e.message), (ErrorCode::InvalidOption, expected));
}
