//! What travels: a key, headers and a payload, at a place in a topic.

/// One message, before it has a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// For example `bank.account`.
    pub topic: String,
    /// The aggregate id as text: messages of one key keep their order.
    pub key: String,
    /// CloudEvents attributes in binary mode and trace context, in the order written.
    pub headers: Vec<(String, String)>,
    /// The event's payload as JSON.
    pub payload: Vec<u8>,
}

impl Message {
    /// The value of the header `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A place in a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The topic.
    pub topic: String,
    /// The partition, from 0.
    pub partition: i32,
    /// The offset within the partition, from 0.
    pub offset: i64,
}

/// A message with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it lies.
    pub position: Position,
    /// What it says.
    pub message: Message,
}
