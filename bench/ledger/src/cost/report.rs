//! The costs as JSON and as a table.

use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use super::Row;
use crate::prices::{GB_SECOND_ARM64, GB_SECOND_X86, INVOCATIONS, KMS, READS, WRITES, lambda_time};
use bench_page::{self as page, markdown, spoken};

/// The operation that the peers have too.
const PEERS_DO: &str = "resource-delete";

/// Dollars for a million, by what is paid for.
struct Dollars {
    reads: f64,
    writes: f64,
    kms: f64,
    invocation: f64,
    /// Unknown until the milliseconds were measured.
    time: Option<f64>,
}

impl Dollars {
    fn of(row: &Row) -> Self {
        Self {
            reads: row.cost.reads * READS,
            writes: row.cost.writes * WRITES,
            kms: row.cost.kms * KMS,
            invocation: if row.is_run { INVOCATIONS } else { 0.0 },
            time: row.time.map(|time| lambda_time(time, memory_mb(), gb_second())),
        }
    }

    fn table(&self) -> f64 {
        self.reads + self.writes
    }

    fn lambda(&self) -> f64 {
        self.invocation + self.time.unwrap_or_default()
    }

    fn sum(&self) -> f64 {
        self.table() + self.kms + self.lambda()
    }
}

fn template() -> Yaml {
    serde_yaml_ng::from_str(local::template::TEMPLATE).expect("the template")
}

/// The memory of every function.
fn memory_mb() -> f64 {
    template()["Globals"]["Function"]["MemorySize"].as_f64().expect("MemorySize")
}

/// The price of the template's own architecture.
fn gb_second() -> f64 {
    match template()["Parameters"]["Architecture"]["Default"].as_str() {
        Some("arm64") => GB_SECOND_ARM64,
        Some("x86_64") => GB_SECOND_X86,
        other => panic!("template.yaml has another architecture: {other:?}"),
    }
}

pub(super) fn write(rows: &[Row], others: &Value) {
    let members = rows.iter().map(|row| {
        let dollars = Dollars::of(row);
        json!({
            "function": row.function, "what": row.what, "isRun": row.is_run, "cost": row.cost.json(),
            "dollarsPerMillion": {
                "reads": dollars.reads, "writes": dollars.writes, "kms": dollars.kms,
                "lambdaRequest": dollars.invocation, "lambdaTime": dollars.time, "sum": dollars.sum(),
            },
        })
    });
    let prices = json!({
        "region": "us-east-1", "reads": READS, "writes": WRITES, "kms": KMS, "lambdaRequests": INVOCATIONS,
        "lambdaGbSecond": gb_second(), "memoryMb": memory_mb(),
    });
    let result = json!({"prices": prices, "rows": members.collect::<Vec<_>>(), "peers": peers(rows, others)});
    page::json("cost", &result);
    page::table("cost", &table(rows));
    if let Some(text) = peers_table(&result["peers"]) {
        page::table("cost-peers", &text);
    }
    println!("{} rows in bench/out/cost.json", rows.len());
}

fn table(rows: &[Row]) -> String {
    let has_time = rows.iter().any(|row| row.time.is_some());
    let mut head =
        vec!["Function", "What", "Calls", "In sequence", "Reads", "Writes", "KMS", "Provider", "Table, $"];
    if has_time {
        head.extend(["Warm, ms", "Lambda, $"]);
    }
    head.push(if has_time { "Sum, $" } else { "With KMS and Lambda's request, $" });
    let lines = rows.iter().map(|row| {
        let (cost, dollars) = (row.cost, Dollars::of(row));
        let name = if row.is_run { format!("`{}`", row.function) } else { String::new() };
        let mut line = vec![name, row.what.clone()];
        let counts = [cost.calls, cost.rounds, cost.reads, cost.writes, cost.kms, cost.provider];
        line.extend(counts.map(|count| spoken(count, 1)));
        line.push(spoken(dollars.table(), 2));
        if has_time {
            line.push(row.time.map_or_else(String::new, |time| spoken(time, 1)));
            line.push(spoken(dollars.lambda(), 2));
        }
        line.push(spoken(dollars.sum(), 2));
        line
    });
    markdown(&head, &lines.collect::<Vec<_>>())
}

/// The same operation in ours and in the peers: the same calls of the table, another time.
fn peers(rows: &[Row], others: &Value) -> Value {
    let row = rows.iter().find(|row| row.function == PEERS_DO).expect("a row");
    let table = Dollars::of(row).table();
    let one = |name: &str, time: f64, memory: f64| {
        let lambda = INVOCATIONS + lambda_time(time, memory, gb_second());
        json!({"name": name, "milliseconds": time, "memoryMb": memory, "table": table, "lambda": lambda, "sum": table + lambda})
    };
    let ours = row.time.map(|time| one("Postern", time, memory_mb()));
    let peers = others.as_array().into_iter().flatten().map(|peer| {
        let number = |name: &str| peer[name].as_f64().unwrap_or_else(|| panic!("a peer without {name}"));
        one(peer["name"].as_str().expect("a name"), number("milliseconds"), number("memory_mb"))
    });
    ours.into_iter().chain(peers).collect()
}

fn peers_table(peers: &Value) -> Option<String> {
    let peers = peers.as_array().filter(|peers| !peers.is_empty())?;
    let lines = peers.iter().map(|peer| {
        let number = |name: &str, decimals| spoken(peer[name].as_f64().unwrap_or_default(), decimals);
        vec![
            peer["name"].as_str().unwrap_or_default().to_owned(),
            number("milliseconds", 1),
            number("memoryMb", 0),
            number("table", 2),
            number("lambda", 2),
            number("sum", 2),
        ]
    });
    let head = ["`resource-delete`", "Warm, ms", "Memory, MB", "Table, $", "Lambda, $", "Sum, $"];
    Some(markdown(&head, &lines.collect::<Vec<_>>()))
}

/// Tells what another engine reckons otherwise.
pub(super) fn compare(rows: &[Row], other: &Value) {
    let others = other["rows"].as_array().expect("rows");
    let mut different = 0;
    for row in rows {
        let same = |there: &&Value| there["function"] == row.function && there["what"] == row.what.as_str();
        let Some(there) = others.iter().find(same) else {
            println!("{} {}: not in the other result", row.function, row.what);
            different += 1;
            continue;
        };
        let (here, there) = (row.cost.json(), &there["cost"]);
        if here != *there {
            println!("{} {}:\n  here  {here}\n  there {there}", row.function, row.what);
            different += 1;
        }
    }
    println!("{different} of {} rows differ", rows.len());
}
