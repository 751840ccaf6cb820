//! The schemas of what is told in confidence.

use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::passwords::Password;
use crate::vault::RefreshToken;

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        let password = text().min_length(Some(*Self::CHARS.start())).max_length(Some(*Self::CHARS.end()));
        let format = SchemaFormat::KnownFormat(KnownFormat::Password);
        password.format(Some(format)).description(Some("Every character is allowed.")).into()
    }
}

impl ToSchema for Password {}

impl PartialSchema for RefreshToken {
    fn schema() -> RefOr<Schema> {
        text().description(Some("Good for one refresh, which gives the next one.")).into()
    }
}

impl ToSchema for RefreshToken {}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}
