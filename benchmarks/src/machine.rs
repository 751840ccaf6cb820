//! What a figure was measured on, without which it means nothing.

use std::fs;

use serde::Serialize;

/// One thing to know about where a run took place.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fact {
    /// What it is about.
    pub name: String,
    /// What there is to know.
    pub value: String,
}

impl Fact {
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }
}

/// The processor, the memory and the kernel; "unknown" where the system does not say.
pub(crate) fn facts() -> Vec<Fact> {
    let cores = std::thread::available_parallelism().map_or("unknown".to_owned(), |cores| cores.to_string());
    vec![
        Fact::new("processor", field("/proc/cpuinfo", "model name")),
        Fact::new("cores", cores),
        Fact::new("memory", memory()),
        Fact::new("kernel", text("/proc/sys/kernel/osrelease")),
    ]
}

/// The command that repeats this run. A password in a URL is left out.
pub(crate) fn repeat() -> String {
    let arguments: Vec<_> =
        std::env::args().skip(1).map(|argument| quoted(&without_password(&argument))).collect();
    format!("cargo run --release --manifest-path benchmarks/Cargo.toml -- {}", arguments.join(" "))
}

fn memory() -> String {
    let total = field("/proc/meminfo", "MemTotal");
    let kib = total.strip_suffix(" kB").and_then(|kib| kib.parse::<f64>().ok());
    kib.map_or(total.clone(), |kib| format!("{:.1} GiB", kib / f64::from(1 << 20)))
}

fn text(path: &str) -> String {
    fs::read_to_string(path).map_or("unknown".to_owned(), |text| text.trim().to_owned())
}

fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn without_password(argument: &str) -> String {
    let parts = argument.split_once("://").and_then(|(scheme, rest)| {
        let (login, place) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:PASSWORD@{place}"))
    });
    parts.unwrap_or_else(|| argument.to_owned())
}

fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,/:@".contains(c);
    if argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_repeated() {
        assert_eq!(
            without_password("--postgres=postgres://a:b@c:1/d"),
            "--postgres=postgres://a:PASSWORD@c:1/d"
        );
        assert_eq!(without_password("--seconds=4"), "--seconds=4");
    }

    #[test]
    fn an_argument_comes_back_through_the_shell() {
        assert_eq!(quoted("64,hot"), "64,hot");
        assert_eq!(quoted("a b's"), r"'a b'\''s'");
    }
}
