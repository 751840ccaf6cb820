//! No decision escapes the audit log: not when its handler panics, and not when its client goes away.

use audit::{AuditLog, Entry, Filter};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;

struct Stage {
    router: Router,
    log: AuditLog,
    /// The log lies in it.
    _folder: TempDir,
}

impl Stage {
    /// `routes` for whoever signed in, each decision kept.
    async fn of(routes: Router) -> Self {
        let folder = TempDir::new().unwrap();
        let log =
            AuditLog::open(&format!("sqlite://{}/audit.sqlite", folder.path().display())).await.unwrap();
        let app = Guard::new(local()).signed_in(routes).into_app(Health::new()).audited(log.clone());
        let router = finish(app.router, HttpOptions::default(), app.health);
        Self { router, log, _folder: folder }
    }

    fn post(&self, path: &str) -> impl Future<Output = Response> + Send + 'static {
        let request = Request::post(path).header(AUTHORIZATION, bearer_of(&customer()));
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap());
        async { answer.await.unwrap() }
    }

    /// (method and route, status), once there is one.
    async fn first_entry(&self) -> (String, u16) {
        let entry = async {
            loop {
                let (entries, _) = self.log.read(&Filter::default(), 0, 10).await.unwrap();
                if let Some(Entry { decision, .. }) = entries.into_iter().next() {
                    return (decision.action, decision.status);
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), entry).await.unwrap()
    }
}

#[tokio::test]
async fn a_command_whose_handler_panics_is_kept() {
    let stage =
        Stage::of(Router::new().route("/panics", post(|| async { panic!("as planned") as () }))).await;

    assert_eq!(stage.post("/panics").await.status(), 500);

    assert_eq!(stage.first_entry().await, ("POST /panics".to_owned(), 500));
}

#[tokio::test]
async fn a_command_whose_client_went_away_is_carried_out_and_kept() {
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&entered), Arc::clone(&go_on));
    let handler = move || {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.notify_one();
            wait.notified().await;
            "done"
        }
    };
    let stage = Stage::of(Router::new().route("/waits", post(handler))).await;
    let client = tokio::spawn(stage.post("/waits"));
    entered.notified().await;

    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    go_on.notify_one();

    assert_eq!(stage.first_entry().await, ("POST /waits".to_owned(), 200));
}
