# Defines make_debian_root, which puts a minimal Debian 12 into a folder. To be sourced by scripts
# that run as root.

# The mirror that this machine's apt uses for its own packages.
debian_mirror() {
  apt-get indextargets --format '$(SITE) $(LABEL)' 'Created-By: Packages' 'Component: main' |
    awk '$2 == "Debian" { print $1; exit }'
}

# make_debian_root FOLDER
make_debian_root() {
  local mirror
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    echo "error: apt's sources on this machine name no mirror of Debian" >&2
    return 1
  fi
  echo "== a minimal Debian 12 in $1"
  if ! debootstrap --variant=minbase bookworm "$1" "$mirror" >"$1.log" 2>&1; then
    tail -n 5 "$1.log" >&2
    echo "error: debootstrap failed; $1.log has all of it" >&2
    return 1
  fi
  echo "deb $mirror bookworm-updates main" >>"$1/etc/apt/sources.list"
}

# in_root FOLDER COMMAND… runs it there, with a /proc that goes away with it.
in_root() {
  local root=$1
  shift
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
}
