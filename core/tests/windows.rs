//! Windows are those of a slow, literal construction: every series padded to the longest, unfolded, filtered.
//!
//! Upstream: `_base_model.py: _create_windows`.

use neuro_divergent::data::{
    Column, Panel, PanelOptions, Table, TrainWindows, ValidationWindows, Window, groups,
};
use proptest::prelude::*;

/// A place in time: its row, counted from the first row of its series, and whether it is available.
type Cell = (i64, bool);

/// Series of steps with holes; each has one available point at least.
fn panel_of(masks: &[Vec<bool>]) -> Panel {
    let rows = || {
        masks
            .iter()
            .enumerate()
            .flat_map(|(i, mask)| mask.iter().enumerate().map(move |(t, m)| (i, t, *m)))
    };
    let table = Table::new(vec![
        ("unique_id".into(), Column::Int(rows().map(|(i, ..)| i as i64).collect())),
        ("ds".into(), Column::Int(rows().map(|(_, t, _)| t as i64).collect())),
        ("y".into(), Column::Float(rows().map(|_| 1.0).collect())),
        (
            "available_mask".into(),
            Column::Float(rows().map(|(.., m)| f64::from(u8::from(m))).collect()),
        ),
    ]);
    let frequency = Some(neuro_divergent::data::Frequency::step(1).unwrap());
    let options = PanelOptions { frequency, ..PanelOptions::default() };
    Panel::from_table(&table.unwrap(), &options).unwrap().0
}

/// Each series with cells before its first row up to the longest series, as a data loader makes a batch.
fn batch(masks: &[Vec<bool>]) -> Vec<Vec<Cell>> {
    let longest = masks.iter().map(Vec::len).max().unwrap();
    let padded = |mask: &Vec<bool>| {
        let missing = longest - mask.len();
        let before = (0..missing).map(|k| (k as i64 - missing as i64, false));
        before.chain(mask.iter().enumerate().map(|(t, m)| (t as i64, *m))).collect()
    };
    masks.iter().map(padded).collect()
}

/// So many cells more at both ends.
fn padded(mut cells: Vec<Cell>, before: usize, after: usize) -> Vec<Cell> {
    for _ in 0..before {
        let first = cells.first().map_or(0, |c| c.0);
        cells.insert(0, (first - 1, false));
    }
    for _ in 0..after {
        let last = cells.last().map_or(-1, |c| c.0);
        cells.push((last + 1, false));
    }
    cells
}

/// What torch's `unfold` gives: nothing where `size` is longer than all.
fn unfold(cells: &[Cell], size: usize, step: usize) -> Vec<&[Cell]> {
    (0..cells.len()).step_by(step).filter_map(|at| cells.get(at..at + size)).collect()
}

fn available(cells: &[Cell]) -> usize {
    cells.iter().filter(|(_, there)| *there).count()
}

fn training(masks: &[Vec<bool>], cut: &TrainWindows) -> Vec<Window> {
    let mut found = Vec::new();
    for (series, cells) in batch(masks).into_iter().enumerate() {
        let kept = cells.len().saturating_sub(cut.held_out);
        // An empty series has no first row to count from: nothing of it is available anyway.
        let begin = if cut.start_padding { cut.input - 1 } else { 0 };
        let cells = padded(cells[..kept].to_vec(), begin, cut.pad_end);
        for window in unfold(&cells, cut.input + cut.horizon, cut.step) {
            let (input, horizon) = window.split_at(cut.input);
            let needed = |size: usize, share: f64| ((size as f64 * share) as usize).max(1);
            if available(input) >= needed(cut.input, cut.availability[0])
                && available(horizon) >= needed(cut.horizon, cut.availability[1])
            {
                found.push(Window { series, start: window[0].0 });
            }
        }
    }
    found
}

fn validation(
    masks: &[Vec<bool>],
    [input, h]: [usize; 2],
    val_size: usize,
    step: usize,
) -> Vec<Window> {
    let mut found = Vec::new();
    for (series, cells) in batch(masks).into_iter().enumerate() {
        let mut cells = cells[cells.len().saturating_sub(input + val_size)..].to_vec();
        if cells.len() < input + h {
            let initial = cells.len() - val_size;
            cells = padded(cells, input - initial, 0);
        }
        found.extend(
            unfold(&cells, input + h, step).into_iter().map(|w| Window { series, start: w[0].0 }),
        );
    }
    found
}

/// Masks of a few series, of lengths that differ.
fn any_panel() -> impl Strategy<Value = Vec<Vec<bool>>> {
    let series = prop::collection::vec(prop::bool::weighted(0.8), 1..24).prop_map(|mut mask| {
        let last = mask.len() - 1;
        mask[last / 2] = true; // a series without any value is refused
        mask
    });
    prop::collection::vec(series, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn training_windows_are_those_of_the_slow_construction(
        masks in any_panel(),
        (input, h, horizon) in (1_usize..9, 1_usize..6, 1_usize..6),
        step in 1_usize..5,
        start_padding in any::<bool>(),
        availability in [0.0..=1.0, 0.0..=1.0_f64],
        held_out in 0_usize..12,
    ) {
        let panel = panel_of(&masks);
        let cut = TrainWindows {
            longest: panel.max_len(),
            input,
            horizon: horizon.min(h), // recurrent models train on less than they forecast
            pad_end: h,
            step,
            start_padding,
            availability,
            held_out,
        };
        let mut ours = Vec::new();
        groups(&panel, false).into_iter().for_each(|group| cut.add(&panel, group, &mut ours));
        prop_assert_eq!(ours, training(&masks, &cut));
    }

    #[test]
    fn validation_windows_are_those_of_the_slow_construction(
        masks in any_panel(),
        (input, h) in (1_usize..9, 1_usize..6),
        step in 1_usize..5,
        more in 0_usize..8,
    ) {
        let longest = masks.iter().map(Vec::len).max().unwrap();
        prop_assume!(longest >= h);
        let val_size = (h + more).min(longest);
        let panel = panel_of(&masks);
        let cut = ValidationWindows { longest, input, h, val_size, step };
        let ours: Vec<Window> =
            groups(&panel, false).into_iter().flat_map(|group| cut.of(&panel, group)).collect();
        prop_assert_eq!(ours, validation(&masks, [input, h], val_size, step));
    }
}
