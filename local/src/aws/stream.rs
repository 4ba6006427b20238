//! The stream of the embedded DynamoDB.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::LocalAws;
use crate::LocalError;

const STREAM: &str = "the stream of the embedded DynamoDB";

fn request<T: DeserializeOwned>(body: Value) -> Result<T, LocalError> {
    serde_json::from_value(body).map_err(LocalError::of(STREAM))
}

impl LocalAws {
    /// Records of a table's stream after one of them, or from the first on, at most `limit`, in the form in which Lambda hands
    /// them over.
    ///
    /// # Errors
    /// When the table has no stream.
    pub fn changes(&self, table: &str, after: Option<&str>, limit: usize) -> Result<Vec<Value>, LocalError> {
        let streams = json!({"TableName": table});
        let streams = self.database.list_streams(request(streams)?);
        let streams = streams.map_err(LocalError::of(STREAM))?.streams;
        let stream = streams.first().ok_or_else(|| LocalError::new(format!("{table} has no stream")))?;
        let shards = json!({"StreamArn": stream.stream_arn});
        let shards = self.database.describe_stream(request(shards)?);
        let shards = shards.map_err(LocalError::of(STREAM))?.stream_description.shards;
        let Some(shard) = shards.first() else { return Ok(Vec::new()) };
        let (kind, number) = match after {
            None => ("TRIM_HORIZON", Value::Null),
            Some(after) => ("AFTER_SEQUENCE_NUMBER", after.into()),
        };
        let iterator = json!({
            "StreamArn": stream.stream_arn, "ShardId": shard.shard_id,
            "ShardIteratorType": kind, "SequenceNumber": number,
        });
        let iterator = self.database.get_shard_iterator(request(iterator)?);
        let records = json!({"ShardIterator": iterator.map_err(LocalError::of(STREAM))?.shard_iterator, "Limit": limit});
        let records = self.database.get_records(request(records)?);
        let records = serde_json::to_value(records.map_err(LocalError::of(STREAM))?.records)
            .map_err(LocalError::of(STREAM))?;
        serde_json::from_value(records).map_err(LocalError::of(STREAM))
    }
}

/// The place of a record in its stream.
#[must_use]
pub fn sequence_number(record: &Value) -> Option<&str> {
    record.get("dynamodb")?.get("SequenceNumber")?.as_str()
}
