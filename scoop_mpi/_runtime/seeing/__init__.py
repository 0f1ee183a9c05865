"""What people see of a run.

statistics  what each rank did, asked of all; `figures`, `traffic` count it, `tables` shows it
progress    how far the maps of the program are; `screens` is where that is shown
trace       every rank's timeline, as a page or for Perfetto
profile     the time of functions
"""
