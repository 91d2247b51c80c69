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

/// A part of a forecast: what the blocks of a stack add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The type of the stack, numbered if there are several of it.
    pub name: String,
    /// Blocks up to the end of the stack.
    pub blocks: usize,
}

/// The parts of stacks of these types, with so many blocks each.
pub(crate) fn parts(types: &[&str], blocks: &[usize]) -> Vec<Part> {
    let named = |i: usize| {
        let same = |range: &[&str]| range.iter().filter(|other| **other == types[i]).count();
        match same(types) {
            1 => types[i].to_string(),
            _ => format!("{}-{}", types[i], same(&types[..=i])),
        }
    };
    let part = |i: usize| Part { name: named(i), blocks: blocks[..=i].iter().sum() };
    (0..types.len()).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_by_type_and_number() {
        let named = |types: &[&str], blocks: &[usize]| {
            let part = |part: Part| (part.name, part.blocks);
            parts(types, blocks).into_iter().map(part).collect::<Vec<_>>()
        };
        let expected = [("trend".into(), 2), ("identity-1".into(), 3), ("identity-2".into(), 6)];
        assert_eq!(named(&["trend", "identity", "identity"], &[2, 1, 3]), expected);
    }
}
