//! The order of a table's rows in a panel: by series, then time.

use crate::interrupt::look;

/// The row offsets of the series, and the order of the rows by series, then time; rows of equal time keep their order.
/// `None` if the rows are in this order already.
pub(super) fn in_order(
    codes: &[u32],
    times: &[i64],
    series: usize,
) -> (Vec<usize>, Option<Vec<usize>>) {
    let mut indptr = vec![0; series + 1];
    codes.iter().for_each(|code| indptr[*code as usize + 1] += 1);
    for i in 0..series {
        indptr[i + 1] += indptr[i];
    }
    if codes.iter().zip(times).is_sorted() {
        return (indptr, None);
    }
    let (mut next, mut order) = (indptr.clone(), vec![0; codes.len()]);
    for (row, code) in codes.iter().enumerate() {
        order[next[*code as usize]] = row;
        next[*code as usize] += 1;
    }
    for rows in indptr.windows(2) {
        let time = |row: &usize| {
            look();
            times[*row]
        };
        let rows = &mut order[rows[0]..rows[1]];
        if !rows.is_sorted_by_key(time) {
            rows.sort_by_key(time);
        }
    }
    (indptr, Some(order))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            mut rows in prop::collection::vec((0_u32..4, 0_i64..5), 0..30),
            sorted: bool,
        ) {
            if sorted {
                rows.sort_unstable();
            }
            let (codes, times): (Vec<u32>, Vec<i64>) = rows.iter().copied().unzip();
            let (indptr, order) = in_order(&codes, &times, 4);
            let mut slow: Vec<usize> = (0..rows.len()).collect();
            slow.sort_by_key(|row| rows[*row]);
            prop_assert_eq!(order.is_none(), slow.is_sorted());
            prop_assert_eq!(order.unwrap_or_else(|| (0..rows.len()).collect()), slow);
            let before = |series: u32| codes.iter().filter(|code| **code < series).count();
            prop_assert_eq!(indptr, (0..=4).map(before).collect::<Vec<_>>());
        }
    }
}
