#!/usr/bin/env bash
# Builds the libraries that read images, zlib and libcsv from the sources of Debian's packages, with
# Debian's patches, for libFuzzer and with sanitizers:
#
#   image_libraries.sh PREFIX             all: headers, static libraries, and the file PREFIX/versions
#   image_libraries.sh PREFIX PACKAGE     one of them, by the package that a build installs
#
# PREFIX/versions has a line for each library: the source package and its version, or "not
# instrumented" where its source cannot be had or does not build. The system's library then serves,
# and the next call tries again. PREFIX/log says why.
#
# The source of the installed version is wanted; another of the same release will do. apt-get finds
# sources by the entries of this machine, with lists of its own: nothing below /etc/apt or
# /var/lib/apt changes.
set -euo pipefail

mkdir -p "$1"
prefix=$(cd "$1" && pwd)
work=$prefix/work
sanitizers='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
flags="$sanitizers -O1 -fno-omit-frame-pointer -gline-tables-only -fPIC -ffile-prefix-map=$work=."
packages=(zlib1g-dev libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libgif-dev libstb-dev libcsv-dev)
apt=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o "APT::Sandbox::User=root"
  -o "Acquire::http::Timeout=20" -o "Acquire::Retries=2")

# The machine's entries for packages, as entries for their sources.
list_sources() {
  local lists parts file
  eval "$(apt-config shell lists Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
  mkdir -p "$work/sources" "$work/lists/partial"
  for file in "$lists" "$parts"/*.list "$parts"/*.sources; do
    [ -f "$file" ] || continue
    sed -E 's/^(Types:).*/\1 deb-src/; /^deb-src/d; s/^deb /deb-src /' "$file" >"$work/sources/${file##*/}"
  done
  apt-get "${apt[@]}" update
}

# The versions of a source that the lists know beside one, the newest first.
other_versions() {
  apt-cache "${apt[@]}" showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -rVu | grep -Fxv "$2" || true
}

# Builds a source that has a CMakeLists.txt, from the folder at hand.
build_by_cmake() {
  cmake -S . -B build -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=clang-14 -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR="$prefix/lib" -DBUILD_SHARED_LIBS=OFF "$@"
  cmake --build build -j "$(nproc)" --target install
}

# Builds a library of a few files that needs no configuration: the archive's name, then words of the
# compiler.
build_by_hand() {
  local archive=$prefix/lib/$1
  shift
  mkdir -p "$prefix/lib" "$prefix/include"
  clang-14 $flags -c "$@"
  ar rcs "$archive" ./*.o
}

build() {
  case $1 in
    zlib1g-dev)
      build_by_hand libz.a -D_LARGEFILE64_SOURCE=1 -DHAVE_UNISTD_H *.c
      cp zlib.h zconf.h "$prefix/include" ;;
    libjpeg62-turbo-dev)  # its vector instructions are assembler, which cannot be instrumented
      build_by_cmake -DENABLE_SHARED=OFF -DWITH_SIMD=OFF -DWITH_TURBOJPEG=OFF ;;
    libpng-dev) build_by_cmake -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_EXECUTABLES=OFF ;;
    libwebp-dev)
      build_by_cmake -DWEBP_BUILD_{ANIM_UTILS,CWEBP,DWEBP,GIF2WEBP,IMG2WEBP,VWEBP,WEBPINFO,WEBPMUX,EXTRAS}=OFF ;;
    libtiff-dev)
      build_by_cmake -Dcxx=OFF -Dtiff-{tools,tests,contrib,docs}=OFF ;;
    libgif-dev)
      build_by_hand libgif.a {dgif_lib,egif_lib,gifalloc,gif_err,gif_hash,openbsd-reallocarray}.c
      cp gif_lib.h "$prefix/include" ;;
    libstb-dev)  # which makes libraries of headers, with -fwrapv
      build_by_hand libstb.a -fwrapv -DSTB_IMAGE_IMPLEMENTATION -x c stb_image.h
      mkdir -p "$prefix/include/stb"
      cp stb_image.h "$prefix/include/stb" ;;
    libcsv-dev)
      build_by_hand libcsv.a libcsv.c
      cp csv.h "$prefix/include" ;;
  esac
}

# Unpacks the source of an installed package and builds it.
make_library() {
  local name installed version
  read -r name installed < <(dpkg-query -W -f '${source:Package} ${source:Version}\n' "$1")
  cd "$work"
  for version in $installed $(other_versions "$name" "$installed"); do
    apt-get "${apt[@]}" source --download-only --only-source "$name=$version" || continue
    rm -rf "$1"
    dpkg-source -x "${name}_${version#*:}.dsc" "$1"
    cd "$1"
    build "$1"
    [ "$version" = "$installed" ] || version+=", not the installed $installed"
    echo "$name $version" >"$prefix/built/$1"
    return
  done
  return 1
}

make_libraries() {
  local package
  list_sources || true  # each library then fails, and says so
  for package in "${packages[@]}"; do
    [ -f "$prefix/built/$package" ] || "$0" "$prefix" "$package" || true
  done
}

mkdir -p "$prefix/built" "$work"
if [ $# -eq 2 ]; then
  make_library "$2"
  exit
fi
make_libraries >"$prefix/log" 2>&1
for package in "${packages[@]}"; do
  cat "$prefix/built/$package" 2>/dev/null || echo "$package not instrumented"
done >"$prefix/versions"
