"""A run, recorded on every rank and shown afterwards: `--trace`, `--report`.

recorder    what one rank does, in bounded memory
clocks      whose clock says what
tracing     starts it, gathers it at the job's end, and writes it
run         all ranks on one clock
chrome      ... as a timeline for Perfetto
figures     ... as sums, shares and lists
advice      ... as sentences
page        ... as a page for a browser
"""
