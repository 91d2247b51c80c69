//! The error for training that diverges: a loss or weight that is not finite.

use crate::batch::{Drawn, Source};
use crate::data::Panel;
use crate::infer::{Purpose, Workers};
use crate::models::Instance;
use crate::{Error, ErrorCode};

/// The error, naming the step and the series where the numbers stopped being finite.
pub(super) fn diverged(
    workers: &Workers,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    panel: &Panel,
    step: usize,
    loss: f64,
) -> Error {
    let horizon = model.recurrence().map_or(model.common.h, |r| r.h_train);
    let mut worst: Option<(f64, usize)> = None;
    workers.forecast(
        model,
        source,
        &[drawn],
        [model.input_size(), horizon],
        Purpose::Validation { first: 0 },
        |_, windows, shard| {
            for (drawn, error) in windows.iter().zip(shard.worst_errors(model)) {
                if worst.is_none_or(|(w, _)| error > w) {
                    worst = Some((error, drawn.window.series));
                }
            }
        },
    );
    let id = panel.id(worst.map_or(0, |(_, series)| series));
    let name = model.name();
    let message = format!(
        "training of {name} left the finite numbers at step {} (loss {loss}), first in series \"{id}\"; \
         lower learningRate, set scalerType, or set gradientClipVal",
        step + 1
    );
    Error::new(ErrorCode::Diverged, message).with(|d| {
        d.model = Some(name.into());
        d.unique_id = Some(id);
        d.actual = Some(serde_json::json!({ "step": step + 1, "loss": loss.to_string() }));
    })
}
