//! Opening a table: the footer, the mapping, and what is held in memory of it from then on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU8},
};

use super::{Checked, ReadMode, Table};
use crate::{
    Error, Result, TableId,
    fs::{Advice, File},
    table::{
        cache::BlockCache,
        counters::FilterCounters,
        footer::{self, Footer},
        index::TopIndex,
        properties::{Properties, PropertiesFailure},
        value::MappedFile,
    },
};

/// The footer, and where it is.
fn read_footer(file: &dyn File, path: &Path) -> Result<(Footer, u64)> {
    let file_len = file.len().map_err(|error| Error::io("measure", path, error))?;
    let Some(footer_at) = file_len.checked_sub(footer::LEN as u64) else {
        let found = format!("a file of {file_len} bytes, shorter than a table's footer");
        return Err(Error::corruption(path, 0, found));
    };
    let mut bytes = [0; footer::LEN];
    file.read_exact_at(&mut bytes, footer_at).map_err(|error| Error::io("read", path, error))?;
    Ok((Footer::decode(&bytes, path, footer_at)?, footer_at))
}

impl Table {
    /// Which table of which database a file says that it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn identity(file: &dyn File, path: &Path) -> Result<(TableId, u64)> {
        let (footer, _) = read_footer(file, path)?;
        Ok((footer.table, footer.database))
    }

    /// Opens a finished table. Reads the footer, the properties and the top index: 3 reads, or a mapping and the page faults.
    ///
    /// `cache` holds what is not read in place; without one, such blocks are read anew each time.
    ///
    /// # Errors
    /// [`Error::Corruption`] for what is no table, not this table, or damaged in what is read; [`Error::NewerFormat`];
    /// [`Error::Io`].
    pub fn open(
        file: Arc<dyn File>,
        path: impl Into<PathBuf>,
        id: TableId,
        database_id: u64,
        cache: Option<Arc<BlockCache>>,
        mode: ReadMode,
    ) -> Result<Self> {
        let path = path.into();
        let (footer, footer_at) = read_footer(&*file, &path)?;
        let file_len = footer_at + footer::LEN as u64;
        if footer.table != id || footer.database != database_id {
            return Err(Error::corruption(
                path,
                footer_at,
                format!(
                    "table {} of database {:016x}; expected table {} of database {database_id:016x}",
                    footer.table.0, footer.database, id.0
                ),
            ));
        }
        let mapped = match (mode, usize::try_from(file_len)) {
            (ReadMode::Mapped, Ok(len)) => match file.map(len, false) {
                Ok(mapping) if mapping.len() == len => {
                    mapping.advise(0, len, Advice::Random);
                    Some(Arc::new(MappedFile::new(mapping)))
                }
                Ok(_) => None,
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => None,
                Err(error) => return Err(Error::io("map", path, error)),
            },
            _ => None,
        };
        let mut table = Self {
            path,
            id,
            database_id,
            file,
            file_len,
            mapped,
            cache,
            properties: Properties::default(),
            top: TopIndex::default(),
            checked: Box::default(),
            counters: FilterCounters::default(),
            cold: AtomicU8::new(0),
            footer,
        };
        table.read_description()?;
        Ok(table)
    }

    fn read_description(&mut self) -> Result<()> {
        let footer = self.footer;
        let contents = self.read_block(footer.properties)?;
        self.properties = match Properties::decode(&contents) {
            Ok(properties) => properties,
            Err(PropertiesFailure::Damaged(found)) => {
                return Err(self.damage(footer.properties.offset, found));
            }
            // The footer's version covers the layout; a property with an odd tag is how a later version says that this one
            // is not enough.
            Err(PropertiesFailure::Newer) => {
                return Err(Error::NewerFormat {
                    path: self.path.clone(),
                    found: footer::VERSION + 1,
                    supported: footer::VERSION,
                });
            }
        };
        let contents = self.read_block(footer.top)?;
        let at = footer.top.offset;
        self.top = TopIndex::decode(&contents, self.file_len - footer::LEN as u64)
            .map_err(|found| self.damage(at, found))?;
        let total = self.top.entries().iter().try_fold(0_u64, |sum, p| sum.checked_add(p.entries));
        if total != Some(self.properties.entries) {
            return Err(self.damage(
                at,
                format!(
                    "a top index over {total:?} entries; the properties say {}",
                    self.properties.entries
                )
                .into(),
            ));
        }
        if self.top.separator(self.top.len() - 1) < &self.properties.largest_key[..] {
            return Err(self.damage(at, "a top index that ends below the largest key".into()));
        }
        self.checked = self.top.entries().iter().map(|_| Checked::default()).collect();
        Ok(())
    }
}
