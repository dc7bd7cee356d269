"""Long work as folders and processes: what training runs and the answers of slides share.

A job is a folder. Its events are only ever appended to, its lock is held by the process that works
on it, and it waits its turn in the line of the folder that it lies in.
"""
