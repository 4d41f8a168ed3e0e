"""Which errors a system call may give, by the manual pages of section 2."""

from __future__ import annotations

# brk is left out: it gives the old end of memory instead of an error. "half" stands for a transfer of half
# of the bytes, which is no error.
ERRORS: dict[str, tuple[str, ...]] = {
    "openat": ("EACCES", "ENOENT", "EMFILE", "ENFILE", "ENOSPC", "EROFS", "EIO", "ELOOP", "EINTR",
               "ENOMEM", "EDQUOT", "ENOTDIR", "EPERM", "ETXTBSY"),
    "read": ("EIO", "EINTR", "EISDIR", "half"),
    "pread64": ("EIO", "EINTR", "half"),
    "write": ("ENOSPC", "EIO", "EDQUOT", "EFBIG", "EINTR", "half"),
    "pwrite64": ("ENOSPC", "EIO", "EDQUOT", "EFBIG", "EINTR", "half"),
    "writev": ("ENOSPC", "EIO", "EINTR", "half"),
    "fsync": ("EIO", "ENOSPC", "EINTR", "EROFS", "EDQUOT"),
    "fdatasync": ("EIO", "ENOSPC", "EINTR"),
    "close": ("EIO", "EINTR", "ENOSPC", "EDQUOT"),
    "rename": ("ENOSPC", "EIO", "EACCES", "EROFS", "EXDEV", "EDQUOT", "EPERM", "ENOENT"),
    "mkdir": ("EACCES", "ENOSPC", "EROFS", "EIO", "EDQUOT", "ENOENT", "ENOTDIR"),
    "unlink": ("EACCES", "EIO", "EROFS", "EPERM"),
    "rmdir": ("EACCES", "EIO"),
    "ftruncate": ("EIO", "EFBIG", "EINTR"),
    "flock": ("EINTR", "ENOLCK", "EAGAIN"),
    "lseek": ("EINVAL",),
    "fstat": ("EIO", "ENOMEM"),
    "newfstatat": ("EACCES", "ENOENT", "EIO", "ENOMEM", "ELOOP"),
    "statx": ("EACCES", "ENOENT", "EIO"),
    "fcntl": ("EAGAIN",),
    "getdents64": ("EIO", "ENOENT"),
    "readlink": ("EACCES", "EIO", "ENOENT"),
    "getcwd": ("ENOENT", "EACCES"),
    "mmap": ("ENOMEM", "EAGAIN"),
    "mprotect": ("ENOMEM",),
    "madvise": ("EINVAL", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM", "EPERM", "ENOSYS"),
    "clone": ("EAGAIN", "ENOMEM"),
    "getrandom": ("ENOSYS", "EINTR"),
    "sched_getaffinity": ("EINVAL",),
    "prlimit64": ("EPERM",),
    "sysinfo": ("EFAULT",),
    "statfs": ("EIO", "ENOSYS"),
    "ioctl": ("ENOTTY",),
    "pipe2": ("EMFILE", "ENFILE"),
}
