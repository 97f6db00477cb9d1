//SERVER   JOB (ACCT),'SERVER RING',CLASS=A,MSGCLASS=H,REGION=0M
//*********************************************************************
//*  The ring of a started task, its own CA, and the permissions      *
//*********************************************************************
//         EXPORT SYMLIST=*
//         SET STC='SRVUSR'        user ID of the started task
//         SET RING='ServerRing'
//         SET LABEL='srvcert'
//         SET CALABEL='Server CA'
//         SET HOST='srv.example.org'
//         SET IPADDR='192.0.2.20'
//         SET EXPIRES='2032-05-01'
//         SET OPTION='1'
//RACF     EXEC PGM=IKJEFT01,REGION=0M
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD DATA,DLM=$$,SYMBOLS=JCLONLY

/* make the ring ................................................... */
  RACDCERT ADDRING(&RING.) ID(&STC.)
  SETROPTS RACLIST(DIGTRING) REFRESH

/* the certificate authority ....................................... */
  RACDCERT GENCERT CERTAUTH +
           SUBJECTSDN( +
             CN('&CALABEL. of &STC.') +
             OU('Servers') +
             O('Example')) +
           WITHLABEL('&CALABEL.') NISTECC +
           NOTAFTER(DATE(&EXPIRES.)) +
           KEYUSAGE(CERTSIGN)
  RACDCERT CONNECT(CERTAUTH LABEL('&CALABEL.') RING(&RING.)) +
           ID(&STC.)

/* the server's certificate ........................................ */
  RACDCERT GENCERT ID(&STC.) +
           SUBJECTSDN(CN('&STC. certificate') OU('Servers')) +
           WITHLABEL('&LABEL.') NISTECC +
           NOTAFTER(DATE(&EXPIRES.)) +
           KEYUSAGE(HANDSHAKE) +
           ALTNAME(IP(&IPADDR) +
               DOMAIN('&HOST')) +
           SIGNWITH(CERTAUTH LABEL('&CALABEL.'))
  RACDCERT CONNECT(ID(&STC.) LABEL('&LABEL.') +
           RING(&RING.) +
           USAGE(PERSONAL) DEFAULT) +
           ID(&STC.)
  SETROPTS RACLIST(DIGTCERT, DIGTRING) REFRESH

/* who may read the ring ........................................... */
  RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)
  PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(&STC.) +
         ACCESS(READ)
  RDEFINE RDATALIB &STC..&RING..LST UACC(NONE)
  PERMIT &STC..&RING..LST CLASS(RDATALIB) ID(&STC.) +
         ACCESS(CONTROL)
  SETROPTS RACLIST(RDATALIB) REFRESH
  RACDCERT LISTRING(&RING.) ID(&STC.)
$$
//IFOPT1   IF ( RACF.RC LE 4 AND &OPTION EQ 1 ) THEN
//EXPORT   EXEC PGM=IKJEFT1B
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *,SYMBOLS=JCLONLY
  RACDCERT CERTAUTH EXPORT(LABEL('&CALABEL.')) +
    DSN('&STC..CA.CERT') FORMAT(CERTB64)
/*
//IFOPT1ED ENDIF
//IFOPT2   IF ( &OPTION EQ 2 ) THEN
//OTHER    EXEC PGM=IKJEFT1B
//SYSTSIN  DD *
  RACDCERT ID(NEVER) ADDRING(Never)
/*
//IFOPT2ED ENDIF
