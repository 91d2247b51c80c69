//! Tests of the forecast table.

use super::*;
use crate::data::{TimeUnit, TimeZone};

const DAY: i64 = 86_400_000;

fn forecast() -> Forecast {
    let models = ["NHITS", "NHITS_big", "MLP"].map(String::from);
    let column = |name: &str, values: [f32; 4]| Column::named(name, &models, values.to_vec());
    Forecast {
        names: ColumnNames { id: "shop".into(), ..ColumnNames::default() },
        ids: Ids::Text(vec!["a, \"b\"".into(), "z".into()]),
        h: 2,
        times: vec![-3653 * DAY, -3652 * DAY, -3653 * DAY, -3652 * DAY],
        time_kind: TimeKind::Date { unit: TimeUnit::Ms, time_zone: None },
        columns: vec![
            column("NHITS-median", [1.0, 0.1, 3.4e38, 1e-7]),
            column("NHITS-lo-90", [0.0; 4]),
            column("NHITS-hi-90", [2.0; 4]),
            column("NHITS-lo-80.0", [0.5; 4]),
            column("NHITS-hi-80.0", [1.5; 4]),
            column("NHITS_big", [7.0; 4]),
            column("MLP_ql0.9", [8.0, f32::NAN, -0.0, 9.0]),
        ],
        models: models.to_vec(),
        warnings: vec![],
        indptr: vec![0, 2, 4],
        cutoff: None,
        interpretations: Vec::new(),
        paths: None,
    }
}

#[test]
fn columns_and_rows_are_found() {
    let f = forecast();
    assert_eq!(f.column("NHITS_big").unwrap(), [7.0; 4]);
    assert_eq!(f.series_rows("z").unwrap(), 2..4);
    assert_eq!(Forecast { ids: Ids::Int(vec![-2, 10]), ..f }.series_rows("10").unwrap(), 2..4);
}

#[test]
fn an_unknown_column_names_the_nearest_and_all() {
    let e = forecast().column("NHITS-medain").unwrap_err();
    assert_eq!(e.code, ErrorCode::Schema);
    assert!(e.message.starts_with(
        "the forecast has no column \"NHITS-medain\" (did you mean \"NHITS-median\"?); its columns are NHITS-median, NHITS-lo-90,"
    ));
    assert_eq!(e.details.column.as_deref(), Some("NHITS-medain"));
}

#[test]
fn an_unknown_series_names_the_nearest() {
    let e = Forecast { ids: Ids::Text(vec!["store_1".into(), "store_22".into()]), ..forecast() }
        .series_rows("stor_1")
        .unwrap_err();
    assert_eq!(
        e.message,
        "the forecast has no series \"stor_1\" (did you mean \"store_1\"?); it has store_1, store_22"
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("stor_1"));
}

#[test]
fn intervals_are_found_by_number_and_missing_levels_say_how_to_get_them() {
    let f = forecast();
    assert_eq!(f.levels("NHITS"), [80.0, 90.0]);
    assert_eq!(f.interval("NHITS", 90.0).unwrap(), (&[0.0; 4][..], &[2.0; 4][..]));
    assert_eq!(f.interval("NHITS", 80.0).unwrap().0, [0.5; 4]);
    let e = f.interval("NHITS", 95.0).unwrap_err();
    assert_eq!(
        e.message,
        "\"NHITS\" has the levels 80, 90, not 95; to get it, train with `loss.mq({ level: [95] })`, or fit with predictionIntervals"
    );
    assert_eq!(e.details.option.as_deref(), Some("level"));
    assert!(
        f.interval("MLP", 97.5)
            .unwrap_err()
            .message
            .starts_with("\"MLP\" has no intervals, not 97.5;")
    );
    assert!(f.interval("NHTS", 90.0).unwrap_err().message.contains("did you mean \"NHITS\"?"));
}

#[test]
fn the_point_forecast_is_the_column_the_median_or_the_only_column() {
    let f = forecast();
    assert_eq!(f.point("NHITS").unwrap()[0], 1.0);
    assert_eq!(f.point("NHITS_big").unwrap()[0], 7.0);
    assert_eq!(f.point("MLP").unwrap()[0], 8.0);
    let without = Forecast { columns: f.columns[1..3].to_vec(), ..f };
    assert_eq!(
        without.point("NHITS").unwrap_err().message,
        "\"NHITS\" has no column that is its point forecast, only NHITS-lo-90, NHITS-hi-90"
    );
}

#[test]
fn csv_has_quoted_ids_iso_dates_and_shortest_numbers() {
    let f = forecast();
    let f = Forecast { columns: vec![f.columns[0].clone(), f.columns[6].clone()], ..f };
    let csv = "shop,ds,NHITS-median,MLP_ql0.9\n\
               \"a, \"\"b\"\"\",1960-01-01,1,8\n\
               \"a, \"\"b\"\"\",1960-01-02,0.1,\n\
               z,1960-01-01,3.4e38,-0\n\
               z,1960-01-02,1e-7,9\n";
    assert_eq!(f.to_csv(), csv);
}

#[test]
fn csv_has_the_cutoff_of_each_row_where_forecasts_have_one() {
    let f = forecast();
    let f = Forecast {
        columns: vec![f.columns[0].clone()],
        h: 1,
        indptr: vec![0, 3, 4],
        cutoff: Some(f.times.iter().map(|t| t - DAY).collect()),
        ..f
    };
    let csv = "shop,ds,cutoff,NHITS-median\n\
               \"a, \"\"b\"\"\",1960-01-01,1959-12-31,1\n\
               \"a, \"\"b\"\"\",1960-01-02,1960-01-01,0.1\n\
               \"a, \"\"b\"\"\",1960-01-01,1959-12-31,3.4e38\n\
               z,1960-01-02,1960-01-01,1e-7\n";
    assert_eq!(f.to_csv(), csv);
    assert_eq!(f.series_rows("z").unwrap(), 3..4);
}

#[test]
fn times_show_what_they_need() {
    let mut f = forecast();
    assert_eq!(f.ds_text(1), "1960-01-02");
    f.times[3] += 5 * 3_600_000;
    assert_eq!(f.ds_text(3), "1960-01-02T05:00:00");
    assert_eq!(f.ds_text(0), "1960-01-01T00:00:00");
    f.times[3] += 250;
    assert_eq!(f.ds_text(3), "1960-01-02T05:00:00.250");
    f.time_kind = TimeKind::Date {
        unit: TimeUnit::Ms,
        time_zone: Some(TimeZone::parse("Europe/Berlin").unwrap()),
    };
    assert_eq!(f.ds_text(0), "1960-01-01 01:00:00.000+01:00");
    f.time_kind = TimeKind::Step;
    assert_eq!(f.ds_text(0), "-315619200000");
    f.times[0] = 17;
    assert_eq!(f.ds_text(0), "17");
}
