//! What one entry says.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::Hash;

/// One decision on access or money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// Who asked, as in events: a customer's id or `operator:NAME`; none who did not sign in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<String>,
    /// What was asked for: the method and the route.
    pub action: String,
    /// On what: the path, of what was made when something was.
    pub resource: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The problem's code, when it was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// The request, as events and the logs of the services know it.
    pub request_id: Uuid,
    /// The business process that it belongs to.
    pub correlation_id: Uuid,
}

/// A decision in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1, 2, 3, without a gap.
    pub sequence: i64,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Over this entry and the hash before it.
    pub hash: Hash,
}
