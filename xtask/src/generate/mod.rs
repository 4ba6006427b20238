//! The files that follow from the list of functions, `template.yaml` and the API description.
//!
//! A file of `functions/src/bin` is generated as a whole. In every other file a table or a section is.

mod access;
mod binaries;
mod project;
mod tables;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Failure;
use crate::steps::say;
use project::Project;

/// Makes the new text of a file from its present one.
type Edit = fn(&str, &Project) -> Result<String, Failure>;

/// Files of which a part is generated.
const PARTS: [(&str, Edit); 4] = [
    ("Cargo.toml", watch::with_routes),
    ("docs/api.md", tables::with_operations),
    ("docs/performance.md", tables::with_costs),
    ("tests/contract/snapshots/access_matrix.snap", access::with_rows),
];

/// Writes the files, or says which of them are out of date.
pub(crate) fn run(root: &Path, check: bool) -> Result<(), Failure> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).ok();
    let project = Project::read(&read)?;
    let mut expected = parts(&project, &read)?;
    let binaries = binaries::of(&project);
    let stale = binaries::stale(root, &binaries)?;
    expected.extend(binaries);
    let changed: Vec<_> = expected.iter().filter(|(file, text)| read(file).as_ref() != Some(text)).collect();
    let names: Vec<&str> =
        changed.iter().map(|(file, _)| file.as_str()).chain(stale.iter().map(String::as_str)).collect();
    if names.is_empty() {
        return Ok(());
    }
    if check {
        return Err(format!("out of date: {}\nRun `cargo xtask generate`.", names.join(", ")));
    }
    for (file, text) in changed {
        write(&root.join(file), text)?;
    }
    for file in &stale {
        std::fs::remove_file(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
    }
    names.iter().for_each(|name| say(&format!("  {name}")));
    Ok(())
}

fn parts(
    project: &Project,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut texts = BTreeMap::new();
    for (file, edit) in PARTS {
        let text = read(file).ok_or_else(|| format!("there is no {file}"))?;
        let text = edit(&text, project).map_err(|fault| format!("{file}: {fault}"))?;
        texts.insert(file.into(), text);
    }
    Ok(texts)
}

/// Writes a file, in a folder that need not exist.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_files_are_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(run(&root, true), Ok(()));
    }
}
