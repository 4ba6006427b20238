//! The places that a function needs: its folder, the list of functions, the template and the API description. What changes something has a
//! file in `store` and an event of the audit log as well. `generate` writes the rest.

use super::function::{Function, Method};
use super::{openapi, sources, store, template};
use crate::failure::Failure;
use crate::text::{before_line, sorted_line};

/// Reads a file of the clone, where there is one.
type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An edit of a file that exists.
type Edit = fn(&str, &Function) -> Result<String, Failure>;

/// Files that list functions or operations.
const LISTS: [(&str, Edit); 3] = [
    ("functions/lib.rs", library),
    ("template.yaml", template::with_function),
    ("api/openapi.yaml", openapi::with_operation),
];

/// Where the part of `store` goes.
const STORE: &str = "shared/store/src/directory";

/// Files that a function needs besides, when it changes something.
const CHANGES: [(&str, Edit); 2] =
    [("shared/store/src/directory/mod.rs", store_module), ("shared/model/src/audit.rs", audit_event)];

/// Every file with the function in it, and its text. Nothing is written, so that a fault leaves nothing behind.
pub(crate) fn files(function: &Function, read: Read<'_>) -> Result<Vec<(String, String)>, Failure> {
    is_new(function, read)?;
    let (folder, snake) = (format!("functions/{}", function.snake()), function.snake());
    let mut files = vec![
        (format!("{folder}/mod.rs"), sources::handler(function)),
        (format!("{folder}/event.json"), sources::event(function)),
    ];
    let mut edits = LISTS.to_vec();
    if function.method != Method::Get {
        files.push((format!("{STORE}/{snake}.rs"), store::source(function)));
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
    for file in
        [format!("functions/{snake}/mod.rs"), format!("functions/{snake}.rs"), format!("{STORE}/{snake}.rs")]
    {
        if read(&file).is_some() {
            return Err(format!("{file} exists"));
        }
    }
    let routes = read("template.yaml").ok_or("there is no template.yaml")?;
    let own = format!("Method: {}, Path: \"{}\" }}", function.method.as_str(), function.path);
    if routes.lines().any(|route| route.ends_with(&own)) {
        return Err(format!("{} has a function", function.route()));
    }
    let events = read("shared/model/src/audit.rs").unwrap_or_default();
    if events.lines().any(|line| line.trim() == format!("{},", function.camel())) {
        return Err(format!("the audit log has an event {}", function.event()));
    }
    Ok(())
}

fn library(text: &str, function: &Function) -> Result<String, Failure> {
    let snake = function.snake();
    sorted_line(text, &format!("pub mod {snake};"), module, &snake)
}

/// The name of the module that a line declares.
fn module(line: &str) -> Option<String> {
    let line = line.trim_start_matches("pub").trim_start_matches("(crate)").trim_start();
    Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
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
        assert_eq!(written("GET", "/things").len(), 5);
        let files = written("POST", "/roles/{id}/things");
        assert_eq!(files.len(), 8);
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
        assert_eq!(empty, "there is no template.yaml");
    }

    #[test]
    fn lists_stay_sorted() {
        let thing = function("role-find", "POST", "/roles/find");
        let text = library(&read("functions/lib.rs").unwrap(), &thing).unwrap();
        assert!(text.contains("pub mod role_delete;\npub mod role_find;\npub mod role_get;\n"));
    }
}
