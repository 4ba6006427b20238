//! The rows of the access matrix.
//!
//! A new row is a prediction: what another operation with the same `x-access` answers, with its own success. The test of the matrix asks
//! every caller and decides.

use std::collections::BTreeMap;

use super::project::{Operation, Project};
use crate::failure::Failure;

/// The last rows, of requests that no route takes.
const UNROUTED: [&str; 2] = ["GET /api/v1/nothing", "PUT /api/v1/resources/{id}"];

/// The snapshot with a row for each route, in the order of paths and methods.
pub(crate) fn with_rows(snapshot: &str, project: &Project) -> Result<String, Failure> {
    let rows: BTreeMap<String, &str> =
        snapshot.lines().filter_map(|line| Some((route(line)?, line))).collect();
    let of = |path: &str, method: &str| operation(project, path, method);
    let mut expected: BTreeMap<(&str, &str), String> = BTreeMap::new();
    let routes = project.functions.iter().flat_map(|function| &function.routes);
    for (method, path) in routes.filter(|(method, _)| method != "HEAD") {
        let known = rows.get(&format!("{method} {path}")).map(|row| (*row).to_owned());
        let row = known.or_else(|| {
            let own = of(path, method)?;
            let is_alike = |model: &&Operation| {
                model.access == own.access && model.path.contains('{') == own.path.contains('{')
            };
            let models = project.operations.iter().filter(is_alike);
            let models = models.filter_map(|model| rows.get(&format!("{} {}", model.method, model.path)));
            most_common(models.map(|row| predicted(own, method, path, row)))
        });
        let row =
            row.ok_or_else(|| format!("no operation is like {method} {path}: run the test of the matrix"))?;
        expected.insert((path, method), row);
    }
    let is_row = |line: &&str| route(line).is_some();
    let head = snapshot.lines().take_while(|line| !is_row(line)).map(String::from);
    let tail = UNROUTED.iter().filter_map(|route| rows.get(*route)).map(|row| (*row).to_owned());
    Ok(head.chain(expected.into_values()).chain(tail).map(|line| line + "\n").collect())
}

/// The text that is there most often: one operation may answer otherwise, because its body names something of another organization.
fn most_common(texts: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(text, _)| text)
}

/// Method and path of a line that begins with them.
fn route(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    path.starts_with('/').then(|| format!("{method} {path}"))
}

/// The operation of a route. The description has one spelling of a path that may end in a slash.
fn operation<'p>(project: &'p Project, path: &str, method: &str) -> Option<&'p Operation> {
    let bare = path.trim_end_matches('/');
    project.operations.iter().find(|own| own.path.trim_end_matches('/') == bare && own.method == method)
}

fn predicted(own: &Operation, method: &str, path: &str, model: &str) -> String {
    let success = own.successes.first().map_or("200", String::as_str);
    let cells = model.split_whitespace().skip(2).map(|cell| {
        let cell = if cell.starts_with('2') { success } else { cell };
        format!("  {cell:<9}")
    });
    let line = format!("{:<58}{}", format!("{method} {path}"), cells.collect::<String>());
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::project::Function;

    #[test]
    fn a_new_route_answers_like_another_one_with_its_own_success() {
        let operation = |method: &str, success: &str| Operation {
            tag: String::new(),
            method: method.into(),
            path: "/api/v1/things/{id}".into(),
            successes: vec![success.into()],
            access: vec!["admin".into()],
        };
        let function = |name: &str, method: &str| Function {
            name: name.into(),
            folder: name.into(),
            is_worker: false,
            routes: vec![(method.into(), "/api/v1/things/{id}".into())],
        };
        let project = Project {
            functions: vec![function("thing-get", "GET"), function("thing-delete", "DELETE")],
            operations: vec![operation("GET", "200"), operation("DELETE", "204")],
        };
        let known =
            "GET /api/v1/things/{id}    401   200\nGET /api/v1/gone   401\nGET /api/v1/nothing  404\n";
        let row = format!("{:<58}  401        204\n", "DELETE /api/v1/things/{id}");
        let expected = format!("{row}GET /api/v1/things/{{id}}    401   200\nGET /api/v1/nothing  404\n");
        assert_eq!(with_rows(known, &project), Ok(expected));
    }
}
