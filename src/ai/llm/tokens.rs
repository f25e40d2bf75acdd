//! Roughly how many tokens a text is. Every model counts in its own way; this errs on the side of too many.

/// Roughly the tokens of a text: four ASCII characters, two of other alphabets, one of Chinese, Japanese or Korean.
pub(super) fn tokens(text: &str) -> u64 {
    let quarters: u64 = text.chars().map(quarters).sum();
    quarters.div_ceil(4)
}

/// Quarters of a token that a character is.
fn quarters(c: char) -> u64 {
    match c.len_utf8() {
        1 => 1,
        2 => 2,
        _ => 4,
    }
}

/// The beginning of a text that is about `most` tokens, cut between words where it can be.
pub(super) fn beginning(text: &str, most: u64) -> &str {
    let mut left = most * 4;
    for (at, c) in text.char_indices() {
        match left.checked_sub(quarters(c)) {
            Some(rest) => left = rest,
            None => {
                let cut = &text[..at];
                // A text without spaces is cut where the room ends.
                let word = cut.rfind(char::is_whitespace).filter(|word| word * 2 > cut.len());
                return cut[..word.unwrap_or(cut.len())].trim_end();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_keeps_to_its_room_and_to_whole_words() {
        assert_eq!((tokens(""), tokens("abcd"), tokens("abcde"), tokens("äöü"), tokens("請求書")), (0, 1, 2, 2, 3));
        assert_eq!(beginning("alpha beta gamma", 3), "alpha beta");
        assert_eq!(beginning("請求書です", 2), "請求");
        assert_eq!(beginning("short", 100), "short");
        assert!(tokens(beginning(&"word ".repeat(1000), 50)) <= 50);
    }
}
