//! Mutants of conditions: a write goes out with a part of its condition left out, and some test must notice.
//!
//! `tests/conditions.py` asks for them: `POSTERN_TEST_CONDITIONS` names a file to which every part of every condition is added that
//! goes over the wire, as `TEST NUMBER CONDITION`; `POSTERN_TEST_MUTANT` says, as `NUMBER CONDITION`, which one is left out.

use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

/// A condition of any item that exists or does not.
const ALWAYS: &str = "attribute_exists(#pk) OR attribute_not_exists(#pk)";

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place of mutants")]
    std::env::var(name).ok()
}

static LIST: LazyLock<Option<String>> = LazyLock::new(|| variable("POSTERN_TEST_CONDITIONS"));

static MUTANT: LazyLock<Option<(usize, String)>> = LazyLock::new(|| {
    let setting = variable("POSTERN_TEST_MUTANT")?;
    let (number, condition) = setting.split_once(' ')?;
    Some((number.parse().ok()?, condition.into()))
});

/// The body of a call as it goes out instead, where it is another one.
pub(super) fn body(body: &[u8]) -> Option<Vec<u8>> {
    if LIST.is_none() && MUTANT.is_none() {
        return None;
    }
    let mut call: Value = serde_json::from_slice(body).ok()?;
    let mut is_changed = false;
    for write in writes(&mut call) {
        let Some(condition) = write.get("ConditionExpression").and_then(Value::as_str).map(String::from)
        else {
            continue;
        };
        let shape = shape(&condition);
        note(&shape);
        let wanted = MUTANT.as_ref().filter(|(_, of)| *of == shape);
        if let Some((number, _)) = wanted {
            weaken(write, &without_part(&condition, *number));
            is_changed = true;
        }
    }
    is_changed.then(|| call.to_string().into_bytes())
}

fn writes(call: &mut Value) -> Vec<&mut Map<String, Value>> {
    if call.get("TransactItems").is_none() {
        return call.as_object_mut().into_iter().collect();
    }
    let items = call["TransactItems"].as_array_mut().into_iter().flatten();
    items.filter_map(|item| item.as_object_mut()?.values_mut().next()?.as_object_mut()).collect()
}

/// A condition without the numbers in its names: what holds for one row of a block holds for each.
fn shape(condition: &str) -> String {
    condition.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// Conditions that this process has noted.
static NOTED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

fn note(condition: &str) {
    let Some(path) = &*LIST else { return };
    if !NOTED.lock().expect("no panic").insert(condition.into()) {
        return;
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    let (test, parts) = (test(), 0..parts(condition).1.len());
    let lines: String = parts.map(|number| format!("{test} {number} {condition}\n")).collect();
    file.write_all(lines.as_bytes()).expect("a file");
}

/// The only test of this process: nextest starts one for each.
fn test() -> String {
    std::env::args().skip_while(|argument| argument != "--exact").nth(1).expect("a test that runs alone")
}

/// The parts of a condition between its outermost ORs or else its outermost ANDs.
fn parts(condition: &str) -> (&'static str, Vec<&str>) {
    for joint in [" OR ", " AND "] {
        let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
        for (place, letter) in condition.char_indices() {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            if depth == 0 && condition[place..].starts_with(joint) {
                parts.push(&condition[start..place]);
                start = place + joint.len();
            }
        }
        if !parts.is_empty() {
            parts.push(&condition[start..]);
            return (joint, parts);
        }
    }
    ("", vec![condition])
}

fn without_part(condition: &str, number: usize) -> String {
    let (joint, mut parts) = parts(condition);
    parts.remove(number);
    if parts.is_empty() { ALWAYS.into() } else { parts.join(joint) }
}

/// Puts a condition in the place of another, and takes away the names and values that nothing uses any more.
fn weaken(write: &mut Map<String, Value>, condition: &str) {
    write.insert("ConditionExpression".into(), condition.into());
    let update = write.get("UpdateExpression").and_then(Value::as_str).unwrap_or_default();
    let used = format!("{condition} {update}");
    let is_used = |name: &str| {
        used.split(|c: char| !c.is_alphanumeric() && !"#:_".contains(c)).any(|word| word == name)
    };
    for kind in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        if let Some(members) = write.get_mut(kind).and_then(Value::as_object_mut) {
            members.retain(|name, _| is_used(name));
            if members.is_empty() {
                write.remove(kind);
            }
        }
    }
    if condition == ALWAYS {
        let names = write.entry("ExpressionAttributeNames").or_insert_with(|| Map::new().into());
        names["#pk"] = "pk".into();
    }
}
