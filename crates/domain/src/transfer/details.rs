//! What is to move, in every message about a transfer, so that nobody who reads one must look anything up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, BulkId, OrderId, TransferId};
use crate::money::Money;
use crate::text::{Actor, Memo};

/// What a transfer moves from where to where, for whom and until when. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TransferDetails {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The source: where the money is taken out.
    pub from_account_id: AccountId,
    /// The target: where the money goes.
    pub to_account_id: AccountId,
    /// How much of what.
    pub money: Money,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<Memo>,
    /// Who asked for it, and must therefore be allowed to take money from the source; without one the bank
    /// itself did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// No account debits or credits at this time or later.
    pub deadline: DateTime<Utc>,
    /// The completed transfer whose money this one moves back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversal_of: Option<TransferId>,
    /// The bulk transfer that it is a line of, which had the source debited before this transfer was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<BulkId>,
    /// The order that asked for it when it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}
