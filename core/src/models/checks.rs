//! Checks of options that several models have.

use crate::{Error, Result};

/// Refuses a zero among named sizes.
pub(crate) fn at_least_one(sizes: &[(&str, usize)]) -> Result<()> {
    match sizes.iter().find(|(_, size)| *size == 0) {
        Some((name, size)) => Err(Error::option(name, "a whole number ≥ 1", *size)),
        None => Ok(()),
    }
}

/// A probability of dropout.
pub(crate) fn probability(name: &str, p: f64) -> Result<f32> {
    if (0.0..1.0).contains(&p) {
        Ok(p as f32)
    } else {
        Err(Error::option(name, "a number from 0 to below 1", p))
    }
}

/// Refuses a list that does not have one number for each stack.
pub(crate) fn for_each_stack(name: &str, list: &[usize], stacks: usize) -> Result<()> {
    if list.len() != stacks || list.contains(&0) {
        let expected = format!("{stacks} numbers ≥ 1, one for each of stackTypes");
        return Err(Error::option(name, &expected, list));
    }
    Ok(())
}
