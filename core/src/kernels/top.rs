//! The largest numbers of a list.

/// Writes the indices of the largest of `x` to `chosen`, in ascending order; of equal numbers the first are chosen. `spare` is
/// as long as `x` and is overwritten.
pub fn largest(x: &[f32], spare: &mut [f32], chosen: &mut [f32]) {
    spare.copy_from_slice(x);
    let last = chosen.len() - 1;
    let (_, least, _) = spare.select_nth_unstable_by(last, |a, b| b.total_cmp(a));
    let least = *least;
    let is_above = |x: &f32| x.total_cmp(&least).is_gt();
    let mut equal = chosen.len() - x.iter().filter(|x| is_above(x)).count();
    let mut to = chosen.iter_mut();
    for (i, x) in x.iter().enumerate() {
        let is_equal = equal > 0 && x.total_cmp(&least).is_eq();
        equal -= usize::from(is_equal);
        if (is_equal || is_above(x))
            && let Some(to) = to.next()
        {
            *to = i as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_found_and_of_equal_ones_the_first() {
        let x = [3.0, -1.0, 5.0, 3.0, 3.0, f32::NEG_INFINITY];
        for (count, expected) in [
            (1, &[2.0][..]),
            (2, &[0.0, 2.0]),
            (3, &[0.0, 2.0, 3.0]),
            (5, &[0.0, 1.0, 2.0, 3.0, 4.0]),
            (6, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        ] {
            let (mut spare, mut chosen) = ([0.0; 6], vec![9.0; count]);
            largest(&x, &mut spare, &mut chosen);
            assert_eq!(chosen, expected);
        }
    }
}
