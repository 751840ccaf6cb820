//! Whom a customer pays.

use chrono::{DateTime, Utc};
use domain::customer::{CustomerCommand, EmailAddress, PersonName};
use domain::ids::{AccountId, PayeeId};
use domain::money::Currency;
use service_kit::command::CommandRequest;
use uuid::Uuid;

use super::{Application, CustomerError, Outcome, active_state};
use crate::sealing::Purpose;

/// A payee with its name opened.
pub(crate) struct SavedPayee {
    pub(crate) id: PayeeId,
    pub(crate) account_id: AccountId,
    pub(crate) name: PersonName,
    pub(crate) saved_at: DateTime<Utc>,
}

impl Application {
    /// The payees, in the order in which they were saved, and the customer's version.
    pub(crate) async fn payees(&self, id: Uuid) -> Result<(Vec<SavedPayee>, i64), CustomerError> {
        let (customer, key) = self.active(id).await?;
        let open = |(payee_id, payee): (&PayeeId, &domain::customer::Payee)| {
            let name = key.open(id, Purpose::PayeeName(*payee_id, payee.account_id), &payee.name)?;
            Ok(SavedPayee {
                id: *payee_id,
                account_id: payee.account_id,
                name: name.parse().map_err(|_| CustomerError::Unreadable)?,
                saved_at: payee.saved_at,
            })
        };
        let payees =
            active_state(&customer)?.payees.iter().map(open).collect::<Result<_, CustomerError>>()?;
        Ok((payees, customer.version.0))
    }

    /// The open accounts of whoever has this e-mail address, except the one who asks.
    pub(crate) async fn find_accounts(
        &self,
        asking: Uuid,
        email: &EmailAddress,
    ) -> Result<Vec<(AccountId, Currency)>, CustomerError> {
        self.active(asking).await?;
        let holder = self.vault.holder(&self.vault.lookup(email)).await?.map(|held| held.customer);
        match holder {
            Some(holder) if holder != asking && self.holds(holder, email).await? => {
                Ok(self.accounts.open_accounts_of(holder).await?)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Saves an account to pay into. The view is asked whether it is there so that a slip shows at once; whether money
    /// can be paid into it, the account itself decides with every transfer.
    pub(crate) async fn save_payee(
        &self,
        id: Uuid,
        account_id: AccountId,
        name: &PersonName,
        request: &CommandRequest,
        body_hash: [u8; 32],
    ) -> Outcome {
        let context = self.context(id, request, body_hash).await?;
        if let Some(first) = self.answered(&context).await? {
            return Ok(first);
        }
        let (_, key) = self.active(id).await?;
        match self.accounts.owner_of_open(account_id).await? {
            None => return Err(CustomerError::AccountNotFound),
            Some(owner) if owner == id.to_string() => return Err(CustomerError::OwnAccount),
            Some(_) => {}
        }
        let payee_id = PayeeId(Uuid::now_v7());
        let command = CustomerCommand::SavePayee {
            actor: request.actor(),
            payee_id,
            account_id,
            name: key.seal(id, Purpose::PayeeName(payee_id, account_id), name.as_str())?,
            now: self.clock.now(),
        };
        self.execute(id, command, context).await
    }

    /// Forgets a payee.
    pub(crate) async fn remove_payee(
        &self,
        id: Uuid,
        payee_id: PayeeId,
        request: &CommandRequest,
        body_hash: [u8; 32],
    ) -> Outcome {
        let command =
            CustomerCommand::RemovePayee { actor: request.actor(), payee_id, now: self.clock.now() };
        self.execute(id, command, request.context(body_hash)).await
    }
}
