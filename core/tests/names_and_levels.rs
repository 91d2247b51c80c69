//! Columns of one name are refused, and levels and quantiles that are asked for are all that a forecast has.

use neuro_divergent::data::{Column, ColumnNames, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, Forecast, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions,
};
use serde_json::{Value, json};

fn spec(model: &str, more: Value) -> ModelSpec {
    let mut all = json!({ "h": 2, "inputSize": 4, "maxSteps": 1 });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ModelSpec { model: model.into(), options: all.as_object().unwrap().clone() }
}

fn levels(list: &[f64]) -> Value {
    json!({ "kind": "MQLoss", "args": { "level": list } })
}

fn series() -> Table {
    Table::one_series((0..24).map(|t| f64::from(t % 4)).collect())
}

fn fitted(specs: Vec<ModelSpec>) -> NeuralForecast {
    let mut nf = NeuralForecast::new(specs, None).unwrap();
    nf.fit(&series(), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

fn titles(forecast: &Forecast) -> Vec<&str> {
    forecast.columns.iter().map(|c| &c.name[..]).collect()
}

fn alias_refused(e: &Error, message: &str) {
    assert_eq!((e.code, &e.message[..]), (ErrorCode::InvalidOption, message));
    assert_eq!(e.details.option.as_deref(), Some("alias"));
}

/// A distribution has any quantile of its samples; those that its loss names keep their columns.
#[test]
fn a_distribution_forecasts_any_level() {
    let nf = fitted(vec![spec(
        "NHITS",
        json!({ "mlpUnits": [[4, 4]], "loss": { "kind": "DistributionLoss", "args": {
            "distribution": "Normal", "level": [80], "returnParams": true, "numSamples": 20_000 } } }),
    )]);
    let predict = |level: &[f64], quantiles: &[f64]| {
        let (level, quantiles) = (level.to_vec(), quantiles.to_vec());
        let options = PredictOptions { level, quantiles, ..PredictOptions::default() };
        nf.predict(&options, &Control::default()).unwrap()
    };
    let own = predict(&[], &[]);
    let some = predict(&[50.0, 80.0, 95.0], &[]);
    let expected = [
        "NHITS",
        "NHITS-median",
        "NHITS-lo-95",
        "NHITS-lo-80",
        "NHITS-lo-50",
        "NHITS-hi-50",
        "NHITS-hi-80",
        "NHITS-hi-95",
        "NHITS-loc",
        "NHITS-scale",
    ];
    assert_eq!(titles(&some), expected);
    for name in titles(&own) {
        assert_eq!(some.column(name).unwrap(), own.column(name).unwrap(), "{name}");
    }
    let value =
        |name: &str, row: usize| f64::from(some.column(&format!("NHITS{name}")).unwrap()[row]);
    for row in 0..2 {
        let (mean, deviation) = (value("-loc", row), value("-scale", row));
        for (name, quantile, density) in [
            ("-lo-95", -1.959_963_985, 0.058_445_07),
            ("-lo-50", -0.674_489_750, 0.317_776_572),
            ("-hi-95", 1.959_963_985, 0.058_445_07),
        ] {
            // Five standard errors of a quantile of 20,000 samples: the level's, divided by the density.
            let tau: f64 = if name.ends_with("50") { 0.25 } else { 0.025 };
            let error = 5.0 * (tau * (1.0 - tau) / 20_000.0).sqrt() / density;
            let off = (value(name, row) - mean) / deviation - quantile;
            assert!(off.abs() < error, "{name} {row}: {off} ± {error}");
        }
    }
    let quantiles = predict(&[], &[0.05, 0.9]);
    let expected =
        ["NHITS", "NHITS-median", "NHITS_ql0.05", "NHITS-hi-80", "NHITS-loc", "NHITS-scale"];
    assert_eq!(titles(&quantiles), expected);
    let insample = InsampleOptions { level: vec![99.0], ..InsampleOptions::default() };
    let insample = nf.predict_insample(&insample, &Control::default()).unwrap();
    let expected =
        ["NHITS", "NHITS-median", "NHITS-lo-99", "NHITS-hi-99", "NHITS-loc", "NHITS-scale", "y"];
    assert_eq!(titles(&insample), expected);
}

#[test]
fn a_forecast_has_the_levels_that_are_asked_for_and_the_same_numbers() {
    let nf = fitted(vec![
        spec("DLinear", json!({ "loss": levels(&[80.0, 90.0]) })),
        spec(
            "NHITS",
            json!({ "mlpUnits": [[4, 4]], "loss": { "kind": "DistributionLoss", "args": {
                "distribution": "Normal", "level": [80, 90], "returnParams": true } } }),
        ),
    ]);
    let predict = |level: &[f64], quantiles: &[f64]| {
        let (level, quantiles) = (level.to_vec(), quantiles.to_vec());
        let options = PredictOptions { level, quantiles, ..PredictOptions::default() };
        nf.predict(&options, &Control::default()).unwrap()
    };
    let all = predict(&[], &[]);
    assert_eq!(titles(&all).len(), 5 + 8);
    let some = predict(&[80.0], &[]);
    let expected = [
        "DLinear-median",
        "DLinear-lo-80",
        "DLinear-hi-80",
        "NHITS",
        "NHITS-median",
        "NHITS-lo-80",
        "NHITS-hi-80",
        "NHITS-loc",
        "NHITS-scale",
    ];
    assert_eq!(titles(&some), expected);
    for name in expected {
        assert_eq!(some.column(name).unwrap(), all.column(name).unwrap(), "{name}");
    }
    let upper = [
        "DLinear-median",
        "DLinear-hi-90",
        "NHITS",
        "NHITS-median",
        "NHITS-hi-90",
        "NHITS-loc",
        "NHITS-scale",
    ];
    assert_eq!(titles(&predict(&[], &[0.95])), upper);
}

#[test]
fn forecasts_of_the_training_data_have_the_levels_that_are_asked_for() {
    let nf = fitted(vec![spec("DLinear", json!({ "loss": levels(&[80.0, 90.0]) }))]);
    let options = InsampleOptions { level: vec![90.0], ..InsampleOptions::default() };
    let forecast = nf.predict_insample(&options, &Control::default()).unwrap();
    assert_eq!(titles(&forecast), ["DLinear-median", "DLinear-lo-90", "DLinear-hi-90", "y"]);
}

#[test]
fn shares_are_no_levels_and_percentages_no_quantiles() {
    let of_loss = |loss: Value, option: &str| {
        let options = json!({ option: loss });
        NeuralForecast::new(vec![spec("DLinear", options)], None).err().unwrap().message
    };
    let message = |option: &str| {
        format!(
            "option \"{option}.level\" must be a percentage from 1 to below 100, got 0.9; did you mean 90?"
        )
    };
    assert_eq!(of_loss(levels(&[80.0, 0.9]), "loss"), message("loss"));
    let crps = json!({ "kind": "sCRPS", "args": { "level": [0.9] } });
    assert_eq!(of_loss(crps, "validLoss"), message("validLoss"));

    let nf = fitted(vec![spec("DLinear", json!({ "loss": levels(&[80.0]) }))]);
    let asked = |level: &[f64], quantiles: &[f64]| {
        let (level, quantiles) = (level.to_vec(), quantiles.to_vec());
        let options = PredictOptions { level, quantiles, ..PredictOptions::default() };
        nf.predict(&options, &Control::default()).unwrap_err().message
    };
    let expected =
        "option \"level\" must be a percentage from 1 to below 100, got 0.8; did you mean 80?";
    assert_eq!(asked(&[0.8], &[]), expected);
    let expected =
        "option \"quantiles\" must be a number between 0 and 1, got 90.0; did you mean 0.9?";
    assert_eq!(asked(&[], &[90.0]), expected);

    let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    assert_eq!(
        forecast.interval("DLinear", 0.8).unwrap_err().message,
        "\"DLinear\" has the levels 80, not 0.8; a level is in percent; did you mean 80?"
    );
    assert_eq!(
        forecast.quantile("DLinear", 90.0).unwrap_err().message,
        "\"DLinear\" has the quantiles 0.5, 0.1, 0.9, not 90; a quantile is between 0 and 1; did you mean 0.9?"
    );
    let chart = neuro_divergent::ChartOptions { level: Some(vec![0.8]), ..Default::default() };
    assert_eq!(forecast.to_svg(None, None, &chart).unwrap_err().message, asked(&[0.8], &[]));
    let metric = |name: &str| name.parse::<neuro_divergent::Metric>().unwrap_err().message;
    assert!(metric("coverage-0.9").contains("(did you mean \"coverage-90\"?)"));
    assert!(metric("ql-90").contains("(did you mean \"ql-0.9\"?)"));
}

#[test]
fn models_with_columns_of_one_name_are_refused_when_they_are_made() {
    let refused = |specs: Vec<ModelSpec>| NeuralForecast::new(specs, None).err().unwrap();
    let small = |more: Value| {
        let mut all = json!({ "mlpUnits": [[4, 4]] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec("NHITS", all)
    };
    let line = |alias: &str| spec("DLinear", json!({ "alias": alias }));
    alias_refused(
        &refused(vec![small(json!({ "alias": "A" })), line("A")]),
        "two models, NHITS and DLinear, are both called \"A\"; give each an alias of its own",
    );
    alias_refused(
        &refused(vec![small(json!({})), line("NHITS")]),
        "two models, NHITS and DLinear, are both called \"NHITS\"; give each an alias of its own",
    );
    alias_refused(
        &refused(vec![small(json!({})), small(json!({})), line("NHITS1")]),
        "NHITS, called \"NHITS1\", and DLinear, called \"NHITS1\", would both have the column \"NHITS1\"; choose another alias",
    );
    alias_refused(
        &refused(vec![small(json!({ "alias": "A", "loss": levels(&[90.0]) })), line("A-lo-90")]),
        "NHITS, called \"A\", and DLinear, called \"A-lo-90\", would both have the column \"A-lo-90\"; choose another alias",
    );
    alias_refused(
        &refused(vec![
            line("A-lo-33"),
            small(json!({ "alias": "A", "loss": { "kind": "IQLoss" } })),
        ]),
        "DLinear, called \"A-lo-33\", and NHITS, called \"A\", would both have the column \"A-lo-33\"; choose another alias",
    );
    alias_refused(
        &refused(vec![line("cutoff")]),
        "DLinear, called \"cutoff\", would have the column \"cutoff\", but \"cutoff\" is the cutoff; \
         choose another alias",
    );
    alias_refused(
        &refused(vec![small(json!({ "alias": "price", "futrExogList": ["price"] }))]),
        "NHITS, called \"price\", would have the column \"price\", but \"price\" is an exogenous column; choose another alias",
    );
    let fine = vec![small(json!({})), small(json!({})), line("A"), line("B")];
    assert_eq!(NeuralForecast::new(fine, None).unwrap().names(), ["NHITS", "NHITS1", "A", "B"]);
}

#[test]
fn models_with_the_name_of_a_column_of_the_table_are_refused_when_they_are_fitted() {
    let fit = |alias: &str, names: &ColumnNames| {
        let mut nf = NeuralForecast::new(vec![spec("DLinear", json!({ "alias": alias }))], None)?;
        let mut table = series();
        for ((name, _), other) in
            table.columns.iter_mut().zip([&names.id, &names.time, &names.target])
        {
            name.clone_from(other);
        }
        let options = FitOptions { names: names.clone(), ..FitOptions::default() };
        nf.fit(&table, &options, &Control::default())
    };
    let usual = ColumnNames::default();
    for (alias, what) in [
        ("unique_id", "the id column"),
        ("uniqueId", "the id column"),
        ("ds", "the time column"),
        ("y", "the target column"),
        ("sample_weight", "the weight column"),
        ("available_mask", "the mask column"),
    ] {
        let column = if alias == "uniqueId" { "unique_id" } else { alias };
        alias_refused(
            &fit(alias, &usual).unwrap_err(),
            &format!(
                "DLinear, called \"{alias}\", would have the column \"{alias}\", but \"{column}\" is {what}; \
                 choose another alias"
            ),
        );
    }
    let names = ColumnNames { time: "day".into(), ..usual.clone() };
    assert!(fit("ds", &names).is_ok());
    let names = ColumnNames { time: "A".into(), ..usual.clone() };
    assert!(fit("A", &names).is_err());
    let names = ColumnNames { target: "ds".into(), ..usual };
    let e = fit("A", &names).unwrap_err();
    assert_eq!(
        e.message,
        "columns: the time column and the target column are both called \"ds\"; name two columns"
    );
}

#[test]
fn a_derived_column_may_not_have_the_name_of_the_target() {
    let options = json!({ "alias": "A", "loss": levels(&[90.0]) });
    let mut nf = NeuralForecast::new(vec![spec("DLinear", options)], None).unwrap();
    let mut table = series();
    table.columns[2].0 = "A-hi-90".into();
    let names = ColumnNames { target: "A-hi-90".into(), ..ColumnNames::default() };
    let e = nf.fit(&table, &FitOptions { names, ..FitOptions::default() }, &Control::default());
    alias_refused(
        &e.unwrap_err(),
        "DLinear, called \"A\", would have the column \"A-hi-90\", but \"A-hi-90\" is the target column; choose another alias",
    );
}

#[test]
fn a_validation_split_that_is_too_large_is_blamed_itself() {
    let fit = |val_size: usize, rows: usize, input: usize| {
        let options = json!({ "inputSize": input });
        let mut nf = NeuralForecast::new(vec![spec("DLinear", options)], None).unwrap();
        let table = Table::one_series(vec![1.0; rows]);
        let options = FitOptions { val_size, ..FitOptions::default() };
        nf.fit(&table, &options, &Control::default()).unwrap_err()
    };
    for (e, option, message) in [
        (
            fit(70, 60, 24),
            "valSize",
            "series \"series\" has 60 rows, of which valSize 70 leaves 0 to train on; DLinear needs 24 (inputSize 24); \
             lower valSize to at most 36, or leave the series out",
        ),
        (
            fit(4, 25, 24),
            "valSize",
            "series \"series\" has 25 rows, of which valSize 4 leaves 21 to train on; DLinear needs 24 (inputSize 24); \
             leave out valSize, which must be at least h (2), or leave the series out",
        ),
        (
            fit(4, 20, 24),
            "inputSize",
            "series \"series\" has 20 rows; DLinear needs 28 (inputSize 24 and valSize 4); shorten inputSize, set \
             startPaddingEnabled: true, or leave the series out",
        ),
    ] {
        assert_eq!((e.code, &e.message[..]), (ErrorCode::ShortSeries, message));
        assert_eq!(e.details.option.as_deref(), Some(option));
    }
}

#[test]
fn text_in_an_exogenous_column_may_be_categories() {
    let options = json!({ "mlpUnits": [[4, 4]], "futrExogList": ["kind"] });
    let mut nf = NeuralForecast::new(vec![spec("NHITS", options)], None).unwrap();
    let mut table = series();
    table.columns.push(("kind".into(), Column::Text(vec![Some("red".into()); 24].into())));
    assert_eq!(
        nf.fit(&table, &FitOptions::default(), &Control::default()).unwrap_err().message,
        "column \"kind\", row 1 of 24: \"red\" is not a number; correct it, or leave it empty if it is missing. If the \
         column holds categories, name it in catExogList too"
    );
}
