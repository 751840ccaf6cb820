//! Currencies, by their ISO 4217 code.

use std::fmt;
use std::str::{self, FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An active ISO 4217 currency that has a minor unit, so neither the metals nor the testing codes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is no currency that an account can be held in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an active ISO 4217 code in capital letters, such as `EUR`, got `{0}`")]
pub struct UnknownCurrency(String);

impl Currency {
    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits the minor unit has: 2 for EUR (cents), 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn minor_unit_digits(self) -> u8 {
        digits(self.0).unwrap_or_default()
    }

    /// So many minor units with the decimal point where people write it: `-1234` reads `-12.34` in EUR and `-1234` in JPY.
    #[must_use]
    pub fn decimal(self, minor_units: i128) -> String {
        let digits = usize::from(self.minor_unit_digits());
        let sign = if minor_units < 0 { "-" } else { "" };
        let text = format!("{:0width$}", minor_units.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// Every currency.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES_BY_DIGITS.iter().flat_map(|(_, codes)| codes.iter().copied().map(Self))
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <[u8; 3]>::try_from(text.as_bytes())
            .ok()
            .filter(|code| digits(*code).is_some())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.to_owned()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

fn digits(code: [u8; 3]) -> Option<u8> {
    CODES_BY_DIGITS.iter().find(|(_, codes)| codes.binary_search(&code).is_ok()).map(|(digits, _)| *digits)
}

/// ISO 4217 list one of 1 January 2026, by the digits of the minor unit; sorted, because it is searched.
const CODES_BY_DIGITS: [(u8, &[[u8; 3]]); 4] =
    [(2, TWO_DIGITS), (0, NO_DIGITS), (3, THREE_DIGITS), (4, FOUR_DIGITS)];

const TWO_DIGITS: &[[u8; 3]] = &[
    *b"AED", *b"AFN", *b"ALL", *b"AMD", *b"AOA", *b"ARS", *b"AUD", *b"AWG", *b"AZN", *b"BAM", *b"BBD",
    *b"BDT", *b"BMD", *b"BND", *b"BOB", *b"BOV", *b"BRL", *b"BSD", *b"BTN", *b"BWP", *b"BYN", *b"BZD",
    *b"CAD", *b"CDF", *b"CHE", *b"CHF", *b"CHW", *b"CNY", *b"COP", *b"COU", *b"CRC", *b"CUP", *b"CVE",
    *b"CZK", *b"DKK", *b"DOP", *b"DZD", *b"EGP", *b"ERN", *b"ETB", *b"EUR", *b"FJD", *b"FKP", *b"GBP",
    *b"GEL", *b"GHS", *b"GIP", *b"GMD", *b"GTQ", *b"GYD", *b"HKD", *b"HNL", *b"HTG", *b"HUF", *b"IDR",
    *b"ILS", *b"INR", *b"IRR", *b"JMD", *b"KES", *b"KGS", *b"KHR", *b"KPW", *b"KYD", *b"KZT", *b"LAK",
    *b"LBP", *b"LKR", *b"LRD", *b"LSL", *b"MAD", *b"MDL", *b"MGA", *b"MKD", *b"MMK", *b"MNT", *b"MOP",
    *b"MRU", *b"MUR", *b"MVR", *b"MWK", *b"MXN", *b"MXV", *b"MYR", *b"MZN", *b"NAD", *b"NGN", *b"NIO",
    *b"NOK", *b"NPR", *b"NZD", *b"PAB", *b"PEN", *b"PGK", *b"PHP", *b"PKR", *b"PLN", *b"QAR", *b"RON",
    *b"RSD", *b"RUB", *b"SAR", *b"SBD", *b"SCR", *b"SDG", *b"SEK", *b"SGD", *b"SHP", *b"SLE", *b"SOS",
    *b"SRD", *b"SSP", *b"STN", *b"SVC", *b"SYP", *b"SZL", *b"THB", *b"TJS", *b"TMT", *b"TOP", *b"TRY",
    *b"TTD", *b"TWD", *b"TZS", *b"UAH", *b"USD", *b"USN", *b"UYU", *b"UZS", *b"VED", *b"VES", *b"WST",
    *b"XAD", *b"XCD", *b"XCG", *b"YER", *b"ZAR", *b"ZMW", *b"ZWG",
];

const NO_DIGITS: &[[u8; 3]] = &[
    *b"BIF", *b"CLP", *b"DJF", *b"GNF", *b"ISK", *b"JPY", *b"KMF", *b"KRW", *b"PYG", *b"RWF", *b"UGX",
    *b"UYI", *b"VND", *b"VUV", *b"XAF", *b"XOF", *b"XPF",
];

const THREE_DIGITS: &[[u8; 3]] = &[*b"BHD", *b"IQD", *b"JOD", *b"KWD", *b"LYD", *b"OMR", *b"TND"];

const FOUR_DIGITS: &[[u8; 3]] = &[*b"CLF", *b"UYW"];
