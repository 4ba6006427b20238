//! Inside a crate no import runs in a circle, so that its modules can be read from the bottom to the top.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{list, read};

/// The crates whose modules are in layers.
const CRATES: [&str; 2] = ["auth", "web"];

/// Every file of Rust below a folder.
fn sources(folder: &str) -> Vec<String> {
    let (files, folders): (Vec<_>, Vec<_>) = list(folder).into_iter().partition(|name| name.contains('.'));
    let files = files.into_iter().filter(|name| name.ends_with(".rs")).map(|name| format!("{folder}/{name}"));
    files.chain(folders.iter().flat_map(|name| sources(&format!("{folder}/{name}")))).collect()
}

/// The modules that a source names after `crate::`, one by one or in braces.
fn imported(source: &str) -> BTreeSet<String> {
    let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.concat();
    let name =
        |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let paths = code.split("crate::").skip(1);
    let several =
        |path: &str| path.strip_prefix('{').map(|rest| rest.split('}').next().unwrap_or(rest).to_owned());
    paths
        .flat_map(|path| match several(path) {
            Some(all) => all.split(',').map(|one| name(one.trim())).collect(),
            None => vec![name(path)],
        })
        .collect()
}

/// The modules of a crate, with those that each imports.
fn imports(krate: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = format!("shared/{krate}/src/");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(root.trim_end_matches('/')) {
        let below = path.strip_prefix(&root).unwrap();
        let module = below.split(['/', '.']).next().unwrap().to_owned();
        if module != "lib" {
            imports.entry(module).or_default().extend(imported(&read(&path)));
        }
    }
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, found) in &mut imports {
        found.retain(|other| other != module && modules.contains(other));
    }
    imports
}

#[test]
fn no_import_inside_a_crate_runs_in_a_circle() {
    for krate in CRATES {
        let mut left = imports(krate);
        assert!(left.len() > 5, "{krate}: {left:?}");
        loop {
            let bottom: BTreeSet<String> =
                left.iter().filter(|(_, found)| found.is_empty()).map(|(module, _)| module.clone()).collect();
            if bottom.is_empty() {
                break;
            }
            left.retain(|module, _| !bottom.contains(module));
            left.values_mut().for_each(|found| found.retain(|module| !bottom.contains(module)));
        }
        assert!(left.is_empty(), "{krate}: these modules import each other: {left:?}");
    }
}
