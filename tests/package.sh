#!/usr/bin/env bash
# Builds the Debian package of the last commit twice and compares the bytes, installs it on a clean
# Debian 12 and runs it there. It needs root for that, and takes some ten minutes.
#
#   ./tests/package.sh [FOLDER]    leaves the package in FOLDER, if given
set -euo pipefail
cd "$(dirname "$0")/.."
keep=${1:+$(realpath "$1")}

if [ "$(id -u)" -ne 0 ]; then
  echo "tests/package.sh: error: run it as root, since it makes a Debian system in a folder" >&2
  exit 2
fi

. tests/install_packages.sh
. tests/debian_root.sh
install_packages "${build_packages[@]}" git dpkg-dev file debootstrap

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^project(bnn VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

fail() { echo "tests/package.sh: error: $*" >&2; exit 1; }

# build FOLDER: the commit, exported there.
build() {
  mkdir -p "$1"
  git archive "$commit" | tar -x -C "$1"
  (
    cd "$1"
    cmake --preset package >/dev/null
    cmake --build --preset package -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" >/dev/null
    cd build-package
    cpack >cpack.log 2>&1 || { cat cpack.log >&2; exit 1; }
  )
}

echo "== two builds, in two folders"
build "$work/one"
build "$work/another/folder"
package=$(cd "$work/one/build-package" && ls bnn_*.deb)
for name in bnn "$package"; do
  cmp "$work/one/build-package/$name" "$work/another/folder/build-package/$name" ||
    fail "two builds of commit $commit differ in $name"
done
echo "the same bytes: $package"

root=$work/root
make_debian_root "$root"
cp "$work/one/build-package/$package" "$root/root/"
cp tests/package_in_root.sh "$root/root/"

echo "== installation, with apt"
in_root "$root" apt-get update -qq
in_root "$root" apt-get install -y -qq --no-install-recommends "/root/$package" >"$work/apt.log" 2>&1 ||
  { tail -n 20 "$work/apt.log" >&2; fail "apt-get could not install $package"; }

echo "== the installed programs"
in_root "$root" bash /root/package_in_root.sh "$version"
in_root "$root" apt-get purge -y -qq bnn >/dev/null 2>&1
left=$(find "$root/usr" -name '*bnn*')
[ -z "$left" ] || fail "files are left behind when the package is removed: $left"

if [ -n "$keep" ]; then
  cp "$work/one/build-package/$package" "$keep/"
fi
echo "== the package is good"
