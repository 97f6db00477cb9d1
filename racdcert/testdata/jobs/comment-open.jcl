//OPEN     JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
 /* these lines are switched off: none is closed
 /* RACDCERT ID(NEVER) ADDRING(Never)
 /* RACDCERT ID(NEVER) GENCERT -
 /*   SUBJECTSDN(CN('never')) -
 /*   WITHLABEL('never')
 RACDCERT ID(OPEN1) ADDRING(OpenRing) /* to the end of the line
 RACDCERT ID(OPEN1) LISTRING(*)       /* and the same again
/*
