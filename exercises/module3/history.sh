# Lab 3f: see README.md, "Back again". Revision 1 is busybox:1.36, revision 2 busybox:1.37, revision 3 hangs.
# TODO: two commands: let the history show what revision 2 was, then go back to revision 1.
# WHY: the version before is not always the last good one.
