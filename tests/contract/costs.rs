//! The page of costs has a row for every function.

use crate::repository::{assert_nothing_wrong, read};

/// Where `cargo run -p bench-ledger -- cost` writes its table.
const PAGE: &str = "docs/performance.md";

#[test]
fn every_function_has_a_row_of_costs() {
    let page = read(PAGE);
    let (_, rest) = page.split_once("<!-- cost -->").unwrap();
    let (table, _) = rest.split_once("<!-- end of cost -->").unwrap();
    let names = functions::all().into_iter().map(|(name, _)| name);
    let names = names.chain(functions::workers().into_iter().map(|(name, _)| name));
    let absent = names.filter(|name| !table.contains(&format!("| `{name}` |")));
    let absent: Vec<_> =
        absent.map(|name| format!("{PAGE}: nobody has measured what {name} costs")).collect();
    assert_nothing_wrong(&absent);
}
