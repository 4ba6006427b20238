//! What each operation costs, and how that grows: calls and units of DynamoDB, counted at the wire, in the process.
//!
//! ```sh
//! cargo run -p bench-ledger -- cost [--milliseconds FILE] [--time] [--against FILE]
//! cargo run -p bench-ledger -- scale [organization] [links] [start] [sweep]
//! ```
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench that cannot measure should fail loudly, and what it has measured is small numbers"
)]

mod cost;
mod measure;
mod place;
mod prices;
mod scale;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "What each operation costs, and how that grows")]
struct Options {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Calls, units and dollars of every function.
    Cost(cost::Options),
    /// Calls, units and time against the size of what there is.
    Scale {
        /// The parts to measure; all of them without any.
        parts: Vec<scale::Part>,
        /// The largest organization.
        #[arg(long, default_value_t = 100_000)]
        largest: usize,
    },
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match Options::parse().part {
        Part::Cost(options) => cost::run(&options).await,
        Part::Scale { parts, largest } => scale::run(&parts, largest).await,
    }
}
