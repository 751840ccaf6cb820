//! One deployment at a time: a container of a fixed name that lives as long as the one who deploys holds it.
//!
//! It lies in the engine, so that it counts for whoever deploys there from wherever; and it ends with its holder, also
//! with one that was killed, so that nobody has to clear it away.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};

use super::labels;
use crate::engine::{Container, Engine, Hold, Launch};
use crate::error::DeployError;

/// A holder that has just been killed is noticed by the engine within that time.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// Whoever creates a lock starts it within that time.
const STARTED_WITHIN: Duration = Duration::from_secs(3);

const POLL: Duration = Duration::from_millis(200);

/// Takes the lock of an environment.
///
/// # Errors
/// [`DeployError::Locked`] when somebody else has it.
pub(super) async fn take(engine: &Engine, environment: &str, image: &str) -> Result<Hold, DeployError> {
    let launch = launch(environment, image);
    let begun = Instant::now();
    let mut other = Container::default();
    loop {
        if let Some(hold) = engine.hold(&launch).await? {
            return Ok(hold);
        }
        // It may have gone since.
        if let Some(found) = engine.container(&launch.name).await? {
            // One that does not run although nobody started it meanwhile: it ended, or its maker did before the start.
            if !found.running
                && (found.started_at.is_some() || found.id == other.id)
                && begun.elapsed() > STARTED_WITHIN
            {
                engine.remove_stopped(&found.id).await?;
            }
            other = found;
        }
        if begun.elapsed() > NOTICED_WITHIN {
            return Err(locked(environment, &other));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn launch(environment: &str, image: &str) -> Launch {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let words = [
        (labels::ROLE, "lock".to_owned()),
        (labels::HOST, host.trim().to_owned()),
        (labels::PID, std::process::id().to_string()),
        (labels::SINCE, Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)),
    ];
    Launch {
        name: format!("{environment}-deploy-lock"),
        image: image.to_owned(),
        network: "none".to_owned(),
        // Reads until its standard input ends.
        command: vec!["cat".to_owned()],
        user: Some(super::USER.to_owned()),
        labels: words.map(|(key, value)| (key.to_owned(), value)).into_iter().collect::<HashMap<_, _>>(),
        confined: true,
        held: true,
        ..Launch::default()
    }
}

fn locked(environment: &str, lock: &Container) -> DeployError {
    let word = |key| Some(lock.label(key)).filter(|word| !word.is_empty()).unwrap_or("unknown").to_owned();
    DeployError::Locked {
        environment: environment.to_owned(),
        host: word(labels::HOST),
        pid: word(labels::PID),
        since: word(labels::SINCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_learns_who_deploys() {
        let labels = launch("local", "haproxy").labels;
        let text = locked("local", &Container { labels, ..Container::default() }).to_string();
        let told = format!("pid {}, since 20", std::process::id());
        assert!(text.starts_with("somebody else deploys to local: on ") && text.contains(&told), "{text}");
        let text = locked("local", &Container::default()).to_string();
        assert!(text.contains("on unknown, pid unknown, since unknown"), "{text}");
    }
}
