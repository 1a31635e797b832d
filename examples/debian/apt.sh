# shellcheck shell=bash
# Sourced by the scripts here. Debian's packages through apt, in a private apt root: the machine's own apt configuration and package
# database are read, never written. The mirror is the one that the machine already uses; only suite and architecture differ.

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

note() {
  printf '== %s\n' "$*" >&2
}

# host_suite: this machine's Debian release.
host_suite() {
  # shellcheck disable=SC1091
  (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}")
}

# mirror_of main|security: the address of that part of Debian's archive in the machine's sources. Before a first `apt-get update` a source
# has no label yet; then the release's name has to tell.
mirror_of() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(LABEL)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)' |
    awk -F'|' -v part="$1" '
      $5 != "Packages" || $4 != "main" { next }
      part == "main" && ($1 == "Debian" || ($1 == "" && $3 ~ /^[a-z]+(-updates)?$/)) { print $2; exit }
      part == "security" && ($1 == "Debian-Security" || ($1 == "" && $3 ~ /-security$/)) { print $2; exit }'
}

debian_keyring() {
  local file
  for file in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
    if [ -r "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
  fail "no Debian archive keyring found; install debian-archive-keyring"
}

# debian_sources SUITE COMPONENTS [backports]: lines for a sources.list.
debian_sources() {
  local suite=$1 components=$2 main security signed
  main=$(mirror_of main)
  security=$(mirror_of security)
  [ -n "$main" ] || fail "no Debian archive found in this machine's apt sources (see 'apt-get indextargets'); add one to /etc/apt/sources.list"
  signed="[signed-by=$(debian_keyring)]"
  printf 'deb %s %s %s %s\n' "$signed" "$main" "$suite" "$components"
  printf 'deb %s %s %s-updates %s\n' "$signed" "$main" "$suite" "$components"
  if [ -n "$security" ]; then
    printf 'deb %s %s %s-security %s\n' "$signed" "$security" "$suite" "$components"
  fi
  if [ "${3:-}" = backports ]; then
    printf 'deb %s %s %s-backports %s\n' "$signed" "$main" "$suite" "$components"
  fi
}

# open_apt_root DIR: from here on apt_private keeps its lists and downloads in DIR. Sources are read from DIR/sources.list.
open_apt_root() {
  mkdir -p "$1/lists/partial" "$1/archives/partial"
  apt_options=(
    -q=2
    -o Acquire::Retries=3
    -o "Dir::State::lists=$1/lists"
    -o "Dir::Etc::sourcelist=$1/sources.list"
    -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null
    -o Dir::Etc::preferencesparts=/dev/null
    -o APT::Default-Release=
    -o APT::Sandbox::User=
    -o APT::Install-Recommends=false
    -o Acquire::Retries=3
  )
}

# open_foreign_apt_root DIR ARCHITECTURE: the same for another architecture, over an empty package database.
open_foreign_apt_root() {
  open_apt_root "$1"
  : >"$1/status"
  apt_options+=(
    -o "Dir::State=$1"
    -o "Dir::State::lists=$1/lists"
    -o "Dir::State::status=$1/status"
    -o "Dir::Cache=$1"
    -o "Dir::Cache::archives=$1/archives"
    -o "Dir::Cache::pkgcache=$1/pkgcache.bin"
    -o "Dir::Cache::srcpkgcache=$1/srcpkgcache.bin"
    -o "APT::Architecture=$2"
    -o "APT::Architectures=$2"
    -o Debug::NoLocking=true
  )
}

apt_private() {
  local tool=$1
  shift
  "$tool" "${apt_options[@]}" "$@"
}
