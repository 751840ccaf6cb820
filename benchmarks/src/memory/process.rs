//! What the kernel says about a process.

use anyhow::Context;
use serde::Serialize;

/// Its memory in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Memory {
    /// What of it is in memory now (`VmRSS`).
    pub resident_mib: f64,
    /// Without the pages of the program and other files (`RssAnon`).
    pub own_mib: f64,
    /// The most that was in memory at any time (`VmHWM`).
    pub peak_mib: f64,
}

impl Memory {
    /// That of a process that runs.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn of(process_id: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{process_id}/status");
        let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Self::read(&status).with_context(|| format!("{path} does not say how much memory it needs"))
    }

    fn read(status: &str) -> Option<Self> {
        let field = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            let kib: f64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kib / 1024.0)
        };
        Some(Self { resident_mib: field("VmRSS")?, own_mib: field("RssAnon")?, peak_mib: field("VmHWM")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_counts_in_kib() {
        let status = "Name:\tbank\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nRssAnon:\t    5120 kB\n";
        let memory = Memory { resident_mib: 10.0, own_mib: 5.0, peak_mib: 20.0 };
        assert_eq!(Memory::read(status), Some(memory));
        assert_eq!(Memory::read("VmRSS:\tmuch\n"), None);
        assert!(Memory::of(std::process::id()).is_ok_and(|memory| memory.resident_mib > 0.0));
    }
}
