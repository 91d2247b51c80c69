//! Whether a model's distribution can learn a target: values outside its support, such as a negative count, and a scaler
//! that leaves it nothing to learn.

use serde_json::Value;

use crate::data::Panel;
use crate::models::Instance;
use crate::scalers::ScalerType;
use crate::{Error, ErrorCode, Result};

/// Refuses such values before the first step. `scaled` says whether localScalerType has changed them.
pub(super) fn check_targets(model: &Instance, panel: &Panel, scaled: bool) -> Result<()> {
    let (option, distribution) = named(model);
    if model.loss.needs_shift() && model.common.scaler_type == ScalerType::Identity {
        let expected = format!(
            "one that shifts, such as \"standard\": {distribution} takes its mean from a window's shift, which is 0 here"
        );
        return Err(Error::option("scalerType", &expected, "identity")
            .with(|d| d.model = Some(model.name().into())));
    }
    for i in 0..panel.n_series() {
        for row in panel.rows(i).filter(|row| panel.mask[*row] > 0.0) {
            let y = panel.target()[row];
            let Some(expected) = model.loss.refuses(y) else { continue };
            let (id, at) = (panel.id(i), panel.format_time(panel.times[row]));
            let column = panel.names.target.clone();
            let (now, fix) = match scaled {
                true => (" once localScalerType has scaled it", "leave localScalerType out, or "),
                false => ("", ""),
            };
            let message = format!(
                "series \"{id}\": at {at}, column \"{column}\" is {y}{now}; the {distribution} distribution that {} learns needs {expected}; \
                 {fix}choose another distribution",
                model.name()
            );
            return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
                d.option = Some(option.into());
                d.model = Some(model.name().into());
                d.unique_id = Some(id);
                d.ds = Some(panel.times[row]);
                d.column = Some(column);
                d.expected = Some(expected.into());
                d.actual = Some(y.into());
            }));
        }
    }
    Ok(())
}

/// The option that sets the distribution, and its name.
fn named(model: &Instance) -> (&'static str, &str) {
    let loss = &model.common.loss;
    match loss.args.get("distribution").and_then(Value::as_str) {
        Some(name) => ("loss.distribution", name),
        None => ("loss", &loss.kind),
    }
}
