//! Tests of the chart: what it shows, refuses and survives.

use super::*;
use crate::data::{ColumnNames, Ids, MissingRows, TimeKind, TimeUnit};
use crate::forecast::Column;

/// The airline passengers of 1955 to 1960.
const AIR: [f64; 72] = [
    242.0, 233.0, 267.0, 269.0, 270.0, 315.0, 364.0, 347.0, 312.0, 274.0, 237.0, 278.0, 284.0,
    277.0, 317.0, 313.0, 318.0, 374.0, 413.0, 405.0, 355.0, 306.0, 271.0, 306.0, 315.0, 301.0,
    356.0, 348.0, 355.0, 422.0, 465.0, 467.0, 404.0, 347.0, 305.0, 336.0, 340.0, 318.0, 362.0,
    348.0, 363.0, 435.0, 491.0, 505.0, 404.0, 359.0, 310.0, 337.0, 360.0, 342.0, 406.0, 396.0,
    420.0, 472.0, 548.0, 559.0, 463.0, 407.0, 362.0, 405.0, 417.0, 391.0, 419.0, 461.0, 472.0,
    535.0, 622.0, 606.0, 508.0, 461.0, 390.0, 432.0,
];
/// Forecasts of 1960 by models trained on the years before: column and values.
const COLUMNS: [(&str, [f32; 12]); 6] = [
    (
        "NHITS-median",
        [426.4, 403.1, 479.4, 468.4, 478.7, 562.6, 642.3, 655.2, 550.8, 472.6, 410.7, 471.5],
    ),
    (
        "NHITS-lo-95",
        [417.5, 377.4, 439.3, 442.7, 458.3, 550.1, 617.8, 608.6, 533.9, 465.4, 379.3, 413.8],
    ),
    (
        "NHITS-lo-80",
        [422.7, 394.0, 459.2, 448.3, 463.0, 554.4, 631.8, 637.1, 534.6, 471.8, 391.0, 432.1],
    ),
    (
        "NHITS-hi-80",
        [430.9, 430.0, 504.7, 491.3, 509.1, 578.3, 666.5, 663.4, 560.5, 480.1, 421.8, 492.0],
    ),
    (
        "NHITS-hi-95",
        [444.1, 468.6, 523.7, 506.1, 526.4, 582.8, 669.2, 664.1, 577.5, 486.2, 448.4, 494.8],
    ),
    (
        "NLinear",
        [429.5, 409.5, 453.5, 443.0, 478.4, 559.4, 643.5, 649.1, 538.3, 462.7, 415.9, 432.6],
    ),
];

/// The ends of the months from 1955 on.
fn month_ends(n: usize) -> Vec<i64> {
    let end = |i: i32| {
        let next = chrono::NaiveDate::from_ymd_opt(1955 + (i + 1) / 12, (i + 1) as u32 % 12 + 1, 1)
            .unwrap();
        (next.and_hms_opt(0, 0, 0).unwrap().and_utc() - chrono::Duration::days(1))
            .timestamp_millis()
    };
    (0..n as i32).map(end).collect()
}

/// The same values for each series, each slightly higher than the previous.
fn panel(ids: &[&str]) -> Panel {
    let n = ids.len();
    Panel {
        names: ColumnNames::default(),
        ids: Ids::Text(ids.iter().map(|id| id.to_string()).collect()),
        indptr: (0..=n).map(|i| i * 72).collect(),
        times: month_ends(72).repeat(n),
        time_kind: TimeKind::Date { unit: TimeUnit::Ms, time_zone: None },
        temporal: vec![(
            "y".into(),
            (0..n).flat_map(|i| AIR.map(|y| y + 300.0 * i as f64)).collect(),
        )],
        mask: vec![1.0; 72 * n],
        weight: None,
        statics: vec![],
        missing: MissingRows::default(),
        warnings: vec![],
    }
}

