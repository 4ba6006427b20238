//! What time it is for a server of this machine.
//!
//! Time in a data folder never goes back: what a hurried server has written lies in the future of the wall's clock, and would be
//! there for hours. So the folder keeps how far its time has come, and its next server goes on from there. A token is minted by the
//! time of the server that it is for, which is told beside the secret that signs it.

use model::time::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use web::clock::{self, Clock};

use crate::folder::{CLOCK_FILE, DataFolder, replace};
use crate::{LocalError, keys};

/// How often it is written down how far the time has come.
const TICK: Duration = Duration::from_secs(1);

/// Ticks for which the time is written down ahead, so that a server that was killed has not been further.
const TICKS_AHEAD: i64 = 2;

/// The clock of a server.
pub struct LocalClock {
    clock: Clock,
    rate: u32,
    /// How far the time of a data folder has come.
    kept: Option<PathBuf>,
    /// For those who mint tokens; nothing where the wall's clock is right for them.
    told: Option<PathBuf>,
}

impl LocalClock {
    /// Starts a clock that goes so many times as fast as the wall's: from now on, or from where the time of a folder has come to.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn start(folder: Option<&DataFolder>, rate: u32) -> Result<Self, LocalError> {
        Self::start_and_tell(folder, rate, keys::clock_file(), clock::now())
    }

    fn start_and_tell(
        folder: Option<&DataFolder>,
        rate: u32,
        told: PathBuf,
        now: Timestamp,
    ) -> Result<Self, LocalError> {
        let kept = folder.map(|folder| folder.path().join(CLOCK_FILE));
        let begin = kept.as_deref().map(read).transpose()?.flatten().map_or(now, |kept| kept.max(now));
        if rate == 1 && begin == now {
            if let Some(file) = &kept {
                write_time(file, now)?;
            }
            // What an earlier server has told holds for none that is running.
            let _ = fs::remove_file(&told);
            return Ok(Self { clock: clock::system(), rate, kept: None, told: None });
        }
        let text =
            json!({"wall": now.unix_millis(), "server": begin.unix_millis(), "rate": rate}).to_string();
        if let Some(folder) = told.parent() {
            keys::private_folder(folder).map_err(LocalError::of(folder.display()))?;
        }
        replace(&told, &text).map_err(LocalError::of(told.display()))?;
        let this = Self { clock: clock::at_rate(begin, rate), rate, kept, told: Some(told) };
        this.write(TICKS_AHEAD)?;
        Ok(this)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::clone(&self.clock)
    }

    /// Writes down how far the time has come, for as long as the program runs.
    pub async fn keep(&self) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Err(error) = self.write(TICKS_AHEAD) {
                tracing::error!(%error, "the time cannot be kept");
            }
        }
    }

    /// The same at the end, to the millisecond.
    ///
    /// # Errors
    /// The file system's.
    pub fn stop(&self) -> Result<(), LocalError> {
        if let Some(told) = &self.told {
            let _ = fs::remove_file(told);
        }
        self.write(0)
    }

    fn write(&self, ticks_ahead: i64) -> Result<(), LocalError> {
        let Some(file) = &self.kept else { return Ok(()) };
        write_time(file, (self.clock)().plus_seconds(ticks_ahead * i64::from(self.rate)))
    }
}

fn write_time(file: &Path, time: Timestamp) -> Result<(), LocalError> {
    replace(file, &time.unix_millis().to_string()).map_err(LocalError::of(file.display()))
}

/// How far the time of a folder has come; nothing where it is the wall's.
fn read(file: &Path) -> Result<Option<Timestamp>, LocalError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LocalError::of(file.display())(error)),
    };
    let millis = text.trim().parse().ok().filter(|millis| *millis > 0);
    let time = millis.and_then(|millis| Timestamp::from_unix_millis(millis).ok());
    let fault = || {
        LocalError::new(format!(
            "{} does not hold a time in milliseconds since 1970. Put the file back, or choose another folder with --data DIR",
            file.display()
        ))
    };
    time.ok_or_else(fault).map(Some)
}

/// The time of the server that was started last on this machine, and how many times as fast as the wall's it goes.
#[must_use]
pub fn of_server() -> (Timestamp, u32) {
    told_by(&keys::clock_file(), clock::now())
}

fn told_by(file: &Path, now: Timestamp) -> (Timestamp, u32) {
    let told = || {
        let told: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
        let number = |name: &str| told.get(name)?.as_i64();
        let (wall, server, rate) = (number("wall")?, number("server")?, number("rate")?);
        let since = now.unix_millis().saturating_sub(wall).max(0).saturating_mul(rate);
        let time = Timestamp::from_unix_millis(server.saturating_add(since)).unwrap_or(Timestamp::MAX);
        Some((time, u32::try_from(rate).ok()?))
    };
    told().unwrap_or((now, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    #[test]
    fn time_in_a_folder_never_goes_back() {
        let temporary = tempfile::tempdir().unwrap();
        let told = temporary.path().join("told/clock");
        let folder = DataFolder::take(&temporary.path().join("data")).unwrap();
        let start =
            |rate, now| LocalClock::start_and_tell(Some(&folder), rate, told.clone(), at(now)).unwrap();
        let plain = start(1, 1000);
        assert!(!told.exists() && plain.kept.is_none());
        let hurried = start(3600, 1000);
        let time = (hurried.clock)().unix_millis();
        assert!((1000..1000 + 3_600_000).contains(&time), "{time}");
        // It was killed: what it may have written is not in the future of the next one.
        drop(hurried);
        let next = start(1, 2000);
        assert!((next.clock)().unix_millis() >= 1000 + 2 * 3_600_000);
        next.stop().unwrap();
        assert!(!told.exists());
        // The wall's clock has come as far: it counts again.
        let later = start(1, 1_000_000_000);
        assert!(later.kept.is_none());
        fs::write(folder.path().join("clock"), "soon").unwrap();
        let fault = LocalClock::start_and_tell(Some(&folder), 1, told.clone(), at(1)).err().unwrap();
        assert!(fault.to_string().contains("does not hold a time"), "{fault}");
    }

    #[test]
    fn a_token_is_minted_by_the_time_of_the_last_server() {
        let temporary = tempfile::tempdir().unwrap();
        let told = temporary.path().join("clock");
        assert_eq!(told_by(&told, at(5)), (at(5), 1));
        let clock = LocalClock::start_and_tell(None, 60, told.clone(), at(1000)).unwrap();
        assert_eq!(told_by(&told, at(3000)), (at(1000 + 2000 * 60), 60));
        assert_eq!(told_by(&told, at(0)), (at(1000), 60), "a wall's clock that went back");
        clock.stop().unwrap();
        assert_eq!(told_by(&told, at(5)), (at(5), 1));
        fs::write(&told, "{}").unwrap();
        assert_eq!(told_by(&told, at(5)), (at(5), 1));
    }
}
