//! A server that publishes keys and counts how often somebody asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use identity::Fetching;

pub(crate) const INTERVAL: i64 = 10;

pub(crate) fn fetching() -> Fetching {
    Fetching {
        refetch_interval: Duration::from_secs(INTERVAL.unsigned_abs()),
        refresh_after: Duration::from_secs(300),
        timeout: Duration::from_secs(20),
    }
}

type Shelf = Arc<Mutex<Contents>>;

#[derive(Default)]
struct Contents {
    documents: HashMap<String, String>,
    asked: usize,
}

pub(crate) struct Publisher {
    pub(crate) base: String,
    shelf: Shelf,
}

impl Publisher {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shelf = Shelf::default();
        let router = Router::new().fallback(answer).with_state(shelf.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, shelf }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// From now on `path` has this document.
    pub(crate) fn put(&self, path: &str, document: impl Into<String>) {
        self.shelf.lock().unwrap().documents.insert(path.to_owned(), document.into());
    }

    /// From now on every path answers 500.
    pub(crate) fn fail(&self) {
        self.shelf.lock().unwrap().documents.clear();
    }

    pub(crate) fn asked(&self) -> usize {
        self.shelf.lock().unwrap().asked
    }
}

async fn answer(State(shelf): State<Shelf>, uri: Uri) -> (StatusCode, String) {
    let mut shelf = shelf.lock().unwrap();
    shelf.asked += 1;
    let document = shelf.documents.get(uri.path());
    document.map_or((StatusCode::INTERNAL_SERVER_ERROR, String::new()), |text| (StatusCode::OK, text.clone()))
}
