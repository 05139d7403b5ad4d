//! What a cluster is to be like.

use std::fmt::Write as _;

/// What a cluster is to be like. The default is a server as PostgreSQL ships it.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The name of its superuser. Whoever can open the socket is let in as it.
    pub superuser: &'a str,
    /// What `initdb` is told besides: `--data-checksums`. Its encoding is UTF-8, its locale C.
    pub initdb: &'a [&'a str],
    /// Lines of `postgresql.conf`, a name and a value each, behind those that `initdb` writes; the last of a name counts.
    pub settings: &'a [(&'a str, &'a str)],
    /// Which databases there are besides `postgres`.
    pub databases: &'a [&'a str],
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { superuser: "postgres", initdb: &[], settings: &[], databases: &[] }
    }
}

impl Setup<'_> {
    /// The lines. Every value is quoted, which numbers and sizes may be.
    pub(crate) fn configuration(&self) -> String {
        let mut lines = "\n# What the cluster was asked to be like.\n".to_owned();
        for (name, value) in self.settings {
            let value = value.replace('\\', r"\\").replace('\'', "''").replace('\n', r"\n");
            // Writing to a string does not fail.
            let _ = writeln!(lines, "{name} = '{value}'");
        }
        lines
    }

    /// What makes the databases: a statement a line, each of which stands alone.
    pub(crate) fn statements(&self) -> String {
        let statement =
            |name: &&str| format!("CREATE DATABASE \"{}\"\n", name.replace('"', "\"\""));
        self.databases.iter().map(statement).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_lines_that_say_what_was_asked() {
        let settings = &[
            ("fsync", "on"),
            ("max_wal_size", "4GB"),
            ("search_path", r"it's \ here"),
            ("fsync", "off"),
        ];
        let lines = Setup { settings, ..Setup::default() }.configuration();
        let lines: Vec<&str> = lines.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "fsync = 'on'",
                "max_wal_size = '4GB'",
                r"search_path = 'it''s \\ here'",
                "fsync = 'off'"
            ]
        );
    }

    #[test]
    fn names_of_databases_are_quoted() {
        let setup = Setup { databases: &["shop", "a \"b\""], ..Setup::default() };
        assert_eq!(
            setup.statements(),
            "CREATE DATABASE \"shop\"\nCREATE DATABASE \"a \"\"b\"\"\"\n"
        );
    }
}
