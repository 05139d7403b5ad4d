//! The options of a keyspace, and the text in the manifest that keeps them.

use crate::{Error, Result, table::Compression};

/// Where a keyspace keeps its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Values that take at least `from` bytes there, compressed or not, stay in the log, which becomes the value log; tables point there. Written once:
    /// the least write amplification, and the fastest writes and point reads.
    Separated {
        /// Smaller values are stored in the tables.
        from: usize,
    },
    /// All values are stored in the tables, and rewritten by each compaction: the classic layout. For scans over data
    /// that is much larger than memory, and for space within a few percent of the data.
    Leveled,
}

/// Settings of a keyspace, stored in the manifest when it is created.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyspaceOptions {
    /// Where values are kept. Default: separated from 48 bytes.
    pub layout: Layout,
    /// Compression of table blocks. Default none, so that blocks are read in place; in [`leveled`](Self::leveled) lz4, with the
    /// feature `lz4`: there blocks hold the values.
    pub compression: Compression,
    /// Compression, one by one, of values that are kept in the log: done once, by the thread that writes, before the value
    /// goes into the log. Default lz4, none without the feature `lz4`, none in [`leveled`](Self::leveled). A value that
    /// does not shrink is stored as it is.
    pub value_compression: Compression,
    /// Target size of a data block before compression. Default 4 KiB.
    pub block_bytes: usize,
    /// Filter bits a key on the largest level; smaller levels get more (Monkey). 0 for no filters. Default 10.
    pub filter_bits_per_key: f32,
    /// Tables on level 0 that start a compaction. Default 4. Every flush adds one. If compactions fall behind, writers are slowed
    /// from 2.5 times as many on, down to some 50 MB/s at 5 times and less behind that; at 16 times as many they wait, and if
    /// the compaction fails they get its error.
    pub level0_tables: usize,
    /// Bytes of tables on level 1. Default 64 MiB separated, 256 MiB leveled.
    pub level1_bytes: u64,
    /// How many times larger each level is than the one above. Default 10.
    pub level_ratio: u32,
    /// Target size of a table, each of which takes a file descriptor and a mapping while it lives. Default 32 MiB.
    pub table_bytes: u64,
}

impl Default for KeyspaceOptions {
    fn default() -> Self {
        Self {
            layout: Layout::Separated { from: 48 },
            compression: Compression::None,
            value_compression: if cfg!(feature = "lz4") {
                Compression::Lz4
            } else {
                Compression::None
            },
            block_bytes: 4096,
            filter_bits_per_key: 10.0,
            level0_tables: 4,
            level1_bytes: 64 << 20,
            level_ratio: 10,
            table_bytes: 32 << 20,
        }
    }
}

impl KeyspaceOptions {
    /// The classic layout: values in the tables.
    #[must_use]
    pub fn leveled() -> Self {
        Self {
            layout: Layout::Leveled,
            compression: Self::default().value_compression,
            value_compression: Compression::None,
            level1_bytes: 256 << 20,
            ..Self::default()
        }
    }

    /// Checks that the options make sense together.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] names the first that does not.
    pub fn validate(&self) -> Result<()> {
        let bad = |option: &'static str, found: String| Err(Error::InvalidOption { option, found });
        if !(256..=1 << 20).contains(&self.block_bytes) {
            return bad("block_bytes", format!("{}; allowed: 256 B to 1 MiB", self.block_bytes));
        }
        if !(0.0..=32.0).contains(&self.filter_bits_per_key) {
            return bad(
                "filter_bits_per_key",
                format!("{}; allowed: 0 to 32", self.filter_bits_per_key),
            );
        }
        if !(1..=64).contains(&self.level0_tables) {
            return bad("level0_tables", format!("{}; allowed: 1 to 64", self.level0_tables));
        }
        if !(2..=100).contains(&self.level_ratio) {
            return bad("level_ratio", format!("{}; allowed: 2 to 100", self.level_ratio));
        }
        for (option, bytes) in
            [("table_bytes", self.table_bytes), ("level1_bytes", self.level1_bytes)]
        {
            if bytes < 4096 {
                return bad(option, format!("{bytes}; allowed: 4 KiB and more"));
            }
        }
        self.value_compression.check()?;
        self.compression.check()
    }

