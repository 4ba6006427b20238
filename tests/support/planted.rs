//! The watch over secrets: every log line and every response of every test passes here.
//!
//! Every secret that a test hands to Postern bears the word [`PLANTED`], or has a form that cannot be mistaken: a token, an
//! API key. None of them may be said again, except an API key in the answer that makes it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// The word in the secrets of the tests.
pub const PLANTED: &str = "PLANTED";

/// Shortest run of characters that makes an API key of its prefix.
const KEY_LENGTH: usize = 60;

static HEARD: AtomicU64 = AtomicU64::new(0);
static LEAK: Mutex<Option<String>> = Mutex::new(None);
static LISTENING: Once = Once::new();

/// The secret in a text, if there is one.
#[must_use]
pub fn secret_in(text: &str) -> Option<&str> {
    word(text, PLANTED, |_| true)
        .or_else(|| word(text, "eyJ", |token| token.matches('.').count() == 2 && token.contains(".eyJ")))
        .or_else(|| word(text, "pst_", |key| key.len() >= KEY_LENGTH))
}

/// What begins with some characters and goes on as tokens and keys do, where it is of a kind.
fn word<'t>(text: &'t str, begin: &str, is_secret: impl Fn(&str) -> bool) -> Option<&'t str> {
    text.match_indices(begin).find_map(|(place, _)| {
        let rest = text.get(place..)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(rest.len());
        rest.get(..end).filter(|word| is_secret(word))
    })
}

struct Watch;

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        HEARD.fetch_add(1, Ordering::Relaxed);
        let line = String::from_utf8_lossy(bytes);
        if secret_in(&line).is_some() {
            LEAK.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(line.into_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Listens to the log of this process from now on, down to what a developer would turn on.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false);
        // A test that listens to the log itself has come before.
        let _ = tracing::subscriber::set_global_default(subscriber.with_writer(|| Watch).finish());
    });
}

/// Lines that were heard in this process so far.
#[must_use]
pub fn lines_heard() -> u64 {
    HEARD.load(Ordering::Relaxed)
}

/// Fails when a log line of this process had a secret in it.
pub fn assert_no_leak() {
    let leak = LEAK.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(leak, None, "a secret is in the log");
}
