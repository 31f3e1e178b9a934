//! Amounts of money, as exact as their currency has them.

use serde::{Serialize, Serializer};

/// What counts where no currency is said.
pub const DEFAULT_CURRENCY: &str = "USD";

/// An amount in some currency. It is shown in major units: 12.34 are 1234 cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    minor: i64,
    decimals: u32,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { minor: 0, decimals: 0 };

    /// So many minor units of a currency.
    #[must_use]
    pub fn of_minor(minor: i64, currency: &str) -> Self {
        Self { minor, decimals: decimals(currency) }
    }
    /// In minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let unit = 10_i64.pow(self.decimals);
        if self.minor % unit == 0 {
            return serializer.serialize_i64(self.minor / unit);
        }
        #[expect(clippy::cast_precision_loss, reason = "2^53 cents are more than anybody owes")]
        serializer.serialize_f64(self.minor as f64 / unit as f64)
    }
}

/// How many decimals a currency has (ISO 4217).
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    match currency.to_ascii_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_shown_in_major_units() {
        for (minor, currency, shown) in [
            (1234, "USD", "12.34"),
            (1200, "usd", "12"),
            (-5, "EUR", "-0.05"),
            (1234, "JPY", "1234"),
            (1234, "KWD", "1.234"),
            (12_345, "CLF", "1.2345"),
            (0, "XYZ", "0"),
        ] {
            let text = serde_json::to_string(&Amount::of_minor(minor, currency)).expect("JSON");
            assert_eq!(text, shown, "{minor} {currency}");
        }
    }
}
