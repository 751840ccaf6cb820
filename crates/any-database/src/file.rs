//! A SQLite file: on the disk before anybody is told, readable to its user alone, and overwritten where it is deleted.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

use crate::OpenError;
use crate::schema::{Schema, migrator};

/// Waiting comes first: somebody else may hold the file while it is opened.
const SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                        PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";

pub(crate) async fn open(path: &str, schema: &Schema) -> Result<AnyPool, OpenError> {
    compiled_in()?;
    if path.is_empty() {
        return Err(OpenError::Address("sqlite:// must be followed by the path of a file"));
    }
    make_private(Path::new(path)).map_err(|error| OpenError::File(path.to_owned(), error))?;
    // One connection: SQLite has one writer anyway.
    let options = AnyPoolOptions::new()
        .max_connections(1)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }));
    let pool = options.connect(&url(path)?).await?;
    match schema {
        Schema::Repeated { sqlite, .. } => {
            sqlx::raw_sql(*sqlite).execute(&pool).await?;
        }
        Schema::Migrations(migrations) => {
            migrator(migrations, |migration| migration.sqlite).run(&pool).await?
        }
    }
    Ok(pool)
}

pub(crate) async fn open_read_only(path: &str) -> Result<AnyPool, OpenError> {
    compiled_in()?;
    let url = format!("{}?mode=ro", url(path)?);
    Ok(AnyPoolOptions::new().max_connections(1).connect(&url).await?)
}

/// Deleted rows are overwritten (`secure_delete`); their pages also stand in SQLite's log until it is emptied, which
/// waits for readers.
pub(crate) async fn empty_log(pool: &AnyPool) -> Result<bool, sqlx::Error> {
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
    Ok(busy == 0)
}

fn compiled_in() -> Result<(), OpenError> {
    if cfg!(feature = "sqlite") { Ok(()) } else { Err(OpenError::NotCompiledIn("SQLite", "embedded")) }
}

/// The driver takes a URL and undoes its percent signs, so that a path with one, or with a `?`, has to be escaped.
fn url(path: &str) -> Result<String, OpenError> {
    let absolute = std::path::absolute(path).map_err(|error| OpenError::File(path.to_owned(), error))?;
    let escape = |byte: &u8| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let escaped: String = absolute.as_os_str().as_encoded_bytes().iter().map(escape).collect();
    Ok(format!("sqlite://{escaped}"))
}

/// SQLite gives its log the mode of the file.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}
