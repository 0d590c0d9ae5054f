"""What reading a zip file raises when it is damaged or made in a way that cannot be read: to be answered as a damaged file."""

import zipfile
import zlib

# BadZipFile and zlib.error for broken bytes, NotImplementedError for a way of packing that Python does not know, RuntimeError
# for a password, EOFError and OSError for a file cut short, ValueError for sizes and names that cannot be.
DAMAGED_ZIP = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
)  # fmt: skip
