"""What a submission may not ask of the kernel, as a filter that bubblewrap loads before it starts (seccomp).

Refused are what makes memory that nobody counts (files and segments that have no process, file systems in a
name space of one's own), what reads the instructor's keys, and what no
lesson needs that has often been a hole.
"""

import ctypes
import errno
import platform
import struct

__all__ = ["leave_keyring", "refusals", "runs_here"]

# Numbers from the kernel's headers, for x86-64 and for 64-bit ARM.
_PROCESSORS = ("x86_64", "aarch64")
_ARCHITECTURE = (0xC000003E, 0xC00000B7)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_OTHER_ABI = 0x40000000  # x86-64 has every call twice
_NAME_SPACES = 0x7E020000  # flags of `clone` that make a name space
_JOIN_SESSION_KEYRING = 1


def runs_here() -> bool:
    """Says whether the calls of this machine's processor are known; TensorFlow runs on no other."""
    return platform.machine() in _PROCESSORS


def refusals() -> bytes:
    """Gives the filter.

    Returns:
        bytes, instructions of the kernel's packet filter.
    """
    column = _PROCESSORS.index(platform.machine())
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURE[column]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _OTHER_ABI),
        (_RETURN, 0, 0, _REFUSE | errno.ENOSYS),
        # Its flags lie in memory, where no filter can see them; the C library then takes `clone`.
        (_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _REFUSE | errno.ENOSYS),
    ]
    for numbers in _REFUSED.values():
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE | errno.EPERM)]
    steps += [
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, 16),
        (_ANY_BIT, 0, 1, _NAME_SPACES),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def leave_keyring() -> None:
    """Gives this thread, and what it starts from now on, a session keyring with no keys in it.

    Raises:
        OSError: when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    keyctl = _REFUSED["keyctl"][_PROCESSORS.index(platform.machine())]
    failed = libc.syscall(keyctl, _JOIN_SESSION_KEYRING, None) < 0
    # A kernel without keys, or a container that forbids them, has none to hide.
    if failed and ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
        raise OSError(ctypes.get_errno(), "the session keyring cannot be left")
