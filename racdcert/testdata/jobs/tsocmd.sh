#!/bin/sh
# rings for the server
tsocmd "RACDCERT ID(SHELL1) ADDRING(ShellRing)"
  # a comment, indented

tsocmd "RACDCERT ID(SHELL1) GENCERT \
  SUBJECTSDN(CN('shell') O('Example')) \
  WITHLABEL('Shell') NISTECC"
tsocmd 'RACDCERT ID(SHELL1) CONNECT(LABEL('\''Shell'\'') RING(ShellRing) DEFAULT)'
tsocmd "PERMIT IRR.DIGTCERT.LIST CLASS(FACILITY) ID(\$NOBODY) ACCESS(READ)"
tsocmd "RACDCERT LISTRING(ShellRing) ID(SHELL1)" > list.txt
tso -t "RACDCERT LISTRING(ShellRing) ID(SHELL1)"
