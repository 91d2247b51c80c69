//! What HINT cannot work with is refused with a code, and a message that names the series or option, and the fix.

mod checks;
mod refused;
mod rows;
#[expect(dead_code, reason = "forecasters are made here")]
mod series;

use checks::Checks;
use neuro_divergent::data::{Frequency, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions, PredictorOptions, calls,
};
use refused::{refused, with};
use serde_json::{Value, json};
use series::{panel, spec};

fn normal(more: Value) -> ModelSpec {
    let args = json!({ "distribution": "Normal", "level": [80] });
    let mut options = with(json!({ "loss": { "kind": "DistributionLoss", "args": args } }));
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec("MLP", &options)
}

/// HINT over three series: the first is the sum of the others.
fn hint(more: Value) -> ModelSpec {
    let s = json!([[1, 1], [1, 0], [0, 1]]);
    let mut options =
        json!({ "model": normal(json!({})), "S": s, "reconciliation": "MinTraceOLS" });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut options = options.as_object().unwrap().clone();
    options.retain(|_, value| !value.is_null());
    ModelSpec { model: "HINT".into(), options }
}

fn made(more: Value) -> Result<NeuralForecast, Error> {
    NeuralForecast::new(vec![hint(more)], Some(Frequency::step(1).unwrap()))
}

fn fit(more: Value, table: &Table) -> Result<NeuralForecast, Error> {
    let mut nf = made(more)?;
    nf.fit(table, &FitOptions::default(), &Control::default()).map(|_| nf)
}

#[test]
fn options_are_refused_with_the_fix() {
    let mut checks = Checks::default();
    for (more, code, option, message) in [
        (
            json!({ "model": null }),
            ErrorCode::InvalidOption,
            "model",
            "option \"model\" is required: a model spec, such as NHITS({ h: 12, inputSize: 24, loss: \
             loss.distribution('Normal') })",
        ),
        (
            json!({ "S": null }),
            ErrorCode::InvalidOption,
            "S",
            "option \"S\" is required: a summing matrix: a list of rows, one for each series, each a list of numbers",
        ),
        (
            json!({ "S": 3 }),
            ErrorCode::InvalidOption,
            "S",
            "option \"S\" must be a summing matrix: a list of rows, one for each series, each a list of numbers, got 3",
        ),
        (
            json!({ "S": [[1, 1], [1, 0], [0, "x"]] }),
            ErrorCode::InvalidOption,
            "S",
            "S[2][1] is \"x\"; every entry of S must be a finite number",
        ),
        (
            json!({ "reconciliation": null }),
            ErrorCode::InvalidOption,
            "reconciliation",
            "option \"reconciliation\" is required: \"BottomUp\", \"MinTraceOLS\", \"MinTraceWLS\" or \"Identity\"",
        ),
        (
            json!({ "reconciliation": "MinTraceOlS" }),
            ErrorCode::InvalidOption,
            "reconciliation",
            "option \"reconciliation\" must be \"BottomUp\", \"MinTraceOLS\", \"MinTraceWLS\" or \"Identity\", got \
             \"MinTraceOlS\"; did you mean \"MinTraceOLS\"?",
        ),
        (
            json!({ "S": [[1, -1], [1, 0], [0, 1]], "reconciliation": "MinTraceWLS" }),
            ErrorCode::InvalidOption,
            "S",
            "MinTraceWLS takes the sum of a row of S for a variance, and S[0] sums to 0; use reconciliation \
             \"MinTraceOLS\"",
        ),
        (
            json!({ "ids": ["a", "b"] }),
            ErrorCode::InvalidOption,
            "ids",
            "ids names 2 series, and S has 3 rows; name the series of each row",
        ),
        (
            json!({ "ids": ["a", "b", "a"] }),
            ErrorCode::InvalidOption,
            "ids",
            "ids names series \"a\" twice; a series has one row in S",
        ),
        (
            json!({ "h": 4 }),
            ErrorCode::InvalidOption,
            "h",
            "HINT has no option \"h\"; it is an option of the model that HINT wraps",
        ),
        (
            json!({ "alias": "a/b" }),
            ErrorCode::InvalidOption,
            "alias",
            "option \"alias\" must be text without slashes, not empty, got \"a/b\"",
        ),
        (
            json!({ "model": hint(json!({})) }),
            ErrorCode::Unsupported,
            "model",
            "HINT cannot wrap another HINT; give it a model that forecasts by itself",
        ),
        (
            json!({ "model": normal(json!({ "alias": "x" })) }),
            ErrorCode::Unsupported,
            "alias",
            "HINT names the columns of the forecast; give the alias to HINT, not to its model",
        ),
        (
            json!({ "model": normal(json!({ "loss": { "kind": "MQLoss" } })), "reconciliation": "Identity" }),
            ErrorCode::Unsupported,
            "loss",
            "HINT reconciles samples, and MQLoss, the loss of MLP, gives none; train MLP with a distribution, such as \
             loss.distribution('Normal')",
        ),
        (
            json!({
                "model": normal(json!({ "loss": {
                    "kind": "DistributionLoss", "args": { "distribution": "Normal", "returnParams": true }
                } })),
            }),
            ErrorCode::Unsupported,
            "returnParams",
            "the parameters that returnParams of DistributionLoss gives are those before reconciliation; leave it out, \
             or use reconciliation \"Identity\"",
        ),
        (json!({ "model": { "model": "NHIST", "options": {} } }), ErrorCode::Unsupported, "", ""),
    ] {
        checks.row(&more, || {
            let result = made(more.clone());
            if option.is_empty() {
                let e = result.err().expect("refused");
                assert!(
                    e.message.starts_with("there is no model \"NHIST\"; did you mean \"NHITS\"?")
                );
                return;
            }
            let e = refused(result, code, message);
            assert_eq!(e.details.option.as_deref(), Some(option));
            assert_eq!(e.details.model.as_deref(), Some("HINT"));
        });
    }
    checks.finish();
    let unknown =
        NeuralForecast::new(vec![ModelSpec { model: "Hint".into(), ..hint(json!({})) }], None);
    let e = unknown.err().expect("refused");
    assert!(e.message.starts_with("there is no model \"Hint\"; did you mean \"HINT\"?"), "{e}");
}

