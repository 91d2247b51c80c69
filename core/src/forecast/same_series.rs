//! Requirements of multivariate models: as many series as they have weights for, and later the series that they were
//! trained on.

use std::sync::Arc;

use serde_json::json;

use crate::data::{Panel, Vocabularies};
use crate::models::Instance;
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result};

/// A model to be trained on a panel, without weights. A multivariate model without `nSeries` gets the number of series in
/// the panel; when training continues (`goes_on`), it keeps its number.
pub(super) fn renewed(
    of: &Instance,
    panel: &Panel,
    vocabularies: &Vocabularies,
    goes_on: bool,
) -> Result<Instance> {
    let hint = of.hint.as_ref().map(|hint| hint.fitted(panel, goes_on)).transpose()?;
    let mut model = of.again(&of.given, vocabularies, series(of, panel, goes_on)?)?;
    model.hint = hint.map(Arc::new);
    Ok(model)
}

/// The number of series of a multivariate model to be trained on a panel; `None` for others.
fn series(of: &Instance, panel: &Panel, goes_on: bool) -> Result<Option<usize>> {
    if !of.spec.multivariate {
        return Ok(None);
    }
    let (name, found) = (of.name(), panel.n_series());
    let given = of.given.options.get("nSeries").and_then(Option::<usize>::read).flatten();
    let (made_for, fix) = match goes_on {
        true => (Some(of.series), "fit without mode \"continue\" to begin anew".to_string()),
        false => (given, format!("set nSeries: {found}, or leave it out")),
    };
    if let Some(made_for) = made_for.filter(|n| *n != found) {
        let message = format!(
            "{name} is made for {made_for} series (nSeries), and the data have {found}; {fix}"
        );
        return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some("nSeries".into());
            d.model = Some(name.into());
            d.expected = Some(found.into());
            d.actual = Some(made_for.into());
        }));
    }
    Ok(Some(found))
}

/// Refuses series other than those of the training data if a model is multivariate. For a checkpoint without data, only
/// their number is known.
pub(super) fn check_same(
    models: &[Instance],
    trained: Option<&Panel>,
    panel: &Panel,
) -> Result<()> {
    let Some(model) = models.iter().find(|m| m.spec.multivariate) else { return Ok(()) };
    let (name, n, found) = (model.name(), model.series, panel.n_series());
    let refused = |what: String, ids: Vec<String>| {
        let message = format!(
            "{name} forecasts the {n} series that it was trained on together; {what}; give it these series and no others"
        );
        Error::new(ErrorCode::Schema, message).with(|d| {
            d.model = Some(name.into());
            d.unique_id = ids.first().cloned();
            d.expected = Some(n.into());
            d.actual = Some(found.into());
            d.sample = ids.iter().map(|id| json!(id)).collect();
        })
    };
    let Some(trained) = trained else {
        return match found == n {
            true => Ok(()),
            false => Err(refused(format!("the data have {found}"), Vec::new())),
        };
    };
    let ids = |panel: &Panel| (0..panel.n_series()).map(|i| panel.id(i)).collect::<Vec<_>>();
    let (known, given) = (ids(trained), ids(panel));
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        let others: std::collections::HashSet<&String> = others.iter().collect();
        all.iter().filter(|id| !others.contains(id)).cloned().collect()
    };
    let (missing, others) = (without(&known, &given), without(&given, &known));
    let part = |ids: &[String], verb: &str| match ids.len() {
        0 => None,
        1 => Some(format!("\"{}\" is {verb}", ids[0])),
        2 | 3 => Some(format!("\"{}\" are {verb}", ids.join("\", \""))),
        n => Some(format!("\"{}\" and {} more are {verb}", ids[..3].join("\", \""), n - 3)),
    };
    let parts = [part(&missing, "missing"), part(&others, "not among them")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => Ok(()),
        false => Err(refused(parts.join("; "), [missing, others].concat())),
    }
}
