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

#[cfg(test)]
mod properties {
    use super::*;
    use chrono::{FixedOffset, SecondsFormat};
    use proptest::prelude::*;

    proptest! {
        // From the year 1 to 9999, with room for the offset.
        #[test]
        fn a_time_is_read_in_any_offset(seconds in -62_135_510_000_i64..=253_402_210_000, nanos in 0..1_000_000_000_u32,
            offset in -1439..=1439) {
            let time = DateTime::from_timestamp(seconds, nanos).ok_or_else(|| TestCaseError::reject("no time"))?;
            let zone = FixedOffset::east_opt(offset * 60).ok_or_else(|| TestCaseError::reject("no offset"))?;
            let text = time.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Nanos, true);
            prop_assert_eq!(parse_time(&text), Some(time), "{}", text);
        }

        #[test]
        fn what_is_read_is_a_time_that_all_understand(text: String,
            nearly in "(0000|[0-9]{4}|[+-][0-9]{4,6})-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,12})?(Z|[+-][01][0-9]:[0-5][0-9])") {
            for text in [text, nearly] {
                if let Some(time) = parse_time(&text) {
                    prop_assert!((1..=9999).contains(&time.year()), "{}", text);
                    prop_assert_eq!(parse_time(&time.to_rfc3339()), Some(time));
                }
            }
        }
    }
}
