//! Chores of those who change Postern.
//!
//! `cargo run -p xtask -- new-function NAME METHOD PATH` makes the skeleton of a function in every place that a function
//! needs; docs/adding-a-function.md says what is to be written into it.

mod family;
mod function;
mod openapi;
mod places;
mod sources;
mod store;
mod template;
mod text;

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use function::Function;

/// What went wrong, for people.
type Failure = String;

#[derive(Parser)]
#[command(name = "xtask", about = "Chores of those who change Postern")]
struct Options {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Make the skeleton of a function, which passes the tests as it is. Nothing is written when something is wrong
    NewFunction {
        /// The name, noun first: role-archive
        name: String,
        /// GET, POST, PUT, PATCH or DELETE
        method: String,
        /// The path below /api/v1: /reports, or /roles/{id}/archive
        path: String,
    },
}

fn main() -> ExitCode {
    let Chore::NewFunction { name, method, path } = Options::parse().chore;
    let (text, code) = match new_function(&root(), &name, &method, &path) {
        Ok(report) => (report, ExitCode::SUCCESS),
        Err(fault) => (format!("{fault}\n"), ExitCode::FAILURE),
    };
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}

/// The clone whose `xtask` this is.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    package.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Makes the skeleton, and says what was written and what comes next.
fn new_function(root: &Path, name: &str, method: &str, path: &str) -> Result<String, Failure> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).ok();
    let planned = Function::read(name, method, path)
        .and_then(|function| places::files(&function, &read).map(|files| (function, files)));
    let (function, files) = planned.map_err(|fault| format!("Nothing was written: {fault}"))?;
    let mut report = String::from("Written:\n");
    for (file, text) in &files {
        write(&root.join(file), text).map_err(|fault| format!("{report}and then {fault}"))?;
        report += &format!("  {file}\n");
    }
    format_sources(root).map_err(|fault| format!("{report}and then {fault}"))?;
    Ok(report + &next(&function))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

/// Lines are broken by the length of the names in them, which is rustfmt's affair.
fn format_sources(root: &Path) -> Result<(), Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = command.args(["fmt", "-p", "functions", "-p", "store"]).current_dir(root).status();
    let status = status.map_err(|error| format!("cargo fmt: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("cargo fmt ended with {status}")) }
}

fn next(function: &Function) -> String {
    format!(
        "\n{} answers an administrator, and does nothing yet. See it pass, and go on with docs/adding-a-function.md:\n  \
         cargo test -p api-tests --test contract\n",
        function.route()
    )
}
