//! Texts that are not numbers, and what was probably meant.

/// The advice for a text that is not a number.
pub(super) fn not_a_number(text: &str) -> &'static str {
    let digits = text.trim_start_matches(['+', '-']);
    let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let grouped = |s: &str, separator: char| {
        let mut groups = s.split(separator);
        groups.next().is_some_and(|first| is_digits(first) && first.len() <= 3)
            && s.contains(separator)
            && groups.all(|group| is_digits(group) && group.len() == 3)
    };
    let (before_comma, after_comma) = digits.rsplit_once(',').unwrap_or((digits, ""));
    let (before_point, _) = digits.split_once('.').unwrap_or((digits, ""));
    if digits.matches(',').count() == 1 && grouped(digits, ',') {
        "if the comma marks decimals, read the file with decimal: \",\"; if it groups thousands, remove it"
    } else if grouped(before_point, ',') {
        "remove the commas that group thousands"
    } else if grouped(before_comma, '.') && is_digits(after_comma) {
        "remove the points that group thousands, and read the file with decimal: \",\""
    } else if grouped(digits, '.') {
        "remove the points that group thousands"
    } else if (before_comma.is_empty() || is_digits(before_comma)) && is_digits(after_comma) {
        "a comma marks decimals where the file is read with decimal: \",\""
    } else if [' ', '\'', '_', '\u{a0}', '\u{202f}', '\u{2019}']
        .iter()
        .any(|c| grouped(digits.split(['.', ',']).next().unwrap_or(digits), *c))
    {
        "remove what groups thousands"
    } else if digits.ends_with('%') || digits.starts_with(['$', '€', '£', '¥']) {
        "write the number alone, without its unit"
    } else {
        "correct it, or leave it empty if it is missing"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_written_otherwise_are_explained() {
        for (text, said) in [
            ("0,5", "a comma marks decimals where the file is read with decimal: \",\""),
            ("-1234,56", "a comma marks decimals where the file is read with decimal: \",\""),
            (
                "1,234",
                "if the comma marks decimals, read the file with decimal: \",\"; if it groups thousands, remove it",
            ),
            ("1,234,567", "remove the commas that group thousands"),
            ("1,234.5", "remove the commas that group thousands"),
            (
                "1.234,5",
                "remove the points that group thousands, and read the file with decimal: \",\"",
            ),
            ("1.234.567", "remove the points that group thousands"),
            ("1 234,5", "remove what groups thousands"),
            ("1'234.5", "remove what groups thousands"),
            ("12%", "write the number alone, without its unit"),
            ("€5", "write the number alone, without its unit"),
            ("five", "correct it, or leave it empty if it is missing"),
            (",", "correct it, or leave it empty if it is missing"),
        ] {
            assert_eq!(not_a_number(text), said, "{text}");
        }
    }
}
