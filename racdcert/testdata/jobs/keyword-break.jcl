//BREAK    JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
 RACDCERT ID -
          (BREAK1) -
          GENCERT -
          SUBJECTSDN -
          (CN -
           ('broken everywhere') -
          ) -
          WITHLABEL +
          ('Broken') +
          NISTECC
 RACDCERT ADDRING +
   (BreakRing) -
   ID (BREAK1)
 RACDCERT ID(BREAK1) CONNECT -
   (LABEL -
     ('Broken') -
    RING -
     (BreakRing))
 RACDCERT ID(BREAK1) LISTRING +
 (BreakRing)
/*
