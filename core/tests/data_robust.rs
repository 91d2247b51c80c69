//! Whatever is in a table, reading it ends in a panel or a typed error, never a panic.

use neuro_divergent::data::{
    Column, Frequency, NumericTime, OnGap, OnMissing, Panel, PanelOptions, Table, TimeReading,
    Vocabularies, future_exogenous, missing_future, read_csv_text,
};
use proptest::prelude::*;

fn any_alias() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[0-9]{0,12}(D|h|min|ms|W-TUE|W|w|B|MS|ME|QE|YS|mo|q|y|BME)",
        1 => "\\PC{0,8}",
        1 => "[0-9]{1,20}",
        1 => Just("MS".to_string()),
        4 => Just("D".to_string()),
        1 => Just("1mo".to_string()),
    ]
}

fn any_time_text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])".prop_map(Some),
        1 => "[0-9T:./ +Zé-]{0,25}".prop_map(Some),
        1 => Just(None),
    ]
}

fn any_column(rows: usize) -> impl Strategy<Value = Column> {
    prop_oneof![
        prop::collection::vec(any::<f64>(), rows).prop_map(Column::Float),
        prop::collection::vec(-3.0..3.0, rows).prop_map(Column::Float),
        prop::collection::vec(any::<i64>(), rows).prop_map(Column::Int),
        prop::collection::vec(0_i64..10, rows).prop_map(Column::Int),
        prop::collection::vec(any::<i64>(), rows).prop_map(Column::Date),
        prop::collection::vec(0_i64..40, rows)
            .prop_map(|v| Column::Date(v.iter().map(|d| d * 86_400_000).collect())),
        prop::collection::vec(any_time_text(), rows).prop_map(|v| Column::Text(v.into())),
        Just(Column::Date((0..rows as i64).map(|d| d * 86_400_000).collect())),
    ]
}

/// Mostly usable tables: two series, days in any order, a few values missing; or any columns at all.
fn any_table() -> impl Strategy<Value = Table> {
    (0_usize..8).prop_flat_map(|rows| {
        let series = prop::collection::vec(0_i64..2, rows).prop_map(Column::Int);
        let days = Just((0..rows as i64).collect::<Vec<_>>()).prop_shuffle();
        let dates = days.prop_map(|days| Column::Date(days.iter().map(|d| d * 86_400_000).collect()));
        let number = prop_oneof![9 => -3.0..3.0, 1 => Just(f64::NAN)];
        let numbers = prop::collection::vec(number, rows).prop_map(Column::Float).boxed();
        let ids = prop_oneof![2 => Just(None), 6 => series.prop_map(Some), 1 => any_column(rows).prop_map(Some)];
        let ds = prop_oneof![6 => dates, 1 => any_column(rows)];
        let y = prop_oneof![6 => numbers.clone(), 1 => any_column(rows)];
        let x = prop_oneof![6 => numbers, 1 => any_column(rows)];
        (ids, ds, y, x).prop_map(|(ids, ds, y, x)| {
            let named = [("ds", ds), ("y", y), ("x", x)].map(|(name, column)| (name.to_string(), column));
            Table { columns: ids.map(|c| ("unique_id".to_string(), c)).into_iter().chain(named).collect() }
        })
    })
}

fn any_gap() -> impl Strategy<Value = OnGap> {
    prop_oneof![
        Just(OnGap::Error),
        Just(OnGap::Mask),
        Just(OnGap::FillForward),
        Just(OnGap::FillZero)
    ]
}