    /// As the manifest stores them: `key=value` lines.
    pub(crate) fn to_text(&self) -> String {
        let layout = match self.layout {
            Layout::Separated { from } => format!("separated {from}"),
            Layout::Leveled => "leveled".to_owned(),
        };
        let compression = self.compression.to_text();
        let value_compression = self.value_compression.to_text();
        format!(
            "layout={layout}\ncompression={compression}\nvalue_compression={value_compression}\nblock_bytes={}\nfilter_bits_per_key={}\nlevel0_tables={}\n\
             level1_bytes={}\nlevel_ratio={}\ntable_bytes={}\n",
            self.block_bytes,
            self.filter_bits_per_key,
            self.level0_tables,
            self.level1_bytes,
            self.level_ratio,
            self.table_bytes
        )
    }

    /// The reverse of [`to_text`](Self::to_text); keys that this build does not know are skipped.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut options = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once('=')?;
            match key {
                "layout" => {
                    options.layout = match value.split_once(' ') {
                        Some(("separated", from)) => Layout::Separated { from: from.parse().ok()? },
                        None if value == "leveled" => Layout::Leveled,
                        _ => return None,
                    }
                }
                "compression" => options.compression = Compression::from_text(value)?,
                "value_compression" => options.value_compression = Compression::from_text(value)?,
                "block_bytes" => options.block_bytes = value.parse().ok()?,
                "filter_bits_per_key" => options.filter_bits_per_key = value.parse().ok()?,
                "level0_tables" => options.level0_tables = value.parse().ok()?,
                "level1_bytes" => options.level1_bytes = value.parse().ok()?,
                "level_ratio" => options.level_ratio = value.parse().ok()?,
                "table_bytes" => options.table_bytes = value.parse().ok()?,
                _ => {}
            }
        }
        Some(options)
    }

    /// The cargo feature that this build would need to read the keyspace; `None` if it can.
    pub(crate) fn missing_codec(&self) -> Option<&'static str> {
        self.compression.missing_codec().or_else(|| self.value_compression.missing_codec())
    }

    /// Bytes that level `level` (1 and deeper) may hold before it is compacted into the next.
    pub(crate) fn level_bytes(&self, level: usize) -> u64 {
        let steps = u32::try_from(level.saturating_sub(1)).unwrap_or(u32::MAX);
        self.level1_bytes.saturating_mul(u64::from(self.level_ratio).saturating_pow(steps))
    }

    /// Filter bits a key for a table on `level` when the deepest level in use is `deepest`.
    ///
    /// Monkey (Dayan, Athanassoulis, Idreos 2017): false-positive rates proportional to the levels' sizes minimise
    /// their sum for a given memory; a level `ratio` times smaller gets `log2(ratio) / ln 2` bits a key more. Capped at
    /// 20: a blocked filter gains nothing beyond.
    pub(crate) fn filter_bits(&self, level: usize, deepest: usize) -> f32 {
        if self.filter_bits_per_key == 0.0 {
            return 0.0;
        }
        #[allow(clippy::cast_precision_loss)]
        let steps = deepest.saturating_sub(level.max(1)) as f32;
        let step = (self.level_ratio as f32).log2() / std::f32::consts::LN_2;
        (self.filter_bits_per_key + steps * step).min(20.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyspace_options_survive_the_manifest() {
        for options in [
            KeyspaceOptions::default(),
            KeyspaceOptions { compression: Compression::Zstd(-3), ..KeyspaceOptions::leveled() },
            KeyspaceOptions {
                compression: Compression::Lz4,
                value_compression: Compression::Zstd(3),
                filter_bits_per_key: 12.5,
                ..Default::default()
            },
        ] {
            assert_eq!(KeyspaceOptions::from_text(&options.to_text()), Some(options));
        }
        assert_eq!(KeyspaceOptions::from_text("future=1\n"), Some(KeyspaceOptions::default()));
        assert_eq!(KeyspaceOptions::from_text("layout=circular\n"), None);
    }

    /// Another program that reads the files has to know them.
    #[test]
    fn every_key_of_the_text_is_in_the_description_of_the_format() {
        let format = include_str!("../../FORMAT.md");
        for line in KeyspaceOptions::default().to_text().lines() {
            let (key, _) = line.split_once('=').unwrap();
            assert!(format.contains(&format!("\n| `{key}` | ")), "{key}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let error =
            KeyspaceOptions { level_ratio: 1, ..Default::default() }.validate().unwrap_err();
        assert!(error.to_string().contains("level_ratio"), "{error}");
    }

    #[test]
    fn smaller_levels_get_more_filter_bits() {
        let options = KeyspaceOptions::default();
        assert!(options.filter_bits(1, 3) > options.filter_bits(2, 3));
        assert_eq!(options.filter_bits(3, 3), 10.0);
        assert_eq!(options.filter_bits(0, 1), options.filter_bits(1, 1));
    }
}
