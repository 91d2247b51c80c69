//! How the numbers of a token are shared out among the heads of an attention.

use crate::{Error, Result};

/// Width and heads of layers whose heads have `hidden / heads` numbers, rounded down: there must be one at least. `option` is
/// the name of the number of heads.
pub(super) fn heads(option: &str, [hidden, heads]: [usize; 2]) -> Result<[usize; 2]> {
    if heads > hidden {
        return Err(Error::option(option, &format!("at most hiddenSize ({hidden})"), heads));
    }
    Ok([hidden, heads])
}

/// Refuses heads that do not divide the numbers of a token.
pub(super) fn dividing(option: &str, [hidden, heads]: [usize; 2]) -> Result<()> {
    if !hidden.is_multiple_of(heads) {
        let expected = format!("a divisor of hiddenSize ({hidden})");
        return Err(Error::option(option, &expected, heads));
    }
    Ok(())
}
