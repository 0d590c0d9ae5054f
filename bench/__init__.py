"""The benchmarks: ``make bench``, or ``python -m bench [--only NAME] [--quick]``. One table of figures, aims and ratios.

Everything runs on this machine and its loopback only. Databases lie under the system's temporary folder (``TMPDIR`` moves
them); both wait for the disk, as in production. The visitors run beside the server on the same cores.
"""
