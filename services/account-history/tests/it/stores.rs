//! Fresh stores of views for one test, of every kind.

use std::future::Future;
use std::sync::Arc;

use account_history::store::{Generation, SqliteViews, ViewStore};
use account_history::view::Views;

/// Runs each test on every store: `store_tests! { name, … }` in a module with `async fn name(store: Store)`.
macro_rules! store_tests {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::stores::with_sqlite(super::$test).await;
                }
            )+
        }

        #[cfg(feature = "distributed")]
        mod on_mongo {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::stores::with_mongo(super::$test).await;
                }
            )+
        }
    };
}

/// A store that only one test uses.
pub(crate) type Store = Arc<dyn ViewStore>;

pub(crate) async fn with_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let views = SqliteViews::open(folder.path().join("views.sqlite")).await.expect("a new file");
    test(Arc::new(views)).await;
}

#[cfg(feature = "distributed")]
pub(crate) async fn with_mongo<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    use account_history::store::MongoViews;

    let database = MongoDatabase::fresh().await;
    let views = MongoViews::connect(&database.url, &database.name).await.expect("a MongoDB server");
    test(Arc::new(views)).await;
    database.drop().await;
}

/// A database that only one test uses; left behind when the test fails, to be looked at.
#[cfg(feature = "distributed")]
pub(crate) struct MongoDatabase {
    pub(crate) url: String,
    pub(crate) name: String,
}

#[cfg(feature = "distributed")]
impl MongoDatabase {
    pub(crate) async fn fresh() -> Self {
        Self { url: test_support::mongo_url().await, name: test_support::fresh_database_name() }
    }

    pub(crate) async fn drop(self) {
        let client = mongodb::Client::with_uri_str(&self.url).await.expect("a MongoDB server");
        client.database(&self.name).drop().await.expect("the database goes");
    }
}

pub(crate) async fn active(store: &Store) -> Generation {
    store.generations().await.expect("the record").active
}

/// All that is read now.
pub(crate) async fn everything(store: &Store) -> Views {
    store.everything(active(store).await).await.expect("all views")
}
