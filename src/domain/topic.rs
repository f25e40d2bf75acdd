//! The rules for a topic's name and colour.

use std::str::FromStr;

/// Longest name of a topic, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Why a topic can't be taken as given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicRuleError {
    /// Empty, too long, or with control characters.
    #[error("A topic's name has 1 to 100 characters and no control characters.")]
    Name,
    /// Not `#rrggbb`.
    #[error("A colour is written #rrggbb.")]
    Color,
}

/// A topic's name: 1 to 100 characters, trimmed, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicName(String);

impl TopicName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicName {
    type Err = TopicRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(TopicRuleError::Name) }
    }
}

/// A colour, `#rrggbb` in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Color(String);

impl Color {
    /// The colour as `#rrggbb`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Color {
    type Err = TopicRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').ok_or(TopicRuleError::Color)?;
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(TopicRuleError::Color)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_colours_keep_their_rules() {
        assert_eq!("  Tax ".parse::<TopicName>().map(|n| n.as_str().to_owned()), Ok("Tax".to_owned()));
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert_eq!(bad.parse::<TopicName>(), Err(TopicRuleError::Name), "{bad:?}");
        }
        assert_eq!("#AABBcc".parse::<Color>().map(|c| c.as_str().to_owned()), Ok("#aabbcc".to_owned()));
        for bad in ["", "red", "#abc", "#gggggg", "aabbcc"] {
            assert_eq!(bad.parse::<Color>(), Err(TopicRuleError::Color), "{bad:?}");
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_that_is_taken_keeps_the_rules_and_is_taken_again(chars in vec(any::<char>(), 0..120)) {
            let text: String = chars.iter().collect();
            if let Ok(name) = text.parse::<TopicName>() {
                prop_assert_eq!(name.as_str(), text.trim());
                prop_assert!((1..=MAX_NAME_CHARS).contains(&name.as_str().chars().count()));
                prop_assert!(!name.as_str().chars().any(char::is_control));
                prop_assert_eq!(name.as_str().parse::<TopicName>(), Ok(name.clone()));
            }
        }

        #[test]
        fn a_colour_is_one_whatever_its_case(good in "#[0-9a-fA-F]{6}", text in "#?[0-9a-gA-G]{0,8}", other: String) {
            let read = good.parse::<Color>().map(|color| color.as_str().to_owned());
            prop_assert_eq!(read, Ok(good.to_ascii_lowercase()));
            for text in [text, other] {
                if let Ok(color) = text.parse::<Color>() {
                    prop_assert_eq!(color.as_str(), text.to_ascii_lowercase());
                    prop_assert_eq!(text.len(), 7);
                }
            }
        }
    }
}