#[test]
fn an_error_of_the_wrapped_model_names_it() {
    let model = json!({ "model": "MLP", "options": { "h": 4, "inputSize": 8, "maxStep": 2 } });
    let e = made(json!({ "model": model })).err().expect("refused");
    assert_eq!(e.message, "MLP has no option \"maxStep\"; did you mean \"maxSteps\"?");
    assert_eq!(e.details.model.as_deref(), Some("MLP"));
}

#[test]
fn parameters_may_be_asked_for_where_nothing_is_reconciled() {
    let args = json!({ "distribution": "Normal", "returnParams": true });
    let model = normal(json!({ "loss": { "kind": "DistributionLoss", "args": args } }));
    let nf = fit(json!({ "model": model, "reconciliation": "Identity" }), &panel(3, 40)).unwrap();
    let next = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    assert!(next.column("HINT-scale").is_ok());
    assert!(nf.predictor(&PredictorOptions::default()).is_ok());
}

#[test]
fn other_series_than_those_of_the_matrix_are_refused() {
    let message = "S has 3 rows, and the data have 4 series, in this order: \"s0\", \"s1\", \"s2\" and 1 more; give S a \
                   row for each, or leave others out of the data";
    let e = refused(fit(json!({}), &panel(4, 40)), ErrorCode::InvalidOption, message);
    assert_eq!((e.details.option.as_deref(), e.details.expected), (Some("S"), Some(json!(4))));

    let ids = json!({ "ids": ["total", "s0", "s1"] });
    let message = "S has a row for each of the 3 series that ids names, and series \"total\" is missing from the data; \
                   give exactly these series";
    let e = refused(fit(ids, &panel(3, 40)), ErrorCode::Schema, message);
    assert_eq!(e.details.unique_id.as_deref(), Some("total"));

    let ids = json!({ "ids": ["s3", "s0", "s1"] });
    let message = "S has a row for each of the 3 series that ids names, and series \"s2\" has no row in S; give exactly \
                   these series";
    refused(fit(ids, &panel(4, 40)), ErrorCode::Schema, message);

    let mut nf = fit(json!({}), &panel(3, 40)).unwrap();
    let others = rows::pick(&panel(4, 40), 40..160);
    let message = "S has a row for each of the 3 series that HINT was fitted on, and series \"s0\" is missing from the \
                   data; give exactly these series";
    let options = PredictOptions { data: Some(others.clone()), ..PredictOptions::default() };
    refused(nf.predict(&options, &Control::default()), ErrorCode::Schema, message);
    let more = FitOptions { mode: FitMode::Continue, ..FitOptions::default() };
    refused(nf.fit(&others, &more, &Control::default()), ErrorCode::Schema, message);
    nf.fit(&others, &FitOptions::default(), &Control::default()).expect("anew, S has other series");
    nf.predict(&options, &Control::default()).unwrap();
}

