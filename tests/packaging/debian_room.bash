# shellcheck shell=bash
# For tests of the package: a minimal Debian 12 in a temporary folder, in namespaces of its own. Sourced, as root.
#
# All processes and mounts of a test live in namespaces that end with it, so that none can be left; the folder is removed
# after that. The caller has `seconds_max`, after which the test is ended.

[[ $EUID -eq 0 ]] || { echo "$0: be root" >&2; exit 1; }

# enter_room WORDS…: in the first call starts the test again, with these words, in the room, and ends with its exit
# code; in the room it returns. What has to go with the room is removed by `leave_room`, if there is one.
enter_room() {
  [[ -z ${LMQ_TEST_ROOT:-} ]] || return 0
  # Not in the memory that a temporary folder may be of, and not where device files are forbidden.
  LMQ_TEST_ROOT=$(mktemp -d /var/tmp/lmq-package-XXXXXX)
  export LMQ_TEST_ROOT
  trap '[[ $(type -t leave_room) != function ]] || leave_room; rm -rf --one-file-system "$LMQ_TEST_ROOT"' EXIT
  local code=0
  # KILL, because unshare passes over TERM; with it goes all that is in the room.
  timeout --foreground --signal=KILL "$seconds_max" \
    unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@" || code=$?
  [[ $code -ne 137 ]] || echo "$0: ended after $seconds_max s" >&2
  exit "$code"
}

root=${LMQ_TEST_ROOT:-}/debian # the Debian
log=${LMQ_TEST_ROOT:-}/log     # what the last command said
step='the start'

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() {
  say "FAILED at $step: $*" >&2
  exit 1
}
step() {
  step=$1
  say "$step"
}
# In the room; its first process is the test, which no signal ends by itself.
tell_failures() {
  trap '[[ $? -eq 0 ]] || { say "FAILED at $step; the last output:"; tail -40 "$log"; } >&2' EXIT
  trap 'exit 130' INT TERM
}

quietly() { "$@" >"$log" 2>&1 </dev/null; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

# The package manager's work, which must pass without a complaint.
manage() {
  quietly inside "$@" || fail "$*"
  ! grep -iE '^(W|E):|warning|error|fail|cannot|not found' "$log" || fail "$* complains"
}

unit() { sed -n "s/^$1=//p" "$root/lib/systemd/system/lmq.service"; }

# make_debian PACKAGE [DEBOOTSTRAP'S OPTIONS…]: the Debian, with the package in its folder /packages as lmq.deb, and as
# next.deb the same with a higher version.
make_debian() {
  local package=$1 mirror
  shift
  # The mirror of this machine, else debootstrap's own.
  # shellcheck disable=SC2016 # a field of apt's
  mirror=$(apt-get indextargets 'Created-By: Packages' 'Codename: bookworm' --format '$(SITE)' 2>/dev/null | head -1) || true
  quietly debootstrap --variant=minbase "$@" bookworm "$root" ${mirror:+"$mirror"} || fail debootstrap
  chmod 755 "$LMQ_TEST_ROOT" "$root"
  mount -t proc proc "$root/proc"
  mount -t devpts devpts "$root/dev/pts"
  mkdir "$root/packages"
  cp "$package" "$root/packages/lmq.deb"
  version=$(dpkg-deb -f "$package" Version)
  next_version=$version+next
  dpkg-deb -R "$package" "$LMQ_TEST_ROOT/next"
  sed -i "s/^Version: .*/Version: $next_version/" "$LMQ_TEST_ROOT/next/DEBIAN/control"
  quietly dpkg-deb --root-owner-group -b "$LMQ_TEST_ROOT/next" "$root/packages/next.deb"
  quietly inside apt-get update || fail 'apt-get update'
}

expect_state() {
  local got
  got=$(inside dpkg-query -W -f '${db:Status-Status} ${Version}' lmq 2>/dev/null) || got=none
  [[ $got == "$1" ]] || fail "the package is \"$got\", not \"$1\""
}
expect_there() {
  local path
  for path; do
    [[ -e $root$path || -L $root$path ]] || fail "there is no $path"
  done
}
expect_gone() {
  local path
  for path; do
    [[ ! -e $root$path && ! -L $root$path ]] || fail "$path is still there"
  done
}
