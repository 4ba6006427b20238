//! The skeleton of a function, in the places that a function needs.

mod family;
mod function;
mod openapi;
mod places;
mod sources;
mod store;
mod template;

use std::path::Path;

use crate::failure::Failure;
use crate::generate;
use crate::steps::{cargo, run as run_program, say};
use function::Function;

/// Writes the skeleton and what follows from it. Nothing is written when a place refuses the function.
pub(crate) fn run(root: &Path, name: &str, method: &str, path: &str) -> Result<(), Failure> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).ok();
    let planned = Function::read(name, method, path)
        .and_then(|function| places::files(&function, &read).map(|files| (function, files)));
    let (function, files) = planned.map_err(|fault| format!("Nothing was written: {fault}"))?;
    for (file, text) in &files {
        generate::write(&root.join(file), text)?;
        say(&format!("  {file}"));
    }
    run_program(&mut cargo(root, &["fmt", "-p", "functions", "-p", "store"]))?;
    generate::run(root, false)?;
    say(&format!(
        "\n{} answers an administrator, and does nothing yet. See it pass, and go on with docs/adding-a-function.md:\n  \
         cargo xtask check",
        function.route()
    ));
    Ok(())
}
