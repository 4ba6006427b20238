//! The commands that call Cargo and scripts.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::generate;
use crate::steps::{cargo, has_cargo_command, run, step};

/// The crates whose tests take less than three seconds together.
const QUICK: [&str; 12] = [
    "auth",
    "description",
    "firewall",
    "https",
    "local",
    "model",
    "store",
    "timers",
    "web",
    "workers",
    "xtask",
    "api-tests",
];

/// Contract tests that take longer than all others together. `cargo xtask test` runs them.
const SLOW: [&str; 6] = ["alarms", "deadline", "edges", "random_requests", "slashes", "troubles"];

/// What is right before every commit.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    lint(root)?;
    step("unit and contract tests", || quick_tests(root))
}

/// What can be said of the sources without running them.
pub(crate) fn lint(root: &Path) -> Result<(), Failure> {
    step("format", || run(&mut cargo(root, &["fmt", "--all", "--check"])))?;
    step("generated files", || generate::run(root, true))?;
    step("lints", || lints(root))
}

/// The binaries of the functions are generated, so that their library is looked at and they are not.
fn lints(root: &Path) -> Result<(), Failure> {
    let strict = ["--", "-D", "warnings"];
    let others = ["clippy", "--workspace", "--exclude", "functions", "--all-targets", "--all-features"];
    run(cargo(root, &others).args(strict))?;
    run(cargo(root, &["clippy", "-p", "functions", "--lib"]).args(strict))
}

fn quick_tests(root: &Path) -> Result<(), Failure> {
    let packages: Vec<&str> = QUICK.iter().flat_map(|name| ["-p", name]).collect();
    let targets = ["--lib", "--bins", "--test", "contract"];
    if has_cargo_command(root, "nextest") {
        let left_out: Vec<String> = SLOW.iter().map(|name| format!("not test(/^{name}::/)")).collect();
        let filter = left_out.join(" and ");
        let mut command = cargo(root, &["nextest", "run", "--no-fail-fast"]);
        return run(command.args(packages).args(targets).args(["-E", &filter]));
    }
    let skipped = SLOW.iter().flat_map(|name| ["--skip", name]);
    run(cargo(root, &["test"]).args(packages).args(targets).arg("--").args(skipped))
}

/// Everything that `cargo test` runs. nextest runs no doc tests.
pub(crate) fn test(root: &Path, arguments: &[String]) -> Result<(), Failure> {
    if !has_cargo_command(root, "nextest") {
        return run(cargo(root, &["test"]).args(arguments));
    }
    run(cargo(root, &["nextest", "run"]).args(arguments))?;
    if arguments.is_empty() { run(&mut cargo(root, &["test", "--doc"])) } else { Ok(()) }
}

/// The documentation of the code, and the commands of the documents.
pub(crate) fn docs(root: &Path, arguments: &[String]) -> Result<(), Failure> {
    step("documentation of the code", || {
        run(cargo(root, &["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    step("commands of the documents", || script(root, ".ci/docs", arguments))
}

/// Runs a script of the repository.
pub(crate) fn script(root: &Path, name: &str, arguments: &[String]) -> Result<(), Failure> {
    run(Command::new(root.join(name)).args(arguments).current_dir(root))
}
