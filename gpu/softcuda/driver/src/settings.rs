//! What the environment or the program says before the first call.

use softcuda::sanitize::{Checks, VARIABLE};
use std::sync::{Mutex, PoisonError};

/// Who runs the kernels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A real driver where there is one with a device, else softcuda.
    #[default]
    Auto,
    /// Softcuda, whatever is there.
    Force,
    /// A real driver; without one there is no device.
    Never,
}

/// What the driver is to be. What is `None` is taken from the environment, else the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `SOFTCUDA`: `auto`, `force` or `never`.
    pub mode: Option<Mode>,
    /// `SOFTCUDA_DEVICES`: number of soft devices, 1 to 64; by default 1.
    pub devices: Option<u32>,
    /// `SOFTCUDA_MEMORY`: bytes of each, as a number with or without `k`, `m`, `g` (of 1024); by default 4 GiB. The host's memory is
    /// only taken for what is written to.
    pub memory: Option<u64>,
    /// `SOFTCUDA_WORKERS`: threads that run a kernel's blocks; by default as many as cores.
    pub workers: Option<u32>,
    /// `SOFTCUDA_STEP_LIMIT`: warp instructions after which a launch is stopped; by default 2^40.
    pub step_limit: Option<u64>,
    /// `SOFTCUDA_CHECK`: what launches are checked for, as [`softcuda::sanitize`] has it: `none` (the default), `all`, or a list of names
    /// with commas. What is found is printed to standard error and counted; no call fails of it.
    pub checks: Option<Checks>,
    /// `SOFTCUDA_PROFILE`: `1` prints what the launches of each kernel did to standard error when the process ends; by default `0`.
    pub profile: Option<bool>,
    /// `SOFTCUDA_VERBOSE`: `1` prints each error with its details to standard error; by default `0`, but with checks `1`.
    pub verbose: Option<bool>,
    /// `SOFTCUDA_LIBCUDA`: path of the real driver; by default `libcuda.so.1` where the loader finds it, and in the places where
    /// distributions put it.
    pub library: Option<String>,
}

/// The first call has been made already: what the driver is cannot change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyDecided;

impl std::fmt::Display for AlreadyDecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the driver has been called already: configure it before the first call")
    }
}

impl std::error::Error for AlreadyDecided {}

static GIVEN: Mutex<Option<Settings>> = Mutex::new(None);

/// Says what the driver is to be, over the environment. Only before the first call of the process.
///
/// # Errors
/// When a function of the driver has been called.
pub fn configure(settings: Settings) -> Result<(), AlreadyDecided> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    if crate::handover::decided() {
        return Err(AlreadyDecided);
    }
    *given = Some(settings);
    Ok(())
}

impl Settings {
    /// What [`configure`] was told, filled up from the environment.
    pub(crate) fn gather() -> Result<Self, String> {
        let given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        given.unwrap_or_default().fill(|name| std::env::var(name).ok())
    }

