//! Same training: 30 steps of every window from upstream's initial weights follow upstream's loss.

use super::models::instance;
use super::{Fixture, assert_close, distributions, files};
use crate::control::Control;
use crate::data::{
    ColumnNames, Ids, LocalScalers, LocalScaling, MissingRows, Panel, TimeKind, Vocabularies,
    Vocabulary,
};
use crate::forecast::{Job, forecast_model};
use crate::infer::Workers;
use crate::models::Instance;
use crate::objective::Judges;
use crate::options::OptionValue;
use crate::scalers::LocalScalerType;
use crate::train::{Run, TrainingState, train};

const TOLERANCE: f32 = 1e-3;

fn panel(f: &Fixture) -> Panel {
    let indptr: Vec<usize> = f.tensor("indptr").data.iter().map(|v| *v as usize).collect();
    let n = indptr.len() - 1;
    let h = f.options()["h"].as_u64().unwrap() as usize;
    let wide = |data: &[f32]| data.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let mut temporal = vec![("y".to_string(), wide(&f.tensor("y").data))];
    for name in f.names("hist.") {
        temporal.push((name.clone(), wide(&f.tensor(&format!("hist.{name}")).data)));
    }
    for name in f.names("futr.") {
        let all = wide(&f.tensor(&format!("futr.{name}")).data);
        let past = |i: usize| all[indptr[i] + i * h..indptr[i + 1] + i * h].to_vec();
        temporal.push((name, (0..n).flat_map(past).collect()));
    }
    let statics = f
        .names("stat.")
        .into_iter()
        .map(|name| (name.clone(), wide(&f.tensor(&format!("stat.{name}")).data)));
    Panel {
        names: ColumnNames::default(),
        ids: Ids::Int((0..n as i64).collect()),
        times: indptr.windows(2).flat_map(|w| 0..(w[1] - w[0]) as i64).collect(),
        time_kind: TimeKind::Step,
        mask: vec![1.0; indptr[n]],
        statics: statics.collect(),
        indptr,
        temporal,
        weight: f.get("sample_weight").map(|t| t.data),
        missing: MissingRows::default(),
        warnings: Vec::new(),
    }
}

/// The future rows of the columns known in advance: `h` for each series.
fn future(f: &Fixture, panel: &Panel, h: usize) -> Vec<(String, Vec<f64>)> {
    let column = |name: String| {
        let all = f.tensor(&format!("futr.{name}")).data;
        let ahead = |i: usize| {
            all[panel.indptr[i + 1] + i * h..][..h]
                .iter()
                .map(|v| f64::from(*v))
                .collect::<Vec<_>>()
        };
        (name, (0..panel.n_series()).flat_map(ahead).collect())
    };
    f.names("futr.").into_iter().map(column).collect()
}

/// What has categories: the fixture has their numbers.
fn vocabularies(model: &Instance) -> Vocabularies {
    let column = |name: &String| (name.clone(), Vocabulary::Int(Vec::new()));
    Vocabularies(model.common.cat_exog_list.iter().map(column).collect())
}

fn check(f: &Fixture) {
    let mut model = instance(f);
    let given = panel(f);
    let kind = |name: &str| {
        let found = f.metadata(name)?;
        Some(LocalScalerType::read(&found.into()).unwrap())
    };
    let scaling = LocalScaling {
        temporal: kind("local_scaler_type"),
        statics: kind("local_static_scaler_type"),
    };
    let scalers = LocalScalers::fit(&given, scaling, &vocabularies(&model)).unwrap();
    let panel = scalers.scaled(&given);
    let val_size: usize = f.meta("val_size").parse().unwrap();
    let control = Control::default();
    let mut run = Run { panel: &panel, val_size, control: &control, save: None };
    let mut state = TrainingState::new(&model, model.common.max_steps).unwrap();
    let report = train(&mut model, &mut state, &mut run).unwrap();
    assert_close(
        &format!("{} training loss", f.name),
        &report.train_loss,
        &f.tensor("train_loss").data,
        TOLERANCE,
    );

    // Upstream's first validation is its trainer's check before the first step.
    let (steps, losses) = (f.tensor("val_steps"), f.tensor("val_loss"));
    let after: Vec<(f32, f32)> =
        steps.data.iter().copied().zip(losses.data).filter(|(step, _)| *step > 0.0).collect();
    assert_eq!(
        report.val_steps.iter().map(|s| *s as f32).collect::<Vec<_>>(),
        after.iter().map(|a| a.0).collect::<Vec<_>>()
    );
    let expected: Vec<f32> = after.iter().map(|a| a.1).collect();
    // Quantiles of a distribution are sampled: each of `n` is off by up to 1.7 σ / √n, ours and upstream's, which moves the
    // mean of three pinball losses of some 70 points of about σ / 3 each by a hundredth of it, and five times that at most.
    let sampled = model.loss.samples() > 0 && model.valid_loss.judges() == Judges::Quantiles;
    let tolerance = if sampled { 3e-2 } else { TOLERANCE };
    assert_close(&format!("{} validation loss", f.name), &report.val_loss, &expected, tolerance);

    let h = model.common.h;
    let workers = Workers::default();
    let mut future = future(f, &panel, h);
    scalers.scale_future(&mut future, h);
    let (workers, control) = (&workers, &Control::default());
    let (model, quantile) = (&model, 0.5);
    let name = model.name();
    // As upstream, whose quantiles may cross.
    let job = Job { workers, model, name, panel: &panel, control, quantile, sorted: false };
    let columns = forecast_model(job, &future, h).unwrap();
    let mut columns: Vec<(String, Vec<f32>)> =
        columns.into_iter().map(|(output, values)| (format!("{name}{output}"), values)).collect();
    let groups: Vec<usize> = (0..=panel.n_series()).map(|i| i * h).collect();
    for (name, values) in &mut columns {
        scalers.unscale_forecast(&given, name, values, &groups).unwrap();
    }
    let names: Vec<&String> = columns.iter().map(|(name, _)| name).collect();
    assert_eq!(
        serde_json::to_string(&names).unwrap().replace(',', ", "),
        f.meta("columns"),
        "{}",
        f.name
    );
    let expected = f.tensor("forecast");
    if model.loss.samples() > 0 {
        let samples = model.recurrence().map_or(model.loss.samples(), |r| r.trajectory_samples);
        let how = (samples, model.recurrence().is_some(), TOLERANCE);
        return distributions::check_forecast(&f.name, &model.loss, &columns, &expected, how);
    }
    let width = columns.len();
    for (c, (name, values)) in columns.iter().enumerate() {
        let expected: Vec<f32> = expected.data.iter().skip(c).step_by(width).copied().collect();
        assert_close(&format!("{} forecast {name}", f.name), values, &expected, TOLERANCE);
    }
}

#[test]
fn thirty_steps_follow_upstream() {
    let fixtures = files("training");
    assert!(fixtures.len() >= 30);
    fixtures.iter().for_each(|path| check(&Fixture::open(path)));
}
