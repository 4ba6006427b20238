//! No import runs upwards inside a crate.
//!
//! A crate's files are sorted into layers: a folder, or a file beside the folders. A layer imports layers below it. The order is written down
//! for `store`; in the other crates it is enough that no two layers reach each other. What `lib.rs` defines or exports again is above
//! every layer, so that no file imports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::repository::{assert_nothing_wrong, root};

/// The layers of `store`, from the bottom up. A path that is in two of them is in the longer one.
const STORE: [&str; 19] = [
    "table",
    "vault",
    "callers",
    "ledger::due",
    "ledger::deployment",
    "ledger::stream",
    "ledger::hold",
    "ledger::rule",
    "ledger::session",
    "ledger::notice",
    "ledger",
    "directory::link",
    "directory::api_key",
    "directory::credential",
    "directory::resource",
    "directory::role",
    "directory::user",
    "directory",
    "grant",
];

/// The other crates that are read here.
const CRATES: [&str; 5] = ["auth", "model", "timers", "web", "workers"];

/// An import: the module that has it, and the path that it names.
type Import = (Vec<String>, Vec<String>);

/// The modules of a crate, as paths without `crate`, each with its text up to its tests.
fn modules(folder: &Path) -> BTreeMap<Vec<String>, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(folder.to_path_buf(), Vec::<String>::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut own = path.clone();
            if file.is_dir() {
                own.push(name);
                folders.push((file, own));
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                if !["mod", "lib"].contains(&name.as_str()) {
                    own.push(name);
                }
                let text = fs::read_to_string(&file).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                found.insert(own, text.to_owned());
            }
        }
    }
    found
}

/// The paths of a tree such as `a::{b, c::{self, d}}`.
fn leaves(tree: &str) -> Vec<String> {
    let Some((prefix, inner)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap();
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0);
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let leaf = |leaf: String| format!("{}{leaf}", prefix.trim()).trim_end_matches("::self").to_owned();
    parts.flat_map(leaves).map(leaf).collect()
}

/// The imports of a crate's own modules. `super` is resolved; a path in the middle of code counts as an import too.
fn imports(modules: &BTreeMap<Vec<String>, String>) -> Vec<Import> {
    let mut found = Vec::new();
    for (module, text) in modules {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        for start in ["crate::", "super::"] {
            for (place, _) in code.match_indices(start) {
                let is_in_a_name =
                    code[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                if is_in_a_name {
                    continue;
                }
                let is_use = code[..place].ends_with("use ");
                if start == "super::" && code[..place].ends_with("    use ") {
                    // Of a module within the file.
                    continue;
                }
                let tree: String = if is_use {
                    code[place..].split(';').next().unwrap().to_owned()
                } else {
                    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                    code[place..].chars().take_while(|c| is_path(*c)).collect()
                };
                for leaf in leaves(&tree.replace('\n', " ")) {
                    found.push((module.clone(), resolved(module, &leaf)));
                }
            }
        }
    }
    found
}

/// A path without `crate` and `super`.
fn resolved(module: &[String], path: &str) -> Vec<String> {
    let mut own = module.to_vec();
    let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
    if parts.next_if_eq(&"crate").is_some() {
        own.clear();
    }
    while parts.next_if_eq(&"super").is_some() {
        own.pop();
    }
    own.extend(parts.map(str::to_owned));
    own
}

fn store_layer(path: &[String]) -> Option<usize> {
    let is_below = |layer: &str| {
        let layer: Vec<&str> = layer.split("::").collect();
        path.len() >= layer.len() && layer.iter().zip(path).all(|(layer, part)| layer == part)
    };
    let layers = STORE.iter().enumerate().filter(|(_, layer)| is_below(layer));
    layers.max_by_key(|(_, layer)| layer.len()).map(|(place, _)| place)
}

fn shown((from, to): &Import) -> String {
    format!("{} imports {}", from.join("::"), to.join("::"))
}

#[test]
fn no_import_of_the_store_runs_upwards() {
    let modules = modules(&root().join("shared/store/src"));
    let layers: BTreeSet<usize> = modules.keys().filter_map(|path| store_layer(path)).collect();
    assert_eq!(layers.len(), STORE.len(), "each layer has a file");
    let is_upwards = |(from, to): &Import| match (store_layer(from), store_layer(to)) {
        // A file beside the folders is above them all, as `lib.rs` is.
        (None, _) => false,
        (Some(from), Some(to)) => from < to,
        (Some(_), None) => true,
    };
    let wrong: Vec<String> = imports(&modules).iter().filter(|one| is_upwards(one)).map(shown).collect();
    assert_nothing_wrong(&wrong);
}

/// The names between a start and an end, such as those of the methods between `fn ` and `(&self`.
fn names_between<'t>(text: &'t str, start: &'static str, end: &'static str) -> impl Iterator<Item = &'t str> {
    text.match_indices(start).filter_map(move |(place, _)| {
        let rest = &text[place + start.len()..];
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        rest[length..].starts_with(end).then(|| &rest[..length])
    })
}

/// `Store` has its methods in all layers, and a method call needs no import.
#[test]
fn no_method_of_the_store_calls_one_above_it() {
    let mut modules = modules(&root().join("shared/store/src"));
    for text in modules.values_mut() {
        text.retain(|c| !c.is_whitespace());
    }
    let mut layers: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, text) in &modules {
        for method in names_between(text, "fn", "(&self") {
            let layer = store_layer(path).unwrap_or(usize::MAX);
            let lowest = layers.entry(method).or_insert(layer);
            *lowest = layer.min(*lowest);
        }
    }
    assert!(layers.contains_key("start_session"), "methods are found");
    let mut wrong = Vec::new();
    for (path, text) in &modules {
        let Some(own) = store_layer(path) else { continue };
        for called in names_between(text, "self.", "(") {
            if layers.get(called).is_some_and(|layer| *layer > own) {
                wrong.push(format!("{} calls {called}", path.join("::")));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn no_two_rooms_of_a_crate_reach_each_other() {
    let mut wrong = Vec::new();
    for name in CRATES {
        let modules = modules(&root().join(format!("shared/{name}/src")));
        let first = |path: &[String]| path.first().cloned().unwrap_or_default();
        let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for import in imports(&modules) {
            let (from, to) = (first(&import.0), first(&import.1));
            if from.is_empty() || from == to {
                continue;
            }
            if !modules.keys().any(|path| first(path) == to) {
                wrong.push(format!("{name}: {}, which lib.rs has", shown(&import)));
            }
            below.entry(from).or_default().insert(to);
        }
        // A layer without imports of layers that are left can go first. What is left in the end goes in circles.
        while let Some(lowest) = below.iter().find(|(_, to)| to.iter().all(|to| !below.contains_key(to))) {
            let lowest = lowest.0.clone();
            below.remove(&lowest);
        }
        wrong.extend(below.iter().map(|(from, to)| format!("{name}: in a circle: {from} imports {to:?}")));
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn trees_of_imports_are_read_to_their_leaves() {
    assert_eq!(
        leaves("crate::a::{b, c::{self, D as E}, f::{g,}}"),
        ["crate::a::b", "crate::a::c", "crate::a::c::D", "crate::a::f::g"]
    );
    let module = ["a".to_owned(), "b".to_owned()];
    assert_eq!(resolved(&module, "super::c::D"), ["a", "c", "D"]);
    assert_eq!(resolved(&module, "super::super::c"), ["c"]);
    assert_eq!(resolved(&module, "crate::x"), ["x"]);
}
