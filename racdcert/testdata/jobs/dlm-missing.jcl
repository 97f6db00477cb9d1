//NODLM    JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
/* a comment in column 1 without DLM= ends the input */
RACDCERT ID(DLM1) ADDRING(DlmRing)
/*
