use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_early_or_panics_is_a_failure() {
    let tasks = Tasks::new();
    tasks.spawn("good", tasks.shutdown().cancelled_owned());
    settle().await;
    assert_eq!(tasks.check(), Ok(()));
    tasks.spawn("short", async {});
    tasks.spawn("wild", async { panic!("boom") });
    settle().await;
    assert_eq!(tasks.check(), Err("short: ended early; wild: panicked: boom".to_owned()));
    assert!(tasks.shutdown_and_join(Duration::from_secs(1)).await);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_and_then_cuts_off() {
    let tasks = Tasks::new();
    tasks.spawn_until_shutdown("endless", std::future::pending());
    assert!(tasks.shutdown_and_join(Duration::from_secs(1)).await);

    let tasks = Tasks::new();
    tasks.spawn("stubborn", std::future::pending());
    assert!(!tasks.shutdown_and_join(Duration::from_secs(1)).await);
    assert_eq!(tasks.check(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn work_is_repeated_until_the_end() {
    let tasks = Tasks::new();
    let times = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&times);
    tasks.repeat("regular", Duration::from_secs(1), move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(())
    });
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(times.load(Ordering::Relaxed), 3);
    assert!(tasks.shutdown_and_join(Duration::from_secs(1)).await);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(times.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_started_again_after_a_pause() {
    let tasks = Tasks::new();
    let starts = Arc::new(AtomicU32::new(0));
    let (counted, shutdown) = (Arc::clone(&starts), tasks.shutdown());
    tasks.spawn_restarting("flaky", move || {
        let (start, shutdown) = (counted.fetch_add(1, Ordering::Relaxed), shutdown.clone());
        async move {
            match start {
                0 => Err("not yet"),
                1 => panic!("boom"),
                _ => {
                    shutdown.cancelled().await;
                    Ok(())
                }
            }
        }
    });
    settle().await;
    assert_eq!(tasks.check(), Err("flaky: not yet".to_owned()));
    tokio::time::sleep(Duration::from_millis(110)).await;
    assert_eq!(tasks.check(), Err("flaky: panicked: boom".to_owned()));
    tokio::time::sleep(Duration::from_millis(210)).await;
    assert_eq!((tasks.check(), starts.load(Ordering::Relaxed)), (Ok(()), 3));
    assert!(tasks.shutdown_and_join(Duration::from_secs(1)).await);
}
