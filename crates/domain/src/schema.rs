//! JSON schemas of what the domain says and is told, with the bounds that its types check.
//!
//! Only for documents: nothing here decides. Types that are bounded by code have their schema in `bounds`; those whose
//! shape says all derive theirs.

mod bounds;
mod events;

use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, Type};

pub use events::{EventSchema, event_schemas};

/// Gives a type its schema under its own name.
macro_rules! component {
    ($name:ident, $schema:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $schema.into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use component;

/// One of these words.
pub(crate) fn words<'a>(words: impl Iterator<Item = &'a str>) -> ObjectBuilder {
    text().enum_values(Some(words.map(str::to_owned)))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}
