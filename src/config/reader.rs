//! Reads variables, and collects what is wrong with them.

use secrecy::SecretString;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// The environment, as a value: tests make their own.
#[derive(Clone, Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// The process's environment. What is no UTF-8 in it shows as U+FFFD.
    pub fn from_environment() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// Sets one variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// One variable; an empty one counts as unset, as compose files hand them over.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }
}

/// Everything that is wrong with the settings, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are not right:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        write!(f, "\nEvery setting is explained in .env.example.")
    }
}

/// Reads variables one by one and remembers what was wrong; a stand-in value takes the place of a wrong one until
/// [`Reader::finish`] refuses the whole.
pub(super) struct Reader<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(variables: &'a Variables) -> Self {
        Self { variables, problems: Vec::new() }
    }

    pub fn problem(&mut self, name: &str, what: &str) {
        let problem = format!("{name} {what}");
        // Some are looked at twice.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub fn optional(&mut self, name: &str) -> Option<&'a str> {
        let value = self.variables.get(name)?;
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.problem(name, "must be UTF-8");
            return None;
        }
        Some(value)
    }

    pub fn required(&mut self, name: &str) -> Option<&'a str> {
        let value = self.optional(name);
        if value.is_none() {
            self.problem(name, "is not set");
        }
        value
    }

    pub fn secret(&mut self, name: &str) -> SecretString {
        self.required(name).unwrap_or_default().into()
    }

    /// A value of type `T` that `fits`, or `default` when the variable is unset. `rule` ends the sentence
    /// "NAME must be …".
    pub fn value<T: FromStr>(&mut self, name: &str, default: T, fits: impl Fn(&T) -> bool, rule: &str) -> T {
        match self.optional(name).map(str::parse::<T>) {
            None => default,
            Some(Ok(value)) if fits(&value) => value,
            Some(_) => {
                self.problem(name, &format!("must be {rule}"));
                default
            }
        }
    }

    pub fn seconds(&mut self, name: &str, default: u64) -> Duration {
        let fits = |seconds: &u64| (1..=31_536_000).contains(seconds);
        Duration::from_secs(self.value(name, default, fits, "a whole number of seconds, from 1 to 31536000"))
    }

    /// A URL of one of `schemes` with a host.
    pub fn url(&mut self, name: &str, schemes: &[&str]) -> Option<Url> {
        let value = self.required(name)?;
        match Url::parse(value) {
            Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => Some(url),
            _ => {
                self.problem(name, &format!("must be a URL that begins with {}://", schemes.join(":// or ")));
                None
            }
        }
    }

    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError { problems: self.problems }) }
    }
}
