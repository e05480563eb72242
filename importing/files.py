"""Reading the file, and refusing what is no calendar before anything looks into it."""

from pathlib import Path

from importing import ImportFileError

LARGEST = 64 * 2**20
_BOM = b"\xef\xbb\xbf"


def read(path: Path) -> bytes:
    """The file's bytes without a byte order mark; raises ImportFileError where it cannot be text of ours."""
    try:
        if not path.exists():
            raise ImportFileError(f"{path}: there is no such file")
        if not path.is_file():
            raise ImportFileError(f"{path}: is not a file")
        if path.stat().st_size > LARGEST:
            raise ImportFileError(f"{path}: is larger than 64 MiB; split it")
        content = path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise ImportFileError(f"{path}: cannot be read: {error.strerror}") from None
    if not content.strip():
        raise ImportFileError(f"{path}: is empty")
    if b"\0" in content:
        raise ImportFileError(f"{path}: is not a UTF-8 text file")
    return content
