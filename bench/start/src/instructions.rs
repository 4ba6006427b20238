//! How many instructions a start and an answer take: a number that another machine's load does not change.

use serde_json::json;
use std::path::{Path, PathBuf};
use support::lambda::{Bootstrap, Program};

use crate::measure::well_answered;
use crate::subject::Subject;
use crate::workshop::Workshop;

/// How many more events the longer of two runs answers.
const ANSWERS: usize = 20;

/// Counts, and writes `instructions.json`: for each, instructions from the start to the first answer, and of an answer after it.
#[expect(clippy::print_stdout, reason = "the numbers are what was asked for")]
pub(crate) async fn count(workshop: &mut Workshop, subjects: &[Subject], out: &Path) {
    let mut counted = serde_json::Map::new();
    for subject in subjects {
        let one = run(workshop, subject, 1, out).await;
        let more = run(workshop, subject, 1 + ANSWERS, out).await;
        let answer = more.saturating_sub(one) / ANSWERS as u64;
        println!("{}: {one} instructions to the first answer, {answer} an answer after it", subject.name);
        counted.insert(subject.name.clone(), json!({"first": one, "answer": answer}));
    }
    std::fs::write(out.join("instructions.json"), serde_json::Value::Object(counted).to_string())
        .expect("a file");
}

async fn run(workshop: &mut Workshop, subject: &Subject, events: usize, out: &Path) -> u64 {
    let counts = out.join("callgrind.out");
    let command = ["valgrind", "--tool=callgrind", "--quiet"].map(PathBuf::from).into_iter().chain([
        PathBuf::from(format!("--callgrind-out-file={}", counts.display())),
        subject.executable.clone(),
    ]);
    let log = out.join(format!("callgrind-{}.log", subject.name));
    let program = Program { name: subject.name.clone(), command: command.collect(), log };
    let settings = workshop.settings(subject);
    let mut process = Bootstrap::start(program, &settings).await;
    for _ in 0..events {
        let event = workshop.event(subject).await;
        let _ = well_answered(&mut process, subject, event).await;
    }
    let _ = process.finish().await;
    let text = std::fs::read_to_string(&counts).expect("callgrind's counts");
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ")).expect("a total");
    line.trim().parse().expect("a number")
}
