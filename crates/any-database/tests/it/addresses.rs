//! What an address may be, and what is said about one that is none.

use std::os::unix::fs::PermissionsExt;

use any_database::{AnyDatabase, Schema};

const NOTHING: Schema = Schema::Repeated { sqlite: "SELECT 1", postgres: "SELECT 1" };

async fn refused(url: &str) -> String {
    AnyDatabase::open(url, &NOTHING, 1).await.expect_err("it is refused").to_string()
}

#[tokio::test]
async fn no_error_quotes_a_password() {
    for url in [
        "bank:secret@localhost/bank",
        "mysql://bank:secret@localhost/bank",
        "postgres://bank:secret@localhost:notaport/bank",
        "postgres://bank:secret@localhost/bank?sslmode=prefer",
        "postgres://bank:secret@localhost/bank?sslmode=secret",
    ] {
        let error = refused(url).await;
        assert!(!error.contains("secret@"), "{url}: {error}");
        assert!(!error.is_empty());
    }
}

#[tokio::test]
async fn an_address_without_a_file_is_none() {
    assert!(refused("sqlite://").await.contains("path of a file"));
    assert!(refused("things.sqlite").await.contains("sqlite://FILE"));
}

#[tokio::test]
async fn a_file_may_be_called_anything_and_is_readable_to_its_user_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("100%41 of? #things.sqlite");
    let url = format!("sqlite://{}", path.display());

    let opened = AnyDatabase::open(&url, &NOTHING, 1).await.expect("it opens");

    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    opened.pool.close().await;
    let path = path.to_str().expect("a text");
    AnyDatabase::open_read_only(path).await.expect("it opens").pool.close().await;
}

#[tokio::test]
async fn what_is_read_only_makes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nothing.sqlite");
    assert!(AnyDatabase::open_read_only(path.to_str().expect("a text")).await.is_err());
    assert!(!path.exists());
}
