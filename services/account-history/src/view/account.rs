//! The account's document: the talk's `{id, balance, transfers: [...], changes: [...]}`.

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountEvent, AccountStatus};
use domain::ids::AccountId;
use domain::money::{Balance, Currency};
use domain::text::{CustomerId, Title};
use event_store::{RecordedEvent, Version};
use serde::{Deserialize, Serialize};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;

use super::moment::{ChangeView, Moment};
use super::terms::TermsView;
use super::transfer::TransferView;
use super::{Folded, guard};

/// How many transfers and how many changes stand in the document itself, the newest first.
pub const RECENT: usize = 20;

/// An account's document as a client sees it. Amounts are in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Account)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// The account.
    pub id: AccountId,
    /// Its owner.
    pub customer_id: CustomerId,
    /// What the owner calls it.
    pub title: Title,
    /// The currency that it is held in.
    pub currency: Currency,
    /// What it holds, or owes.
    pub balance: Balance,
    /// How much of that is available, and why not everything.
    #[serde(flatten)]
    pub terms: TermsView,
    /// What may be done with it.
    pub state: AccountStatus,
    /// How many events of the account's own stream are in here.
    #[schema(value_type = StreamVersion)]
    pub version: Version,
    /// The newest [`RECENT`] transfers from or to it, the newest first.
    pub transfers: Vec<TransferView>,
    /// The newest [`RECENT`] changes of its balance, the newest first.
    pub changes: Vec<ChangeView>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When the last event of its own stream happened.
    pub updated_at: DateTime<Utc>,
}

/// An account's document as it is stored.
///
/// It may exist before the account does: a transfer can name an account that was never opened, and such an
/// account refuses the transfer by an event of its own stream. Such a document counts versions and collects
/// transfers, so that nothing is missing should the account be opened, but there is no [`AccountView`] of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountDocument {
    /// The account.
    pub id: AccountId,
    /// How many events of the account's own stream are in here.
    pub version: Version,
    /// The account as the events leave it, by the domain's own rules.
    pub account: Account,
    /// The newest transfers, the newest first, each with the version of its own stream.
    pub transfers: Vec<TransferView>,
    /// The newest changes, the newest first.
    pub changes: Vec<ChangeView>,
    /// When the last event of its own stream happened; `None` before the first.
    pub updated_at: Option<DateTime<Utc>>,
}

impl AccountDocument {
    /// The document of an account of which nothing is known.
    #[must_use]
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            version: Version::NONE,
            account: Account::default(),
            transfers: Vec::new(),
            changes: Vec::new(),
            updated_at: None,
        }
    }

    /// What a client sees; `None` while the account was not opened.
    #[must_use]
    pub fn view(&self) -> Option<AccountView> {
        let opened = self.account.opened()?;
        let updated_at = self.updated_at.unwrap_or(opened.opened_at);
        Some(AccountView {
            id: self.id,
            customer_id: opened.owner.clone(),
            title: opened.title.clone(),
            currency: opened.currency,
            balance: opened.balance,
            terms: TermsView::of(opened, updated_at),
            state: opened.status,
            version: self.version,
            transfers: self.transfers.clone(),
            changes: self.changes.clone(),
            opened_at: opened.opened_at,
            updated_at,
        })
    }
}

/// Folds the next event of the account's own stream into its document, and gives the row that it leaves.
pub fn fold_account(
    document: &mut AccountDocument,
    recorded: &RecordedEvent,
    event: &AccountEvent,
) -> Folded<Moment> {
    match guard(document.version, recorded.version) {
        Folded::Applied(()) => Folded::Applied(apply(document, recorded, event)),
        Folded::Seen => Folded::Seen,
        Folded::Gap { last_seen } => Folded::Gap { last_seen },
        Folded::Unfit(why) => Folded::Unfit(why),
    }
}

fn apply(document: &mut AccountDocument, recorded: &RecordedEvent, event: &AccountEvent) -> Moment {
    document.version = recorded.version;
    document.account = std::mem::take(&mut document.account).evolve(event);
    let mut moment = Moment::after(&document.account, recorded, event);
    // A command's time was taken before its turn came, so a later version may carry an earlier time. In the past as it
    // is read, time goes forward with the versions.
    moment.at = document.updated_at.map_or(moment.at, |before| before.max(moment.at));
    let terms = document.account.opened().map(|opened| TermsView::of(opened, moment.at));
    moment.terms = terms.filter(|terms| *terms != TermsView::plain(moment.balance));
    document.updated_at = Some(moment.at);
    for change in moment.changes() {
        document.changes.insert(0, change.clone());
        document.changes.truncate(RECENT);
    }
    moment
}

/// Puts a transfer into the document of one of its two accounts, and says whether that changed the document.
///
/// The order among the recent transfers never depends on the order of arrival: it is that of their creation,
/// and of their ids where two were created at once.
pub fn merge_transfer(document: &mut AccountDocument, transfer: &TransferView) -> bool {
    let transfers = &mut document.transfers;
    if let Some(known) = transfers.iter_mut().find(|known| known.transfer_id == transfer.transfer_id) {
        let is_newer = known.version < transfer.version;
        if is_newer {
            *known = transfer.clone();
        }
        return is_newer;
    }
    let place = transfers.partition_point(|known| known.order() > transfer.order());
    if place >= RECENT {
        return false;
    }
    transfers.insert(place, transfer.clone());
    transfers.truncate(RECENT);
    true
}
