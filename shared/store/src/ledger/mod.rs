//! The ledger: which sessions run, which rules they hold, and what is due.
//!
//! A rule in a security group is an obligation to remove it. So it is written down before the cloud is asked for it, and its entry stays until
//! the rule is known to be gone.
//!
//! # How a session ends
//!
//! 1. **Somebody decides.** Each of these leads to step 2:
//!    - its owner or an administrator stops it: `stop_session` in `session/end.rs`;
//!    - its time is over: the timer's worker or the sweeper calls `process_due_session` in `session/end.rs`;
//!    - its owner is deactivated or deleted: the transaction leaves a note, and `directory/user/ending.rs` ends the sessions, at once or with
//!      the next sweep;
//!    - its resource is drained: the resource is marked, and `directory/resource/drain.rs` ends the sessions, at once or with the next sweep.
//! 2. **The end is one transaction** (`write_end` in `session/end.rs`). It sets `endedReason`, gives up every claim of the first block's rows,
//!    takes these rows from their rules (`session/leave.rs`, `rule/claim.rs`) and writes the audit row. The count of a resource falls by its settled rows
//!    (`hold/mod.rs`).
//! 3. **Further blocks follow**, each in a transaction of its own (`end_blocks`). The session stays due until the last one is ended.
//! 4. **What cannot be read is evicted** (`session/evict.rs`): the rules lose their holders, whatever the rows say. After a repair
//!    `session/forgotten.rs` settles the rows.
//! 5. **The rule's generation has changed**, so the table's stream wakes a worker for the group (`stream.rs`). If the stream fails, the rule is
//!    due and the sweeper finds it (`due.rs`).
//! 6. **The worker leases the group** (`rule/group.rs`), reads the rules, and records what it is about to ask for (`record_intents` in
//!    `rule/finding.rs`).
//! 7. **The worker asks the cloud and records the finding** (`record_finding` in `rule/finding.rs`). A rule that other rows hold stays.
//! 8. **The rows are told** (`notice/mod.rs`). The transaction settles the row, takes it from the rule and counts it down. The session is over
//!    when its last row is settled.
//! 9. **The entry is deleted** when no row holds it or waits for it (`forget_rule`). By an administrator's word, `resolve_rule` settles the
//!    rows of a stuck rule and deletes its entry (`notice/resolve.rs`).

pub(crate) mod deployment;
pub(crate) mod due;
pub(crate) mod hold;
pub(crate) mod notice;
pub(crate) mod rule;
pub(crate) mod session;
pub(crate) mod stream;
