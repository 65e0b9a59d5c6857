"""The commands, a file each or a file a family: whatever click command a module holds is found.

These modules import nothing heavy at their top, so that `hookline --help` is quick; a test holds that.
"""