    /// Fills what is missing from variables.
    fn fill(mut self, get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        /// The value of a variable that is set and not empty.
        fn read<T>(
            into: &mut Option<T>,
            name: &str,
            text: Option<String>,
            allowed: &str,
            parse: impl Fn(&str) -> Option<T>,
        ) -> Result<(), String> {
            let Some(text) = text.filter(|text| into.is_none() && !text.is_empty()) else {
                return Ok(());
            };
            *into =
                Some(parse(&text).ok_or_else(|| format!("{name}={text}: it must be {allowed}"))?);
            Ok(())
        }
        let count = |text: &str, most: u64| text.parse().ok().filter(|n| (1..=most).contains(n));
        read(&mut self.mode, "SOFTCUDA", get("SOFTCUDA"), "auto, force or never", mode)?;
        read(
            &mut self.devices,
            "SOFTCUDA_DEVICES",
            get("SOFTCUDA_DEVICES"),
            "a number from 1 to 64",
            |text| count(text, 64).map(|n| n as u32),
        )?;
        read(
            &mut self.memory,
            "SOFTCUDA_MEMORY",
            get("SOFTCUDA_MEMORY"),
            "a number of bytes up to 8192g, such as 512m or 4g",
            bytes,
        )?;
        read(
            &mut self.workers,
            "SOFTCUDA_WORKERS",
            get("SOFTCUDA_WORKERS"),
            "a number from 1 to 1024",
            |text| count(text, 1024).map(|n| n as u32),
        )?;
        read(
            &mut self.step_limit,
            "SOFTCUDA_STEP_LIMIT",
            get("SOFTCUDA_STEP_LIMIT"),
            "a number of warp instructions, 1 or more",
            |text| count(text, u64::MAX),
        )?;
        if self.checks.is_none()
            && let Some(text) = get(VARIABLE)
        {
            let checks = text.parse().map_err(|error| format!("{VARIABLE}={text}: {error}"))?;
            self.checks = Some(checks);
        }
        read(&mut self.profile, "SOFTCUDA_PROFILE", get("SOFTCUDA_PROFILE"), "0 or 1", flag)?;
        read(&mut self.verbose, "SOFTCUDA_VERBOSE", get("SOFTCUDA_VERBOSE"), "0 or 1", flag)?;
        read(&mut self.library, "SOFTCUDA_LIBCUDA", get("SOFTCUDA_LIBCUDA"), "a path", |text| {
            Some(text.to_owned())
        })?;
        Ok(self)
    }
}

fn mode(text: &str) -> Option<Mode> {
    match text {
        "auto" => Some(Mode::Auto),
        "force" => Some(Mode::Force),
        "never" => Some(Mode::Never),
        _ => None,
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Heaps of devices lie 16 TiB apart.
const MOST_MEMORY: u64 = 8 << 40;

fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        b'g' | b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(1 << shift).filter(|n| (1..=MOST_MEMORY).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::default().fill(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_read() {
        let settings = of(&[
            ("SOFTCUDA", "force"),
            ("SOFTCUDA_DEVICES", "8"),
            ("SOFTCUDA_MEMORY", "512m"),
            ("SOFTCUDA_VERBOSE", "1"),
            ("SOFTCUDA_LIBCUDA", ""),
            ("SOFTCUDA_CHECK", "races,barriers"),
        ]);
        let expected = Settings {
            mode: Some(Mode::Force),
            devices: Some(8),
            memory: Some(512 << 20),
            verbose: Some(true),
            checks: Some(Checks { races: true, barriers: true, ..Checks::NONE }),
            ..Settings::default()
        };
        assert_eq!(settings, Ok(expected));
        assert_eq!(bytes("4g"), Some(4 << 30));
        assert_eq!(bytes("10"), Some(10));
    }

    #[test]
    fn what_was_given_counts_more() {
        let given = Settings { devices: Some(2), ..Settings::default() };
        let filled = given.fill(|name| (name == "SOFTCUDA_DEVICES").then(|| "5".to_owned()));
        assert_eq!(filled.unwrap().devices, Some(2));
    }

    #[test]
    fn wrong_values_are_named() {
        for (name, value) in [
            ("SOFTCUDA", "yes"),
            ("SOFTCUDA_DEVICES", "0"),
            ("SOFTCUDA_DEVICES", "65"),
            ("SOFTCUDA_MEMORY", "g"),
            ("SOFTCUDA_MEMORY", "99999999999g"),
            ("SOFTCUDA_MEMORY", "9000g"),
            ("SOFTCUDA_WORKERS", "-1"),
            ("SOFTCUDA_STEP_LIMIT", "0"),
            ("SOFTCUDA_VERBOSE", "yes"),
        ] {
            let message = of(&[(name, value)]).unwrap_err();
            assert!(message.starts_with(&format!("{name}={value}: it must be ")), "{message}");
        }
        let message = of(&[("SOFTCUDA_CHECK", "races,frees")]).unwrap_err();
        assert!(
            message.starts_with("SOFTCUDA_CHECK=races,frees: `frees` is no check"),
            "{message}"
        );
    }
}
