//COMMAS   JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
 RACDCERT ID(COMMA1),+
          GENCERT, +
          SUBJECTSDN(CN('commas'),+
                     OU('a','b', +
                        'c'),    +
                     O('Example')), +
          WITHLABEL('Commas'),NISTECC,+
          KEYUSAGE(HANDSHAKE,DOCSIGN)
 RACDCERT,ADDRING(CommaRing),ID(COMMA1)
 RACDCERT ID(COMMA1), CONNECT(LABEL('Commas'), +
   RING(CommaRing), +
   DEFAULT)
 SETROPTS RACLIST(DIGTCERT,DIGTRING), +
   REFRESH
 RACDCERT LISTRING(CommaRing), ID(COMMA1)
/*
