//! Values of the target outside the support of a model's distribution, such as a negative count.

use serde_json::Value;

use crate::data::Panel;
use crate::models::Instance;
use crate::{Error, ErrorCode, Result};

/// Refuses such values before the first step. `scaled` says whether localScalerType has changed them.
pub(super) fn check_targets(model: &Instance, panel: &Panel, scaled: bool) -> Result<()> {
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
            let distribution = model.common.loss.args.get("distribution").and_then(Value::as_str);
            let message = format!(
                "series \"{id}\": at {at}, column \"{column}\" is {y}{now}; the {} distribution that {} learns needs {expected}; \
                 {fix}choose another distribution",
                distribution.unwrap_or_default(),
                model.name()
            );
            return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
                d.option = Some("loss.distribution".into());
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
