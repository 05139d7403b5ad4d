//! Which system it is, and how its packages are installed.

use crate::place::Place;

/// How packages are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packages {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL.
    Dnf,
    /// Arch.
    Pacman,
    /// Alpine.
    Apk,
    /// Not known.
    Unknown,
}

/// A system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Its name: `Debian GNU/Linux 12 (bookworm)`.
    pub name: String,
    /// How packages are installed.
    pub packages: Packages,
}

/// What something is called by those who package it; empty where it is not packaged.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// By Debian.
    pub apt: &'static str,
    /// By Fedora.
    pub dnf: &'static str,
    /// By Arch.
    pub pacman: &'static str,
    /// By Alpine.
    pub apk: &'static str,
    /// Where to get it else.
    pub page: &'static str,
}

impl System {
    /// By `/etc/os-release`.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        let text = place.text("/etc/os-release");
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or("").trim_matches('"').to_owned()
        };
        let ids = format!("{} {}", field("ID"), field("ID_LIKE"));
        let packages = ids.split_whitespace().find_map(|id| match id {
            "debian" | "ubuntu" => Some(Packages::Apt),
            "fedora" | "rhel" | "centos" => Some(Packages::Dnf),
            "arch" => Some(Packages::Pacman),
            "alpine" => Some(Packages::Apk),
            _ => None,
        });
        let name = field("PRETTY_NAME");
        Self {
            name: if name.is_empty() {
                "a system without /etc/os-release".to_owned()
            } else {
                name
            },
            packages: packages.unwrap_or(Packages::Unknown),
        }
    }

    /// How to get something here.
    #[must_use]
    pub fn get(&self, package: Package) -> String {
        let (command, name) = match self.packages {
            Packages::Apt => ("sudo apt install", package.apt),
            Packages::Dnf => ("sudo dnf install", package.dnf),
            Packages::Pacman => ("sudo pacman -S", package.pacman),
            Packages::Apk => ("sudo apk add", package.apk),
            Packages::Unknown => ("", ""),
        };
        if name.is_empty() { package.page.to_owned() } else { format!("{command} {name}") }
    }
}
