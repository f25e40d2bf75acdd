//! Roughly how many tokens a text is. Every model counts in its own way; this errs on the side of too many: a server that is
//! given more than it was told to make room for cuts the beginning off, where it stands what is asked.

/// Roughly the tokens of a text: four letters of ASCII, two of other alphabets, one of Chinese, Japanese or Korean. A digit is
/// one by itself, as to many models, and so is a sign, unless it goes on and on.
pub(super) fn tokens(text: &str) -> u64 {
    let quarters: u64 = weighed(text).map(|(_, quarters)| quarters).sum();
    quarters.div_ceil(4)
}

/// Where each character of a text begins, and how many quarters of a token it is.
fn weighed(text: &str) -> impl Iterator<Item = (usize, u64)> {
    let mut before = None;
    text.char_indices().map(move |(at, c)| {
        let goes_on = before.replace(c) == Some(c);
        let quarters = match c.len_utf8() {
            1 if c.is_ascii_digit() || c.is_ascii_punctuation() && !goes_on => 4,
            1 => 1,
            2 => 2,
            _ => 4,
        };
        (at, quarters)
    })
}

/// The beginning of a text that is about `most` tokens, cut between words where it can be.
pub(super) fn beginning(text: &str, most: u64) -> &str {
    let mut left = most * 4;
    for (at, quarters) in weighed(text) {
        match left.checked_sub(quarters) {
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
        assert_eq!(
            (tokens("03.07.2026"), tokens("671,87"), tokens("........")),
            (10, 6, 3),
            "a statement is full of them"
        );
        assert_eq!(beginning("alpha beta gamma", 3), "alpha beta");
        assert_eq!(beginning("7691592 DE33", 8), "7691592");
        assert_eq!(beginning("請求書です", 2), "請求");
        assert_eq!(beginning("short", 100), "short");
        assert!(tokens(beginning(&"word ".repeat(1000), 50)) <= 50);
    }
}
