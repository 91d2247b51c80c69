//! A fitted model forecasts series that it was not trained on, from their own history.

mod checks;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::Column;
use neuro_divergent::{Control, FitOptions, PredictOptions};
use serde_json::{Value, json};
use series::{forecaster, models, panel};

#[test]
fn other_series_are_forecast_from_their_own_history() {
    let univariate = |(_, m): &(String, Value)| m["multivariate"] == false;
    let shared = json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "windowsBatchSize": 16 });
    let control = Control::default();
    let mut checks = Checks::default();
    for (model, _) in models().into_iter().filter(univariate) {
        checks.row(&model, || {
            let table = panel(2, 40);
            let mut options = shared.clone();
            // Otherwise all series of a forecast have the same periods.
            if model == "TimesNet" {
                options["independentWindows"] = true.into();
            }
            let mut nf = forecaster(&model, &options);
            nf.fit(&table, &FitOptions::default(), &control).unwrap();
            let known = nf.predict(&PredictOptions::default(), &control).unwrap();

            // The second series under another name, ten steps later.
            let mut data = rows::pick(&table, 40..80);
            data.columns.retain(|(name, _)| ["unique_id", "ds", "y"].contains(&&**name));
            data.columns[0].1 = Column::Text(vec![Some("new".into()); 40].into());
            data.columns[1].1 = Column::Int((10..50).collect());
            let options = PredictOptions { data: Some(data), ..PredictOptions::default() };
            let other = nf.predict(&options, &control).unwrap();
            assert_eq!(other.times, [50, 51, 52, 53]);
            assert_eq!(other.series_rows("new").unwrap(), 0..4);
            // Products of one row and of two add up in another order: the last bits may differ.
            let largest = known.columns[0].values.iter().fold(0.0_f32, |a, v| a.max(v.abs()));
            for (other, known) in other.columns[0].values.iter().zip(&known.columns[0].values[4..])
            {
                assert!((other - known).abs() <= 1e-6 * largest, "{model}: {other} and {known}");
            }
        });
    }
    checks.finish();
}