fn forecast(ids: &[&str]) -> Forecast {
    let n = ids.len();
    let models = vec!["NHITS".to_string(), "NLinear".into()];
    let column = |(name, values): (&str, [f32; 12])| {
        let values = (0..n).flat_map(|i| values.map(|v| v + 300.0 * i as f32)).collect();
        Column::named(name, &models, values)
    };
    let panel = panel(ids);
    Forecast {
        names: panel.names,
        ids: panel.ids,
        h: 12,
        times: panel.times[60..72].repeat(n),
        time_kind: panel.time_kind,
        columns: COLUMNS.map(column).to_vec(),
        models,
        indptr: (0..=n).map(|i| i * 12).collect(),
        cutoff: None,
        interpretations: Vec::new(),
        paths: None,
        warnings: vec![],
    }
}

/// Checks that tags nest and close, attributes are quoted, and only known entities occur. Returns the texts.
fn texts(xml: &str) -> Vec<String> {
    let (mut open, mut texts, mut rest) = (Vec::new(), Vec::new(), xml);
    while let Some((text, after)) = rest.split_once('<') {
        texts.push(text.trim().to_string());
        let (tag, after) = after.split_once('>').expect("tags end");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags nest");
            continue;
        }
        let (name, mut attributes) = tag.trim_end_matches('/').split_once(' ').unwrap_or((tag, ""));
        while let Some((key, value)) = attributes.split_once("=\"") {
            assert!(
                key.trim().chars().all(|c| c.is_ascii_alphabetic() || c == '-'),
                "{key} is a name"
            );
            attributes = value.split_once('"').expect("attributes are quoted").1;
        }
        assert_eq!(attributes.trim(), "");
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "everything is closed: {open:?}");
    let plain = |text: String| {
        let text = ["lt;<", "gt;>", "quot;\"", "apos;'"].iter().fold(text, |t, e| {
            let (entity, c) = e.split_at(e.len() - 1);
            t.replace(&format!("&{entity}"), c)
        });
        assert!(!text.replace("&amp;", "").contains('&'), "entities are known: {text}");
        text.replace("&amp;", "&")
    };
    texts.into_iter().filter(|text| !text.is_empty()).map(plain).collect()
}

const ONE: [&str; 1] = ["Airline1"];

fn draw(forecast: &Forecast, history: Option<&Panel>, options: &ChartOptions) -> String {
    let svg = forecast.to_svg(history, None, options).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    svg
}

fn refused(options: ChartOptions) -> (String, String) {
    let e = forecast(&["Airline1", "Airline2"]).to_svg(None, None, &options).unwrap_err();
    assert_eq!(e.code, ErrorCode::InvalidOption);
    (e.details.option.clone().unwrap(), e.message)
}

#[test]
fn a_chart_shows_history_truth_models_intervals_and_axes() {
    let options = ChartOptions { title: Some("Passengers".into()), ..ChartOptions::default() };
    let svg = forecast(&ONE).to_svg(Some(&panel(&ONE)), Some(&panel(&ONE)), &options).unwrap();
    let texts = texts(&svg);
    for text in [
        "Passengers",
        "history",
        "actual",
        "NHITS",
        "NLinear",
        "80% interval",
        "95% interval",
        "Airline1",
        "300",
        "600",
        "Jan",
        "1960",
    ] {
        assert!(texts.iter().any(|t| t == text), "{text} in {texts:?}");
    }
    let path_of = |color: &str| {
        let line = svg
            .lines()
            .rfind(|l| l.starts_with("<polyline") && l.contains(color))
            .expect("is drawn");
        line.split_once("points=\"").unwrap().1.matches(',').count()
    };
    assert_eq!(path_of("#0072B2"), 13); // NHITS: the last of the history, then twelve months
    assert_eq!(path_of("#D55E00"), 13);
    assert_eq!(path_of("stroke=\"#20242A\" stroke-width=\"15\""), 2); // a dash of the actual values
    assert!(svg.lines().any(|l| l.contains("#20242A") && l.matches(',').count() == 48)); // history
    assert_eq!(svg.matches("<polygon").count(), 2);
    assert_eq!(
        svg,
        forecast(&ONE).to_svg(Some(&panel(&ONE)), Some(&panel(&ONE)), &options).unwrap()
    );
}

