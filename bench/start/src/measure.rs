//! The rounds. In each, every subject is started once, so that whatever slows the machine down meets all of them.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use support::lambda::{Answer, Bootstrap, Program};

use crate::subject::{Subject, Work};
use crate::wire::Traffic;
use crate::workshop::Workshop;

/// Everything that was seen of one subject. Times are in milliseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Seen {
    /// From its start to its request for the first event.
    pub(crate) ready: Vec<f64>,
    /// From its start to its first answer.
    pub(crate) first: Vec<f64>,
    /// From an event to its answer, not the first.
    pub(crate) warm: Vec<f64>,
    /// The part of these in which no call was on its way.
    pub(crate) own: Vec<f64>,
    /// The processor's time for an answer that is not the first, the question for the next event included: one mean a start.
    pub(crate) processor: Vec<f64>,
    /// Calls of an answer that is not the first.
    pub(crate) calls: Vec<usize>,
    /// Bytes of these, there and back, without heads.
    pub(crate) bytes: Vec<usize>,
    /// The most memory that the process ever held, in MiB: `VmHWM`.
    pub(crate) memory: Vec<f64>,
}

/// What was seen, by subject, in the order of the tables.
pub(crate) type Results = Vec<(Subject, Seen)>;

/// Measures everyone.
pub(crate) async fn all(
    workshop: &mut Workshop,
    subjects: Vec<Subject>,
    rounds: usize,
    warm: usize,
    out: &Path,
) -> Results {
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            // Everyone comes first, and after everyone else, in some round.
            let place = (turn + round) % subjects.len();
            let Some(subject) = subjects.get(place) else { continue };
            one(workshop, subject, warm, out, seen.entry(place).or_default()).await;
        }
        eprint_progress(round + 1, rounds);
    }
    subjects
        .into_iter()
        .enumerate()
        .map(|(place, subject)| (subject, seen.remove(&place).unwrap_or_default()))
        .collect()
}

#[expect(clippy::print_stderr, reason = "a bench that takes minutes says where it is")]
fn eprint_progress(round: usize, rounds: usize) {
    eprintln!("round {round} of {rounds}");
}

async fn one(workshop: &mut Workshop, subject: &Subject, warm: usize, out: &Path, seen: &mut Seen) {
    let event = workshop.event(subject).await;
    let log = out.join(format!("{}.log", subject.name));
    let program = Program { name: subject.name.clone(), command: vec![subject.executable.clone()], log };
    let settings = workshop.settings(subject);
    workshop.wire.take();
    let mut process = Bootstrap::start(program, &settings).await;
    let asked = process.first_asked().await;
    seen.ready.push(millis(asked - process.started));
    let answer = well_answered(&mut process, subject, event).await;
    seen.first.push(millis(answer.answered - process.started));
    let process_id = process.process_id().expect("it runs");
    let before = processor_time(process_id);
    for _ in 0..warm {
        let event = workshop.event(subject).await;
        workshop.wire.take();
        let answer = well_answered(&mut process, subject, event).await;
        let Traffic { calls, busy, bytes } = workshop.wire.take();
        seen.warm.push(millis(answer.took()));
        seen.own.push(millis(answer.took().saturating_sub(busy)));
        seen.calls.push(calls);
        seen.bytes.push(bytes);
    }
    let answers = u32::try_from(warm).expect("a few");
    seen.processor.push(millis(processor_time(process_id).saturating_sub(before) / answers.max(1)));
    seen.memory.push(peak_memory(process_id));
}

pub(crate) async fn well_answered(process: &mut Bootstrap, subject: &Subject, event: String) -> Answer {
    let answer = process.answer(event).await;
    let response: Value = serde_json::from_str(&answer.body).expect("a response in JSON");
    let expected = match subject.work {
        Work::UpdateResource | Work::Assign | Work::UpdateCredential => 200,
        Work::DeleteResource | Work::Unassign => 204,
    };
    assert_eq!(response["statusCode"], expected, "{}: {response}\n{}", subject.name, process.log());
    answer
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What the process's threads have had of the processors: the first number of `/proc/<process>/task/<thread>/schedstat`.
fn processor_time(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process of this machine");
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let numbers = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        numbers.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// MiB.
fn peak_memory(process: u32) -> f64 {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process of this machine");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
    let kibibytes: f64 =
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kibibytes / 1024.0
}
