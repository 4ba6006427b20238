//! Where the log goes: to standard output, as Lambda's advanced logging controls ask for (AWS Lambda Developer Guide, "Configuring
//! advanced logging controls").

use tracing_subscriber::fmt;

use crate::settings::LogSettings;

/// Begins the log. What lambda_runtime offers for this filters by module with regular expressions, which take a seventh of
/// a binary and are built at each start; a level is all that Lambda's controls can say.
pub(crate) fn begin(settings: LogSettings) {
    let log = fmt().with_target(false).without_time().with_max_level(settings.level);
    // The spans of a line hold the invocation's id. Their list has the innermost in it as well.
    if settings.is_json { log.json().with_current_span(false).init() } else { log.init() }
}
