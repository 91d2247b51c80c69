//! Doubly residual stacking: each block subtracts its backcast from the input and adds its forecast. Upstream: `forward` of NBEATS, NBEATSx and NHITS.

use crate::tape::Var;

/// Runs blocks with doubly residual stacking: the next one sees what the backcasts leave of the input.
///
/// `forward` gives backcast `[B, L]` and forecast `[B, h, O]` of a block. The forecast starts from the last value of
/// `y` `[B, L]`. As in upstream, blocks see the past backwards. With [`Tape::set_blocks`](crate::tape::Tape::set_blocks) only the
/// first blocks add to it.
pub fn doubly_residual<'t, B>(
    y: Var<'t>,
    mask: Var<'t>,
    blocks: &[B],
    forward: impl Fn(&B, Var<'t>) -> (Var<'t>, Var<'t>),
) -> Var<'t> {
    let mask = mask.flip();
    let level = y.last(1, 1).unsqueeze(2); // [B, 1, 1]
    let (mut residuals, mut forecast) = (y.flip(), level);
    for (i, block) in blocks.iter().enumerate() {
        let (backcast, more) = forward(block, residuals);
        forecast = forecast + if y.tape().adds_block(i) { more } else { more.scale(0.0) };
        if i + 1 < blocks.len() {
            residuals = (residuals - backcast) * mask;
        }
    }
    forecast // [B, h, O]
}
