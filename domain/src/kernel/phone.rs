//! Phone numbers in international form.

/// The longest text that can be a number, with spaces and the like.
const MAX: usize = 50;

/// Whether the text starts with `+` and is a number that the plan of its country knows.
#[must_use]
pub fn is_phone_number(text: &str) -> bool {
    let shown = |b: u8| b == b' ' || b.is_ascii_graphic();
    let fits = text.len() <= MAX && text.starts_with('+') && text.bytes().all(shown);
    fits && phonenumber::parse(None, text).is_ok_and(|number| phonenumber::is_valid(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_plans_of_countries() {
        for text in ["+6498876986", "+64 9 887 6986", "+14155552671", "+442079460018"] {
            assert!(is_phone_number(text), "{text}");
        }
        for text in [
            "",
            "+",
            "098876986",
            "6498876986",
            "+1",
            "+999123456789",
            "+12345",
            "+abc",
            "+6498876986\n",
        ] {
            assert!(!is_phone_number(text), "{text}");
        }
    }
}
