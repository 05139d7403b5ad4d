#!/usr/bin/env bash
# Proves the README's two commands on a machine that has nothing: a Debian of its own in a directory, with git and a network, in which the work tree is cloned.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/clean_machine.sh [--suite SUITE] [--directory DIR] [--keep] [up|test|both]

Makes a Debian (debootstrap; as root) in DIR, clones the committed state of this work tree into it, and runs there, as an ordinary user's first
session would, in namespaces of its own:

  up     ./dev_up.sh --yes      must end with the acceptance table, in under 30 minutes on 2 cores
  test   ./dev_test.sh --yes    must end green, in under 45 minutes on 2 cores
  both   one after the other (default)

  --suite SUITE     of Debian; bookworm if nothing is said
  --directory DIR   where the Debian is made, by default below ${TMPDIR:-/tmp}. Some 30 GB are written there
  --keep            leaves it; without, it is removed again, whatever came of it

With CLEAN_MACHINE_SAME_NETWORK=1 it is given this machine's package sources, certificates and settings of cargo, pip, npm and Maven: for a network that is reached
through mirrors. DEBIAN_MIRROR is where debootstrap looks.

Nothing outside of DIR is changed but DIR.log, which is left if there is no Debian to be had. Exit code: 0 all ended well and in time; 1 something did not, or took longer; 2 it could not be tried.
USAGE
}

suite=bookworm directory= keep=0 what=both
while (($#)); do
    case $1 in
        --suite) suite=${2:?--suite needs a name}; shift ;;
        --directory) directory=${2:?--directory needs a path}; shift ;;
        --keep) keep=1 ;;
        --help | -h) usage; exit 0 ;;
        up | test | both) what=$1 ;;
        *) echo "clean_machine.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

say() { printf '%s\n' "$*" >&2; }
die() { say "clean_machine.sh: $*"; exit 2; }
((EUID == 0)) || die "making a Debian takes root: sudo $0"
command -v debootstrap >/dev/null || die "no debootstrap here: apt install debootstrap"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[[ -n $directory ]] || directory=$(mktemp -d "${TMPDIR:-/tmp}/clean-machine.XXXXXX")
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
[[ -z $(ls -A "$directory") ]] || die "$directory is not empty"

unmount() {
    local at
    for at in dev sys; do
        mountpoint -q "$directory/$at" && umount -l "$directory/$at"
    done
    return 0
}
clean() {
    unmount
    # Never into something that is still mounted.
    if ((keep == 0)) && ! mount | grep -F " $directory/" >/dev/null; then
        rm -rf --one-file-system "$directory"
    else
        say "left: $directory"
    fi
}
trap clean EXIT

say "a Debian $suite in $directory"
begun=$SECONDS
debootstrap --variant=minbase --include=git,ca-certificates,sudo "$suite" "$directory" ${DEBIAN_MIRROR:-} >"$directory.log" 2>&1 ||
    { tail -5 "$directory.log" >&2; die "debootstrap failed; all it said is in $directory.log"; }
rm -f "$directory.log"
say "it took $((SECONDS - begun)) s"

# What a machine has anyway: names, a network, its proxies and mirrors.
[[ ${CLEAN_MACHINE_SAME_NETWORK:-0} == 1 && -e /etc/apt ]] && rm -f "$directory/etc/apt/sources.list"
for file in /etc/resolv.conf /etc/hosts; do
    [[ -e $file ]] && cat "$file" >"$directory$file"
done
for at in /etc/apt/apt.conf.d /etc/apt/sources.list.d /etc/apt/sources.list /etc/ssl/certs /usr/local/share/ca-certificates; do
    [[ ${CLEAN_MACHINE_SAME_NETWORK:-0} == 1 && -e $at ]] || continue
    # Its own certificates are links, which lead out of it as long as its root is not ours.
    rm -rf "${directory:?}$at"
    mkdir -p "$directory$(dirname "$at")"
    cp -rL "$at" "$directory$(dirname "$at")/"
done
mount -t sysfs -o ro sys "$directory/sys"
mount --rbind --make-rslave /dev "$directory/dev"

# An ordinary user, who may install.
chroot "$directory" useradd --create-home --shell /bin/bash newcomer
echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$directory/etc/sudoers.d/newcomer"
git clone --quiet --no-hardlinks "file://$here" "$directory/home/newcomer/course"
chroot "$directory" chown -R newcomer: /home/newcomer/course

environment=(HOME=/home/newcomer USER=newcomer LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin)
# Where packages come from is the network's business.
for name in $(compgen -e); do
    case $name in
        *_proxy | *_PROXY | RUSTUP_DIST_SERVER | RUSTUP_UPDATE_ROOT | PIP_INDEX_URL | NPM_CONFIG_REGISTRY | MAVEN_CENTRAL | CARGO_*REGISTR* | SSL_CERT_FILE | NODE_EXTRA_CA_CERTS | REQUESTS_CA_BUNDLE | PIP_CERT)
            environment+=("$name=${!name}")
            ;;
    esac
done
if [[ ${CLEAN_MACHINE_SAME_NETWORK:-0} == 1 ]]; then
    for at in .cargo/config.toml .npmrc .config/pip/pip.conf .m2/settings.xml; do
        [[ -e $HOME/$at ]] || continue
        mkdir -p "$directory/home/newcomer/$(dirname "$at")"
        cp "$HOME/$at" "$directory/home/newcomer/$at"
    done
    chroot "$directory" chown -R newcomer: /home/newcomer
fi

# Its first process, in namespaces of its own: who has only changed its root may not make the namespaces that lab A fills a disk in, and what packages start as
# services would outlive it. Its session is its own, too: a process group that began outside has no number in here. The user becomes newcomer at the end.
# shellcheck disable=SC2016
readonly first='set -euo pipefail
directory=$1
shift
mount --make-rprivate /
mount --rbind "$directory" "$directory"
cd "$directory"
mkdir -p .outside
pivot_root . .outside
cd /
mount -t proc proc /proc
umount --lazy /.outside
rmdir /.outside
exec setsid chroot --userspec=newcomer: / env -i "$@"'

verdict=0
run() {
    local limit=$1 begun=$SECONDS code=0 seconds
    shift
    say "== $*"
    unshare --mount --pid --fork --kill-child bash -c "$first" first "$directory" \
        "${environment[@]}" bash -c 'cd ~/course && exec "$@"' bash "$@" </dev/null || code=$?
    seconds=$((SECONDS - begun))
    if ((code != 0)); then
        say "== $*: exit code $code after $seconds s"
        verdict=1
    elif ((seconds > limit)); then
        say "== $*: it ended well, after $seconds s; the limit is $limit s"
        verdict=1
    else
        say "== $*: it ended well, after $seconds s (limit $limit s)"
    fi
}
[[ $what == test ]] || run 1800 ./dev_up.sh --yes
[[ $what == up ]] || run 2700 ./dev_test.sh --yes
exit "$verdict"
