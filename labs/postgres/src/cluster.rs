//! Making a cluster, and asking it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::directory::Directory;
use crate::server::Server;
use crate::user::User;
use crate::{Error, Programs, Setup};

/// A running cluster. Dropping it stops its server, waits until that has ended, and removes its files; connections are cut.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: the files go when nobody writes them any more.
    _server: Server,
    directory: Directory,
    programs: Programs,
    user: User,
    superuser: String,
    version: String,
}

impl Cluster {
    /// The port in the name of its socket. Nothing listens on it.
    pub const PORT: u16 = 5432;

    /// Makes a cluster in `directory`, which must not be there yet (those above it are made), starts its server, and returns when that takes connections: a second
    /// or two, most of it for `initdb`. If this is root, the server is run by the user `postgres`, who must be able to enter the directories above.
    ///
    /// # Errors
    /// [`Error::Occupied`], [`Error::LongPath`] and [`Error::NoUser`] before anything was made; [`Error::Program`] if `initdb` or making the databases fails;
    /// [`Error::Ended`] and [`Error::NotReady`] if the server does not start; [`Error::Io`]. Whatever it is, neither a process nor the directory is left.
    pub fn start(programs: &Programs, directory: &Path, setup: &Setup<'_>) -> Result<Self, Error> {
        let user = User::of_server()?;
        let directory = Directory::new(directory, user)?;
        let data = directory.data();

        let mut initdb = user.command(programs.program("initdb"), directory.path());
        initdb
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username"])
            .arg(setup.superuser);
        initdb.args(setup.initdb).arg("--pgdata").arg(&data);
        run("initdb", initdb, Stdio::null(), &directory)?;

        let path = data.join("postgresql.conf");
        let configured = OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(setup.configuration().as_bytes()));
        configured.map_err(Error::io(&path))?;

        if !setup.databases.is_empty() {
            let mut alone = user.command(programs.program("postgres"), directory.path());
            // Its default is to go on after a statement that failed, and to end well.
            alone.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(&data).arg("postgres");
            let path = directory.path().join("databases.sql");
            let statements =
                std::fs::write(&path, setup.statements()).and_then(|()| File::open(&path));
            run(
                "postgres --single",
                alone,
                statements.map_err(Error::io(&path))?.into(),
                &directory,
            )?;
        }

        let mut asked = user.command(programs.program("postgres"), directory.path());
        asked.arg("--version");
        let version = version_in(&run("postgres --version", asked, Stdio::null(), &directory)?);

        let mut postgres = user.command(programs.program("postgres"), directory.path());
        postgres.arg("-D").arg(&data).arg("-k").arg(directory.path());
        // No address, whatever the settings say: what the command line has outweighs them.
        postgres.args(["-h", "", "-p", &Self::PORT.to_string()]);
        let server = Server::start(postgres, &directory)?;
        Ok(Self {
            _server: server,
            directory,
            programs: programs.clone(),
            user,
            superuser: setup.superuser.to_owned(),
            version,
        })
    }

    /// Where it is, and what a client takes for its host: the socket is in it, with the number [`Cluster::PORT`]. Absolute; for its user and root alone.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the server says it is: `15.14 (Debian 15.14-0+deb12u1)`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// One of PostgreSQL's clients (`psql`, `pgbench`), as the server's user, in [`Cluster::directory`], and told by its environment where the cluster is. It asks the
    /// database `postgres`, unless its arguments name another one.
    #[must_use]
    pub fn client(&self, program: &str) -> Command {
        let mut command = self.user.command(self.programs.program(program), self.directory());
        command.env("PGHOST", self.directory()).env("PGPORT", Self::PORT.to_string());
        command.env("PGUSER", &self.superuser).env("PGDATABASE", "postgres");
        command
    }
}

/// What a program says on standard output when it has ended well.
fn run(
    program: &'static str,
    mut command: Command,
    input: Stdio,
    directory: &Directory,
) -> Result<String, Error> {
    let output = command.stdin(input).output();
    let output = output.map_err(Error::io(Path::new(command.get_program())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Program {
        program,
        directory: directory.path().to_owned(),
        status: output.status,
        said,
    })
}

/// From `postgres (PostgreSQL) 15.14`, as `SHOW server_version` has it.
fn version_in(said: &str) -> String {
    said.split_once("(PostgreSQL)").map_or(said, |(_, version)| version).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(
            version_in("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            "15.14 (Debian 15.14-0+deb12u1)"
        );
        assert_eq!(version_in("17devel\n"), "17devel");
    }
}
