//! The results, as numbers for other programs and as a table for people.

use serde_json::{Map, Value, json};
use std::path::Path;

use crate::measure::Results;

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

/// Writes `times.json` and `times.md`, and prints the latter.
#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
pub(crate) fn write(results: &Results, out: &Path) {
    let numbers: Map<String, Value> =
        results.iter().map(|(subject, seen)| (subject.name.clone(), json!(seen))).collect();
    std::fs::write(out.join("times.json"), Value::Object(numbers).to_string()).expect("a file");
    let table = table(results);
    std::fs::write(out.join("times.md"), &table).expect("a file");
    println!("{table}");
}

fn table(results: &Results) -> String {
    let mut table = String::from(
        "| | start, ms | first answer, ms | warm, ms | of it outside of calls, ms | calls | peak memory, MiB | file, MB |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (subject, seen) in results {
        let cell = |numbers: &[f64], digits: usize| {
            let Spread { quarter, median, three_quarters } = spread(numbers);
            format!("{median:.digits$} ({quarter:.digits$}–{three_quarters:.digits$})")
        };
        let calls: Vec<_> = seen.calls.iter().map(|calls| *calls as f64).collect();
        let row = [
            subject.name.clone(),
            cell(&seen.ready, 1),
            cell(&seen.first, 1),
            cell(&seen.warm, 2),
            cell(&seen.own, 3),
            format!("{:.0}", spread(&calls).median),
            format!("{:.1}", spread(&seen.memory).median),
            format!("{:.2}", seen.size as f64 / 1e6),
        ];
        table.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    table
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
