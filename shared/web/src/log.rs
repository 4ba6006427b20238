//! The log: lines on standard output, in the form that Lambda's advanced logging controls set (AWS Lambda Developer Guide, "Configuring
//! advanced logging controls").

use model::time::Timestamp;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::{self, Clock};
use crate::settings::LogSettings;

struct LineTime(Clock);

impl FormatTime for LineTime {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        w.write_str(&precise((self.0)()))
    }
}

/// RFC 3339 with milliseconds, as in Lambda's own lines.
fn precise(time: Timestamp) -> String {
    let (seconds, millis) = (time.to_string(), time.unix_millis().rem_euclid(1000));
    format!("{}.{millis:03}Z", seconds.trim_end_matches('Z'))
}

/// Begins the log. lambda_runtime's own logging filters by module with regular expressions, which are compiled at each start and were a seventh
/// of a binary (bench/HISTORY.md). Lambda's controls set a level only.
pub(crate) fn begin(settings: LogSettings) {
    if settings.is_json {
        json_lines(settings.level, clock::system(), std::io::stdout).init();
    } else {
        fmt().with_target(false).without_time().with_max_level(settings.level).init();
    }
}

/// The log as lines of JSON. Lambda reads the level of a line only if the line has a time (the same guide, "Using structured JSON log
/// format with custom runtimes").
pub fn json_lines<W>(level: LevelFilter, clock: Clock, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = fmt().with_target(false).with_max_level(level).with_timer(LineTime(clock));
    // The list of spans holds the invocation's id, and the innermost span too.
    log.json().with_current_span(false).with_writer(writer).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_line_of_json_has_a_time_and_a_level_for_lambda() {
        let (lines, clock): (_, Clock) =
            (Lines::default(), Arc::new(|| Timestamp::from_unix_millis(1_771_410_600_007).unwrap()));
        let written = lines.clone();
        let log = json_lines(LevelFilter::INFO, clock, move || written.clone());
        tracing::subscriber::with_default(log, || {
            tracing::error!(failed = 2_usize, "swept");
            tracing::debug!("for nobody");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["timestamp"], "2026-02-18T10:30:00.007Z");
        assert_eq!((&line["level"], &line["fields"]["failed"]), (&"ERROR".into(), &2.into()));
        assert_eq!(line["fields"]["message"], "swept", "the metric filters of template.yaml look there");
    }
}
