//*********************************************************************
//* Everything that can be a comment                                  *
//*********************************************************************
//COMMENTS JOB 1,'COMMENTS',CLASS=A            who pays
/*JOBPARM SYSAFF=ANY
//*  RUN EXEC PGM=NOTTHIS
//RUN      EXEC PGM=IKJEFT01,                  the TMP
//*        a comment between the lines of a statement
//             DYNAMNBR=20                     enough
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *                                the commands
  RACDCERT ID(JCLC1) ADDRING(R)
/*
//*SYSTSIN DD *
//* RACDCERT ID(JCLC1) ADDRING(Dead)
//LAST     EXEC PGM=IKJEFT01
//SYSTSIN  DD *
  RACDCERT ID(JCLC1) LISTRING
//*
//
