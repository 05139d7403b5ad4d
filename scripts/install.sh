# shellcheck shell=bash
# Installs what is missing; sourced by dev_up.sh, dev_test.sh, .ci/run, recipes of the justfile, scripts that install, and the dev container. Nothing is installed without
# consent: assume_yes=1, or an answer.
#
#   need_compilers   C and C++ compilers and make: rustc links with the first, and librdkafka, which the workspace builds, asks for all
#   need_toolchain   the toolchain of rust-toolchain.toml with the components given as arguments
#   need_curl        `curl`, with which lab 1-4 asks the registry, and what is fetched is fetched
#   want_just        `just`; a convenience, so that its absence is only reported
#   need_jdk         a Java compiler and runtime, which Java's Avro is compared with; false if there is none then
#   has_java         whether there is a Java of that version or later, which Apache Kafka runs on; nothing is installed
#   need_python      python3 that can make virtual environments; false if there is none then
#   need_node        node and npm; false if there are none then
#   need_browser     Chromium, which pages are tested in; false if there is none then
#   need_prometheus  Prometheus and promtool, which rules and panels are tested with; false if there are none then
#   need_postgres    PostgreSQL's server and pgbench: stores of lab 1-2, and what the ledger is compared with; false if there are none then
#   need_peers       what the rivals are built with besides: libclang

assume_yes=${assume_yes:-0}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 2; }

# Asks whether to install $1. Without a terminal there is nobody to ask.
consent() {
    if [[ $assume_yes == 1 ]]; then
        say "installing $1"
        return 0
    fi
    if [[ ! -t 0 ]]; then
        say "$1 is missing, and nobody is there to ask: run with --yes to have it installed"
        return 1
    fi
    local answer
    read -r -p "$1 is missing. Install it? [Y/n] " answer
    [[ -z $answer || $answer == [yY]* ]]
}

apt_is_fresh=0
apt_update() {
    [[ $apt_is_fresh == 1 ]] && return 0
    as_root apt-get update -qq >&2 || return 1
    apt_is_fresh=1
}

as_root() {
    if [[ $EUID == 0 ]]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    else
        say "need root for: $*"
        return 1
    fi
}

apt_install() {
    command -v apt-get >/dev/null || return 1
    apt_update && as_root apt-get install -y -qq --no-install-recommends "$@" >&2
}

# What apt calls a thing of scripts/packages.txt.
packages_of() {
    local name packages
    while read -r name packages; do
        [[ $name == "$1" ]] && { printf '%s' "$packages"; return 0; }
    done <"$root/scripts/packages.txt"
    die "scripts/packages.txt has no $1"
}

# Installs a thing of scripts/packages.txt with apt, after asking: $1 its name, $2 what it is for people.
apt_thing() {
    local packages
    packages=$(packages_of "$1")
    # shellcheck disable=SC2086
    consent "$2 (apt: $packages)" && apt_install $packages
}

# Whether apt could install it. A name that other packages only mention has no candidate.
apt_has() {
    command -v apt-cache >/dev/null || return 1
    # A fresh system knows of no package at all.
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt_update || return 1
    local policy
    policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null)
    [[ $policy == *Candidate:* && $policy != *"Candidate: (none)"* ]]
}

need_compilers() {
    has_compilers && return 0
    apt_thing compilers "C and C++ compilers and make" && has_compilers ||
        die "this builds with a C compiler, a C++ compiler and make: install them so that \`cc\`, \`c++\` and \`make\` are found"
}

has_compilers() { command -v cc >/dev/null && command -v c++ >/dev/null && command -v make >/dev/null; }