fn any_missing() -> impl Strategy<Value = Option<OnMissing>> {
    prop::sample::select(vec![
        None,
        Some(OnMissing::Error),
        Some(OnMissing::Mask),
        Some(OnMissing::FillForward),
        Some(OnMissing::FillZero),
        Some(OnMissing::Interpolate),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tables_become_panels_or_errors(
        table in any_table(), future in any_table(), alias in prop::option::of(any_alias()), on_gap in any_gap(),
        on_missing in any_missing(), exog: bool,
    ) {
        let frequency = alias.and_then(|alias| Frequency::parse(&alias).ok());
        let exogenous = if exog { vec!["x".to_string()] } else { vec![] };
        let options = PanelOptions { frequency, exogenous, on_gap, on_missing, ..PanelOptions::default() };
        let Ok((panel, frequency)) = Panel::from_table(&table, &options) else { return Ok(()) };
        prop_assert_eq!(*panel.indptr.last().unwrap(), panel.times.len());
        prop_assert!(panel.temporal.iter().all(|(_, v)| v.len() == panel.times.len()));
        prop_assert!(panel.temporal.iter().all(|(_, v)| v.iter().all(|x| x.is_finite())));
        let lists = [panel.missing.of("y"), panel.missing.of("x")];
        prop_assert!(lists.iter().all(|rows| rows.iter().all(|row| panel.mask[*row] == 0.0)));
        let kept = matches!(on_missing, None | Some(OnMissing::Mask));
        prop_assert!(kept || panel.missing.is_empty() || on_missing == Some(OnMissing::Error));
        for i in 0..panel.n_series() {
            let times = &panel.times[panel.rows(i)];
            prop_assert!(times.windows(2).all(|w| w[0] < w[1]));
            for (k, t) in times.iter().enumerate() {
                prop_assert_eq!(frequency.periods_between(times[0], *t), Some(k as i64));
            }
        }
        prop_assert_eq!(panel.future_times(frequency, 3).len(), 3 * panel.n_series());
        let missing = missing_future(&future, &panel, frequency, 3, TimeReading::default());
        let (columns, none) = (["x".to_string()], Vocabularies::default());
        let values = future_exogenous(&future, &panel, frequency, 3, &columns, &none, TimeReading::default());
        prop_assert!(values.is_err() || missing.is_ok_and(|m| m.is_empty()));
    }

    #[test]
    fn the_order_of_the_rows_changes_neither_panels_nor_errors(
        mut rows in prop::collection::vec((0_i64..3, 0_i64..9), 1..24),
        unique: bool,
        alias in prop::sample::select(vec![None, Some("D"), Some("2D"), Some("MS")]),
        on_gap in any_gap(),
        seed: u64,
    ) {
        rows.sort_unstable();
        if unique {
            rows.dedup();
        }
        let of = |rows: &[(i64, i64)]| {
            let ids = rows.iter().map(|(id, _)| Some(format!("series {id}"))).collect();
            let columns = vec![
                ("unique_id".into(), Column::Text(ids)),
                ("ds".into(), Column::Date(rows.iter().map(|(_, day)| day * 86_400_000).collect())),
                ("y".into(), Column::Float(rows.iter().map(|(id, day)| (10 * id + day) as f64).collect())),
            ];
            let options = PanelOptions {
                frequency: alias.map(|alias| Frequency::parse(alias).unwrap()),
                reading: TimeReading { unit: Some(NumericTime::Millisecond), ..TimeReading::default() },
                on_gap,
                ..PanelOptions::default()
            };
            let read = Panel::from_table(&Table::new(columns).unwrap(), &options);
            read.map_err(|e| (e.code, e.message, e.details.unique_id, e.details.ds))
        };
        let mut mixed = rows.clone();
        mixed.sort_by_key(|(id, day)| (seed ^ (10 * id + day) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        prop_assert_eq!(of(&rows), of(&mixed));
    }

    #[test]
    fn any_text_is_a_csv_table_or_an_error(text in "[a-c0-9,;\"\n\r \t.é-]{0,60}") {
        if let Ok(table) = read_csv_text(&text, "x.csv") {
            prop_assert!(table.check().is_ok());
        }
    }

    #[test]
    fn arithmetic_far_away_does_not_panic(alias in any_alias(), t: i64, n: i64) {
        if let Ok(frequency) = Frequency::parse(&alias) {
            frequency.nearest(frequency.advance(t, n), t);
            frequency.periods_between(t, n);
        }
    }
}
