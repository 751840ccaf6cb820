//! Processes that die at the worst moment. The test binary starts itself as the victim.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use messaging::dead_letter::SqliteDeadLetters;
use messaging::embedded::{DEFAULT_PARTITIONS, EmbeddedLog};
use messaging::{Bus, Outcome, PerEvent, Subscription, subscribe, to_message};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Recorder, event};

const FOLDER: &str = "BANK_TEST_CRASH_FOLDER";
const TOPIC: &str = "bank.account";
const KEYS: u128 = 20;
const VERSIONS: i64 = 10;

fn effects(folder: &Path) -> Vec<String> {
    fs::read_to_string(folder.join("effects")).unwrap_or_default().lines().map(str::to_owned).collect()
}

async fn open(folder: &Path) -> Arc<EmbeddedLog> {
    let log = EmbeddedLog::open(folder.join("log.db"), DEFAULT_PARTITIONS).await.expect("a log");
    log.ensure_topics(&[TOPIC]).await.expect("a topic");
    Arc::new(log)
}

/// Runs a subscription whose effect is a line in a file, until everything is handled or the process dies.
async fn work(folder: PathBuf) {
    let log = open(&folder).await;
    let path = folder.join("effects");
    let handler = Recorder::new(move |event| {
        let mut file = OpenOptions::new().append(true).create(true).open(&path).expect("the file of effects");
        // One write, so that neither another partition nor the end of the process can fall into the middle of a line.
        let line = format!("{} {}\n", event.stream.aggregate_id, event.version);
        file.write_all(line.as_bytes()).expect("written");
        Outcome::Done
    });
    let subscription = Subscription {
        id: "group".to_owned(),
        topics: vec![TOPIC.to_owned()],
        handler: Arc::new(PerEvent(handler)),
        dead_letters: Arc::new(SqliteDeadLetters::open(folder.join("letters.db")).await.expect("letters")),
        owner: None,
    };
    let shutdown = CancellationToken::new();
    let handle = subscribe(Arc::clone(&log) as Arc<dyn Bus>, subscription, shutdown.clone()).await;
    handle.caught_up().await;
    shutdown.cancel();
    handle.join().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the victim of the test below, which starts it as a process of its own"]
async fn victim() {
    work(env::var_os(FOLDER).expect("a folder").into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_dies_after_handling_repeats_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path()).await;
    let messages = (1..=VERSIONS).flat_map(|version| {
        (0..KEYS).map(move |key| to_message(&event("account", Uuid::from_u128(key), version), "/test"))
    });
    log.publish(messages.collect()).await.expect("published");
    log.close().await;

    for passing in 1..=3 {
        let victim = Command::new(env::current_exe().expect("the test binary"))
            .args(["crash::victim", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env("BANK_FAULT", format!("subscription.after_handle:{passing}"))
            .output()
            .expect("the victim ran");
        assert!(!victim.status.success(), "it was to die at passing {passing}");
        assert!(!effects(folder.path()).is_empty(), "it had handled something");
    }
    work(folder.path().to_owned()).await;

    let effects = effects(folder.path());
    for key in (0..KEYS).map(Uuid::from_u128) {
        let mut firsts: Vec<&String> = Vec::new();
        for effect in effects.iter().filter(|effect| effect.starts_with(&key.to_string())) {
            if !firsts.contains(&effect) {
                firsts.push(effect);
            }
        }
        let expected: Vec<String> = (1..=VERSIONS).map(|version| format!("{key} {version}")).collect();
        assert_eq!(firsts, expected.iter().collect::<Vec<_>>(), "all of {key}, in order");
    }
    assert!(
        effects.len() > KEYS as usize * VERSIONS as usize,
        "what was handled without an offset came again"
    );
}