pinned_toolchain() { sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml"; }

# `cargo install` with the pinned toolchain. Not from inside the workspace: what is installed must not be built with the workspace's settings.
cargo_install() { (cd / && RUSTUP_TOOLCHAIN=$(pinned_toolchain) cargo install --locked --quiet "$@" >&2); }

# rustup's own installer, with its checksum checked; no toolchain comes with it, and no shell's profile is changed.
fetch_rustup() {
    local machine libc=gnu directory url code=0
    machine=$(uname -m)
    [[ $(uname -s) == Linux && ($machine == x86_64 || $machine == aarch64) ]] || return 1
    ldd /bin/sh 2>/dev/null | grep musl >/dev/null && libc=musl
    need_curl
    directory=$(mktemp -d)
    url=${RUSTUP_UPDATE_ROOT:-https://static.rust-lang.org/rustup}/dist/$machine-unknown-linux-$libc/rustup-init
    {
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail --location --output "$directory/rustup-init" "$url" &&
            curl --proto '=https' --tlsv1.2 --silent --show-error --fail --location --output "$directory/sum" "$url.sha256" &&
            printf '%s  %s\n' "$(cut -d' ' -f1 "$directory/sum")" "$directory/rustup-init" | sha256sum --check --quiet - &&
            chmod +x "$directory/rustup-init" &&
            "$directory/rustup-init" -y --quiet --profile minimal --default-toolchain none --no-modify-path >&2
    } || code=1
    rm -rf "$directory"
    return "$code"
}

need_toolchain() {
    local pinned component missing=()
    pinned=$(pinned_toolchain)
    # A fresh installation of rustup may not be in this shell's PATH yet.
    [[ -d $HOME/.cargo/bin ]] && PATH=$PATH:$HOME/.cargo/bin
    if ! command -v rustup >/dev/null; then
        if command -v cargo >/dev/null; then
            local found
            found=$(cd "$root" && cargo --version | cut -d' ' -f2)
            [[ $(printf '%s\n' "$pinned" "$found" | sort -V | head -n1) == "$pinned" ]] ||
                die "cargo is $found, this workspace needs $pinned: install it, or rustup"
            return 0
        fi
        if apt_has rustup; then
            consent "rustup (apt)" && apt_install rustup || die "no cargo here: install rustup from https://rustup.rs, then run this again"
        else
            consent "rustup (static.rust-lang.org, into ~/.cargo)" && fetch_rustup ||
                die "no cargo here: install rustup from https://rustup.rs, then run this again"
            PATH=$PATH:$HOME/.cargo/bin
        fi
    fi
    if ! rustup toolchain list | grep "^$pinned-" >/dev/null; then
        consent "Rust $pinned (rustup)" || die "this workspace is built with Rust $pinned"
        rustup toolchain install "$pinned" --profile minimal >&2 ||
            die "rustup could not fetch Rust $pinned: run \`rustup toolchain install $pinned\` where it has network"
    fi
    for component in "$@"; do
        rustup component list --toolchain "$pinned" --installed | grep "^$component" >/dev/null || missing+=("$component")
    done
    ((${#missing[@]} == 0)) && return 0
    consent "${missing[*]} for Rust $pinned (rustup)" || die "without ${missing[*]} this cannot go on"
    rustup component add --toolchain "$pinned" "${missing[@]}" >&2 ||
        die "rustup could not fetch: run \`rustup component add --toolchain $pinned ${missing[*]}\` where it has network"
}

need_curl() {
    command -v curl >/dev/null && return 0
    apt_thing curl "curl" || die "what is fetched is fetched with curl, and lab 1-4 is about curl commands: install curl"
}

# Its authors' program as PyPI has it, beside cargo: building it takes minutes, of the thirty that the README's first command has.
just_of_pypi() {
    local directory code=0
    need_python || return 1
    directory=$(mktemp -d)
    {
        python3 -m venv "$directory/venv" &&
            "$directory/venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: rust-just==1.59.0 >&2 &&
            mkdir -p "$HOME/.cargo/bin" &&
            install -m 755 "$directory/venv/bin/just" "$HOME/.cargo/bin/just" &&
            "$HOME/.cargo/bin/just" --version >/dev/null
    } || code=1
    rm -rf "$directory"
    return "$code"
}

want_just() {
    command -v just >/dev/null && return 0
    if ! consent "just (the command runner; apt, else PyPI, else cargo)"; then
        say "going on without just: the scripts work without it"
        return 0
    fi
    if apt_has just && apt_install just; then
        return 0
    fi
    just_of_pypi || cargo_install just ||
        say "could not install just; going on without it: the scripts work without it"
}

need_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null && return 0
    apt_thing python "python3 with virtual environments"
}

need_node() {
    command -v node >/dev/null && command -v npm >/dev/null && return 0
    apt_thing node "node and npm"
}

# Some distributions have no such package, or only one that stands for a snap: then it is the user's to install.
need_browser() {
    local name
    [[ -x ${CHROMIUM:-} ]] && return 0
    for name in chromium chromium-browser chromium-headless-shell google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return 0
    done
    apt_thing browser "Chromium, some 125 MB to download"
}

# Its service is not needed, and comes with it: it scrapes itself, at port 9090, wherever packages start their services.
need_prometheus() {
    command -v promtool >/dev/null && command -v prometheus >/dev/null && return 0
    apt_thing prometheus "Prometheus, some 80 MB, and a service at port 9090" && command -v promtool >/dev/null
}

need_jdk() {
    command -v javac >/dev/null && command -v java >/dev/null && return 0
    if apt_has "$(packages_of jdk)"; then
        apt_thing jdk "a JDK"
    else
        # Distributions drop old versions. Java's Avro does with 11; who runs Kafka asks has_java 17.
        consent "a JDK (apt: default-jdk-headless)" && apt_install default-jdk-headless
    fi
}

# Whether Java is there, and of version $1 or later.
has_java() {
    local version
    version=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = \([0-9]*\).*/\1/p')
    [[ -n $version ]] && ((version >= $1))
}

has_postgres() {
    command -v pgbench >/dev/null && command -v postgres >/dev/null && return 0
    compgen -G '/usr/lib/postgresql/*/bin/pgbench' >/dev/null && compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
}

need_postgres() {
    has_postgres && return 0
    apt_thing postgres "PostgreSQL" && has_postgres
}

need_peers() {
    need_compilers
    # As the binding's generator looks for it: where it is told, by the loader, and where distributions keep their LLVMs.
    [[ -n ${LIBCLANG_PATH:-} ]] && return 0
    ldconfig -p 2>/dev/null | grep 'libclang\(-[0-9.]*\)\?\.so' >/dev/null && return 0
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null && return 0
    apt_thing libclang "libclang, which RocksDB's bindings are generated with" ||
        die "without libclang RocksDB's bindings cannot be generated: install it, or set LIBCLANG_PATH, or measure without RocksDB (PEERS=peer-fjall)"
}
