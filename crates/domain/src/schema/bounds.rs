//! The bounds of the types that check them in code. A pattern says what a type's own check says; texts are counted in
//! characters, as JSON Schema counts them.

use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::{component, text, words};
use crate::customer::{EmailAddress, PersonName, Sealed};
use crate::ids::{AccountId, BulkId, HoldId, OrderId, PayeeId, TransferId};
use crate::money::{Amount, AmountOrZero, Balance, Currency};
use crate::order::{TimeOfDay, TimeZone};
use crate::text::{Actor, CustomerId, Memo, Title};
use crate::transfer::{RefusalReason, UnwindReason};

/// No character of Unicode's `Cc`, as `char::is_control` has it.
const NO_CONTROL: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";

/// The same, and no space at either end.
const TRIMMED: &str = concat!(
    r"^[^\s\u0000-\u001F\u007F-\u009F]",
    r"([^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F])?$"
);

const EMAIL: &str = concat!(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@",
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"
);

component!(AccountId, id("An account.", "018f4f5e-36f3-7d0c-9c5b-00000000a11c"));
component!(BulkId, id("A bulk transfer.", "018f4f64-0000-7000-8000-00000000b01c"));
component!(HoldId, id("Money that is kept for somebody.", "018f4f63-0000-7000-8000-00000000401d"));
component!(TransferId, id("A transfer.", "018f4f60-0000-7000-8000-000000000007"));
component!(PayeeId, id("A payee of one customer.", "018f4f62-0000-7000-8000-000000000001"));
component!(OrderId, id("An order for transfers.", "018f4f64-0000-7000-8000-0000000000d1"));

component!(Amount, minor_units(Self::MIN.minor_units(), 5_500).description(Some("Minor units that move.")));
component!(
    Balance,
    minor_units(Self::MIN.minor_units(), 12_345)
        .description(Some("Minor units that an account holds; below zero it owes them."))
);
component!(
    AmountOrZero,
    minor_units(Self::MIN.minor_units(), 0).description(Some("Minor units, or none at all."))
);
component!(Currency, {
    let codes = Self::all().map(|currency| currency.code().to_owned()).collect::<Vec<_>>();
    words(codes.iter().map(String::as_str))
        .description(Some("An active ISO 4217 currency that has a minor unit."))
        .examples(["EUR"])
});

component!(
    CustomerId,
    bounded(Self::MAX_CHARS, "^[A-Za-z0-9._-]+$")
        .description(Some("Who owns an account."))
        .examples(["018f4f61-0000-7000-8000-00000000ada0"])
);
component!(
    Title,
    bounded(Self::MAX_CHARS, NO_CONTROL)
        .description(Some("What an account is called."))
        .examples(["Savings"])
);
component!(
    Memo,
    bounded(Self::MAX_CHARS, NO_CONTROL)
        .description(Some("What somebody wrote beside a change."))
        .examples(["Rent for May"])
);
component!(
    Actor,
    bounded(Self::MAX_CHARS, NO_CONTROL)
        .description(Some("On whose behalf: a customer, by the id, or `operator:NAME`."))
        .examples(["operator:grace"])
);

component!(
    EmailAddress,
    bounded(254, EMAIL)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .description(Some("Where somebody is reached. Capital letters make no difference."))
        .examples(["ada@example.org"])
);
component!(
    PersonName,
    bounded(100, TRIMMED).description(Some("What somebody is called.")).examples(["Ada Lovelace"])
);
component!(
    Sealed,
    bounded(4096, "^[A-Za-z0-9_-]+$").description(Some("A text that only the customer's own key opens."))
);

component!(
    TimeOfDay,
    text()
        .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"))
        .description(Some("A local time in whole seconds."))
        .examples(["09:00"])
);
component!(
    TimeZone,
    bounded(64, "^[A-Za-z0-9/_+-]+$")
        .description(Some("A time zone of the IANA database."))
        .examples(["Europe/Berlin"])
);

component!(
    UnwindReason,
    words(RefusalReason::ALL.iter().map(|reason| reason.as_str()).chain([Self::Cancelled.as_str()]))
        .description(Some("Why a transfer is undone: it was cancelled, or an account refused its part."))
);

fn id(description: &str, example: &str) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    text().format(Some(format)).description(Some(description)).examples([example])
}

fn minor_units(minimum: impl Into<utoipa::Number>, example: u64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Integer))
        .minimum(Some(minimum))
        .maximum(Some(crate::money::MAX_MINOR_UNITS))
        .examples([example])
}

fn bounded(max_chars: usize, pattern: &str) -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(max_chars)).pattern(Some(pattern))
}
