//! The results, as numbers for other programs and as a table for people.

use bench_page::{self as page, markdown};
use serde_json::{Map, Value, json};

use crate::measure::{Results, Seen};
use crate::subject::Subject;

/// Median, and the middle half around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) quarter: f64,
    pub(crate) median: f64,
    pub(crate) three_quarters: f64,
}

/// The spread of numbers; of none, it is zero.
pub(crate) fn spread(numbers: &[f64]) -> Spread {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |numerator: usize| {
        sorted.get(sorted.len().saturating_sub(1) * numerator / 4).copied().unwrap_or_default()
    };
    Spread { quarter: at(1), median: at(2), three_quarters: at(3) }
}

/// Writes results and tables, and prints the table.
#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
pub(crate) fn write(results: &Results) {
    let numbers: Map<String, Value> =
        results.iter().map(|(subject, seen)| (subject.name.clone(), json!(seen))).collect();
    page::json("start", &Value::Object(numbers));
    page::json("milliseconds", &milliseconds(results));
    let table = table(results);
    page::table("start", &table);
    println!("{table}");
    if let Some(share) = own_share(results) {
        page::table("own", &share);
        println!("{share}");
    }
}

/// What `bench-ledger cost --milliseconds` reads. Lambda's smallest memory is 128 MB; Postern's functions have 256.
fn milliseconds(results: &Results) -> Value {
    let median = |seen: &Seen| spread(&seen.warm).median;
    let is_peer = |subject: &Subject| ["node", "python"].contains(&subject.name.as_str());
    let own = results.iter().filter(|(subject, _)| subject.name == subject.function);
    let own: Map<String, Value> =
        own.map(|(subject, seen)| (subject.name.clone(), json!(median(seen)))).collect();
    let peers = results
        .iter()
        .filter(|(subject, _)| is_peer(subject))
        .map(|(subject, seen)| json!({"name": subject.name, "memory_mb": 256, "milliseconds": median(seen)}));
    json!({"functions": own, "peers": peers.collect::<Vec<_>>()})
}

fn median(counts: &[usize]) -> f64 {
    spread(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>()).median
}

fn table(results: &Results) -> String {
    let head = [
        "",
        "start, ms",
        "first answer, ms",
        "times `hello-sdk`",
        "warm, ms",
        "outside of calls, ms",
        "processor, ms",
        "calls",
        "kB",
        "peak memory, MiB",
    ];
    let floor = results.iter().find(|(subject, _)| subject.name == "hello-sdk");
    let floor = floor.map_or(f64::NAN, |(_, seen)| spread(&seen.first).median);
    let rows = results.iter().map(|(subject, seen)| {
        let cell = |numbers: &[f64], digits: usize| {
            let Spread { quarter, median, three_quarters } = spread(numbers);
            format!("{median:.digits$} ({quarter:.digits$}–{three_quarters:.digits$})")
        };
        vec![
            format!("`{}`", subject.name),
            cell(&seen.ready, 1),
            cell(&seen.first, 1),
            format!("{:.2}", spread(&seen.first).median / floor),
            cell(&seen.warm, 2),
            cell(&seen.own, 2),
            cell(&seen.processor, 2),
            format!("{:.0}", median(&seen.calls)),
            format!("{:.1}", median(&seen.bytes) / 1000.0),
            format!("{:.1}", spread(&seen.memory).median),
        ]
    });
    markdown(&head, &rows.collect::<Vec<_>>())
}

/// What of a warm answer is Postern's own, beside all that lambda_http takes; nothing where not all were measured. `hello-calls`
/// less `hello` is what the SDK takes around the calls of `resource-delete`.
fn own_share(results: &Results) -> Option<String> {
    let seen = |name: &str| results.iter().find(|(subject, _)| subject.name == name).map(|(_, seen)| seen);
    let (hello, calls, all) = (seen("hello")?, seen("hello-calls")?, seen("resource-delete")?);
    let ratio = median(&calls.bytes) / median(&all.bytes);
    assert!(
        (0.95..1.05).contains(&ratio),
        "hello-calls sends and gets {ratio} times what resource-delete does"
    );
    let of = |seen: &Seen| [spread(&seen.own).median, spread(&seen.processor).median];
    let ([hello, calls, all], columns) = ([of(hello), of(calls), of(all)], [0, 1]);
    let own = columns.map(|column| all[column] - calls[column] + hello[column]);
    let row = |what: &str, numbers: [f64; 2]| {
        let [wall, processor] = numbers.map(|number| format!("{number:.2}"));
        vec![what.to_owned(), wall, processor]
    };
    let rows = [
        row("`resource-delete`", all),
        row(
            "what the SDK takes for its calls: `hello-calls` less `hello`",
            columns.map(|c| calls[c] - hello[c]),
        ),
        row("its own share: the rest", own),
        row("`hello`", hello),
        row("its own share, times `hello`", columns.map(|column| own[column] / hello[column])),
    ];
    Some(markdown(&["", "outside of calls, ms", "processor, ms"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_the_sorted_numbers() {
        assert_eq!(spread(&[]), Spread { quarter: 0.0, median: 0.0, three_quarters: 0.0 });
        assert_eq!(
            spread(&[5.0, 1.0, 3.0, 2.0, 4.0]),
            Spread { quarter: 2.0, median: 3.0, three_quarters: 4.0 }
        );
    }
}
