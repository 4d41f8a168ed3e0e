#!/bin/sh
# Runs a program with its folder of work on a small file system, and keeps what it left there.
# To be run in a mount namespace of its own:
#
#   disk.sh WORK FREE_BYTES FREE_FILES FREED_AFTER PROGRAM [WORD ...]
#
# The disk has room for what the folder holds, FREE_BYTES more, and FREE_FILES more files. With
# FREED_AFTER seconds, all of the disk is free from then on; 0: never.
set -eu
work=$1 bytes=$2 files=$3 after=$4
shift 4
disk=$work.disk
pages=$((($(find "$work" -type f -printf '(%s+4095)/4096+') 1) + bytes / 4096))
inodes=$(($(find "$work" | wc -l) + 1 + files))
mkdir "$disk"
mount -t tmpfs -o "size=$((pages * 4096)),nr_inodes=$inodes" tmpfs "$disk"
cp -a "$work/." "$disk"
head -c 4096 /dev/zero >"$disk/filler" # a tmpfs of size 0 would have no limit
mount --bind "$disk" "$work"
if [ "$after" != 0 ]; then
  (sleep "$after" && mount -o "remount,size=64m,nr_inodes=10000" "$disk") &
fi
code=0
"$@" || code=$?
[ "$after" = 0 ] || wait
umount "$work"
rm "$disk/filler"
rm -rf "$work" && cp -a "$disk" "$work"
umount "$disk"
rmdir "$disk"
exit $code
