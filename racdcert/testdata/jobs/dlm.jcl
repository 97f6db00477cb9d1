//DLM      JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD DATA,DLM='%%'
/* a comment in column 1 */
RACDCERT ID(DLM1) ADDRING(DlmRing)
/* RACDCERT ID(DLM1) DELRING(DlmRing)
// looks like job control
/*
RACDCERT ID(DLM1) LISTRING(DlmRing)
%%
