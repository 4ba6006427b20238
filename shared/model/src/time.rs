//! Points in time. Nothing in this crate reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use time::OffsetDateTime;
use time::macros::format_description;

/// A point in time, to the millisecond, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// The error for an invalid time, or one outside the years −9999 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

impl Timestamp {
    /// When an id was made; `None` if it does not contain the time. Ids of version 7 begin with it (RFC 9562 §5.7).
    #[must_use]
    pub fn in_id(id: &str) -> Option<Self> {
        let (seconds, nanos) = uuid::Uuid::try_parse(id).ok()?.get_timestamp()?.to_unix();
        let millis =
            i64::try_from(seconds).ok()?.checked_mul(1000)?.checked_add(i64::from(nanos / 1_000_000))?;
        Self::from_unix_millis(millis).ok()
    }

    /// The end of the calendar.
    pub const MAX: Self = Self(time::macros::datetime!(9999-12-31 23:59:59.999 UTC));

    /// The point that many milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] beyond the calendar.
    pub fn from_unix_millis(millis: i64) -> Result<Self, OutOfRange> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
            .map(Self)
            .map_err(|_| OutOfRange)
    }

    /// Reads ISO 8601 as RFC 3339 profiles it, with any offset. Digits below a millisecond are dropped.
    ///
    /// # Errors
    /// [`OutOfRange`] for everything else.
    pub fn parse(text: &str) -> Result<Self, OutOfRange> {
        let time = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
        let millis = time.map_err(|_| OutOfRange)?.unix_timestamp_nanos().div_euclid(1_000_000);
        Self::from_unix_millis(i64::try_from(millis).map_err(|_| OutOfRange)?)
    }

    /// The first and the last millisecond of a text. Without a fraction that is the whole second, because times are printed so. With a
    /// fraction it is that millisecond. A text between two milliseconds begins with the next and ends with the previous one.
    ///
    /// # Errors
    /// Those of [`Timestamp::parse`].
    pub fn parse_span(text: &str) -> Result<(Self, Self), OutOfRange> {
        let time = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
        let nanos = time.map_err(|_| OutOfRange)?.unix_timestamp_nanos();
        let (floor, ceiling) = (nanos.div_euclid(1_000_000), (nanos + 999_999).div_euclid(1_000_000));
        // A leap second has no fraction, and is read as the last nanosecond before it.
        let is_whole_second = !text.contains('.') && nanos.rem_euclid(1_000_000_000) == 0;
        let last = if is_whole_second { floor + 999 } else { floor };
        let millis = |millis| i64::try_from(millis).map_err(|_| OutOfRange).and_then(Self::from_unix_millis);
        Ok((millis(ceiling)?, millis(last)?))
    }

    /// The form of a time that a filter compares to the millisecond.
    #[must_use]
    pub fn with_millis(self) -> String {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        self.0.format(&form).unwrap_or_default()
    }

    /// This point, or the millisecond after another one if that is later.
    #[must_use]
    pub fn after(self, other: Self) -> Self {
        self.max(Self(other.0.saturating_add(time::Duration::MILLISECOND)))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as tokens count them (RFC 7519 §2, `NumericDate`).
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// This point moved by a number of seconds, within the calendar.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(time::Duration::seconds(seconds)))
    }
}

/// ISO 8601 in UTC with `Z` and whole seconds, the form of every time that the API prints.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        f.write_str(&self.0.format(&form).map_err(|_| fmt::Error)?)
    }
}

/// Written for people: the form that the API prints.
impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Serializes a [`Timestamp`] as a number of milliseconds, the form in which the table keeps it:
/// `#[serde(with = "model::time::millis")]`.
pub mod millis {
    use super::{Deserialize, Timestamp};

