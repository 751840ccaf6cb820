//! Where the brokers are and how topics are made.

use std::str::FromStr;
use std::time::Duration;

use crate::bus::BusError;

/// How to reach Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// The partitions of a topic that is made.
    pub partitions: u16,
    /// The replicas of a topic that is made; with three or more a write needs two of them.
    pub replication: u16,
    /// Put before every topic and group, so that several banks can share a cluster; usually empty.
    pub prefix: String,
    /// How long a publication may take before it is given up and tried again from the outbox.
    pub publish_timeout: Duration,
    /// How long a rebalance waits for the work under way before partitions are let go all the same.
    pub drain_timeout: Duration,
}

impl KafkaSettings {
    /// The usual settings for these brokers.
    #[must_use]
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            partitions: 8,
            replication: 1,
            prefix: String::new(),
            publish_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(25),
        }
    }
}

impl FromStr for KafkaSettings {
    type Err = BusError;

    fn from_str(url: &str) -> Result<Self, BusError> {
        let invalid = |what: &str| {
            let form = "kafka://host:port[,host:port]?partitions=8&replication=1&prefix=name.";
            BusError::Failed(format!("{url}: {what}; expected {form}"))
        };
        let rest = url.strip_prefix("kafka://").ok_or_else(|| invalid("not a Kafka URL"))?;
        let (brokers, query) = rest.split_once('?').unwrap_or((rest, ""));
        let brokers = brokers.trim_end_matches('/');
        if brokers.is_empty() {
            return Err(invalid("no broker"));
        }
        let mut settings = Self::new(brokers);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let number = || value.parse().ok().filter(|number| *number > 0).ok_or_else(|| invalid(parameter));
            match name {
                "partitions" => settings.partitions = number()?,
                "prefix" => settings.prefix = value.to_owned(),
                "replication" => settings.replication = number()?,
                _ => return Err(invalid(parameter)),
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_brokers_partitions_and_replication() {
        let settings: KafkaSettings = "kafka://a:1,b:2?partitions=3&replication=2".parse().expect("a URL");
        assert_eq!(
            settings,
            KafkaSettings { partitions: 3, replication: 2, ..KafkaSettings::new("a:1,b:2") }
        );
        let settings: KafkaSettings = "kafka://a:1".parse().expect("a URL");
        assert_eq!(settings, KafkaSettings::new("a:1"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for url in ["http://a:1", "kafka://", "kafka://a:1?partitions=0", "kafka://a:1?acks=none"] {
            assert!(url.parse::<KafkaSettings>().is_err(), "{url}");
        }
    }
}
