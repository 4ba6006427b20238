//! Forgets what the stream's workers have read.
//!
//! DynamoDB forgets a record of a stream after a day. The embedded engine keeps them for ever, and looks through all of them at
//! each write, so that a table which lives long gets slow.

use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::LocalError;

const TRIM: &str = "the stream of the embedded DynamoDB";

/// With it, the engine finds the last record of a table without looking at the others.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS postern_stream_position \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

const FORGET: &str = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < CAST(?2 AS INTEGER)";

/// A connection of its own to the engine's file. The engine waits for its short writes, as it does for its own.
#[derive(Clone)]
pub(super) struct Trimmer(Arc<Mutex<Connection>>);

impl Trimmer {
    /// For the file of an engine that has been opened.
    pub(super) fn new(file: &Path) -> Result<Self, LocalError> {
        let connection = Connection::open(file).map_err(LocalError::of(TRIM))?;
        connection.execute_batch(INDEX).map_err(LocalError::of(TRIM))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Forgets a table's records before one of them. That one stays, so that the numbers go on from it.
    pub(super) fn forget(&self, table: &str, before: &str) -> Result<(), LocalError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.execute(FORGET, params![table, before]).map(drop).map_err(LocalError::of(TRIM))
    }
}
