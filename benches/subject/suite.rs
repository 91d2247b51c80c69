//! A suite: times variants, and notes what is to be said of them.
//!
//! Times are criterion's. Everything else is a line of JSON in `facts.jsonl` beside them, from which `npm run bench`
//! writes its summary; run alone, a suite prints it.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use neuro_divergent::simd::isa_name;
use serde::Serialize;

use crate::case::Case;
use crate::elsewhere::answered;

/// What a figure should be.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// What is said of a suite beside its times.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Fact<'a> {
    /// How many times as long the slow one takes; or a share of a limit that will do as well.
    Ratio {
        name: &'a str,
        slow: &'a str,
        fast: &'a str,
        target: Option<f64>,
        or: Option<Share>,
    },
    /// Anything that was counted or measured otherwise.
    Figure {
        name: &'a str,
        value: f64,
        unit: &'a str,
        target: Option<Target>,
    },
    Table {
        name: &'a str,
        columns: &'a [&'a str],
        rows: &'a [Vec<String>],
    },
    Note {
        text: &'a str,
    },
}

/// A share of the time that a limit allows: `seconds` at best, and how much of the time taken it should be.
#[derive(Clone, Copy, Serialize)]
pub struct Share {
    /// The least time there is.
    pub seconds: f64,
    /// Least time over time taken.
    pub share: f64,
}

/// Times variants and notes facts.
pub struct Suite {
    criterion: Criterion,
    facts: Option<File>,
    quick: bool,
}

/// Runs a suite: the `main` of each.
pub fn suite(run: impl FnOnce(&mut Suite)) {
    if answered() {
        return;
    }
    let criterion = Criterion::default()
        .without_plots()
        .sample_size(10)
        .nresamples(2000)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let facts = std::env::var_os("CRITERION_HOME").map(|home| {
        let file = std::path::Path::new(&home).join("facts.jsonl");
        let open = OpenOptions::new().create(true).append(true).open(&file);
        open.unwrap_or_else(|e| panic!("cannot write {}: {e}", file.display()))
    });
    let quick = std::env::args().any(|arg| arg == "--quick");
    println!("on {}, {} threads", isa_name(), neuro_divergent::runtime::threads());
    run(&mut Suite { criterion, facts, quick });
}

impl Suite {
    /// Whether a rough answer will do.
    pub fn quick(&self) -> bool {
        self.quick
    }

    /// Times `f`; gives the name by which [`Suite::ratio`] knows it.
    pub fn time(
        &mut self,
        group: &str,
        what: &str,
        variant: impl Display,
        mut f: impl FnMut(),
    ) -> String {
        self.criterion
            .benchmark_group(group)
            .bench_function(BenchmarkId::new(what, &variant), |b| b.iter(&mut f));
        format!("{group}/{what}/{variant}")
    }

    /// As [`Suite::time`], where `f` tells how long that many took.
    pub fn time_many(
        &mut self,
        group: &str,
        what: &str,
        variant: impl Display,
        mut f: impl FnMut(u64) -> Duration,
    ) -> String {
        self.criterion
            .benchmark_group(group)
            .bench_function(BenchmarkId::new(what, &variant), |b| b.iter_custom(&mut f));
        format!("{group}/{what}/{variant}")
    }

    /// Times a training step.
    pub fn step(
        &mut self,
        group: &str,
        what: &str,
        variant: impl Display,
        case: &Case,
        threads: usize,
    ) -> String {
        self.time_many(group, what, variant, |n| case.steps(n, threads))
    }

    fn note_down(&mut self, fact: &Fact<'_>) {
        let line = serde_json::to_string(fact).expect("facts are JSON");
        match &mut self.facts {
            Some(file) => writeln!(file, "{line}").expect("the disk has room"),
            None => println!("{line}"),
        }
    }

    /// Says that `slow` should take `target` times as long as `fast`.
    pub fn ratio(&mut self, name: &str, slow: &str, fast: &str, target: Option<f64>) {
        self.note_down(&Fact::Ratio { name, slow, fast, target, or: None });
    }

    /// As [`Suite::ratio`]; coming so near to a limit will do instead.
    pub fn ratio_or(&mut self, name: &str, slow: &str, fast: &str, target: f64, or: Share) {
        self.note_down(&Fact::Ratio { name, slow, fast, target: Some(target), or: Some(or) });
    }

    /// Says what something came to.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str, target: Option<Target>) {
        println!("{name}: {} {unit}", rounded(value));
        self.note_down(&Fact::Figure { name, value, unit, target });
    }

    /// Says several things of several.
    pub fn table(&mut self, name: &str, columns: &[&str], rows: &[Vec<String>]) {
        println!("{name}\n{}", columns.join("\t"));
        rows.iter().for_each(|row| println!("{}", row.join("\t")));
        self.note_down(&Fact::Table { name, columns, rows });
    }

    /// Says something in words.
    pub fn note(&mut self, text: &str) {
        println!("{text}");
        self.note_down(&Fact::Note { text });
    }
}

/// With three digits that count.
pub fn rounded(x: f64) -> String {
    let digits = if x.abs() >= 100.0 || x.fract() == 0.0 {
        0
    } else if x.abs() >= 10.0 {
        1
    } else if x.abs() >= 0.1 {
        2
    } else {
        4
    };
    format!("{x:.digits$}")
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
