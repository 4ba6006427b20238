//! Random histories: several people of two organizations, behind few addresses, start, stop and extend sessions over few
//! resources, while resources, roles and people come and go, items become unreadable, workers are killed and the cloud fails in
//! every way that it can. After each step the ledgers, the cloud and the counts must agree; and when everything has healed, the
//! cloud has what is needed and nothing else.

mod acts;
mod history;
mod step;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::StoreError;

use history::History;
use step::{Step, steps};

/// One call to AWS of so many meets with trouble, where any does.
const TROUBLE_ONE_IN: u64 = 8;

async fn run(seed: Option<u64>, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut history = History::new().await;
    if let Some(seed) = seed {
        history.world.app.proxy.trouble_by_seed(seed, TROUBLE_ONE_IN);
    }
    for (number, step) in steps.iter().enumerate() {
        let now = history.world.app.now();
        match history.take(step, now).await {
            Ok(()) | Err(StoreError::Refused(_)) => {}
            Err(StoreError::Busy(_)) if seed.is_some() => {}
            Err(StoreError::Defect(_)) if history.is_spoilt() => {}
            Err(error) => return Err(TestCaseError::fail(format!("step {number}, {step:?}: {error:?}"))),
        }
        let wrong = history.faults().await;
        prop_assert!(wrong.is_empty(), "after step {}, {:?}: {:#?}", number, step, wrong);
    }
    history.world.app.proxy.no_more_trouble();
    let wrong = history.rest().await;
    prop_assert!(wrong.is_empty(), "at rest: {:#?}", wrong);
    Ok(())
}

/// Histories in one run of the tests.
const CASES: u32 = 24;

/// What proptest would run.
const USUAL_CASES: u32 = 256;

#[test]
fn ledger_and_cloud_agree_after_every_history() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let given = Config::default();
    // PROPTEST_CASES asks for more.
    let cases = if given.cases == USUAL_CASES { CASES } else { given.cases };
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..given };
    let seeds = proptest::option::of(1..u64::MAX);
    let histories = (seeds, steps());
    TestRunner::new(config).run(&histories, |(seed, steps)| runtime.block_on(run(seed, &steps))).unwrap();
}
