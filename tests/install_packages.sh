# Defines install_packages, which asks apt-get for those packages that are not there yet.
# To be sourced by scripts.

# What a build needs. zlib, and libraries that decode images; OpenBLAS; JSON, options, log.
build_packages=(g++ make cmake zlib1g-dev libpng-dev libjpeg-dev libwebp-dev libtiff-dev libgif-dev
  libstb-dev libcsv-dev libopenblas-pthread-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev)

install_packages() {
  local package missing=() as_root=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "error: these Debian packages are needed and apt-get is not there to install them: ${missing[*]}" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: install these packages as root, then try again: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || true  # an old list may still do
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "error: apt-get could not install: ${missing[*]}" >&2
    return 1
  fi
}
