#![allow(missing_docs, reason = "empty for now")]
