//! A copy of the running suite with another instruction set: training takes the one that its process detected.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use neuro_divergent::simd::Isa;
use serde::{Deserialize, Serialize};

use crate::case::Case;

/// Set in a copy.
const COPY: &str = "NF_BENCH_COPY";

/// What a copy is asked to time.
#[derive(Serialize, Deserialize)]
struct Asked {
    case: Case,
    steps: u64,
    threads: usize,
}

/// A copy of this program that trains on another instruction set.
pub struct Elsewhere {
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Elsewhere {
    /// Starts a copy that uses `isa`.
    pub fn new(isa: Isa) -> Self {
        let program = std::env::current_exe().expect("a program has a path");
        let mut child = Command::new(program)
            .env("NF_ISA", isa.name())
            .env(COPY, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { asks: child.stdin.take(), answers, child }
    }

    /// [`Case::steps`] there.
    pub fn steps(&mut self, case: &Case, steps: u64, threads: usize) -> Duration {
        let asked = serde_json::to_string(&Asked { case: case.clone(), steps, threads });
        let asks = self.asks.as_mut().expect("it ends when this is dropped");
        writeln!(asks, "{}", asked.expect("a case is JSON")).expect("the copy listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the copy answers");
        Duration::from_nanos(answer.trim().parse().expect("see the copy's message above"))
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.asks = None;
        // It ends with its input; if it has not, there is nothing to be done here.
        let _ = self.child.wait();
    }
}

/// In a copy: answers until the input ends. Says whether this is one.
pub(crate) fn answered() -> bool {
    if std::env::var_os(COPY).is_none() {
        return false;
    }
    for line in stdin().lines() {
        let line = line.expect("the suite writes text");
        let Asked { case, steps, threads } = serde_json::from_str(&line).expect("a case");
        writeln!(stdout(), "{}", case.steps(steps, threads).as_nanos()).expect("the suite listens");
    }
    true
}
