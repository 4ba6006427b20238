//! Tables of the documents.

use std::collections::BTreeSet;

use super::project::{Operation, Project};
use crate::failure::Failure;

const BASE_PATH: &str = "/api/v1";

/// Requests that are no operations of the description.
const OTHER_REQUESTS: &str = "| Without the body | `HEAD /health`, `HEAD /docs`, `HEAD /openapi.json` | 200 |\n\
                              | Anything else | answered by `fallback` | 308, 404 or 405 |\n";

/// The document with the table of operations: the first one below its heading. A row holds the operations of a tag.
pub(crate) fn with_operations(document: &str, project: &Project) -> Result<String, Failure> {
    let heading = "\n## Operations\n";
    let section = document.find(heading).ok_or("there is no section of operations")? + heading.len();
    let (before, rest) = document.split_at(section);
    let start = rest.find("\n|").ok_or("there is no table of operations")? + 1;
    let (introduction, rest) = rest.split_at(start);
    let length: usize =
        rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    let after = rest.get(length..).unwrap_or_default();
    let head = "| Objects | Operations | Success |\n|---|---|---|\n";
    Ok(format!("{before}{introduction}{head}{}{OTHER_REQUESTS}{after}", rows(&project.operations)))
}

fn rows(operations: &[Operation]) -> String {
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations {
        if !tags.contains(&operation.tag.as_str()) {
            tags.push(&operation.tag);
        }
    }
    let row = |tag: &str| {
        // A path of two spellings stands here with the slash.
        let has_slash = |path: &str| operations.iter().any(|other| other.path == format!("{path}/"));
        let own =
            || operations.iter().filter(|operation| operation.tag == tag && !has_slash(&operation.path));
        let names = own().map(|operation| {
            let path = operation.path.strip_prefix(BASE_PATH).unwrap_or(&operation.path);
            format!("`{} {path}`", operation.method)
        });
        let successes: BTreeSet<&str> =
            own().flat_map(|operation| operation.successes.iter().map(String::as_str)).collect();
        let successes: Vec<_> = successes.into_iter().collect();
        format!("| {tag} | {} | {} |\n", names.collect::<Vec<_>>().join(", "), successes.join(", "))
    };
    tags.into_iter().map(row).collect()
}

/// The document with a row of costs for each function. `cargo xtask bench` measures them: a new function has no figures yet.
pub(crate) fn with_costs(document: &str, project: &Project) -> Result<String, Failure> {
    let (before, rest) = document.split_once("<!-- cost -->").ok_or("there is no table of costs")?;
    let (table, after) =
        rest.split_once("\n<!-- end of cost -->").ok_or("the table of costs does not end")?;
    let name = |line: &str| line.strip_prefix("| `")?.split('`').next().map(str::to_owned);
    let is_known = |name: &str| project.functions.iter().any(|function| function.name == name);
    let mut kept = String::new();
    let mut measured = BTreeSet::new();
    for line in table.split_inclusive('\n') {
        let name = name(line);
        if name.as_deref().is_none_or(is_known) {
            kept += line;
        }
        measured.extend(name);
    }
    let columns =
        table.lines().find(|line| line.starts_with("|---")).map_or(0, |line| line.matches("---").count());
    let absent = project.functions.iter().filter(|function| !measured.contains(&function.name));
    let absent = absent.map(|function| {
        let route = function.routes.first().map_or_else(String::new, |(method, path)| {
            format!("{method} {}, ", path.strip_prefix(BASE_PATH).unwrap_or(path))
        });
        format!("| `{}` | {route}not measured |{}\n", function.name, " |".repeat(columns.saturating_sub(2)))
    });
    Ok(format!("{before}<!-- cost -->{kept}{}\n<!-- end of cost -->{after}", absent.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::project::Function;

    fn project() -> Project {
        let function = |name: &str| Function {
            name: name.into(),
            folder: name.replace('-', "_"),
            is_worker: false,
            routes: vec![("GET".into(), format!("{BASE_PATH}/{name}"))],
        };
        let operation = |method: &str, success: &str| Operation {
            tag: "Things".into(),
            method: method.into(),
            path: format!("{BASE_PATH}/a"),
            successes: vec![success.into()],
            access: Vec::new(),
        };
        let operations = vec![operation("GET", "200"), operation("POST", "201")];
        Project { functions: vec![function("a-get"), function("b-get")], operations }
    }

    #[test]
    fn the_operations_of_a_tag_are_a_row() {
        let text = "x\n## Operations\n\nWords.\n\n| a | b |\n|---|---|\n| old | |\n\n| other |\n";
        let new = with_operations(text, &project()).unwrap();
        assert!(new.contains("\nWords.\n\n| Objects |"), "{new}");
        assert!(new.contains("| Things | `GET /a`, `POST /a` | 200, 201 |\n"), "{new}");
        assert!(new.ends_with("308, 404 or 405 |\n\n| other |\n") && !new.contains("old"), "{new}");
        assert_eq!(with_operations(&new, &project()), Ok(new));
    }

    #[test]
    fn a_measured_row_stays_and_a_new_function_has_one_without_figures() {
        let row = "| `a-get` | x | 1 |\n|  | each further one | 2 |\n";
        let text = format!(
            "<!-- cost -->\n\n| F | W | C |\n|---|---|---|\n{row}| `gone-get` | x | 1 |\n\n<!-- end of cost -->\n"
        );
        let new = with_costs(&text, &project()).unwrap();
        let rows = format!("{row}| `b-get` | GET /b-get, not measured | |\n\n<!-- end");
        assert!(new.contains(&rows) && !new.contains("gone-get"), "{new}");
        assert_eq!(with_costs(&new, &project()), Ok(new));
    }
}
