//! Where results go: JSON and tables into `bench/out`, and tables between their marks in the pages that show them.
#![expect(clippy::expect_used, reason = "results that go nowhere should end a bench")]

use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The pages with the tables.
const PAGE: &str = "docs/performance.md";
const PAGE_OF_SCALE: &str = "bench/SCALE.md";

/// The repository that the bench is run in: what another clone has built is the same program.
fn root() -> PathBuf {
    let here = std::env::current_dir().expect("a folder");
    here.ancestors().find(|folder| folder.join(PAGE).is_file()).expect("the repository").into()
}

fn write(path: &str, text: &str) {
    let path = root().join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// What a machine reads.
///
/// # Panics
/// Where the file cannot be written.
pub fn json(name: &str, value: &Value) {
    write(&format!("bench/out/{name}.json"), &(serde_json::to_string_pretty(value).expect("JSON") + "\n"));
}

/// A table, which also takes the place of the last one on the page.
///
/// # Panics
/// Where a file cannot be written.
pub fn table(name: &str, text: &str) {
    write(&format!("bench/out/{name}.md"), text);
    replace(PAGE, name, text);
    replace(PAGE_OF_SCALE, name, text);
}

/// The table between its marks, where the page has them.
fn replace(page: &str, name: &str, table: &str) {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let Ok(text) = fs::read_to_string(root().join(page)) else { return };
    let Some((before, rest)) = text.split_once(&begin) else { return };
    let Some((_, after)) = rest.split_once(&end) else { return };
    write(page, &format!("{before}{begin}\n{table}\n{end}{after}"));
}

/// Rows of Markdown below a head.
#[must_use]
pub fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    line(&head) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// A number with so many decimals, without zeros at its end and with its thousands apart.
#[must_use]
pub fn spoken(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let mut apart = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && !apart.ends_with('-') {
            apart.push(',');
        }
        apart.push(digit);
    }
    if part.is_empty() { apart } else { format!("{apart}.{part}") }
}
