//! Times as clients write them.

use chrono::{DateTime, Datelike, Utc};

/// Reads an RFC 3339 time of the years 1 to 9999: beyond those its readers, and PostgreSQL's, disagree.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let time: DateTime<Utc> = text.parse().ok()?;
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_that_all_understand() {
        assert!(parse_time("2026-11-23T20:00:00Z").is_some());
        assert!(parse_time("2026-11-23T20:00:00.123456+02:00").is_some());
        for bad in ["", "yesterday", "2026-11-23", "-9999-01-01T00:00:00Z", "+12026-01-01T00:00:00Z"] {
            assert!(parse_time(bad).is_none(), "{bad}");
        }
    }
}