#[test]
fn series_that_end_at_different_times_are_refused() {
    let shorter = rows::pick(&panel(3, 40), (0..120).filter(|row| *row != 79));
    let message = "HINT adds forecasts of the same times, but series \"s0\" ends at 39 and series \"s1\" ends at 38; let \
                   all series end at the same time";
    let e = refused(fit(json!({}), &shorter), ErrorCode::Schema, message);
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("s1"), Some(38)));
    fit(json!({ "reconciliation": "Identity" }), &shorter).expect("nothing is added");
}

#[test]
fn series_of_different_lengths_have_no_insample_forecasts() {
    let later = rows::pick(&panel(3, 40), (0..120).filter(|row| !(40..43).contains(row)));
    let nf = fit(json!({}), &later).unwrap();
    let message = "HINT reconciles the forecasts of all series at each time, but series \"s0\" has 40 rows and series \
                   \"s1\" has 37 rows; train on series of the same length to forecast them with predictInsample";
    let insample = nf.predict_insample(&InsampleOptions::default(), &Control::default());
    refused(insample, ErrorCode::Unsupported, message);
    assert!(nf.predict(&PredictOptions::default(), &Control::default()).is_ok());
}

#[test]
fn series_that_are_scaled_one_by_one_are_refused() {
    let message = "localScalerType scales each series by itself, and sums do not hold between scaled series; leave it \
                   out and set scalerType of the model that HINT wraps";
    let init = |models: Value| {
        let init = json!({ "models": models, "freq": 1, "localScalerType": "standard" });
        let (init, _) = calls::read("NeuralForecast", &init.to_string(), "{}")?;
        NeuralForecast::from_options(init, None)
    };
    let e = refused(init(json!([hint(json!({}))])), ErrorCode::Unsupported, message);
    assert_eq!(e.details.option.as_deref(), Some("localScalerType"));
    init(json!([hint(json!({ "reconciliation": "Identity" }))])).expect("nothing is added");
}

#[test]
fn a_predictor_of_single_windows_is_refused() {
    let nf = fit(json!({}), &panel(3, 40)).unwrap();
    let message = "HINT reconciles the forecasts of all series of a hierarchy, and a predictor forecasts windows one by \
                   one; forecast with predict";
    let predictor = nf.predictor(&PredictorOptions::default());
    refused(predictor, ErrorCode::Unsupported, message);
}

#[test]
fn names_that_meet_are_refused() {
    let models = vec![hint(json!({ "alias": "x" })), hint(json!({ "alias": "x" }))];
    let message = "two models, HINT and HINT, are both called \"x\"; give each an alias of its own";
    refused(NeuralForecast::new(models, None), ErrorCode::InvalidOption, message);
    let numbered = NeuralForecast::new(vec![hint(json!({})), hint(json!({}))], None).unwrap();
    assert_eq!(numbered.names(), ["HINT", "HINT1"]);
}
