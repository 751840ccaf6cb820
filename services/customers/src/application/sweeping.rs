//! What is looked after again and again, because a crash or a client may have left it half done.

use chrono::TimeDelta;
use domain::customer::CustomerStatus;
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{Application, CustomerError};

/// How many rows one statement takes in hand, so that it keeps nobody waiting.
const BATCH: i64 = 500;

/// How many streams are read at once.
const READS: usize = 8;

/// Long after anybody goes on with a registration.
const UNSETTLED_FOR: TimeDelta = TimeDelta::hours(1);

/// Long after a lock has run out.
const ATTEMPTS_KEPT_FOR: TimeDelta = TimeDelta::days(1);

impl Application {
    /// One look at everything. What fails is told, and the next look tries it again.
    pub(crate) async fn sweep(&self) {
        let told = |what: &str, done: Result<(), CustomerError>| {
            if let Err(error) = done {
                tracing::warn!(%error, "could not {what}");
            }
        };
        told("finish erasures that are half done", self.finish_erasures().await);
        told("look after registrations that came to nothing", self.settle_registrations().await);
        told("delete sessions that have expired", self.delete_expired_sessions().await);
        told("delete old attempts", self.delete_old_attempts().await);
    }

    /// Gives up reservations of long ago that no registration made good.
    pub(crate) async fn settle_registrations(&self) -> Result<(), CustomerError> {
        for id in self.vault.unsettled(self.clock.now() - UNSETTLED_FOR, BATCH).await? {
            // One that cannot be settled does not hold up those behind it.
            if let Err(error) = self.settle_registration(id).await {
                tracing::warn!(customer = %id, %error, "could not look after a registration that came to nothing");
            }
        }
        Ok(())
    }

    async fn settle_registration(&self, id: Uuid) -> Result<(), CustomerError> {
        let found = self.repository.find_optional(id).await?;
        let registered = found.is_some_and(|customer| customer.state.known().is_some());
        // Registered between the look and the fence: it stands, too.
        if registered || self.give_up_claim(id).await?.known().is_some() {
            self.vault.settle(id).await?;
        }
        Ok(())
    }

    async fn delete_expired_sessions(&self) -> Result<(), CustomerError> {
        let now = self.clock.now();
        while self.vault.delete_expired_sessions(now, BATCH).await? == BATCH.unsigned_abs() {}
        Ok(())
    }

    async fn delete_old_attempts(&self) -> Result<(), CustomerError> {
        let before = self.clock.now() - ATTEMPTS_KEPT_FOR;
        while self.vault.delete_old_attempts(before, BATCH).await? == BATCH.unsigned_abs() {}
        Ok(())
    }

    /// Destroys what the vault has of customers who were erased: somebody has put an older vault back. It goes through
    /// the whole vault, so that it is done once, at the start.
    pub(crate) async fn forget_the_erased(&self) -> Result<(), CustomerError> {
        let mut after = Uuid::nil();
        loop {
            let ids = self.vault.customers_after(after, BATCH).await?;
            let Some(last) = ids.last() else {
                // Also what an earlier look deleted and could not overwrite.
                return Ok(self.vault.overwrite_deleted().await?);
            };
            after = *last;
            let erased = stream::iter(ids).map(|id| async move {
                let status = self
                    .repository
                    .find_optional(id)
                    .await?
                    .and_then(|customer| customer.state.known().map(|known| known.status));
                Ok::<_, CustomerError>((status == Some(CustomerStatus::Erased)).then_some(id))
            });
            let erased: Vec<Option<Uuid>> = erased.buffer_unordered(READS).try_collect().await?;
            for id in erased.into_iter().flatten() {
                self.vault.delete(id).await?;
                tracing::warn!(customer = %id, "destroyed again what an older vault had brought back");
            }
        }
    }
}
