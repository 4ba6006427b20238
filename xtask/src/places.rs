//! Every place that a function needs. What docs/adding-a-function.md lists for people stands here for the skeleton.

use crate::Failure;
use crate::function::{Function, Method};
use crate::text::{before_line, insert, sorted_line};
use crate::{openapi, sources, store, template};

/// Reads a file of the clone, where there is one.
type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An edit of a file that exists.
type Edit = fn(&str, &Function) -> Result<String, Failure>;

/// Files that list functions or routes.
const LISTS: [(&str, Edit); 11] = [
    ("functions/Cargo.toml", manifest),
    ("functions/lib.rs", library),
    ("shared/web/src/unrouted/routes.txt", routes),
    ("template.yaml", template::with_function),
    ("Cargo.toml", template::with_watched_route),
    ("infra/openapi.yaml", openapi::with_operation),
    ("docs/api.md", document),
    ("docs/performance.md", costs),
    ("CHANGELOG.md", changelog),
    ("tests/contract/snapshots/access_matrix.snap", access),
    ("tests/bootstraps/main.rs", invocation),
];

/// Files that a function needs besides, when it changes something.
const CHANGES: [(&str, Edit); 2] =
    [("shared/store/src/lib.rs", store_module), ("shared/model/src/audit.rs", audit_event)];

/// Every file with the function in it, and its text. Nothing is written, so that a fault leaves nothing behind.
pub(crate) fn files(function: &Function, read: Read<'_>) -> Result<Vec<(String, String)>, Failure> {
    is_new(function, read)?;
    let (folder, snake) = (format!("functions/{}", function.snake()), function.snake());
    let mut files = vec![
        (format!("{folder}/mod.rs"), sources::handler(function)),
        (format!("{folder}/main.rs"), sources::binary(function)),
        (format!("{folder}/event.json"), sources::event(function)),
    ];
    let mut edits = LISTS.to_vec();
    if function.method != Method::Get {
        files.push((format!("shared/store/src/{snake}.rs"), store::source(function)));
        edits.extend(CHANGES);
    }
    for (file, edit) in edits {
        let text = read(file).ok_or_else(|| format!("there is no {file}"))?;
        files.push((file.into(), edit(&text, function).map_err(|fault| format!("{file}: {fault}"))?));
    }
    Ok(files)
}

/// Refuses a name or a route that is there.
fn is_new(function: &Function, read: Read<'_>) -> Result<(), Failure> {
    let snake = function.snake();
    for file in [
        format!("functions/{snake}/mod.rs"),
        format!("functions/{snake}.rs"),
        format!("shared/store/src/{snake}.rs"),
    ] {
        if read(&file).is_some() {
            return Err(format!("{file} exists"));
        }
    }
    let routes =
        read("shared/web/src/unrouted/routes.txt").ok_or("there is no shared/web/src/unrouted/routes.txt")?;
    let own = format!("{} {}", function.method.as_str(), function.path);
    if routes.lines().any(|route| route == own) {
        return Err(format!("{} has a function", function.route()));
    }
    let events = read("shared/model/src/audit.rs").unwrap_or_default();
    if events.lines().any(|line| line.trim() == format!("{},", function.camel())) {
        return Err(format!("the audit log has an event {}", function.event()));
    }
    Ok(())
}

fn manifest(text: &str, function: &Function) -> Result<String, Failure> {
    let (name, snake) = (&function.name, function.snake());
    Ok(format!("{text}\n[[bin]]\nname = \"{name}\"\npath = \"{snake}/main.rs\"\ntest = false\n"))
}

fn library(text: &str, function: &Function) -> Result<String, Failure> {
    let (name, snake) = (&function.name, function.snake());
    let text = sorted_line(text, &format!("pub mod {snake};"), module, &snake)?;
    let entry = format!("        (\"{name}\", Endpoint::new({snake}::handler)),");
    let key = |line: &str| {
        line.contains("Endpoint::new(").then(|| line.split('"').nth(1).unwrap_or_default().to_owned())
    };
    sorted_line(&text, &entry, key, name)
}

/// The name of the module that a line declares.
fn module(line: &str) -> Option<String> {
    let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')?;
    Some(name.to_owned())
}

fn routes(text: &str, function: &Function) -> Result<String, Failure> {
    let (method, path) = (function.method.as_str(), function.path.as_str());
    sorted_line(text, &format!("{method} {path}"), route, &(path.to_owned(), method.to_owned()))
}

/// Path and method of a line that begins with a route.
fn route(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    path.starts_with("/api/v1/").then(|| (path.to_owned(), method.to_owned()))
}

fn document(text: &str, function: &Function) -> Result<String, Failure> {
    let (route, snake) = (function.route(), function.snake());
    let answer = match function.method {
        Method::Get => "200, a list that is empty so far",
        Method::Delete => "204",
        Method::Post | Method::Put | Method::Patch => "200 `{\"message\": \"…\"}`",
    };
    let row = format!("| `{route}` | {answer} | [`{snake}`](../functions/{snake}/mod.rs) |\n");
    before_line(text, "| anything else |", &row)
}

