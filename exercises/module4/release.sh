# Lab 4b: see README.md, "Annotations".
# TODO: the second version: set the image busybox:1.37, and annotate the Deployment with
#         kubernetes.io/change-cause: second version
# WHY: a year later nobody knows what revision 2 was about, unless somebody has written it down.
