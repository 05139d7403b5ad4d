//! Waiting for what comes by itself, and no longer than told.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is an answer. `look` says why there is none yet, the last such reason is that of the error; or that there will be none.
///
/// # Errors
/// [`Error::Broker`] when `wait` is over; an error of `look` at once.
pub(super) fn until<T>(
    what: &str,
    wait: Duration,
    mut look: impl FnMut() -> Result<std::result::Result<T, String>>,
) -> Result<T> {
    let began = Instant::now();
    loop {
        let why = match look()? {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        if began.elapsed() >= wait {
            let why = format!("not within {wait:?}: {why}");
            return Err(Error::Broker { what: what.to_owned(), why });
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn the_last_reason_is_told() {
        let mut looks = 0;
        let error = until("a sign", Duration::from_millis(1), || {
            looks += 1;
            Ok(Err::<(), _>(format!("look {looks}")))
        })
        .unwrap_err();
        assert!(looks >= 2);
        assert!(error.to_string().ends_with(&format!("look {looks}")), "{error}");
    }
}
