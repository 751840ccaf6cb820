//! The URL of a store.

use event_store::StoreError;

#[tokio::test]
async fn an_unknown_scheme_is_told() {
    for url in ["mysql://localhost/bank", "bank.sqlite", "", "sqlite://"] {
        let Err(StoreError::Config(reason)) = event_store::open(url).await else {
            panic!("{url} was opened")
        };
        assert!(reason.contains("sqlite://"), "{reason}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_sqlite_url_opens_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");

    let store = event_store::open(&format!("sqlite://{}", file.display())).await.unwrap();

    store.ping().await.unwrap();
    assert!(file.exists());
    store.close().await;
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_missing_driver_is_named() {
    let Err(StoreError::Config(reason)) = event_store::open("postgres://localhost/bank").await else {
        panic!("it was opened")
    };
    assert!(reason.contains("feature `postgres`"), "{reason}");
}
