"""What a wheel weighs, links to and costs at import, where it is installed beside NumPy alone.

    python -I .ci/wheel_figures.py WHEEL

Ends with an error if the wheel has 1 MB or brings libraries along. The goal for its import is 10 ms more
than NumPy's, on a machine with nothing else to do.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

RUNS = 25
TIMED = """
import time
began = time.perf_counter()
import numpy
between = time.perf_counter()
import dqn_fast
print(1e3 * (between - began), 1e3 * (time.perf_counter() - between))
"""
wheel = Path(sys.argv[1])

with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
    (extension,) = [name for name in archive.namelist() if ".so" in name]  # and no other library
    dynamic = subprocess.check_output(["readelf", "--dynamic", archive.extract(extension, folder)], text=True)
links = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)

# Each process imports NumPy first, and then the package: what it adds, beside the same other load.
runs = [
    [float(word) for word in subprocess.check_output([sys.executable, "-I", "-c", TIMED]).split()]
    for _ in range(RUNS)
]
alone, added = (statistics.median(column) for column in zip(*runs, strict=True))

print(wheel.name)
print(f"    {wheel.stat().st_size / 1e3:.0f} kB; links to {', '.join(links)}")
fastest = min(added for _, added in runs)
print(f"    import: NumPy {alone:.1f} ms, and {added:.1f} ms more (medians of {RUNS}; at best {fastest:.1f})")
if wheel.stat().st_size >= 1e6:
    sys.exit("expected less than 1 MB")
