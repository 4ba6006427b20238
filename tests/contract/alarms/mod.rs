//! The alarms of the template: what makes each of them report, and what none of them.
//!
//! An evaluator computes from the template what CloudWatch would do with metrics: [`rule`] reads, [`math`] and [`evaluate`] compute.
//! [`lines`] takes the metrics from what the workers really log.

mod conditions;
mod evaluate;
mod lines;
mod math;
mod rule;
