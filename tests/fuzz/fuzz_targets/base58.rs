//! `fuzz::base58`, until it panics.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::base58(data));
