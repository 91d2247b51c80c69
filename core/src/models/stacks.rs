//! Options of models built from stacks of blocks that must match `stackTypes`.

use crate::{Error, Result};

/// Refuses a list that does not have one positive number for each stack.
pub(crate) fn for_each_stack(name: &str, list: &[usize], stacks: usize) -> Result<()> {
    if list.len() != stacks || list.contains(&0) {
        let expected = format!("{stacks} numbers ≥ 1, one for each of stackTypes");
        return Err(Error::option(name, &expected, list));
    }
    Ok(())
}