/// A row of costs that says that nobody has measured it; `bench-ledger cost` writes the whole table anew.
fn costs(text: &str, function: &Function) -> Result<String, Failure> {
    let place = text.find("\n\n<!-- end of cost -->").ok_or("the table of costs does not end")? + 1;
    let cells = " |".repeat(9);
    Ok(insert(text, place, &format!("| `{}` | {}, not measured |{cells}\n", function.name, function.route())))
}

fn changelog(text: &str, function: &Function) -> Result<String, Failure> {
    let first = "\n### Added\n\n";
    let place = text.find(first).ok_or("there is no section Added")? + first.len();
    Ok(insert(text, place, &format!("- `{}`.\n", function.route())))
}

/// The row of a route that is for administrators: that of another one, with its own status of success.
fn access(text: &str, function: &Function) -> Result<String, Failure> {
    let model = if function.family.is_some() { "PATCH /api/v1/roles/{id} " } else { "POST /api/v1/roles " };
    let row = text
        .lines()
        .find_map(|line| line.strip_prefix(model))
        .ok_or("a row to take for a model is missing")?;
    let cells = row.split_whitespace().map(|cell| {
        let cell = if cell.starts_with('2') { function.method.status() } else { cell };
        format!("  {cell:<9}")
    });
    let (method, path) = (function.method.as_str(), function.path.as_str());
    let line = format!("{:<58}{}", format!("{method} {path}"), cells.collect::<String>());
    // Behind the routes stand requests that none takes.
    let unrouted = ["/api/v1/nothing".to_owned(), "PUT /api/v1/resources/{id}".to_owned()];
    let key = |line: &str| {
        route(line).filter(|(path, method)| *path != unrouted[0] && format!("{method} {path}") != unrouted[1])
    };
    sorted_line(text, line.trim_end(), key, &(path.to_owned(), method.to_owned()))
}

fn invocation(text: &str, function: &Function) -> Result<String, Failure> {
    let call = format!("    journey.invoke(\"{}\", {}).await;\n", function.name, function.method.status());
    before_line(text, "    assert_eq!(journey.invoke(\"user-delete\", 204)", &call)
}

fn store_module(text: &str, function: &Function) -> Result<String, Failure> {
    sorted_line(text, &format!("mod {};", function.snake()), module, &function.snake())
}

fn audit_event(text: &str, function: &Function) -> Result<String, Failure> {
    before_line(text, "    AccessDenied,\n", &format!("    {},\n", function.camel()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(file: &str) -> Option<String> {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).ok()
    }

    fn function(name: &str, method: &str, path: &str) -> Function {
        Function::read(name, method, path).unwrap()
    }

    #[test]
    fn every_place_of_this_clone_takes_a_function() {
        let written = |method, path| files(&function("thing-do", method, path), &read).unwrap();
        assert_eq!(written("GET", "/things").len(), 14);
        let files = written("POST", "/roles/{id}/things");
        assert_eq!(files.len(), 17);
        for (file, text) in files {
            let old = read(&file).unwrap_or_default();
            let kept = old.lines().all(|line| text.contains(line));
            assert!(kept && text.len() > old.len() && text.ends_with('\n'), "{file}");
        }
    }

    #[test]
    fn what_is_there_is_refused() {
        let fault = |name, method, path| files(&function(name, method, path), &read).unwrap_err();
        assert_eq!(fault("role-get", "GET", "/things"), "functions/role_get/mod.rs exists");
        assert_eq!(fault("thing-do", "GET", "/roles"), "GET /roles has a function");
        assert_eq!(fault("resource-drain", "PUT", "/things"), "the audit log has an event RESOURCE_DRAIN");
        let empty = files(&function("thing-do", "GET", "/things"), &|_| None).unwrap_err();
        assert_eq!(empty, "there is no shared/web/src/unrouted/routes.txt");
    }

    #[test]
    fn lists_stay_sorted() {
        let thing = function("role-find", "POST", "/roles/find");
        let text = library(&read("functions/lib.rs").unwrap(), &thing).unwrap();
        assert!(text.contains("pub mod role_delete;\npub mod role_find;\npub mod role_get;\n"));
        assert!(text.contains("(\"role-find\", Endpoint::new(role_find::handler)),\n        (\"role-get\","));
        let text = routes("GET /api/v1/me\nGET /api/v1/roles\nGET /api/v1/rules\n", &thing).unwrap();
        assert_eq!(text, "GET /api/v1/me\nGET /api/v1/roles\nPOST /api/v1/roles/find\nGET /api/v1/rules\n");
    }

    #[test]
    fn a_row_of_access_is_that_of_its_like_with_its_own_success() {
        let text = "PATCH /api/v1/roles/{id}    401   200\nPOST /api/v1/roles   401  201\nGET /api/v1/nothing  404\n";
        let new = access(text, &function("thing-do", "DELETE", "/roles/{id}/thing")).unwrap();
        let row = format!("{:<58}  401        204\n", "DELETE /api/v1/roles/{id}/thing");
        assert!(new.contains(&row) && new.ends_with("GET /api/v1/nothing  404\n"), "{new}");
    }
}