    /// Writes the milliseconds since 1970.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.unix_millis())
    }

    /// Reads the milliseconds since 1970.
    ///
    /// # Errors
    /// If it is not a number, or outside the calendar.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let millis = i64::deserialize(deserializer)?;
        Timestamp::from_unix_millis(millis).map_err(|_| serde::de::Error::custom("time out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_version_7_says_when_it_was_made() {
        // RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
        let time = Timestamp::from_unix_millis(1_645_557_742_000).ok();
        assert_eq!(Timestamp::in_id("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), time);
        for other in ["", "ada", "550e8400-e29b-41d4-a716-446655440000", "ada@acme.example"] {
            assert_eq!(Timestamp::in_id(other), None, "{other}");
        }
    }

    #[test]
    fn times_are_printed_with_z_and_whole_seconds() {
        let time = Timestamp::from_unix_millis(1_771_410_600_999).unwrap();
        assert_eq!(time.to_string(), "2026-02-18T10:30:00Z");
        assert_eq!(time.unix_millis(), 1_771_410_600_999);
        assert_eq!(time.plus_seconds(60).to_string(), "2026-02-18T10:31:00Z");
    }

    #[test]
    fn times_are_read_with_any_offset() {
        for text in ["2026-02-18T10:30:00Z", "2026-02-18T11:30:00+01:00", "2026-02-18T10:30:00.0009Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().unix_millis(), 1_771_410_600_000, "{text}");
        }
        for text in ["", "2026-02-18", "2026-02-18T10:30:00", "2026-02-30T10:30:00Z", "yesterday"] {
            assert_eq!(Timestamp::parse(text), Err(OutOfRange), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_fraction_is_a_whole_second() {
        let start = 1_771_410_600_000;
        for (text, first, last) in [
            ("2026-02-18T10:30:00Z", 0, 999),
            ("2026-02-18T12:30:00+02:00", 0, 999),
            ("2026-02-18T10:30:00.0Z", 0, 0),
            ("2026-02-18T10:30:00.5Z", 500, 500),
            ("2026-02-18T10:30:00.999Z", 999, 999),
            ("2026-02-18T10:30:00.0001Z", 1, 0),
            ("2026-02-18T10:29:59.9999Z", 0, -1),
            ("2016-12-31T23:59:60Z", -288_181_800_000, -288_181_800_001),
        ] {
            let (from, to) = Timestamp::parse_span(text).unwrap();
            assert_eq!((from.unix_millis() - start, to.unix_millis() - start), (first, last), "{text}");
        }
        let before = Timestamp::parse_span("1969-12-31T23:59:59Z").unwrap();
        assert_eq!((before.0.unix_millis(), before.1.unix_millis()), (-1000, -1));
        assert_eq!(Timestamp::parse_span("9999-12-31T23:59:59Z").unwrap().1, Timestamp::MAX);
        for text in ["", "2026-02-18", "9999-12-31T23:59:59.9999Z"] {
            assert_eq!(Timestamp::parse_span(text), Err(OutOfRange), "{text}");
        }
    }

    #[test]
    fn what_a_filter_compares_is_printed_with_milliseconds() {
        for (millis, text) in
            [(1_771_410_600_007, "2026-02-18T10:30:00.007Z"), (0, "1970-01-01T00:00:00.000Z")]
        {
            let time = Timestamp::from_unix_millis(millis).unwrap();
            assert_eq!(time.with_millis(), text);
            assert_eq!(Timestamp::parse_span(text), Ok((time, time)));
        }
        let (early, late) =
            (Timestamp::from_unix_millis(5).unwrap(), Timestamp::from_unix_millis(9).unwrap());
        assert_eq!(
            (early.after(late).unix_millis(), late.after(early), late.after(late).unix_millis()),
            (10, late, 10)
        );
        assert_eq!(early.after(Timestamp::MAX).unix_seconds(), Timestamp::MAX.unix_seconds());
    }

    #[test]
    fn seconds_are_whole_and_count_from_1970() {
        for (text, millis, seconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2026-02-18T10:30:00.999Z", 1_771_410_600_999, 1_771_410_600),
            ("1969-12-31T23:59:59.9995Z", -1, -1),
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!((time.unix_millis(), time.unix_seconds()), (millis, seconds), "{text}");
        }
    }

    #[test]
    fn the_table_keeps_milliseconds_and_people_see_seconds() {
        #[derive(Serialize, Deserialize)]
        struct Kept(#[serde(with = "millis")] Timestamp);
        let time = Timestamp::from_unix_millis(1_771_410_600_999).unwrap();
        assert_eq!(serde_json::to_string(&Kept(time)).unwrap(), "1771410600999");
        assert_eq!(serde_json::from_str::<Kept>("1771410600999").unwrap().0, time);
        assert!(serde_json::from_str::<Kept>("9223372036854775807").is_err());
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-02-18T10:30:00Z\"");
    }

    #[test]
    fn the_calendar_has_ends() {
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Timestamp::MAX.plus_seconds(1).unix_seconds(), Timestamp::MAX.unix_seconds());
        assert_eq!(Timestamp::from_unix_millis(i64::MAX), Err(OutOfRange));
        assert!(Timestamp::from_unix_millis(253_402_300_799_000).is_ok());
    }
}
