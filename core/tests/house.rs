//! The mechanical rules of the house: what a file is called, how it begins, how long it is, what it may contain.

use std::fs;
use std::path::{Path, PathBuf};

use neuro_divergent::describe;

/// Names that say nothing.
const EMPTY_WORDS: [&str; 7] = ["utils", "common", "base", "helpers", "manager", "impl", "misc"];
/// Files whose one idea needs more than 400 lines.
const ONE_IDEA: [&str; 1] = ["core/src/forecast/persistence.rs"];
/// Where memory may be touched by hand.
const MAY_BE_UNSAFE: [&str; 5] = [
    "core/src/simd/",
    "core/src/kernels/gemm.rs",
    "core/src/kernels/tile.rs",
    "benches/subject/allocation.rs",
    "benches/suites/matmul.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All files below a folder, with paths from the root; build outputs and hidden folders left out.
fn walk(folder: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().expect("names are Unicode");
        if name.starts_with('.') || ["target", "node_modules", "__pycache__"].contains(&&*name) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.file_type().unwrap().is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Path and text of each Rust file of the crate, the addon and the benchmarks.
fn sources() -> Vec<(String, String)> {
    let all = ["core/src", "src", "benches"].into_iter().flat_map(files);
    let rust = all.filter(|path| path.ends_with(".rs"));
    rust.map(|path| (path.clone(), read(&path))).collect()
}

/// The code without its comments and the contents of its text literals.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = |start: usize, end: &str| {
            rest[start..].find(end).map_or(rest.len(), |at| start + at + end.len())
        };
        let hashes =
            rest.strip_prefix('r').map_or(0, |r| r.len() - r.trim_start_matches('#').len());
        let raw = rest.strip_prefix('r').is_some_and(|r| r[hashes..].starts_with('"'))
            && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            after(2, "*/")
        } else if raw {
            after(hashes + 2, &format!("\"{}", "#".repeat(hashes)))
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\") {
            after(3, "'")
        } else {
            0
        };
        if skipped > 0 {
            code.push(' ');
        } else {
            code.push(c);
        }
        rest = &rest[if skipped > 0 { skipped } else { c.len_utf8() }..];
    }
    code
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Panics with all that is wrong at once.
#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn code_is_told_from_comments_and_text() {
    let text = r##"a /* b */ "c \" d" r#"e " f"# '"' g // h "i"
        '\'' j"##;
    assert_eq!(words(&code(text)).filter(|w| !w.is_empty()).collect::<String>(), "agj");
}

#[test]
fn every_file_begins_with_its_one_idea() {
    let begins = |text: &str| {
        let first = text.lines().next().unwrap_or("");
        let idea = first.strip_prefix("//! ").is_some_and(|idea| idea.len() > 10);
        idea || first.starts_with("#![doc = include_str!(") // the crate's front page
    };
    none(sources().into_iter().filter(|(_, text)| !begins(text)).map(|(path, _)| path).collect());
}

#[test]
fn no_file_is_longer_than_a_reader_s_patience() {
    let limit = |path: &str| match path {
        path if path.ends_with("/tests.rs") => 500,
        path if ONE_IDEA.contains(&path) => 600,
        _ => 400,
    };
    let too_long = |(path, text): &(String, String)| {
        let (lines, limit) = (text.lines().count(), limit(path));
        (lines > limit).then(|| format!("{path} has {lines} lines, {limit} at most"))
    };
    none(sources().iter().filter_map(too_long).collect());
}

#[test]
fn unsafe_code_is_where_it_may_be() {
    let may = |path: &str| MAY_BE_UNSAFE.iter().any(|place| path.starts_with(place));
    let has = |text: &str| words(&code(text)).any(|word| word == "unsafe");
    let wrong = sources().into_iter().filter(|(path, text)| !may(path) && has(text));
    none(wrong.map(|(path, _)| path).collect());
    assert!(sources().iter().any(|(path, text)| may(path) && has(text)), "nothing is found at all");
}

#[test]
fn names_say_something() {
    let empty = |path: &String| {
        path.split('/').any(|part| {
            let stem = part.split('.').next().unwrap_or(part).to_lowercase();
            EMPTY_WORDS.contains(&&*stem)
        })
    };
    none(files("").into_iter().filter(empty).collect());
}

#[test]
fn nothing_is_left_for_later() {
    let forbidden = ["todo!", "unimplemented!", "dbg!"];
    let wrong = |(path, text): (String, String)| {
        let code = code(&text);
        let found = forbidden.iter().find(|m| {
            let same = |(at, _): (usize, &str)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            };
            code.match_indices(**m).any(same)
        });
        found.map(|m| format!("{path} has {m}"))
    };
    none(sources().into_iter().filter_map(wrong).collect());
}

#[test]
fn every_model_file_cites_its_paper_and_its_upstream() {
    let models: Vec<(String, String)> = sources()
        .into_iter()
        .filter(|(path, text)| {
            path.starts_with("core/src/models/")
                && words(&code(text)).any(|w| w == "SPEC")
                && text.contains("impl Model for")
        })
        .collect();
    assert_eq!(models.len(), describe().as_array().unwrap().len(), "one file per registered model");
    let head = |text: &str| -> String {
        text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n")
    };
    let wrong = models.iter().filter_map(|(path, text)| {
        let missing =
            ["<https://", "Upstream: "].into_iter().find(|part| !head(text).contains(part))?;
        Some(format!("{path}: the head has no \"{missing}\""))
    });
    none(wrong.collect());
}

#[test]
fn every_model_is_proven_against_upstream() {
    let model_of = |path: &String| {
        let bytes = fs::read(root().join(path)).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        header.metadata().as_ref().and_then(|m| m.get("model").cloned())
    };
    let trained: Vec<String> =
        files("core/tests/fixtures/training").iter().filter_map(model_of).collect();
    let folder = |name: &str| root().join("core/tests/fixtures/models").join(name);
    let models = describe();
    let wrong = models.as_array().unwrap().iter().filter_map(|model| {
        let name = model["name"].as_str().unwrap();
        let cases = fs::read_dir(folder(name)).map_or(0, Iterator::count);
        let missing = match (cases, trained.iter().any(|m| m == name)) {
            (0, _) => "no fixture of its forward and gradients",
            (_, false) => "no fixture of its training",
            _ => return None,
        };
        Some(format!("{name} has {missing}"))
    });
    none(wrong.collect());
}