#[test]
fn coordinates_are_where_the_values_are() {
    let svg = draw(
        &forecast(&ONE),
        None,
        &ChartOptions { models: Some(vec!["NLinear".into()]), ..Default::default() },
    );
    let line = svg.lines().rfind(|l| l.starts_with("<polyline") && l.contains("#D55E00")).unwrap();
    let points = line.split_once("points=\"").unwrap().1.trim_end_matches("\"/>");
    let points: Vec<(f64, f64)> = points
        .split_whitespace()
        .map(|p| p.split_once(',').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    let values = COLUMNS[5].1;
    let per_unit = (points[1].1 - points[0].1) / f64::from(values[1] - values[0]);
    assert!(per_unit < 0.0, "higher values are higher up");
    for (point, value) in points.iter().zip(values) {
        let expected = points[0].1 + per_unit * f64::from(value - values[0]);
        assert!((point.1 - expected).abs() < 15.0, "{point:?} for {value}"); // 1.5 pixels: rounding, magnified
    }
    assert!(points.windows(2).all(|p| p[0].0 < p[1].0));
}

#[test]
fn masked_rows_break_the_line() {
    let history_lines = |panel: &Panel| {
        let svg = draw(&forecast(&ONE), Some(panel), &ChartOptions::default());
        svg.lines().filter(|l| l.starts_with("<polyline") && l.contains("#20242A")).count()
    };
    let mut panel = panel(&ONE);
    assert_eq!(history_lines(&panel), 2); // with the legend's
    panel.mask[30] = 0.0;
    assert_eq!(history_lines(&panel), 3);
    panel.mask[59] = 0.0; // the last before the forecast
    assert_eq!(history_lines(&panel), 3);
}

#[test]
fn eight_series_are_shown_unless_others_are_chosen() {
    let ids = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];
    let headings = |options: &ChartOptions| {
        let texts = texts(&draw(&forecast(&ids), None, options));
        texts.into_iter().filter(|t| ids.contains(&t.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(headings(&ChartOptions::default()), ids[..8]);
    let ids = Some(vec!["s8".into(), "s2".into()]);
    assert_eq!(headings(&ChartOptions { ids, ..Default::default() }), ["s8", "s2"]);
}

#[test]
fn a_model_keeps_its_color_and_levels_can_be_chosen() {
    let options = ChartOptions { models: Some(vec!["NLinear".into()]), ..Default::default() };
    let svg = draw(&forecast(&ONE), None, &options);
    assert!(svg.contains("#D55E00") && !svg.contains("#0072B2") && !svg.contains("<polygon"));
    let svg = draw(
        &forecast(&ONE),
        None,
        &ChartOptions { level: Some(vec![95.0]), ..Default::default() },
    );
    assert!(svg.contains("95% interval") && !svg.contains("80% interval"));
    let svg =
        draw(&forecast(&ONE), None, &ChartOptions { level: Some(vec![]), ..Default::default() });
    assert!(!svg.contains("<polygon"));
}

#[test]
fn ids_are_escaped_and_long_ones_cut() {
    let ids = ["\u{1}control", "<a&b> \"quoted\" 'id'", &"long ".repeat(40)];
    let mut f = forecast(&ids);
    f.ids = Ids::Text(ids.map(String::from).to_vec());
    let shown = texts(&draw(
        &f,
        None,
        &ChartOptions { title: Some("a < b & c".into()), ..Default::default() },
    ));
    assert!(shown.contains(&ids[1].to_string()));
    assert!(shown.contains(&"\u{fffd}control".to_string()));
    assert!(shown.iter().any(|t| t.starts_with("long long") && t.ends_with('…') && t.len() < 80));
    assert_eq!(shown.iter().filter(|t| *t == "a < b & c").count(), 2); // as heading and for screen readers
}

#[test]
fn extremes_are_drawn_without_harm() {
    let mut f = forecast(&ONE);
    f.columns[5].values[3] = f32::NAN;
    f.columns[4].values[11] = f32::INFINITY;
    f.columns[0].values.fill(f32::MAX);
    draw(&f, Some(&panel(&ONE)), &ChartOptions::default());
    let mut history = panel(&ONE);
    history.temporal[0]
        .1
        .iter_mut()
        .enumerate()
        .for_each(|(i, y)| *y = if i % 2 == 0 { f64::MAX } else { f64::MIN });
    draw(&f, Some(&history), &ChartOptions::default());
    f.columns.iter_mut().for_each(|c| c.values.fill(0.0));
    assert!(texts(&draw(&f, None, &ChartOptions::default())).contains(&"0".into()));
    f.columns.iter_mut().for_each(|c| c.values.fill(f32::NAN));
    draw(&f, None, &ChartOptions::default());
    let steps = |f: &Forecast| Forecast {
        time_kind: TimeKind::Step,
        times: (1..=f.times.len() as i64).collect(),
        ..f.clone()
    };
    assert!(
        texts(&draw(&steps(&forecast(&ONE)), None, &ChartOptions::default()))
            .contains(&"12".into())
    );
    let mut one = forecast(&ONE);
    one.h = 1;
    one.indptr = vec![0, 1];
    one.times.truncate(1);
    one.columns.iter_mut().for_each(|c| c.values.truncate(1));
    let svg = draw(&one, None, &ChartOptions::default());
    assert_eq!(svg.matches("<circle").count(), 2); // a line of one point is a dot
    texts(&draw(
        &steps(&one),
        Some(&Panel { time_kind: TimeKind::Step, ..panel(&ONE) }),
        &ChartOptions::default(),
    ));
}

#[test]
fn a_long_history_is_thinned_to_what_can_be_seen() {
    let mut history = panel(&ONE);
    let n = 100_000;
    let mut f = forecast(&ONE);
    history.time_kind = TimeKind::Step;
    f.time_kind = TimeKind::Step;
    f.times = (n..n + 12).collect();
    history.times = (0..n).collect();
    history.indptr = vec![0, n as usize];
    history.mask = vec![1.0; n as usize];
    history.temporal[0].1 = (0..n).map(|i| (i as f64 * 0.37).sin() * 100.0).collect();
    let svg = draw(
        &f,
        Some(&history),
        &ChartOptions { max_insample_length: Some(n as usize), ..Default::default() },
    );
    assert!(svg.len() < 80_000, "{}", svg.len());
}

#[test]
fn wrong_options_are_refused_by_name() {
    let strings = |list: &[&str]| Some(list.iter().map(|s| s.to_string()).collect::<Vec<_>>());
    let (option, message) =
        refused(ChartOptions { ids: Some(vec!["Airline3".into()]), ..Default::default() });
    assert_eq!(option, "ids");
    assert!(message.contains("no series \"Airline3\" (did you mean \"Airline1\"?)"), "{message}");
    let (option, message) =
        refused(ChartOptions { models: strings(&["NHIST"]), ..Default::default() });
    assert_eq!(option, "models");
    assert!(message.contains("did you mean \"NHITS\"?"), "{message}");
    let (option, message) =
        refused(ChartOptions { level: Some(vec![80.0, 90.0]), ..Default::default() });
    assert_eq!(option, "level");
    assert_eq!(
        message,
        "no chosen model has an interval of level 90; they have 80, 95; to get it, train with `loss.mq({ level: [90] })`"
    );
    assert_eq!(refused(ChartOptions { ids: Some(vec![]), ..Default::default() }).0, "ids");
    assert_eq!(refused(ChartOptions { models: strings(&[]), ..Default::default() }).0, "models");
    assert_eq!(refused(ChartOptions { width: 10, ..Default::default() }).0, "width");
    assert_eq!(refused(ChartOptions { height: Some(100), ..Default::default() }).0, "height");
}

#[test]
fn a_table_without_the_series_or_with_other_times_is_refused() {
    let f = forecast(&["Airline1", "Airline2"]);
    let empty = Forecast { ids: Ids::Text(vec![]), times: vec![], ..f.clone() }
        .to_svg(None, None, &ChartOptions::default())
        .unwrap_err();
    assert_eq!(empty.message, "the forecast has no series to draw");
    let e = f.to_svg(Some(&panel(&ONE)), None, &ChartOptions::default()).unwrap_err();
    assert!(e.message.starts_with("the history table has no series \"Airline2\""), "{e}");
    let steps = Panel { time_kind: TimeKind::Step, ..panel(&ONE) };
    let e = f.to_svg(None, Some(&steps), &ChartOptions::default()).unwrap_err();
    assert_eq!(
        e.message,
        "column \"ds\" of the actual table has step numbers, but the forecast has dates"
    );
}
